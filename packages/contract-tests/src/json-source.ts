/*
 * JSON as its author wrote it: numbers keep their text, so that comparing does not depend on what a double can hold.
 */
const numberMark = '\u0000number:';
declare global {
  interface JSON {
    parse(text: string, reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  }
}
/** Parsed JSON in which every number is its source text behind a mark. */
export const exact = (text: string): unknown =>
  JSON.parse(text, (_key, value, context) => (typeof value === 'number' ? `${numberMark}${context.source ?? ''}` : value));

const end = /[\s,:\]}]/;
/** Index behind the JSON value that starts at `at`. */
const skip = (text: string, at: number): number => {
  if (text[at] === '"') {
    let index = at + 1;
    while (text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
    return index + 1;
  }
  if (text[at] !== '{' && text[at] !== '[') {
    let index = at;
    while (index < text.length && !end.test(text[index] ?? '')) index += 1;
    return index;
  }
  let depth = 0;
  for (let index = at; index < text.length; index += 1) {
    const here = text[index];
    if (here === '"') index = skip(text, index) - 1;
    else if (here === '{' || here === '[') depth += 1;
    else if (here === '}' || here === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return text.length;
};
const next = (text: string, at: number): number => {
  let index = at;
  while (/\s/.test(text[index] ?? '')) index += 1;
  return index;
};
/** Start of a member's value inside the container at `at`, or undefined. */
const member = (text: string, at: number, wanted: string): number | undefined => {
  const open = text[at];
  if (open !== '{' && open !== '[') return undefined;
  let index = next(text, at + 1);
  for (let position = 0; text[index] !== '}' && text[index] !== ']' && index < text.length; position += 1) {
    let name = String(position);
    if (open === '{') {
      const close = skip(text, index);
      name = JSON.parse(text.slice(index, close)) as string;
      index = next(text, next(text, close) + 1);
    }
    if (name === wanted) return index;
    index = next(text, skip(text, index));
    if (text[index] === ',') index = next(text, index + 1);
  }
  return undefined;
};
/** JSON source of the value at a JSON pointer (RFC 6901) of valid JSON text. */
export const sourceAt = (text: string, pointer: string): string | undefined => {
  let at: number | undefined = next(text, 0);
  for (const step of pointer.split('/').slice(1)) {
    if (at === undefined) return undefined;
    at = member(text, at, step.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return at === undefined ? undefined : text.slice(at, skip(text, at));
};
