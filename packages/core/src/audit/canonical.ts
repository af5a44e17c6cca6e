/** What some readers take for the end of a line, and what terminals obey. */
const AWKWARD = /[\u007f-\u009f\u2028\u2029]/;
const ALL_AWKWARD = /[\u007f-\u009f\u2028\u2029]/g;

const plain = (text: string): string => (AWKWARD.test(text) ? text.replace(ALL_AWKWARD, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text);
/** JSON of a value on one line, whatever stands in it. */
export const jsonLine = (value: unknown): string => plain(JSON.stringify(value));

/** JSON of a flat record with its members in the given order; those that are undefined are left out. */
export const canonical = (record: object, members: readonly string[]): string => {
  return plain(JSON.stringify(record, members as string[]));
};
/** JSON of a record that was read, all its members sorted by name. */
export const canonicalOf = (record: object): string => canonical(record, Object.keys(record).sort());
