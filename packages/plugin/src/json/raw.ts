import type { JsonText } from '../wire.ts';
import { stringEnd } from './parse.ts';

const SPACE = new Set([' ', '\n', '\r', '\t']);
const skipSpace = (source: string, from: number): number => {
  let at = from;
  while (SPACE.has(source.charAt(at))) at++;
  return at;
};
/** Index just after the value that begins at `from`. */
const valueEnd = (source: string, from: number): number => {
  const first = source.charAt(from);
  if (first === '"') return stringEnd(source, from);
  if (first !== '{' && first !== '[') {
    let at = from;
    while (at < source.length && !/[,\]}\s]/.test(source.charAt(at))) at++;
    return at;
  }
  let depth = 0;
  for (let at = from; at < source.length; ) {
    const c = source.charAt(at);
    if (c === '"') {
      at = stringEnd(source, at);
      continue;
    }
    if (c === '{' || c === '[') depth++;
    else if ((c === '}' || c === ']') && --depth === 0) return at + 1;
    at++;
  }
  return source.length;
};
interface Range {
  readonly start: number;
  readonly end: number;
}
const keyOf = (source: string): string => (source.includes('\\') ? (JSON.parse(source) as string) : source.slice(1, -1));
/** Where the member or element named by the token lies in the container at `open`. Of members with one name the last counts, as in `JSON.parse`. */
const inside = (source: string, open: number, token: string): Range | undefined => {
  const object = source.charAt(open) === '{';
  if (!object && source.charAt(open) !== '[') return undefined;
  let found: Range | undefined;
  let at = skipSpace(source, open + 1);
  for (let index = 0; at < source.length && source.charAt(at) !== (object ? '}' : ']'); index++) {
    let name = String(index);
    if (object) {
      const end = stringEnd(source, at);
      name = keyOf(source.slice(at, end));
      at = skipSpace(source, skipSpace(source, end) + 1);
    }
    const end = valueEnd(source, at);
    if (name === token) {
      found = { start: at, end };
      if (!object) return found;
    }
    at = skipSpace(source, end);
    if (source.charAt(at) === ',') at = skipSpace(source, at + 1);
  }
  return found;
};

/** Source of the value at a JSON pointer (RFC 6901), exactly as written, of JSON that is known to be valid. Undefined where there is none. */
export const rawAt = (source: string, pointer: string): JsonText | undefined => {
  const start = skipSpace(source, 0);
  let range: Range | undefined = { start, end: valueEnd(source, start) };
  if (pointer === '') return { json: source.slice(range.start, range.end) };
  if (!pointer.startsWith('/')) return undefined;
  for (const token of pointer.slice(1).split('/')) {
    range = inside(source, range.start, token.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (range === undefined) return undefined;
  }
  return { json: source.slice(range.start, range.end) };
};
