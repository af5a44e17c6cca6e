import { type HeaderPairs, isRawNumber, type Json } from '@llm-proxy-auth/plugin';

/** Name of the dialect; also what `Origin.dialect`, `VendorError.dialect` and the raw usage say. */
export const CONVERSE = 'converse';
/** Name under which `rest` belongs to the surface. */
export const REST = 'converse.converse';
/** A parsed JSON object. */
export type Fields = Readonly<Record<string, Json>>;

/** True for a JSON object (arrays, null and raw numbers excluded). */
export const isObject = (v: Json): v is Fields =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && (Object.getPrototypeOf(v) !== null || !isRawNumber(v)); // raw numbers have no prototype
/** The value as an object, else undefined. */
export const asObject = (v: Json): Fields | undefined => (isObject(v) ? v : undefined);
/** The value as a list; a wire `null` and anything else is an empty one. */
export const asList = (v: Json): readonly Json[] => (Array.isArray(v) ? v : []);
/** The value as text, else undefined. */
export const asText = (v: Json): string | undefined => (typeof v === 'string' ? v : undefined);
/** The value as a number, else undefined; raw numbers are rounded to a double. */
export const asNumber = (v: Json): number | undefined => {
  if (typeof v === 'number') return v;
  if (!isRawNumber(v)) return undefined;
  const n = Number(v.rawJSON);
  return Number.isFinite(n) ? n : undefined;
};
/** The value as true or false, else undefined. */
export const asFlag = (v: Json): boolean | undefined => (typeof v === 'boolean' ? v : undefined);
/** The member under its name, or nothing when it is undefined. */
export const some = <K extends string, T>(name: K, value: T | undefined): { readonly [P in K]?: T } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: T });
/** Members whose value is not undefined. */
export const compact = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined));
/** True when no member has a value. */
export const isEmpty = (fields: object): boolean => Object.values(fields).every((v) => v === undefined);
/** The members of `o` that are not in `known` and not null: `null` is absent everywhere in this dialect. Undefined when none is left. */
export const unknownFields = (o: Fields, known: readonly string[]): Fields | undefined => {
  const left = Object.entries(o).filter(([key, v]) => !known.includes(key) && v !== null && v !== undefined);
  return left.length === 0 ? undefined : Object.fromEntries(left);
};
/** First value of a header in flat pairs. */
export const header = (headers: HeaderPairs, name: string): string | undefined => {
  for (let i = 0; i + 1 < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  return undefined;
};
const decoder = new TextDecoder();
/** UTF-8 bytes to text, without a byte order mark; broken sequences become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);
