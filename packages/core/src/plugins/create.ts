import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Access,
  type AuthStrategy,
  type Counters,
  type Dialect,
  GatewayError,
  type Host,
  isGatewayError,
  type Logger,
  type Metrics,
  type Pages,
  type Provider,
  type Seal,
  type SecondFactor,
  type Store,
} from '@llm-proxy-auth/plugin';
import { knows, ownerOf } from '../access/holder.ts';
import { CORE_OPERATIONS } from '../admin/operations.ts';
import type { InstanceSettings } from '../config/schema/instance.ts';
import type { AdminEntry, Factor, Instance, Strategy } from '../graph.ts';
import { type Agents, openAgents } from './agents.ts';
import type { Catalog, Provided } from './catalog.ts';
import { DeadlineError, within } from './deadline.ts';
import type { EncryptionKeys } from './encryption.ts';
import { type Failure, failure } from './failure.ts';
import { createHosts } from './host.ts';
import type { Group } from './kinds.ts';
import { productRefusal } from './product-check.ts';
import { sealingKey } from './seal.ts';

/** What is to be made: the kind, the plugin's own configuration, and the place for problems. */
interface Wanted {
  readonly path: string;
  readonly kind: string;
  readonly config: unknown;
}
interface Reaching extends Wanted {
  /** Origins written in its configuration. */
  readonly origins: readonly string[];
}
interface WantedInstance extends Reaching {
  readonly name: string;
  readonly settings: InstanceSettings;
}
export interface WantedGraph {
  readonly store: Wanted;
  readonly counters: Wanted;
  readonly dialects: readonly Wanted[];
  readonly strategies: readonly Reaching[];
  readonly factor: (Wanted & Pick<Factor, 'require'>) | undefined;
  readonly instances: readonly WantedInstance[];
  readonly pages: readonly Wanted[];
}
export interface CreateOptions {
  readonly catalog: Catalog;
  readonly wanted: WantedGraph;
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Undefined without the section. */
  readonly encryption: EncryptionKeys | undefined;
  /** What the configuration lets callers do. */
  readonly access: Access;
  /** Takes secrets out of what a plugin said when it failed. */
  readonly scrub: (text: string) => string;
  /** Counters of the graph before, which go on counting when both are of kind `memory`. */
  readonly inherited: Counters | undefined;
  /** A store that is locked does not fail the start: it is asked again until it answers. */
  readonly awaitStore: boolean;
}
export interface Created {
  readonly store: Store;
  readonly counters: Counters;
  readonly seal: Seal;
  readonly host: Host;
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly strategies: readonly Strategy[];
  readonly factor: Factor | undefined;
  readonly instances: ReadonlyMap<string, Instance>;
  readonly pages: ReadonlyMap<string, Pages>;
  readonly admin: readonly AdminEntry[];
  readonly waitsFor: () => readonly string[];
  readonly dispose: () => Promise<void>;
}
export type CreateFailure = Failure & { readonly path: string };
class Unmade extends Error {
  override readonly name = 'Unmade';
  readonly failure: CreateFailure;
  constructor(problem: CreateFailure) {
    super(problem.message);
    this.failure = problem;
  }
}
/** Milliseconds between two questions to a store that was locked at the start. */
const ASK_AGAIN_MS = 250;
type Closing = { close?(): Promise<void> };

/** Where the things of one graph are made: what exists so far, and how all of it ends. */
interface Workshop {
  readonly options: CreateOptions;
  /** Aborted when the graph is disposed. */
  readonly lifetime: AbortSignal;
  readonly hosts: ReturnType<typeof createHosts>;
  /** What uses counters and store, then the counters, which may keep what they know in the store, then the store. */
  readonly closers: readonly [Closing[], Closing[], Closing[]];
  store: Store | undefined;
  counters: Counters | undefined;
  strategies: readonly Strategy[];
  key: Buffer | undefined;
  readonly sealingKey: () => Buffer;
  readonly dispose: () => Promise<void>;
}
const ready = <T>(what: string, value: T | undefined): T => {
  if (value === undefined) throw new Error(`the ${what} is not there yet; it is made before everything but itself`);
  return value;
};
const openWorkshop = (options: CreateOptions): Workshop => {
  const lifetime = new AbortController();
  const closers: Workshop['closers'] = [[], [], []];
  const agents = openAgents();
  const sealingKey = (): Buffer => {
    if (workshop.key !== undefined) return workshop.key;
    throw new GatewayError('overloaded', 'The store does not answer yet, so that nothing can be sealed; try again.', { retryAfterMs: 1_000 });
  };
  const hosts = createHosts({
    signal: lifetime.signal,
    log: options.log,
    metrics: options.metrics,
    now: options.now,
    dispatcherOf: agents.of,
    store: () => ready('store', workshop.store),
    counters: () => ready('counters', workshop.counters),
    sealingKey,
    encryption: options.encryption,
    access: Object.freeze({
      ...options.access,
      ownerOf: (credential: string) => ownerOf(workshop.strategies, credential),
      knows: (owner: string) => knows(workshop.strategies, owner),
    }),
    originsOf: (plugin) => options.wanted.strategies.filter((w) => options.catalog.find('auth', w.kind)?.plugin === plugin).flatMap((w) => w.origins),
  });
  const dispose = disposer(lifetime, closers, agents, options.log);
  const made = { store: undefined, counters: undefined, strategies: [], key: undefined };
  const workshop: Workshop = { options, lifetime: lifetime.signal, hosts, closers, ...made, sealingKey, dispose };
  return workshop;
};

/** Calls a factory within the time limit and checks what it made. Throws Unmade. */
const make = async <T extends object>(workshop: Workshop, group: Group, want: Wanted, hostOf: (provided: Provided) => Host): Promise<T> => {
  const { catalog, timeoutMs, scrub } = workshop.options;
  const provided = catalog.find(group, want.kind);
  const fail = (code: 'plugin_create' | 'plugin_timeout' | 'plugin_shape', message: string): Unmade =>
    new Unmade({ ...failure(code, message), path: want.path });
  if (provided === undefined) throw fail('plugin_create', `no plugin provides ${group} "${want.kind}"`);
  const what = `${group} "${want.kind}" of ${provided.plugin.name}`;
  const closeLate = (thing: unknown): void => void (thing as Closing | undefined)?.close?.().catch(() => undefined);
  let value: T;
  try {
    const making = Promise.resolve().then(() => provided.factory.create(want.config, hostOf(provided)));
    value = (await within(timeoutMs, making, closeLate)) as T;
  } catch (error) {
    if (error instanceof DeadlineError) throw fail('plugin_timeout', `${what} was not ready within ${timeoutMs} ms`);
    throw fail('plugin_create', `${what} refused to start: ${saidBy(error, scrub)}`);
  }
  const lack = productRefusal(group, want.kind, value);
  if (lack !== undefined) throw fail('plugin_shape', `${what} lacks ${lack}`);
  workshop.closers[group === 'store' ? 2 : group === 'counters' ? 1 : 0].push(value);
  return value;
};
/** Scrubbed before it is cut, so that no half of a secret stays. */
const saidBy = (error: unknown, scrub: (text: string) => string): string => (error instanceof Error ? scrub(error.message).slice(0, 500) : 'it threw no error');

const makeFoundation = async (workshop: Workshop): Promise<{ readonly store: Store; readonly counters: Counters }> => {
  const { wanted, inherited, timeoutMs, awaitStore } = workshop.options;
  const hostOf = (provided: Provided): Host => workshop.hosts.of(provided.plugin);
  const store = await make<Store>(workshop, 'store', wanted.store, hostOf);
  workshop.store = store;
  try {
    workshop.key = await within(timeoutMs, sealingKey(store));
  } catch (error) {
    if (awaitStore && isGatewayError(error) && error.code === 'overloaded') void keepAsking(workshop, store);
    else throw unkept(workshop, error);
  }
  const kept = wanted.counters.kind === 'memory' ? inherited : undefined;
  const counters = kept ?? (await make<Counters>(workshop, 'counters', wanted.counters, hostOf));
  workshop.counters = counters;
  return { store, counters };
};
const unkept = ({ options: { wanted, scrub } }: Workshop, error: unknown): Unmade => {
  const code = error instanceof DeadlineError ? 'plugin_timeout' : 'plugin_create';
  return new Unmade({ ...failure(code, `store "${wanted.store.kind}" cannot keep the sealing key: ${saidBy(error, scrub)}`), path: wanted.store.path });
};
/** A store that is locked or full when the gateway starts may answer later: until then the gateway is not ready, but it stands. */
const keepAsking = async (workshop: Workshop, store: Store): Promise<void> => {
  const { log, scrub } = workshop.options;
  log.warn({}, 'the store does not answer; the gateway is not ready until it does');
  while (!workshop.lifetime.aborted && workshop.key === undefined) {
    await sleep(ASK_AGAIN_MS, undefined, { ref: false });
    try {
      workshop.key = await sealingKey(store);
      log.info({}, 'the store answers; the gateway is ready');
    } catch (error) {
      if (isGatewayError(error) && error.code === 'overloaded') continue;
      log.error({ reason: saidBy(error, scrub) }, 'the store cannot keep the sealing key');
    }
  }
};
/** Dialects, strategies, instances and pages, in parallel. Throws AggregateError of all that failed. */
const makeRest = async (workshop: Workshop): Promise<Pick<Created, 'dialects' | 'strategies' | 'factor' | 'instances' | 'pages'>> => {
  const { wanted } = workshop.options;
  const hostOf = (provided: Provided): Host => workshop.hosts.of(provided.plugin);
  const dialects = wanted.dialects.map(async (w) => [w.kind, await make<Dialect>(workshop, 'dialect', w, hostOf)] as const);
  const strategies = wanted.strategies.map(async (w) => ({ kind: w.kind, strategy: await make<AuthStrategy>(workshop, 'auth', w, hostOf) }));
  const { factor: want } = wanted;
  const factors = (want === undefined ? [] : [want]).map(async (w) => ({
    kind: w.kind,
    require: w.require,
    factor: await make<SecondFactor>(workshop, 'factor', w, hostOf),
  }));
  const instances = wanted.instances.map(async (w) => {
    const provider = await make<Provider>(workshop, 'provider', w, (p) => workshop.hosts.forInstance(p.plugin, w.origins));
    return [w.name, Object.freeze({ name: w.name, kind: w.kind, provider, settings: w.settings })] as const;
  });
  const pages = wanted.pages.map(async (w) => [w.kind, await make<Pages>(workshop, 'pages', w, hostOf)] as const);
  const settled = await Promise.allSettled([...dialects, ...strategies, ...factors, ...instances, ...pages]);
  const failures = settled.flatMap((s) => (s.status === 'rejected' ? [s.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures);
  const [factor] = await Promise.all(factors);
  workshop.strategies = await Promise.all(strategies);
  return {
    dialects: new Map(await Promise.all(dialects)),
    strategies: workshop.strategies,
    factor,
    instances: new Map(await Promise.all(instances)),
    pages: new Map(await Promise.all(pages)),
  };
};
/** The core's own operations, then those of the plugins of which something was made. */
const adminOf = ({ options: { catalog, wanted }, hosts }: Workshop): readonly AdminEntry[] => {
  const used = (kind: string): boolean =>
    kind.startsWith('dialect:') ||
    [`store:${wanted.store.kind}`, `counters:${wanted.counters.kind}`].includes(kind) ||
    wanted.strategies.some((w) => kind === `auth:${w.kind}`) ||
    kind === `factor:${wanted.factor?.kind}` ||
    wanted.pages.some((w) => kind === `pages:${w.kind}`) ||
    wanted.instances.some((w) => kind === `provider:${w.kind}`);
  const own = CORE_OPERATIONS.map((operation) => Object.freeze({ operation, host: hosts.core }));
  const plugins = catalog.plugins.filter((p) => p.kinds.some(used));
  return [...own, ...plugins.flatMap((plugin) => (plugin.plugin.admin ?? []).map((operation) => Object.freeze({ operation, host: hosts.of(plugin) })))];
};

/** Makes the things of one graph. Order: store, sealing key, counters, then the rest in parallel; on failure all is closed again. */
export const createAll = async (
  options: CreateOptions,
): Promise<{ readonly ok: true; readonly created: Created } | { readonly ok: false; readonly failures: readonly CreateFailure[] }> => {
  const workshop = openWorkshop(options);
  try {
    const foundation = await makeFoundation(workshop);
    const rest = await makeRest(workshop);
    const { dispose } = workshop;
    return {
      ok: true,
      created: {
        ...foundation,
        ...rest,
        seal: workshop.hosts.core.seal,
        host: workshop.hosts.core,
        admin: adminOf(workshop),
        waitsFor: () => (workshop.key === undefined ? ['store'] : []),
        dispose,
      },
    };
  } catch (error) {
    await workshop.dispose();
    const reasons: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    return { ok: false, failures: reasons.map((r) => (r instanceof Unmade ? r.failure : rethrow(r))) };
  }
};
const rethrow = (error: unknown): never => {
  throw error;
};
/** Closes once, first what uses the store, then store and counters; what fails is logged. */
const disposer = (lifetime: AbortController, closers: readonly (readonly Closing[])[], agents: Agents, log: Logger): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    lifetime.abort();
    for (const wave of closers) {
      const results = await Promise.allSettled(wave.map(async (thing) => thing.close?.()));
      for (const result of results)
        if (result.status === 'rejected') log.error({ error: result.reason instanceof Error ? result.reason.name : 'unknown' }, 'a plugin failed to close');
    }
    await agents.close();
  };
  return () => {
    done ??= close();
    return done;
  };
};
