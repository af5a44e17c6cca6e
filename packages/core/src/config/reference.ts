import type { TSchema } from 'typebox';
import { Type } from 'typebox';
import type { LoadedPlugin } from '../graph.ts';
import { factoriesOf } from '../plugins/catalog.ts';
import { Instance } from './schema/instance.ts';
import { Root } from './schema.ts';
import { choicesOf, recordOf, type Section, type Shape, shapeOf, typesOf } from './shape.ts';

/** One key of the configuration as the documentation shows it. */
export interface ConfigurationOption {
  /** `[]` stands for an index, `*` for a name: `models[].targets[].weight`, `instances.*.tags.*`. */
  readonly path: string;
  /** `text`, `number`, `duration`, `secret`, …, or the allowed values joined by ` | `. */
  readonly type: string;
  /** As written in the file. */
  readonly default?: unknown;
  readonly description: string;
  readonly required: boolean;
  /** Environment variable that fills it when the file leaves it out. */
  readonly env?: string | undefined;
  readonly examples?: readonly unknown[] | undefined;
  /** Set for keys of a plugin: the package and the value of `use` or `provider` that they belong to. */
  readonly plugin?: { readonly name: string; readonly group: Section | 'dialect'; readonly kind: string } | undefined;
}

const WORDS: Readonly<Record<string, string>> = Object.freeze({
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true | false',
  array: 'list',
  object: 'map',
});
const typeText = (shape: Shape): string => {
  if (shape.lpa !== undefined) return shape.pem === true ? 'secret (path or PEM text)' : shape.lpa;
  const choices = choicesOf(shape);
  if (choices !== undefined) return choices.map(String).join(' | ');
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.map(typeText))].join(' | ');
  return (
    typesOf(shape)
      .map((t) => WORDS[t] ?? t)
      .join(' | ') || 'any'
  );
};
const COMMON = shapeOf(Type.Object(Instance));

type Visit = (path: string, shape: Shape, required: boolean) => void;
/** The branches of a union that have keys of their own. */
const compoundOf = (shape: Shape): readonly Shape[] =>
  choicesOf(shape) === undefined ? (shape.anyOf ?? []).filter((b) => b.properties !== undefined || b.items?.properties !== undefined) : [];
/** What lies below a key, with its path and whether it must be written. */
const childrenOf = (shape: Shape, path: string): readonly (readonly [Shape, string, boolean])[] => {
  const record = recordOf(shape);
  const keys = Object.entries(shape.properties ?? {}).map(
    ([key, property]) => [property, path === '' ? key : `${path}.${key}`, (shape.required ?? []).includes(key) && property.default === undefined] as const,
  );
  const named = record === undefined ? [] : [[{ description: shape.description ?? '', ...record.value }, `${path}.*`, false] as const];
  const items = shape.items?.properties !== undefined || compoundOf(shape.items ?? {}).length > 0 ? [[shape.items ?? {}, `${path}[]`, false] as const] : [];
  const branches = compoundOf(shape).map((b) => (b.properties === undefined ? ([b.items ?? {}, `${path}[]`, false] as const) : ([b, path, false] as const)));
  return [...keys, ...named, ...items, ...branches];
};
/** Calls `visit` for every key that holds a value of its own, in the order of the schema. */
const walk = (shape: Shape, path: string, required: boolean, visit: Visit): void => {
  const own = shape.section === 'provider' ? COMMON : shape;
  const isGroup = own.properties !== undefined || recordOf(own) !== undefined;
  if (!isGroup) visit(path, own, required);
  for (const [child, at, must] of childrenOf(own, path)) walk(child, at, must, visit);
};

const optionsOf = (schema: TSchema, path: string, plugin: ConfigurationOption['plugin']): readonly ConfigurationOption[] => {
  const found = new Map<string, ConfigurationOption>();
  walk(shapeOf(schema), path, false, (at, shape, required) => {
    if (found.has(at)) return;
    const examples = (shape as { readonly examples?: readonly unknown[] }).examples;
    const extra = Object.fromEntries(Object.entries({ default: shape.default, env: shape.env, examples, plugin }).filter(([, v]) => v !== undefined));
    found.set(at, { path: at, type: typeText(shape), description: shape.description ?? '', required, ...extra });
  });
  return [...found.values()];
};
const PLACES: Readonly<Record<Section, string>> = Object.freeze({
  store: 'store',
  counters: 'counters',
  auth: 'auth[]',
  factor: 'factor',
  provider: 'instances.*',
  pages: 'pages[]',
});

/** Every key of the core, then those that the given plugins add to their sections; data for generated documentation. */
export const configurationReference = (plugins: readonly LoadedPlugin[] = []): readonly ConfigurationOption[] => [
  ...optionsOf(Root, '', undefined),
  ...plugins.flatMap((plugin) =>
    factoriesOf(plugin).flatMap(({ group, kind, factory }) =>
      group === 'dialect' ? [] : optionsOf(factory.config, PLACES[group], { name: plugin.name, group, kind }),
    ),
  ),
];
/** Paths of all keys of the core, for the test that each has an observable effect. */
export const schemaPaths = (): readonly string[] => optionsOf(Root, '', undefined).map((o) => o.path);
