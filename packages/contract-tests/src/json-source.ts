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
