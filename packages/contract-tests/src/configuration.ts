import { secretOf, withOwnSecrets } from './secret.ts';

export interface Field {
  readonly type?: string | readonly string[];
  readonly lpa?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}
const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const withUnit = (text: string, units: Readonly<Record<string, number>>): number => Number.parseFloat(text) * (units[text.replace(/^[0-9.]+/, '')] ?? 1);

/** What the core makes of a written value before `create` sees it. */
const readAs = (lpa: string | undefined, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (lpa === 'secret') return secretOf(value);
  if (lpa === 'duration') return withUnit(value, durations);
  if (lpa === 'size') return withUnit(value, sizes);
  if (lpa === 'percent') return Number.parseFloat(value) / 100;
  return value;
};
const invented = (field: Field): unknown => {
  if (field.lpa === 'secret') return secretOf(`canary-${'0123456789abcdef'.repeat(3)}`);
  if (field.lpa === 'duration') return 30_000;
  if (field.lpa === 'size') return 65_536;
  if (field.lpa === 'percent') return 0.5;
  if (field.lpa === 'url') return 'https://upstream.example/v1';
  if (field.type === 'string') return 'sample';
  if (field.type === 'integer' || field.type === 'number') return field.minimum ?? 1;
  if (field.type === 'boolean') return false;
  if (field.type === 'array') return [];
  return undefined;
};
const valueFor = (field: Field): unknown => {
  if (field.default !== undefined && field.type !== 'object') return readAs(field.lpa, field.default);
  if (field.properties !== undefined) return objectOf(field, {});
  if (field.const !== undefined) return field.const;
  if (field.enum !== undefined) return field.enum[0];
  if (field.examples?.[0] !== undefined) return readAs(field.lpa, field.examples[0]);
  if (field.anyOf?.[0] !== undefined) return valueFor(field.anyOf[0]);
  if (field.type === 'object') return {};
  return invented(field);
};
const objectOf = (schema: Field, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const filled: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const wanted = schema.required?.includes(name) === true || field.default !== undefined;
    if (!(name in given) && wanted) filled[name] = valueFor(field);
  }
  return { ...filled, ...given };
};

/** A configuration as `create` gets it: defaults filled, units read, missing required fields invented, secrets as handles. */
export const configurationOf = (schema: unknown, given: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> =>
  objectOf(schema as Field, withOwnSecrets(given));
/** A field of a configuration's schema. */
export const fieldOf = (schema: unknown, name: string): Field | undefined => (schema as Field).properties?.[name];
