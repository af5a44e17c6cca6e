import { type Fields, isFields } from '../openai/check.ts';
import { refuse } from './refusal.ts';

/** One member: throws an OciRefusal or returns. null and undefined never reach it. */
export type Check = (value: unknown, path: string) => void;
export type Table = Readonly<Record<string, Check>>;

const wrong = (path: string, wanted: string) => refuse.invalid(`${path} must be ${wanted}`);
export const string: Check = (value, path) => {
  if (typeof value !== 'string') throw wrong(path, 'a string');
};
export const boolean: Check = (value, path) => {
  if (typeof value !== 'boolean') throw wrong(path, 'a boolean');
};
export const anything: Check = () => undefined;
export const object: Check = (value, path) => {
  if (!isFields(value)) throw wrong(path, 'an object');
};
export const integer =
  (minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY): Check =>
  (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(path, 'an integer');
    if (value < minimum || value > maximum) throw wrong(path, `between ${minimum} and ${maximum}`);
  };
export const number =
  (minimum: number, maximum: number): Check =>
  (value, path) => {
    if (typeof value !== 'number') throw wrong(path, 'a number');
    if (value < minimum || value > maximum) throw wrong(path, `between ${minimum} and ${maximum}`);
  };
export const oneOf =
  (...values: readonly string[]): Check =>
  (value, path) => {
    if (typeof value !== 'string' || !values.includes(value)) throw wrong(path, `one of ${values.join(', ')}`);
  };
export const listOf =
  (check: Check, most = Number.POSITIVE_INFINITY): Check =>
  (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, 'a list');
    if (value.length > most) throw wrong(path, `a list of at most ${most}`);
    for (const [index, item] of value.entries()) check(item, `${path}[${index}]`);
  };
/** An object of these members: an unknown one fails the whole request, in words that do not name it. */
export const members =
  (table: Table, needed: readonly string[] = []): Check =>
  (value, path) => {
    object(value, path);
    const given = value as Fields;
    if (Object.keys(given).some((name) => !Object.hasOwn(table, name))) throw refuse.format();
    for (const name of needed) if (given[name] === undefined || given[name] === null) throw refuse.missing(`${path}.${name}`);
    for (const [name, check] of Object.entries(table)) {
      const member = given[name];
      if (member !== undefined && member !== null) check(member, `${path}.${name}`);
    }
  };
/** An object whose member tells which members it has. */
export const variants =
  (member: string, kinds: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    object(value, path);
    const kind = (value as Fields)[member];
    const check = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (check === undefined) throw refuse.format();
    check(value, path);
  };
