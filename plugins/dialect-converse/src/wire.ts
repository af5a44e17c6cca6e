/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and the raw usage say. */
export const CONVERSE = 'converse';
/** Name under which `rest` belongs to the surface. */
export const REST = 'converse.converse';

/** True when no member has a value. */
export const isEmpty = (fields: object): boolean => Object.values(fields).every((v) => v === undefined);
