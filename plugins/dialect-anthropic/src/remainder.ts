import { type Fields, isObject, type Json } from '@llm-proxy-auth/plugin';

/**
 * What an object on the wire has beside (or instead of) what this dialect would write for the same meaning: nulls, defaults that
 * were spelt out, members of objects that only their vendor knows. Text and input never stand in it, so that a conversation that
 * was changed on the way is written as it was changed.
 */
export interface Remainder {
  readonly set?: Fields | undefined;
  readonly unset?: readonly string[] | undefined;
  readonly at?: Readonly<Record<string, Remainder>> | undefined;
}
type Nest = Fields | readonly Json[];
const isNest = (value: Json): value is Nest => isObject(value) || Array.isArray(value);
const alike = (a: Nest, b: Nest): boolean => (Array.isArray(a) ? Array.isArray(b) && a.length === b.length : !Array.isArray(b));
const memberOf = (value: Nest, key: string): Json => (value as Fields)[key];

/** JSON equality; the order of members does not count. */
export const same = (a: Json, b: Json): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  return left.length === Object.keys(b).length && left.every(([key, value]) => Object.hasOwn(b, key) && same(value, (b as Fields)[key]));
};

/** Undefined when both are equal. */
export const remainderOf = (written: Nest, actual: Nest): Remainder | undefined => {
  const set: [string, Json][] = [];
  const at: [string, Remainder][] = [];
  for (const [key, value] of Object.entries(actual)) {
    const mine = Object.hasOwn(written, key) ? memberOf(written, key) : undefined;
    if (mine !== undefined && same(mine, value)) continue;
    const nested = isNest(mine) && isNest(value) && alike(mine, value) ? remainderOf(mine, value) : undefined;
    if (nested === undefined) set.push([key, value]);
    else at.push([key, nested]);
  }
  const unset = Object.keys(written).filter((key) => memberOf(written, key) !== undefined && !Object.hasOwn(actual, key));
  if (set.length === 0 && at.length === 0 && unset.length === 0) return undefined;
  return {
    ...(set.length > 0 ? { set: Object.fromEntries(set) } : {}),
    ...(at.length > 0 ? { at: Object.fromEntries(at) } : {}),
    ...(unset.length > 0 ? { unset } : {}),
  };
};

/** `restore(written, remainderOf(written, actual))` equals `actual`. */
export const restore = (written: Fields, left: Remainder | undefined): Fields => (left === undefined ? written : (restored(written, left) as Fields));
const restored = (written: Json, left: Remainder): Json => {
  if (Array.isArray(written)) return written.map((value, index) => within(left.set?.[index] ?? value, left.at?.[index]));
  if (!isObject(written)) return written;
  const kept = Object.entries(written)
    .filter(([key, value]) => value !== undefined && !left.unset?.includes(key))
    .map(([key, value]): [string, Json] => [key, within(value, left.at?.[key])]);
  return Object.fromEntries([...kept, ...Object.entries(left.set ?? {})]);
};
const within = (value: Json, left: Remainder | undefined): Json => (left === undefined ? value : restored(value, left));
