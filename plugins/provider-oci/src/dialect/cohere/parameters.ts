import { asList, asObject, asText, type Fields, type Json, type Lost, some, stringifyJson } from '@llm-proxy-auth/plugin';

/** Types in the words of Python; a bare `List` with a capital fails at the service. */
const TYPES: Readonly<Record<string, string>> = Object.freeze({
  string: 'str',
  number: 'float',
  integer: 'int',
  boolean: 'bool',
  object: 'dict',
  array: 'list',
});
/** What a value may be, but for null: a parameter has one type, and may be left out. */
const kindsOf = (schema: Fields): readonly Fields[] => {
  const either = asList(schema.anyOf ?? schema.oneOf)
    .map(asObject)
    .filter((one) => one !== undefined);
  const kinds = Array.isArray(schema.type)
    ? schema.type.map((type: Json) => ({ ...schema, type }))
    : schema.type === undefined
      ? either.flatMap(kindsOf)
      : [schema];
  return kinds.filter(({ type }) => type !== 'null');
};
const nameOfKind = ({ type, items }: Fields): string => {
  if (type !== 'array') return TYPES[asText(type) ?? ''] ?? 'str';
  const inside = new Set(kindsOf(asObject(items) ?? {}).map((kind) => asText(kind.type) ?? ''));
  const [only = ''] = inside;
  return inside.size !== 1 || only === 'array' ? 'list' : `list[${TYPES[only] ?? 'str'}]`;
};
/** One that may be of several types is text, as its description says. */
const nameOf = (schema: Fields): string => {
  const names = new Set(kindsOf(schema).map(nameOfKind));
  const [only = 'str'] = names;
  return names.size === 1 ? only : 'str';
};
/** What a definition says by itself. */
const SAID: ReadonlySet<string> = new Set(['type', 'description']);
const isWhole = (schema: Fields): boolean =>
  typeof schema.type === 'string' &&
  Object.keys(schema).every((name) => SAID.has(name) || (name === 'items' && Object.keys(asObject(schema.items) ?? {}).join() === 'type'));
const describe = (schema: Fields): string | undefined => {
  const own = asText(schema.description);
  if (isWhole(schema)) return own;
  const { description: _own, ...rest } = schema;
  return `${own === undefined ? '' : `${own} `}JSON Schema: ${stringifyJson(rest)}`;
};
const OF_OBJECT: ReadonlySet<string> = new Set(['type', 'properties', 'required', 'additionalProperties']);
/**
 * `parameterDefinitions` of a JSON schema: names, types and descriptions. What a definition cannot say (values allowed, what is inside
 * objects) stands as JSON Schema in the description of the parameter.
 */
export const definitionsOf = (schema: Json, lost: Lost): Fields => {
  const o = asObject(schema) ?? {};
  const properties = Object.entries(asObject(o.properties) ?? {});
  const required = new Set(asList(o.required));
  const parts = properties.map(([, value]) => asObject(value) ?? {});
  if (o.type !== 'object' || Object.keys(o).some((name) => !OF_OBJECT.has(name)) || !parts.every(isWhole))
    lost('tools.schema', 'what the definitions of parameters cannot say is described in words', 'emulated');
  return Object.fromEntries(
    properties.map(([name, value]) => {
      const inner = asObject(value) ?? {};
      return [name, { ...some('description', describe(inner)), type: nameOf(inner), isRequired: required.has(name) }];
    }),
  );
};
