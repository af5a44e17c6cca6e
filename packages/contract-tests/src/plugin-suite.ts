import type { Claim, Dialect, Plugin, Store } from '@llm-proxy-auth/plugin';
import { authSuite } from './auth.ts';
import type { AuthSubject } from './auth-subject.ts';
import { configurationOf } from './configuration.ts';
import { type CountersSubject, countersSuite } from './counters.ts';
import type { SurfaceSamples } from './dialect-subject.ts';
import { type FactorSubject, factorSuite } from './factor.ts';
import { fakeHost } from './fake-host.ts';
import { manifestOf, packageSuite } from './package.ts';
import { type PagesSubject, pagesSuite } from './pages.ts';
import { providerSuite } from './provider.ts';
import type { ProviderSubject } from './provider-subject.ts';
import type { Runner } from './runner.ts';
import { type StoreSubject, storeSuite } from './store.ts';
import { wholeDialectSuite } from './surface.ts';

type Given<S> = Omit<S, 'kind' | 'factory'>;
/** What the suites cannot find out from the package itself; by kind name. */
export interface PluginFacts {
  readonly providers?: Readonly<Record<string, Omit<Given<ProviderSubject>, 'reaches'>>>;
  /** Samples by surface, by dialect. */
  readonly dialects?: Readonly<Record<string, Readonly<Record<string, SurfaceSamples>>>>;
  readonly auth?: Readonly<Record<string, Given<AuthSubject>>>;
  readonly factors?: Readonly<Record<string, Given<FactorSubject>>>;
  readonly stores?: Readonly<Record<string, { readonly config?: () => Readonly<Record<string, unknown>>; readonly outlives?: boolean }>>;
  readonly counters?: Readonly<
    Record<string, { readonly config?: () => Readonly<Record<string, unknown>>; readonly counts: readonly Claim['kind'][]; readonly remembers?: boolean }>
  >;
  readonly pages?: Readonly<Record<string, Given<PagesSubject>>>;
}
export interface PluginSubject {
  readonly plugin: Plugin;
  /** Folder of the package: a path or a `file:` URL. */
  readonly folder: string | URL;
  readonly facts?: PluginFacts;
}

/** Everything a plugin package must pass: the rules of the package and those of each kind it exports. */
export const pluginSuite = (runner: Runner, subject: PluginSubject): void => {
  const { plugin, folder, facts = {} } = subject;
  packageSuite(runner, { plugin, folder });
  const reaches = (manifestOf({ folder }).llmProxyAuth?.reaches ?? []).map(String);
  for (const [kind, factory] of Object.entries(plugin.providers ?? {})) {
    providerSuite(runner, { native: [], ...facts.providers?.[kind], kind, factory, reaches });
  }
  for (const [kind, factory] of Object.entries(plugin.dialects ?? {})) {
    const dialect = factory.create(configurationOf(factory.config), fakeHost());
    wholeDialectSuite(runner, { dialect: atOnce(kind, dialect), samples: facts.dialects?.[kind] ?? {} });
  }
  for (const [kind, factory] of Object.entries(plugin.auth ?? {})) {
    authSuite(runner, { ...noCredentials, ...facts.auth?.[kind], kind, factory });
  }
  for (const [kind, factory] of Object.entries(plugin.factors ?? {})) {
    factorSuite(runner, { ...noEnrolment, ...facts.factors?.[kind], kind, factory });
  }
  for (const [kind, factory] of Object.entries(plugin.stores ?? {})) storeSuite(runner, storeSubject(kind, factory, facts.stores?.[kind] ?? {}));
  for (const [kind, factory] of Object.entries(plugin.counters ?? {})) {
    const { config, counts = ['rate', 'concurrent'], remembers } = facts.counters?.[kind] ?? {};
    const open: CountersSubject['open'] = () => factory.create(configurationOf(factory.config, config?.()), fakeHost());
    countersSuite(runner, { kind, open, counts, remembers });
  }
  for (const [kind, factory] of Object.entries(plugin.pages ?? {})) pagesSuite(runner, { ...facts.pages?.[kind], kind, factory });
};

/** Surfaces decide which tests there are, so a dialect is made before the tests are registered. */
const atOnce = (kind: string, dialect: Dialect | Promise<Dialect>): Dialect => {
  if (dialect instanceof Promise) throw new Error(`The dialect ${kind} is made asynchronously; a dialect needs nothing to wait for.`);
  return dialect;
};
const noCredentials: Pick<AuthSubject, 'valid' | 'denied'> = {
  valid: () => {
    throw new Error('The subject issues no credential: give facts.auth.<kind>.valid.');
  },
  denied: () => ({}),
};
const noEnrolment: Pick<FactorSubject, 'enrol' | 'freshAfterMs'> = {
  enrol: () => {
    throw new Error('The subject enrols nobody: give facts.factors.<kind>.enrol.');
  },
  freshAfterMs: 60_000,
};
const storeSubject = (kind: string, factory: NonNullable<Plugin['stores']>[string], facts: NonNullable<PluginFacts['stores']>[string]): StoreSubject => {
  const configs = new WeakMap<Store, Readonly<Record<string, unknown>>>();
  const create = async (config: Readonly<Record<string, unknown>>): Promise<Store> => {
    const store = await factory.create(config, fakeHost());
    configs.set(store, config);
    return store;
  };
  const again = (closed: Store): Promise<Store> => create(configs.get(closed) ?? {});
  return { kind, open: () => create(configurationOf(factory.config, facts.config?.())), reopen: facts.outlives === true ? again : undefined };
};
