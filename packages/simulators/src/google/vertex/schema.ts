import { type Fields, fieldsOf, isFields } from '../../openai/check.ts';
import { invalid, unknownName } from './context.ts';

/** Members of the OpenAPI subset. */
const members: ReadonlySet<string> = new Set([
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'default',
  'enum',
  'items',
  'minItems',
  'maxItems',
  'properties',
  'required',
  'propertyOrdering',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'anyOf',
  'example',
  'additionalProperties',
  'ref',
  'defs',
]);
const types: ReadonlySet<string> = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT', 'NULL']);

/** Throws for a schema that is none of the OpenAPI subset; places are named as the service names them. */
export const checkSchema = (schema: unknown, at: string): void => {
  if (!isFields(schema)) throw invalid(`Invalid value at '${at}' (type.googleapis.com/google.cloud.aiplatform.v1.Schema)`);
  for (const name of Object.keys(schema)) if (!members.has(name)) throw unknownName(name, at);
  const { type, properties, items, anyOf, required, enum: values } = schema;
  if (Array.isArray(type)) throw invalid(`Invalid JSON payload received. Unknown name "type" at '${at}': Proto field is not repeating, cannot start list.`);
  if (type !== undefined && !types.has(String(type).toUpperCase()))
    throw invalid(`Invalid value at '${at}.type' (type.googleapis.com/google.cloud.aiplatform.v1.Type), "${String(type)}"`);
  if (anyOf !== undefined && Object.keys(schema).some((name) => !['anyOf', 'nullable', 'description', 'title'].includes(name)))
    throw invalid(
      `Unable to submit request because \`${at}\` schema specified other fields alongside any_of. When using any_of, it must be the only field set.`,
    );
  if (Array.isArray(values) && values.includes(''))
    throw invalid(`Unable to submit request because \`${at}\` schema has enum[${values.indexOf('')}]: cannot be empty.`);
  for (const [name, inner] of Object.entries(fieldsOf(properties))) checkSchema(inner, `${at}.properties[${JSON.stringify(name)}]`);
  for (const name of Array.isArray(required) ? required : [])
    if (!Object.hasOwn(fieldsOf(properties), String(name)))
      throw invalid(`Unable to submit request because \`${at}.required\`: property ${String(name)} is not defined.`);
  if (items !== undefined) checkSchema(items, `${at}.items`);
  if (Array.isArray(anyOf)) for (const [index, one] of anyOf.entries()) checkSchema(one, `${at}.any_of[${index}]`);
};
/** The subset as JSON Schema, of which answers are made. */
export const asJsonSchema = (schema: unknown): Fields => {
  const { type, properties, items, anyOf, ...rest } = fieldsOf(schema);
  return {
    ...rest,
    ...(typeof type === 'string' ? { type: type.toLowerCase() } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(fieldsOf(properties)).map(([name, inner]) => [name, asJsonSchema(inner)])) }),
    ...(items === undefined ? {} : { items: asJsonSchema(items) }),
    ...(Array.isArray(anyOf) ? { anyOf: anyOf.map(asJsonSchema) } : {}),
  };
};
