import type { Fields } from '@llm-proxy-auth/plugin';

export { defined as compact } from '@llm-proxy-auth/plugin';

/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and the raw usage say. */
export const CONVERSE = 'converse';
/** Name under which `rest` belongs to the surface. */
export const REST = 'converse.converse';

/** True when no member has a value. */
export const isEmpty = (fields: object): boolean => Object.values(fields).every((v) => v === undefined);
/** The members of `o` that are not in `known` and not null: `null` is absent everywhere in this dialect. Undefined when none is left. */
export const unknownFields = (o: Fields, known: readonly string[]): Fields | undefined => {
  const left = Object.entries(o).filter(([key, v]) => !known.includes(key) && v !== null && v !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
};
