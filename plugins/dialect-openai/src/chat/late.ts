import { asObject, type Building, type Fields, isObject, type Json, type Rest, sameValue, stringifyJson } from '@llm-proxy-auth/plugin';

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

/** A choice of a service whose filters run beside the model: what they found comes in chunks of its own, also behind the end. */
export interface LateChoice {
  /** `rest`: members of the chunk that the conversation does not know. */
  add(choice: Fields, rest: Fields | undefined): void;
  /** Why the choice ended; a filter that is late overrules what was said before. */
  readonly reason: Json;
  readonly rest: Fields | undefined;
}
const merged = (there: Json, found: Json): Json => (isObject(there) && isObject(found) ? { ...there, ...found } : found);
export const lateOfChoice = (): LateChoice => {
  let reason: Json;
  let kept: Building | undefined;
  return {
    add(choice, rest) {
      for (const name in rest ?? {}) {
        kept ??= {};
        kept[name] = merged(kept[name], rest?.[name]);
      }
      const said = choice.finish_reason ?? undefined;
      if (said !== undefined && (reason === undefined || said === 'content_filter')) reason = said;
    },
    get reason() {
      return reason;
    },
    get rest() {
      return kept;
    },
  };
};
