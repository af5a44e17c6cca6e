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

/** The first thing that schemas of structured output and strict tools may not say; they take closed objects, no bounds, no `oneOf`. */
export const schemaFault = (value: unknown): string | undefined => {
  if (!isFields(value)) return undefined;
  for (const type of typesOf(value)) {
    const found = (unsupported[type] ?? []).filter((name) => value[name] !== undefined).sort();
    if (found.length > 0) {
      return `For '${type}' type, propert${found.length === 1 ? 'y' : 'ies'} ${found.map((name) => `'${name}'`).join(', ')} ${found.length === 1 ? 'is' : 'are'} not supported`;
    }
    if (type === 'object' && value.additionalProperties !== false) {
      return "For 'object' type, 'additionalProperties' must be explicitly set to false";
    }
  }
  if (value.oneOf !== undefined) return "Schema type 'oneOf' is not supported";
  for (const one of inner(value)) {
    const fault = schemaFault(one);
    if (fault !== undefined) return fault;
  }
  return undefined;
};
export const strictSchema = (value: unknown, path: string): void => {
  const fault = schemaFault(value);
  if (fault !== undefined) throw at(path, fault);
};
