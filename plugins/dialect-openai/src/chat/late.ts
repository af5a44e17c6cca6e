import { asObject, type Building, type Fields, type Json, type Rest, sameValue, stringifyJson } from '@llm-proxy-auth/plugin';

/** Members that only some chunks of a stream have: a moderation chunk's, filter results, a tier that is told at the end. */
export interface Late {
  /** The chunk that opens the answer: its members go along with the start. */
  open(chunk: Fields): void;
  /** Any other chunk. */
  add(chunk: Fields): void;
  /** What came beside the opening, for the end. */
  rest(from: string): { readonly rest?: Rest };
}
export const lateMembers = (known: ReadonlySet<string>): Late => {
  let opening: Fields = {};
  let late: Building | undefined;
  const isNew = (key: string, value: Json): boolean => !known.has(key) && value !== null && value !== undefined && !sameValue(opening[key], value);
  return {
    open: (chunk) => {
      opening = chunk;
    },
    add: (chunk) => {
      for (const key in chunk) {
        if (!isNew(key, chunk[key])) continue;
        late ??= {};
        late[key] = chunk[key];
      }
    },
    rest: (from) => (late === undefined ? {} : { rest: { from, fields: late } }),
  };
};
/** `,"name":value…` of late members, for the last chunk of a choice: a chunk of its own would have no choice, which clients do not expect. */
export const lateSource = (fields: Json): string => {
  const source = stringifyJson(asObject(fields) ?? {});
  return source === '{}' ? '' : `,${source.slice(1, -1)}`;
};
