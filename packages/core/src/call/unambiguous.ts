import { GatewayError, type Json, parseJson } from '@llm-proxy-auth/plugin';

const QUOTE = 34;
const COLON = 58;
const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
/** Index just after the string that begins at `open`. */
const stringEnd = (text: string, open: number): number => {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
};
const keyOf = (source: string): string => (source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1));
/** The first key that stands twice in one object of a text that is JSON. */
const repeatedKey = (text: string): string | undefined => {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 123 || code === 91) open.push(new Set());
    else if (code === 125 || code === 93) open.pop();
    else if (code === QUOTE) {
      const end = stringEnd(text, at);
      let next = end;
      while (isSpace(text.charCodeAt(next))) next++;
      if (text.charCodeAt(next) === COLON) {
        const keys = open.at(-1);
        const key = keyOf(text.slice(at, end));
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
      at = next - 1;
    }
  }
  return undefined;
};

/**
 * A body that a rule decides by, parsed. Readers differ in which of two members with one name they take, so a body with such
 * is refused. Throws `invalid_json` and `invalid_request`.
 */
export const readUnambiguous = (pieces: readonly Uint8Array[], maxDepth: number): Json => {
  const bytes = Buffer.concat(pieces);
  const body = parseJson(bytes, { maxDepth });
  if (repeatedKey(bytes.toString()) !== undefined)
    throw new GatewayError('invalid_request', 'A key stands twice in one object of the body, which names models or stored objects; write it once.');
  return body;
};
