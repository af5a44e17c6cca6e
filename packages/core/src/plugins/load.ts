import { join } from 'node:path';
import type { ReadContext } from '../config/context.ts';
import type { MapNode } from '../config/document.ts';
import { readNode } from '../config/read.ts';
import { Root } from '../config/schema.ts';
import { shapeOf } from '../config/shape.ts';
import type { LoadedPlugin } from '../graph.ts';
import { type Catalog, claimsOf, clashes, createCatalog, routeClashes } from './catalog.ts';
import { type Discovered, type DiscoverOptions, discover, type PluginEntry } from './discover.ts';
import { processConditions } from './entry.ts';
import type { Failure } from './failure.ts';
import { importPlugin } from './import.ts';

export interface LoadPluginsOptions {
  readonly folder: string;
  readonly gatewayFolder?: string | undefined;
  readonly conditions?: readonly string[] | undefined;
  readonly pluginRoots: readonly string[];
  readonly allowLocalPlugins: boolean;
  readonly timeoutMs: number;
}
const OWN_FOLDER = join(import.meta.dirname, '..', '..');
const PLUGINS = shapeOf(Root.properties.plugins);

interface Listed {
  /** Something of the list could not be read; a pin may be missing then, so nothing may run. */
  readonly ok: boolean;
  readonly entries: readonly (PluginEntry | undefined)[];
}
export const listedIn = (root: MapNode, context: ReadContext): Listed => {
  const entry = root.entries.get('plugins');
  if (entry === undefined) return { ok: true, entries: [] };
  context.note('plugins', entry.key, entry.node.place);
  const reading = readNode(PLUGINS, entry.node, 'plugins', context);
  if (reading.is !== 'value' || !Array.isArray(reading.value)) return { ok: false, entries: [] };
  const entries = reading.value.map((v: unknown) =>
    typeof v === 'string' ? { name: v } : typeof v === 'object' && v !== null && 'name' in v ? (v as PluginEntry) : undefined,
  );
  return { ok: reading.ok, entries };
};

/** Where packages are looked for. */
export const discoverOptions = (options: Omit<LoadPluginsOptions, 'timeoutMs'>): DiscoverOptions => ({
  gateway: options.gatewayFolder ?? OWN_FOLDER,
  roots: options.pluginRoots,
  allowLocal: options.allowLocalPlugins,
  folder: options.folder,
  conditions: options.conditions ?? processConditions(process.execArgv),
  node: process.version,
});

/**
 * Loads the plugins that the configuration lists. Every check that needs no code of a plugin is made on all of them
 * first; if one fails, none is imported. `complete`: all were loaded.
 */
export const loadPlugins = async (
  root: MapNode,
  context: ReadContext,
  options: LoadPluginsOptions,
): Promise<{ readonly catalog: Catalog; readonly complete: boolean }> => {
  const { ok, entries } = listedIn(root, context);
  const tell = (index: number, { code, message, mend }: Failure): void => {
    context.report(`plugins[${index}]`, code, message, undefined, mend);
  };
  const settings = discoverOptions(options);
  const found = entries.map((entry) => (entry === undefined ? undefined : discover(entry, settings)));
  for (const [i, result] of found.entries()) if (result?.ok === false) tell(i, result);
  const discovered = found.filter((f): f is Discovered => f?.ok === true);
  const doubled = clashes(discovered.map((d) => ({ name: d.name, claims: d.kinds ?? [`plugin ${d.name}`] })));
  for (const [i, result] of doubled) tell(found.indexOf(discovered[i]), result);
  const unread = found.flatMap((f, i) => (f?.ok === true ? [] : [{ name: entries[i]?.name ?? '', kinds: undefined }]));
  if (!ok || discovered.length < found.length || doubled.length > 0) {
    return { catalog: createCatalog([], [...unread, ...discovered.map(({ name, kinds }) => ({ name, kinds }))]), complete: false };
  }
  const results = await Promise.all(discovered.map((d) => importPlugin(d, options.timeoutMs)));
  for (const [i, result] of results.entries()) if (!result.ok) tell(i, result);
  const loaded = results.flatMap((r) => (r.ok ? [r.loaded] : []));
  const late = [...clashes(loaded.map((l) => ({ name: l.name, claims: claimsOf(l) }))), ...routeClashes(loaded)];
  for (const [i, result] of late) tell(indexOf(discovered, loaded[i]), result);
  const failed = results.flatMap((r, i) => (r.ok ? [] : [{ name: discovered[i]?.name ?? '', kinds: discovered[i]?.kinds }]));
  return { catalog: createCatalog(loaded, failed), complete: failed.length === 0 && late.length === 0 };
};
const indexOf = (discovered: readonly Discovered[], plugin: LoadedPlugin | undefined): number => discovered.findIndex((d) => d.name === plugin?.name);
