import type { Json } from '../wire.ts';
import { isRawNumber } from './parse.ts';

/** A parsed JSON object. */
export type Fields = Readonly<Record<string, Json>>;
/** A JSON object being built. */
export type Building = Record<string, Json>;

/** True for a JSON object (arrays, null and raw numbers, which have no prototype, excluded). */
export const isObject = (v: Json): v is Fields =>
  typeof v === 'object' && v !== null && !Array.isArray(v) && (Object.getPrototypeOf(v) !== null || !isRawNumber(v));
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
const NONE: readonly string[] = Object.freeze([]);
/** The members of `o` that are neither in `known` nor in `also` and not null, for dialects in which `null` means absent. Undefined when none is left. */
export const unknownFields = (o: Fields, known: ReadonlySet<string> | readonly string[], also: readonly string[] = NONE): Fields | undefined => {
  const isKnown = 'has' in known ? (key: string): boolean => known.has(key) : (key: string): boolean => known.includes(key);
  let left: Building | undefined;
  for (const key in o) {
    if (isKnown(key) || o[key] === null || o[key] === undefined || also.includes(key)) continue;
    left ??= {};
    left[key] = o[key];
  }
  return left;
};

/** The members that are not undefined. A loop, since every translated call makes some of these. */
export const defined = <T extends object>(o: T): T => {
  const left: Partial<T> = {};
  for (const key in o) if (o[key] !== undefined) left[key] = o[key];
  return left as T;
};
/** The same, or undefined when no member has a value. */
export const filled = <T extends object>(o: T): T | undefined => {
  const left = defined(o);
  for (const _ in left) return left;
  return undefined;
};
/** `value` under `key`, or nothing when it is undefined. */
export const some = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
