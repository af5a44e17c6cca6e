import { type Counters, define, type Factory, memoryCounters } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import { CORE_OPERATIONS } from '../admin/operations.ts';
import type { Completion } from '../config/context.ts';
import { type Section, shapeOf } from '../config/shape.ts';
import type { LoadedPlugin } from '../graph.ts';
import { type Failure, failure } from './failure.ts';
import { GROUPS, type Group, isGroup } from './kinds.ts';

const BUILT_IN: LoadedPlugin = Object.freeze({
  name: '@llm-proxy-auth/core',
  version: '0.0.0',
  folder: '',
  kinds: Object.freeze(['counters:memory']),
  reaches: Object.freeze([]),
  plugin: Object.freeze({
    name: '@llm-proxy-auth/core',
    api: 1,
    counters: { memory: define<Counters>()({ summary: 'Counts in this process; nothing is shared.', config: Type.Object({}), create: memoryCounters }) },
    admin: CORE_OPERATIONS,
  }),
});

export interface Provided {
  readonly kind: string;
  readonly factory: Factory<unknown>;
  readonly plugin: LoadedPlugin;
}
/** Everything the loaded plugins provide, by group and name. */
export interface Catalog {
  readonly plugins: readonly LoadedPlugin[];
  readonly find: (group: Group, kind: string) => Provided | undefined;
  readonly names: (group: Group) => readonly string[];
  readonly complete: (section: Section, kind: string) => Completion;
}

const factoryOf = (plugin: LoadedPlugin, group: Group, name: string): Factory<unknown> | undefined => {
  const table: Readonly<Record<string, Factory<unknown>>> | undefined = plugin.plugin[GROUPS[group]];
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
};
/** What a loaded plugin can make. */
export const factoriesOf = (plugin: LoadedPlugin): readonly { readonly group: Group; readonly kind: string; readonly factory: Factory<unknown> }[] =>
  plugin.kinds.flatMap((full) => {
    const [group = '', kind = ''] = full.split(':');
    const factory = isGroup(group) ? factoryOf(plugin, group, kind) : undefined;
    return factory === undefined || !isGroup(group) ? [] : [{ group, kind, factory }];
  });
const providedBy = (plugin: LoadedPlugin): readonly (readonly [string, Provided])[] =>
  factoriesOf(plugin).map(({ group, kind, factory }) => [`${group}:${kind}`, { kind, factory, plugin }] as const);

/** Two plugins that claim the same thing: `[index of the later plugin, failure that names both]`. */
export const clashes = (plugins: readonly { readonly name: string; readonly claims: readonly string[] }[]): readonly (readonly [number, Failure])[] => {
  const owners = new Map<string, string>(claimsOf(BUILT_IN).map((claim) => [claim, BUILT_IN.name]));
  return plugins.flatMap(({ name, claims }, i) =>
    claims.flatMap((claim) => {
      const owner = owners.get(claim);
      owners.set(claim, owner ?? name);
      return owner === undefined
        ? []
        : [
            [
              i,
              failure('plugin_clash', owner === name ? `${name} is listed twice` : `${claim} is provided by both ${owner} and ${name}; remove one of them`),
            ] as const,
          ];
    }),
  );
};
/** Beside its kinds, what a loaded plugin takes for itself: names of admin operations. */
export const claimsOf = (plugin: LoadedPlugin): readonly string[] => [...plugin.kinds, ...(plugin.plugin.admin ?? []).map((o) => `admin operation ${o.name}`)];
/** A dialect's name is the first segment of its routes, which no other plugin's shortcut may begin with. */
export const routeClashes = (plugins: readonly LoadedPlugin[]): readonly (readonly [number, Failure])[] =>
  plugins.flatMap((plugin, i) =>
    (plugin.plugin.shortcuts ?? []).flatMap((shortcut) => {
      const owner = plugins.find((p) => p.kinds.includes(`dialect:${shortcut.pattern.split('/')[1] ?? ''}`));
      return owner === undefined
        ? []
        : [[i, failure('plugin_clash', `the route ${shortcut.pattern} of ${plugin.name} lies within a dialect of ${owner.name}; remove one of them`)] as const];
    }),
  );

/** `failed`: names of plugins of the list that could not be loaded, with the kinds their manifest tells, if it was read. */
export const createCatalog = (
  plugins: readonly LoadedPlugin[],
  failed: readonly { readonly name: string; readonly kinds: readonly string[] | undefined }[],
): Catalog => {
  const all = new Map([...providedBy(BUILT_IN), ...plugins.flatMap(providedBy)]);
  const names = (group: Group): readonly string[] => [...all.keys()].filter((k) => k.startsWith(`${group}:`)).map((k) => k.slice(group.length + 1));
  const mayHave = (group: Group, kind: string): boolean =>
    failed.some((f) => (f.kinds === undefined ? !f.name.startsWith('@llm-proxy-auth/') || f.name.endsWith(`-${kind}`) : f.kinds.includes(`${group}:${kind}`)));
  return {
    plugins,
    names,
    find: (group, kind) => all.get(`${group}:${kind}`),
    complete(section, kind) {
      const found = all.get(`${section}:${kind}`);
      if (found !== undefined) return { is: 'shape', shape: shapeOf(found.factory.config) };
      return mayHave(section, kind)
        ? { is: 'unloaded' }
        : {
            is: 'unknown',
            known: [
              ...names(section),
              ...failed
                .flatMap((f) => f.kinds ?? [])
                .filter((k) => k.startsWith(`${section}:`))
                .map((k) => k.slice(section.length + 1)),
            ],
          };
    },
  };
};
