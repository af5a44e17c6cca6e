import { type Fields, fieldsOf, isFields } from './check.ts';
import { at } from './refusal.ts';

const unsupported: Readonly<Record<string, readonly string[]>> = Object.freeze({
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  string: ['minLength', 'maxLength', 'pattern'],
  array: ['maxItems', 'uniqueItems'],
  object: ['minProperties', 'maxProperties'],
});

const typesOf = (schema: Fields): string[] => {
  const types = Array.isArray(schema.type) ? schema.type.map(String) : typeof schema.type === 'string' ? [schema.type] : [];
  return types.length === 0 && isFields(schema.properties) ? ['object'] : types;
};

const inner = (schema: Fields): unknown[] => [
  ...Object.values(fieldsOf(schema.properties)),
  ...Object.values(fieldsOf(schema.$defs)),
  ...Object.values(fieldsOf(schema.definitions)),
  ...[schema.anyOf, schema.allOf].flatMap((list) => (Array.isArray(list) ? list : [])),
  schema.items,
];

/** The schemas that structured output and strict tools take: closed objects, no bounds, no `oneOf`. */
export const strictSchema = (value: unknown, path: string): void => {
  if (!isFields(value)) return;
  for (const type of typesOf(value)) {
    const found = (unsupported[type] ?? []).filter((name) => value[name] !== undefined).sort();
    if (found.length > 0) {
      throw at(
        path,
        `For '${type}' type, propert${found.length === 1 ? 'y' : 'ies'} ${found.map((name) => `'${name}'`).join(', ')} ${found.length === 1 ? 'is' : 'are'} not supported`,
      );
    }
    if (type === 'object' && value.additionalProperties !== false) {
      throw at(path, "For 'object' type, 'additionalProperties' must be explicitly set to false");
    }
  }
  if (value.oneOf !== undefined) throw at(path, "Schema type 'oneOf' is not supported");
  for (const one of inner(value)) strictSchema(one, path);
};
