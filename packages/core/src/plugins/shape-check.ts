import { basename } from 'node:path';
import type { Plugin } from '@llm-proxy-auth/plugin';
import type { Discovered } from './discover.ts';
import { GROUPS, isGroup, kindRefusal, LATER_GROUPS } from './kinds.ts';

type Loose = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);

const factoryRefusal = (kind: string, factory: unknown): string | undefined => {
  if (!isRecord(factory)) return `${kind} is no factory`;
  if (typeof factory.summary !== 'string' || factory.summary === '') return `${kind} has no summary`;
  if (typeof factory.create !== 'function') return `${kind} has no create function`;
  const config = factory.config;
  if (!isRecord(config) || config.type !== 'object' || (config.properties !== undefined && !isRecord(config.properties)))
    return `the config of ${kind} is no object schema`;
  return undefined;
};
const adminRefusal = (operation: unknown): string | undefined => {
  if (!isRecord(operation) || typeof operation.name !== 'string' || !/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(operation.name))
    return 'an admin operation has no name of the form noun.verb';
  const whole =
    typeof operation.summary === 'string' &&
    typeof operation.scope === 'string' &&
    isRecord(operation.input) &&
    isRecord(operation.output) &&
    typeof operation.run === 'function';
  return whole ? undefined : `the admin operation ${operation.name} lacks summary, scope, input, output or run`;
};
const shortcutRefusal = (shortcut: unknown): string | undefined =>
  isRecord(shortcut) && [shortcut.method, shortcut.pattern, shortcut.provider].every((t) => typeof t === 'string') && typeof shortcut.open === 'function'
    ? undefined
    : 'a shortcut lacks method, pattern, provider or open';

const listRefusal = (value: unknown, what: string, check: (entry: unknown) => string | undefined): string | undefined => {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(check).find((r) => r !== undefined) : `${what} is no list`;
};
/** The kinds that the object really has, as `group:name`. */
const kindsOf = (plugin: Loose): readonly string[] =>
  Object.entries(GROUPS).flatMap(([group, key]) => (isRecord(plugin[key]) ? Object.keys(plugin[key]).map((name) => `${group}:${name}`) : []));

/** The object that a plugin exports, or why it is none. */
export const checkShape = (
  exported: unknown,
  found: Discovered,
): { readonly ok: true; readonly plugin: Plugin; readonly kinds: readonly string[] } | { readonly ok: false; readonly why: string } => {
  const no = (why: string) => ({ ok: false, why }) as const;
  if (!isRecord(exported)) return no('it has no default export that is a plugin');
  const names =
    found.kinds === undefined ? [found.name, found.name.slice(2), basename(found.name), basename(found.name).replace(/\.[a-z]+$/, '')] : [found.name];
  if (typeof exported.name !== 'string' || !names.includes(exported.name))
    return no(`the plugin calls itself ${JSON.stringify(exported.name)?.slice(0, 80) ?? 'nothing'}`);
  if (exported.api !== 1) return no('the plugin object is not of api 1');
  const later = LATER_GROUPS.find((key) => exported[key] !== undefined);
  if (later !== undefined) return no(`it has ${later}, which this version has no place for`);
  for (const key of Object.values(GROUPS)) if (exported[key] !== undefined && !isRecord(exported[key])) return no(`${key} is no map of factories`);
  const kinds = kindsOf(exported);
  const refused = kinds.map(kindRefusal).find((r) => r !== undefined);
  if (refused !== undefined) return no(refused);
  if (found.kinds !== undefined && (kinds.length !== found.kinds.length || !kinds.every((k) => found.kinds?.includes(k) === true))) {
    return no(`it provides ${kinds.join(', ') || 'nothing'}, but its manifest lists ${found.kinds.join(', ')}`);
  }
  for (const kind of kinds) {
    const [group = '', name = ''] = kind.split(':');
    const table = isGroup(group) ? exported[GROUPS[group]] : undefined;
    const why = factoryRefusal(kind, isRecord(table) ? table[name] : undefined);
    if (why !== undefined) return no(why);
  }
  const why = listRefusal(exported.admin, 'admin', adminRefusal) ?? listRefusal(exported.shortcuts, 'shortcuts', shortcutRefusal);
  return why === undefined ? { ok: true, plugin: exported as unknown as Plugin, kinds } : no(why);
};
