import { type Fields, isFields } from '../openai/check.ts';
import { invalid } from './refusal.ts';

/** One member: throws a refusal or returns. */
export type Check = (value: unknown, name: string) => void;

const wanted = (name: string, what: string): Error => invalid(`Json document validation error: ${name} must be ${what}`);
export const string: Check = (value, name) => {
  if (typeof value !== 'string') throw wanted(name, 'a string');
};
export const text: Check = (value, name) => {
  if (typeof value !== 'string' || value === '') throw wanted(name, 'a non-empty string');
};
export const boolean: Check = (value, name) => {
  if (typeof value !== 'boolean') throw wanted(name, 'a boolean');
};
export const object: Check = (value, name) => {
  if (!isFields(value)) throw wanted(name, 'an object');
};
export const number =
  (least: number, most: number, whole = false): Check =>
  (value, name) => {
    if (typeof value !== 'number' || (whole && !Number.isInteger(value))) throw wanted(name, whole ? 'an integer' : 'a number');
    if (value < least || value > most) throw wanted(name, `between ${least} and ${most}`);
  };
export const oneOf =
  (...words: readonly string[]): Check =>
  (value, name) => {
    if (typeof value !== 'string' || !words.includes(value)) throw wanted(name, `one of ${words.join(', ')}`);
  };
export const listOf =
  (each: Check, least = 0, most = Number.POSITIVE_INFINITY): Check =>
  (value, name) => {
    if (!Array.isArray(value)) throw wanted(name, 'an array');
    if (value.length < least || value.length > most) throw wanted(name, `an array of ${least} to ${most} elements`);
    for (const [index, one] of value.entries()) each(one, `${name}[${index}]`);
  };
/** Members of an object: those of the table and no other; `needed` must be there. */
export const members =
  (table: Readonly<Record<string, Check>>, needed: readonly string[] = []): Check =>
  (value, name) => {
    object(value, name === '' ? 'the body' : name);
    const at = (key: string): string => (name === '' ? key : `${name}.${key}`);
    const fields = value as Fields;
    for (const key of Object.keys(fields)) if (!Object.hasOwn(table, key)) throw invalid(`Json document validation error: ${at(key)} is not a known field`);
    for (const key of needed) if (fields[key] === undefined) throw invalid(`Json document validation error: ${at(key)} is required`);
    for (const [key, check] of Object.entries(table)) if (fields[key] !== undefined) check(fields[key], at(key));
  };
export const anything: Check = () => undefined;
