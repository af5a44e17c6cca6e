import type { Counters, Metrics } from '@llm-proxy-auth/plugin';
import { compileCoverage } from './access/policy.ts';
import { crossChecks, type Partly } from './config/checks.ts';
import { createContext, type ReadContext } from './config/context.ts';
import { type MapNode, readDocument } from './config/document.ts';
import { type EnvironmentProblem, withEnvironment } from './config/environment.ts';
import { readConfigurationText } from './config/find.ts';
import { deepFreeze, printSettings } from './config/print.ts';
import { ConfigurationError } from './config/problem.ts';
import { type Reading, readNode, verified } from './config/read.ts';
import type { InstanceSettings } from './config/schema/instance.ts';
import { Root, type Settings } from './config/schema.ts';
import { createSecrets, type Secrets } from './config/secret.ts';
import { type Section, shapeOf } from './config/shape.ts';
import type { Graph, GraphOptions } from './graph.ts';
import type { Catalog } from './plugins/catalog.ts';
import { type Created, createAll, type WantedGraph } from './plugins/create.ts';
import { type EncryptionKeys, encryptionKey } from './plugins/encryption.ts';
import { loadPlugins } from './plugins/load.ts';

export interface LoadOptions extends GraphOptions {
  /** Folder of the gateway's own package, where the search for plugins begins; default: this package. */
  readonly gatewayFolder?: string | undefined;
  /** Conditions of `exports` beside Node's own; default: those of this process. */
  readonly conditions?: readonly string[] | undefined;
  /** For the import and for the creation of each plugin; default 30 s. */
  readonly pluginTimeoutMs?: number | undefined;
  /** How often files of secrets are looked at; default and at most 5 s. */
  readonly secretPollMs?: number | undefined;
  /** The graph that the new one takes over from: counters of kind `memory` go on counting. */
  readonly previous?: Graph | undefined;
}
const PLUGIN_TIMEOUT_MS = 30_000;
const SECRET_POLL_MS = 5_000;
const UNCOUNTED: Metrics = Object.freeze({ counter: () => ({ add: () => undefined }) });
const ROOT = shapeOf(Root);

const fail = (context: ReadContext): void => {
  if (context.problems.length > 0) throw new ConfigurationError(context.problems);
};
/** A plugin's own keys of an entry; the core's are not its business. */
const ownKeys = (catalog: Catalog, group: Section, kind: string, entry: object): unknown => {
  const shape = catalog.find(group, kind)?.factory.config;
  const properties = shape === undefined ? {} : (shapeOf(shape).properties ?? {});
  const open = shape !== undefined && (shapeOf(shape).patternProperties !== undefined || typeof shapeOf(shape).additionalProperties === 'object');
  return deepFreeze(
    Object.fromEntries(Object.entries(entry).filter(([key]) => Object.hasOwn(properties, key) || (open && key !== 'use' && key !== 'provider'))),
  );
};
/** The URLs that stand below a place of the configuration. */
const urlsBelow = (path: string, context: ReadContext): readonly string[] =>
  [...context.urls].filter(([at]) => at.startsWith(`${path}.`)).map(([, url]) => url);
const wantedGraph = (settings: Settings, catalog: Catalog, context: ReadContext): WantedGraph => ({
  store: { path: 'store', kind: settings.store.use, config: ownKeys(catalog, 'store', settings.store.use, settings.store) },
  counters: { path: 'counters', kind: settings.counters.use, config: ownKeys(catalog, 'counters', settings.counters.use, settings.counters) },
  dialects: catalog.names('dialect').map((kind) => {
    const reading = readNode(shapeOf(catalog.find('dialect', kind)?.factory.config ?? {}), { is: 'map', entries: new Map() }, `dialect ${kind}`, context);
    return { path: 'plugins', kind, config: deepFreeze(reading.is === 'value' ? reading.value : {}) };
  }),
  strategies:
    settings.auth === 'none'
      ? []
      : settings.auth.map((entry, i) => ({
          path: `auth[${i}]`,
          kind: entry.use,
          config: ownKeys(catalog, 'auth', entry.use, entry),
          origins: urlsBelow(`auth[${i}]`, context),
        })),
  factor:
    settings.factor === undefined
      ? undefined
      : {
          path: 'factor',
          kind: settings.factor.use,
          config: ownKeys(catalog, 'factor', settings.factor.use, settings.factor),
          require: settings.factor.require,
        },
  pages: settings.pages.map((entry, i) => ({ path: `pages[${i}]`, kind: entry.use, config: ownKeys(catalog, 'pages', entry.use, entry) })),
  instances: Object.entries(settings.instances).map(([name, entry]) => ({
    path: `instances.${name}`,
    name,
    kind: entry.provider,
    config: ownKeys(catalog, 'provider', entry.provider, entry),
    settings: entry as unknown as InstanceSettings,
    origins: urlsBelow(`instances.${name}`, context),
  })),
});

const readSettings = (
  context: ReadContext,
  { catalog, complete }: { readonly catalog: Catalog; readonly complete: boolean },
  root: MapNode,
  environment: readonly EnvironmentProblem[],
): { readonly settings: Settings; readonly shown: unknown } => {
  const first = readNode(ROOT, root, '', context);
  const reading: Reading = first.is === 'value' && first.ok ? verified(ROOT, first, '', context) : first;
  const known = (reading.is === 'value' ? reading.value : {}) as Partly<Settings>;
  const strategies = new Set(Array.isArray(known.auth) ? known.auth.flatMap((a: { use?: string } | undefined) => (a?.use === undefined ? [] : [a.use])) : []);
  // Only now is it known where the keys stand that they are about.
  for (const p of environment) context.report(p.path, p.code, p.message);
  for (const check of crossChecks) check(known, context, { dialects: new Set(catalog.names('dialect')), strategies, complete });
  fail(context);
  return { settings: deepFreeze(known) as unknown as Settings, shown: reading.is === 'value' ? reading.shown : {} };
};

/** Callers whose credentials others gave out must be told what they may do. */
const checkPolicies = (settings: Settings, created: Created, context: ReadContext): void => {
  if (settings.policies !== undefined) return;
  for (const [i, { kind, strategy }] of created.strategies.entries()) {
    if (!strategy.issued)
      context.report(`auth[${i}]`, 'policies_missing', `"${kind}" accepts credentials that others gave out; write policies that say what their holders may do`);
  }
};
const encryptionOf = ({ keyEncryption }: Settings): EncryptionKeys | undefined => {
  if (keyEncryption === undefined) return undefined;
  const keys = Object.entries(keyEncryption.keys).map(([id, secret]) => [id, encryptionKey(secret.peek() ?? '') ?? Buffer.alloc(0)] as const);
  return { current: keyEncryption.current, keys: new Map(keys) };
};
const scrubber =
  (secrets: Secrets) =>
  (text: string): string =>
    secrets.values().reduce((t, value) => t.replaceAll(value, '[secret]'), text);

/**
 * Makes a graph from a configuration: reads and checks everything, loads the plugins and creates what the file names.
 * Throws ConfigurationError with every problem that was found; nothing is left running then.
 */
export const loadGraph = async (options: LoadOptions): Promise<Graph> => {
  const source = readConfigurationText(options);
  const secrets = createSecrets();
  const timeoutMs = options.pluginTimeoutMs ?? PLUGIN_TIMEOUT_MS;
  let catalog: Catalog | undefined;
  const context = createContext({
    file: source.file,
    env: options.env,
    folder: source.folder,
    secrets,
    complete: (section, kind) => catalog?.complete(section, kind) ?? { is: 'unloaded' },
  });
  const document = readDocument(source.text);
  for (const p of document.problems) context.report(p.path, p.code, p.message, p.place);
  if (document.root === undefined) throw new ConfigurationError(context.problems);
  context.note('', undefined, document.root.place);
  const { root, problems } = withEnvironment(document.root, options.env);
  const loading = await loadPlugins(root, context, { ...options, folder: source.folder, timeoutMs });
  catalog = loading.catalog;
  const { settings, shown } = readSettings(context, loading, root, problems);
  const wanted = wantedGraph(settings, catalog, context);
  fail(context);
  const counters: Counters | undefined = options.previous?.settings.counters.use === 'memory' ? options.previous.counters : undefined;
  const result = await createAll({
    catalog,
    wanted,
    timeoutMs,
    log: options.log,
    metrics: options.metrics ?? UNCOUNTED,
    now: options.now,
    encryption: encryptionOf(settings),
    access: Object.freeze({ covers: compileCoverage(settings.policies), factorAlways: settings.factor?.require === 'always' }),
    scrub: scrubber(secrets),
    inherited: counters,
    awaitStore: options.previous === undefined,
  });
  if (!result.ok) {
    for (const f of result.failures) context.report(f.path, f.code, f.message);
    throw new ConfigurationError(context.problems);
  }
  const { created } = result;
  checkPolicies(settings, created, context);
  if (context.problems.length > 0) {
    await created.dispose();
    throw new ConfigurationError(context.problems);
  }
  secrets.watch(options.log, Math.min(options.secretPollMs ?? SECRET_POLL_MS, SECRET_POLL_MS));
  return graphOf({ settings, shown, file: source.file, catalog, created, context, secrets });
};

const graphOf = (parts: {
  readonly settings: Settings;
  readonly shown: unknown;
  readonly file: string | undefined;
  readonly catalog: Catalog;
  readonly created: Created;
  readonly context: ReadContext;
  readonly secrets: Secrets;
}): Graph => {
  const { settings, shown, file, catalog, created, context, secrets } = parts;
  const { dialects, instances, strategies, factor, pages, store, counters, seal, host, admin } = created;
  const instanceOf = (path: string): string => /^instances\.([^.]+)/.exec(path)?.[1] ?? path;
  return Object.freeze<Graph>({
    settings,
    file,
    plugins: catalog.plugins,
    dialects,
    instances,
    strategies,
    factor,
    store,
    counters,
    seal,
    host,
    admin,
    pages,
    shortcuts: Object.freeze(catalog.plugins.flatMap((p) => p.plugin.shortcuts ?? [])),
    waitsFor: created.waitsFor,
    secrets: secrets.values,
    environment: Object.freeze(context.environment.map(({ path, variable }) => Object.freeze({ instance: instanceOf(path), variable }))),
    print: () => printSettings(shown),
    shown,
    dispose: async () => {
      secrets.close();
      await created.dispose();
    },
  });
};
