import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { AdminOperation } from '@llm-proxy-auth/plugin';

/** The command line cannot be understood; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
const COMMON = {
  config: { type: 'string' },
  'plugin-root': { type: 'string', multiple: true },
  'allow-local-plugins': { type: 'boolean' },
  json: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

export interface Parsed {
  readonly config: string | undefined;
  readonly pluginRoots: readonly string[];
  readonly allowLocalPlugins: boolean;
  readonly json: boolean;
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly positionals: readonly string[];
}

/** Throws UsageError for an unknown option and for more words than `most`. */
export const parse = (words: readonly string[], options: ParseArgsOptionsConfig, most: number): Parsed => {
  let result: { values: Record<string, unknown>; positionals: string[] };
  try {
    result = parseArgs({ args: [...words], options: { ...COMMON, ...options }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const extra = result.positionals[most];
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood here.`);
  const { values } = result;
  return {
    config: values.config as string | undefined,
    pluginRoots: (values['plugin-root'] as string[] | undefined) ?? [],
    allowLocalPlugins: values['allow-local-plugins'] === true,
    json: values.json === true,
    values: values as Parsed['values'],
    positionals: result.positionals,
  };
};

export interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Property;
  /** `file`: the field is a file's text; on the command line, its path. */
  readonly lpa?: unknown;
}
export const propertiesOf = (operation: AdminOperation): Readonly<Record<string, Property>> =>
  (operation.input as { properties?: Record<string, Property> }).properties ?? {};
export const requiredOf = (operation: AdminOperation): readonly string[] => (operation.input as { required?: string[] }).required ?? [];
export const flagOf = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** Options of an administrative operation, made from its input schema; lists are written with commas. */
export const optionsOf = (operation: AdminOperation): ParseArgsOptionsConfig =>
  Object.fromEntries(
    Object.entries(propertiesOf(operation)).map(([name, p]) => [flagOf(name), { type: p.type === 'boolean' ? 'boolean' : 'string' } as const]),
  );

/** The input with the text of each file in the place of its path. Throws UsageError for one that cannot be read. */
export const withFiles = (operation: AdminOperation, input: Readonly<Record<string, unknown>>, folder: string): Record<string, unknown> => {
  const read = (path: string): string => {
    try {
      return readFileSync(resolve(folder, path), 'utf8');
    } catch {
      throw new UsageError(`The file ${path} cannot be read.`);
    }
  };
  const isFile = (name: string): boolean => propertiesOf(operation)[name]?.lpa === 'file';
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, isFile(name) && typeof value === 'string' ? read(value) : value]));
};

/** The operation's input from a parsed command line; bare words are the required fields that no flag gave, in their order. */
export const inputOf = (operation: AdminOperation, parsed: Parsed): Record<string, unknown> => {
  const input: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(propertiesOf(operation))) {
    const value = parsed.values[flagOf(name)];
    if (value === undefined) continue;
    if (property.type === 'array' && typeof value === 'string')
      input[name] = value
        .split(',')
        .map((v) => v.trim())
        .filter((v) => v !== '');
    else if ((property.type === 'integer' || property.type === 'number') && typeof value === 'string') input[name] = Number(value);
    else input[name] = value;
  }
  const missing = requiredOf(operation).filter((name) => input[name] === undefined);
  for (const word of parsed.positionals) {
    const target = missing.shift();
    if (target === undefined) throw new UsageError(`"${word}" is not understood here.`);
    input[target] = word;
  }
  if (missing.length > 0) throw new UsageError(`${operation.name.replace('.', ' ')} needs ${missing.map((m) => `--${flagOf(m)}`).join(' and ')}.`);
  return input;
};
