import { defined, type Fields } from '@llm-proxy-auth/plugin';

export { defined };

/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and `Usage.raw` say. */
export const GEMINI = 'gemini';
/** Name under which `rest` belongs to content generation, and to token counts, which are generations without an answer. */
export const GENERATE = 'gemini.generate';

/** The object, or undefined when it has no member with a value. */
export const filled = (fields: Fields): Fields | undefined => {
  const left = defined(fields);
  return Object.keys(left).length === 0 ? undefined : left;
};
/** Members of `o` that are not in `known` and not null: `null` is absent everywhere in this dialect. Undefined when none is left. */
export const further = (o: Fields, known: readonly string[]): Fields | undefined => {
  const left = Object.entries(o).filter(([key, v]) => !known.includes(key) && v !== null && v !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
};
