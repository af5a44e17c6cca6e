import { type Fields, fieldsOf, isFields, listOf } from './check.ts';

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'a@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
  uri: 'https://example.com/',
};

const stringFor = (schema: Fields): string => {
  const { format, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (typeof format === 'string') return formats[format] ?? 'text';
  return 'text'.padEnd(Number(minLength), '.').slice(0, Number(maxLength));
};

const numberFor = ({ minimum, exclusiveMinimum, multipleOf, maximum }: Fields): number => {
  const step = typeof multipleOf === 'number' ? multipleOf : 1;
  if (typeof exclusiveMinimum === 'number') return (Math.floor(exclusiveMinimum / step) + 1) * step;
  if (typeof minimum === 'number') return Math.ceil(minimum / step) * step;
  return typeof maximum === 'number' && maximum < 0 ? Math.floor(maximum / step) * step : 0;
};

const resolve = (schema: Fields, root: Fields): Fields => {
  const reference = schema.$ref;
  if (typeof reference !== 'string') return schema;
  const steps = reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '');
  return steps.reduce<Fields>((at, step) => fieldsOf(at[step.replaceAll('~1', '/').replaceAll('~0', '~')]), root);
};

const typeOf = (schema: Fields): unknown => {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null';
  return type ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : undefined);
};

const build = (given: unknown, root: Fields, depth: number): unknown => {
  const schema = resolve(fieldsOf(given), root);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const alternatives = listOf(schema.anyOf ?? schema.oneOf);
  // Recursive schemas end in their null alternative.
  if (alternatives.length > 0)
    return build(depth > 8 ? (alternatives.find(({ type }) => type === 'null') ?? alternatives[0]) : alternatives[0], root, depth + 1);
  switch (typeOf(schema)) {
    case 'object': {
      const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
      const properties = fieldsOf(schema.properties);
      return Object.fromEntries(required.map((name) => [name, build(properties[name], root, depth + 1)]));
    }
    case 'array': {
      const items = typeof schema.minItems === 'number' && depth < 8 ? schema.minItems : 0;
      return Array.from({ length: items }, () => build(schema.items, root, depth + 1));
    }
    case 'integer':
    case 'number':
      return numberFor(schema);
    case 'boolean':
      return false;
    case 'null':
      return null;
    case 'string':
      return stringFor(schema);
    default:
      return {};
  }
};

/** The smallest value the JSON schema accepts (required members only, first alternatives, lower bounds). `pattern` is not solved. */
export const instanceOf = (schema: unknown): unknown => (isFields(schema) ? build(schema, schema, 0) : {});
