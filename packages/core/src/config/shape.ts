import type { TSchema } from 'typebox';
import type { ProblemCode } from './problem.ts';

export type Section = 'store' | 'counters' | 'auth' | 'factor' | 'provider' | 'pages';
/** What the reader needs to know of a schema: JSON Schema with the field kinds of packages/plugin. */
export interface Shape {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** Environment variable that fills the field when the file leaves it out. */
  readonly env?: string;
  readonly lpa?: 'secret' | 'duration' | 'size' | 'percent' | 'url' | 'env-glob';
  readonly pem?: boolean;
  /** A URL that is a name too: it keeps its trailing slash. */
  readonly asWritten?: boolean;
  /** The entry is completed by the schema of the plugin it names. */
  readonly section?: Section;
  /** What is said when the key is missing. */
  readonly absence?: { readonly code: ProblemCode; readonly message: string };
}
export const shapeOf = (schema: TSchema): Shape => schema as Shape;
export const schemaOf = (shape: Shape): TSchema => shape as unknown as TSchema;

export const typesOf = (shape: Shape): readonly string[] => (shape.type === undefined ? [] : typeof shape.type === 'string' ? [shape.type] : shape.type);
export const choicesOf = (shape: Shape): readonly unknown[] | undefined => {
  if ('const' in shape) return [shape.const];
  if (shape.enum !== undefined) return shape.enum;
  if (shape.anyOf === undefined) return undefined;
  const all = shape.anyOf.map(choicesOf);
  return all.every((c) => c !== undefined) ? all.flat() : undefined;
};
/** Keys beside `properties` are values of one shape (`Type.Record`), or not allowed. */
export const recordOf = (shape: Shape): { readonly pattern: string; readonly value: Shape } | undefined => {
  const [first] = Object.entries(shape.patternProperties ?? {});
  if (first !== undefined) return { pattern: first[0], value: first[1] };
  const further = shape.additionalProperties;
  if (further === true) return { pattern: '', value: {} };
  return typeof further === 'object' ? { pattern: '', value: further } : undefined;
};
export const isObjectShape = (shape: Shape): boolean => typesOf(shape).includes('object') && choicesOf(shape) === undefined;
/** An object that comes into being, with its defaults, when the file leaves it out. */
export const fillsItself = (shape: Shape): boolean => isObjectShape(shape) && shape.properties !== undefined && recordOf(shape) === undefined;

/** The core's keys of an entry completed by a plugin's; the plugin's own property wins over the common one of the same name. */
export const compose = (common: Readonly<Record<string, Shape>>, commonRequired: readonly string[], own: Shape): Shape => {
  const properties = { ...common, ...own.properties };
  const required = [...commonRequired.filter((k) => own.properties?.[k] === undefined), ...(own.required ?? [])];
  const further =
    own.patternProperties !== undefined ? { patternProperties: own.patternProperties } : { additionalProperties: own.additionalProperties ?? false };
  return { type: 'object', properties, required, ...further };
};
