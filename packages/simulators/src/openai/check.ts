import { refuse } from './refusal.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as the service names its type in errors. */
export const typeName = (value: unknown): string => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

/** One parameter: throws a Refusal or returns. null and undefined never reach it: the service takes null for absent. */
export type Check = (value: unknown, param: string) => void;

export const string: Check = (value, param) => {
  if (typeof value !== 'string') throw refuse.type(param, 'a string', typeName(value));
};

export const boolean: Check = (value, param) => {
  if (typeof value !== 'boolean') throw refuse.type(param, 'a boolean', typeName(value));
};

export const object: Check = (value, param) => {
  if (!isFields(value)) throw refuse.type(param, 'an object', typeName(value));
};

const bounded = (kind: 'integer' | 'decimal', minimum: number, maximum: number, value: number, param: string): void => {
  if (value < minimum) throw refuse.belowMinimum(param, kind, minimum, value);
  if (value > maximum) throw refuse.aboveMaximum(param, kind, maximum, value);
};

export const integer =
  (minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY): Check =>
  (value, param) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw refuse.type(param, 'an integer', typeName(value));
    bounded('integer', minimum, maximum, value, param);
  };

export const decimal =
  (minimum: number, maximum: number): Check =>
  (value, param) => {
    if (typeof value !== 'number') throw refuse.type(param, 'a decimal', typeName(value));
    bounded('decimal', minimum, maximum, value, param);
  };

export const oneOf =
  (...values: readonly string[]): Check =>
  (value, param) => {
    if (typeof value !== 'string') throw refuse.type(param, `one of ${values.map((one) => `'${one}'`).join(', ')}`, typeName(value));
    if (!values.includes(value)) throw refuse.value(param, value, values);
  };

export const objects: Check = (value, param) => {
  if (!Array.isArray(value)) throw refuse.type(param, 'an array of objects', typeName(value));
  for (const [index, item] of value.entries()) object(item, `${param}[${index}]`);
};

export const anything: Check = () => undefined;

/** At most 16 pairs of string and string. */
export const metadata: Check = (value, param) => {
  object(value, param);
  for (const [key, one] of Object.entries(value as Fields)) string(one, `${param}.${key}`);
};

/** Unknown members first, then each known one in the order of the table, as the service reports them. */
export const checkMembers = (body: Fields, table: Readonly<Record<string, Check>>, prefix = ''): void => {
  for (const name of Object.keys(body)) if (!Object.hasOwn(table, name)) throw refuse.unknown(prefix + name);
  for (const [name, check] of Object.entries(table)) {
    const value = body[name];
    if (value !== undefined && value !== null) check(value, prefix + name);
  }
};

export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
