import { at } from './refusal.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
export const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
export const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Looks at the value at one place of the body (`tools.0.name`): throws a Refusal or returns. */
export type Check = (value: unknown, path: string) => void;

/** Members of an object; a name that ends in `!` must be there. */
export type Members = Readonly<Record<string, Check>>;

export const anything: Check = () => undefined;

export const string: Check = (value, path) => {
  if (typeof value !== 'string') throw at(path, 'Input should be a valid string');
};

export const boolean: Check = (value, path) => {
  if (typeof value !== 'boolean') throw at(path, 'Input should be a valid boolean');
};

export const object: Check = (value, path) => {
  if (!isFields(value)) throw at(path, 'Input should be an object');
};

/** A whole number of at least `least`. */
export const integer =
  (least: number): Check =>
  (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw at(path, 'Input should be a valid integer');
    if (value < least) throw at(path, `Input should be greater than or equal to ${least}`);
  };

export const decimal =
  (least: number, most: number): Check =>
  (value, path) => {
    if (typeof value !== 'number') throw at(path, 'Input should be a valid number');
    if (value < least) throw at(path, `Input should be greater than or equal to ${least}`);
    if (value > most) throw at(path, `Input should be less than or equal to ${most}`);
  };

const alternatives = (values: readonly string[]): string => {
  const quoted = values.map((value) => `'${value}'`);
  return quoted.length === 1 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
};

export const oneOf =
  (...values: readonly string[]): Check =>
  (value, path) => {
    if (typeof value !== 'string' || !values.includes(value)) throw at(path, `Input should be ${alternatives(values)}`);
  };

export const pattern =
  (wanted: RegExp): Check =>
  (value, path) => {
    string(value, path);
    if (!wanted.test(textOf(value))) throw at(path, `String should match pattern '${wanted.source}'`);
  };

export const nullable =
  (check: Check): Check =>
  (value, path) => {
    if (value !== null) check(value, path);
  };

export const array =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) throw at(path, 'Input should be a valid array');
    for (const [index, item] of value.entries()) check(item, `${path}.${index}`);
  };

/** Missing members first, then each that is there in the body's order; one the table lacks is refused. */
export const members =
  (table: Members): Check =>
  (value, path) => {
    object(value, path);
    const body = fieldsOf(value);
    const place = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const name of Object.keys(table)) {
      if (name.endsWith('!') && body[name.slice(0, -1)] === undefined) throw at(place(name.slice(0, -1)), 'Field required');
    }
    for (const [name, member] of Object.entries(body)) {
      const check = Object.hasOwn(table, name) ? table[name] : table[`${name}!`];
      if (check === undefined) throw at(place(name), 'Extra inputs are not permitted');
      check(member, place(name));
    }
  };

/** Objects told apart by `type`; the path of a fault inside names the type, as the service does: `messages.0.content.1.image.source`. */
export const tagged =
  (table: Readonly<Record<string, Check>>, fallback?: string): Check =>
  (value, path) => {
    object(value, path);
    const type = fieldsOf(value).type ?? fallback;
    if (type === undefined) throw at(`${path}.type`, 'Field required');
    const check = typeof type === 'string' && Object.hasOwn(table, type) ? table[type] : undefined;
    if (check === undefined) {
      const tags = Object.keys(table)
        .map((tag) => `'${tag}'`)
        .join(', ');
      throw at(path, `Input tag '${String(type)}' found using 'type' does not match any of the expected tags: ${tags}`);
    }
    check(value, `${path}.${type}`);
  };

/** A string, or a list of objects. */
export const textOr =
  (check: Check): Check =>
  (value, path) => {
    if (typeof value !== 'string') array(check)(value, path);
  };
