import { type Fields, isObject, some } from './json/members.ts';
import type { Json } from './wire.ts';

/**
 * What an object on the wire has beside (or instead of) what a surface would write for the same meaning: empty lists, nulls, a
 * `type` that goes without saying, the order of members. Surfaces keep text, calls and media out of it, so that a conversation that
 * was changed on the way is written as it was changed.
 */
export interface Remainder {
  readonly set?: Fields | undefined;
  readonly unset?: readonly string[] | undefined;
  /** The names in their order, where that differs from ours. */
  readonly order?: readonly string[] | undefined;
  readonly at?: Readonly<Record<string, Remainder>> | undefined;
}
type Nest = Fields | readonly Json[];
const isNest = (value: Json): value is Nest => isObject(value) || Array.isArray(value);
const alike = (a: Nest, b: Nest): boolean => (Array.isArray(a) ? Array.isArray(b) && a.length === b.length : !Array.isArray(b));

/** JSON equality, the order of members included. */
export const sameValue = (a: Json, b: Json): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  const right = Object.entries(b);
  return left.length === right.length && left.every(([key, value], index) => key === right[index]?.[0] && sameValue(value, right[index]?.[1]));
};

const memberOf = (value: Nest, key: string): Json => (value as Fields)[key];

/** Undefined when both are equal. */
export const remainderOf = (written: Nest, actual: Nest): Remainder | undefined => {
  const set: [string, Json][] = [];
  const at: [string, Remainder][] = [];
  for (const [key, value] of Object.entries(actual)) {
    const mine = Object.hasOwn(written, key) ? memberOf(written, key) : undefined;
    if (mine !== undefined && sameValue(mine, value)) continue;
    const nested = isNest(mine) && isNest(value) && alike(mine, value) ? remainderOf(mine, value) : undefined;
    if (nested === undefined) set.push([key, value]);
    else at.push([key, nested]);
  }
  const ours = Object.keys(written).filter((key) => memberOf(written, key) !== undefined);
  const unset = ours.filter((key) => !Object.hasOwn(actual, key));
  const plain = { ...some('set', set.length > 0 ? Object.fromEntries(set) : undefined), ...some('at', at.length > 0 ? Object.fromEntries(at) : undefined) };
  const left = { ...plain, ...some('unset', unset.length > 0 ? unset : undefined) };
  const names = [...ours.filter((key) => !unset.includes(key)), ...set.map(([key]) => key).filter((key) => !ours.includes(key))];
  const order = Object.keys(actual);
  const moved = order.some((key, index) => key !== names[index]);
  return Object.keys(left).length === 0 && !moved ? undefined : { ...left, ...(moved ? { order } : {}) };
};

/** The members with those named in `order` first. */
export const ordered = (fields: Fields, order: readonly string[]): Fields =>
  Object.fromEntries(
    [...order.filter((key) => Object.hasOwn(fields, key)), ...Object.keys(fields).filter((key) => !order.includes(key))].map((key) => [key, fields[key]]),
  );
/** `restore(written, remainderOf(written, actual))` equals `actual`. */
export const restore = (written: Fields, left: Remainder | undefined): Fields => (left === undefined ? written : (restored(written, left) as Fields));
const restored = (written: Json, left: Remainder): Json => {
  if (Array.isArray(written)) return written.map((value, index) => within(left.set?.[index] ?? value, left.at?.[index]));
  if (!isObject(written)) return written;
  const kept = Object.entries(written)
    .filter(([key, value]) => value !== undefined && !left.unset?.includes(key))
    .map(([key, value]): [string, Json] => [key, within(value, left.at?.[key])]);
  const fields = Object.fromEntries([...kept, ...Object.entries(left.set ?? {})]);
  return left.order === undefined ? fields : ordered(fields, left.order);
};
const within = (value: Json, left: Remainder | undefined): Json => (left === undefined ? value : restored(value, left));
