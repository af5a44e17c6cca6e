import { asList, type Building, isObject } from './json/members.ts';
import type { Json } from './wire.ts';

const REFUSED: ReadonlySet<string> = new Set(
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern minItems maxItems uniqueItems minProperties maxProperties not'.split(
    ' ',
  ),
);
const FORMATS: ReadonlySet<string> = new Set('date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '));
/** Members that hold schemas by names of the client's choice. */
const NAMED: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);
const LISTS: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems']);
/** Data of the client's, not schemas. */
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples']);

const isRefused = (key: string, value: Json): boolean => REFUSED.has(key) || (key === 'format' && !(typeof value === 'string' && FORMATS.has(value)));
const inner = (key: string, value: Json): Json => {
  if (DATA.has(key)) return value;
  if (NAMED.has(key) && isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fit(one)]));
  if (LISTS.has(key)) return asList(value).map(fit);
  return key === 'items' && isObject(value) ? fit(value) : value;
};
const saying = (description: Json, refused: readonly (readonly [string, Json])[]): Json => {
  if (refused.length === 0) return description;
  const rules = refused.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(', ');
  return typeof description === 'string' && description !== '' ? `${description} (${rules})` : rules;
};
/**
 * A schema as a grammar takes it that holds answers to closed objects: they are closed, `oneOf` is `anyOf`, and keywords that are refused are told the
 * model in the description instead. The same object when there is nothing to change.
 */
const fit = (schema: Json): Json => {
  if (!isObject(schema)) return schema;
  const refused = Object.entries(schema).filter(([key, value]) => isRefused(key, value));
  const fields: Building = {};
  for (const [key, value] of Object.entries(schema)) if (!isRefused(key, value)) fields[key === 'oneOf' ? 'anyOf' : key] = inner(key, value);
  const description = saying(schema.description, refused);
  if (description !== undefined) fields.description = description;
  if (schema.type === 'object' || isObject(schema.properties)) fields.additionalProperties = false;
  return fields;
};
export interface Fitted {
  readonly schema: Json;
  readonly changed: boolean;
}
/** For providers that hold an answer or a call to its schema as it is written, and refuse what their grammar has not. */
export const fitSchema = (schema: Json): Fitted => {
  const fitted = fit(schema);
  return { schema: fitted, changed: JSON.stringify(fitted) !== JSON.stringify(schema) };
};
