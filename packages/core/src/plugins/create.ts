import type { AuthStrategy, Counters, Dialect, Host, Logger, Metrics, Provider, Seal, Store } from '@llm-proxy-auth/plugin';
import { Agent } from 'undici';
import type { InstanceSettings } from '../config/schema.ts';
import type { AdminEntry, Instance, Strategy } from '../graph.ts';
import type { Catalog, Provided } from './catalog.ts';
import { DeadlineError, within } from './deadline.ts';
import { type Failure, failure } from './failure.ts';
import { createHosts } from './host.ts';
import type { Group } from './kinds.ts';
import { productRefusal } from './product-check.ts';
import { createSeal, sealingKey } from './seal.ts';

/** What is to be made: the kind, the plugin's own configuration, and the place for problems. */
export interface Wanted {
  readonly path: string;
  readonly kind: string;
  readonly config: unknown;
}
export interface WantedInstance extends Wanted {
  readonly name: string;
  readonly settings: InstanceSettings;
  /** Origins written in its configuration. */
  readonly origins: readonly string[];
}
export interface WantedGraph {
  readonly store: Wanted;
  readonly counters: Wanted;
  readonly dialects: readonly Wanted[];
  readonly strategies: readonly Wanted[];
  readonly instances: readonly WantedInstance[];
}
export interface CreateOptions {
  readonly catalog: Catalog;
  readonly wanted: WantedGraph;
  readonly timeoutMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Takes secrets out of what a plugin said when it failed. */
  readonly scrub: (text: string) => string;
  /** Counters of the graph before, which go on counting when both are of kind `memory`. */
  readonly inherited: Counters | undefined;
}
export interface Created {
  readonly store: Store;
  readonly counters: Counters;
  readonly seal: Seal;
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly strategies: readonly Strategy[];
  readonly instances: ReadonlyMap<string, Instance>;
  readonly admin: readonly AdminEntry[];
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
type Closing = { close?(): Promise<void> };

/** Makes and unmakes the things of one graph. Order: store, sealing key, counters, then the rest in parallel. */
export const createAll = async (
  options: CreateOptions,
): Promise<{ readonly ok: true; readonly created: Created } | { readonly ok: false; readonly failures: readonly CreateFailure[] }> => {
  const { catalog, wanted, timeoutMs, log } = options;
  const lifetime = new AbortController();
  const closers: Closing[][] = [[], []];
  let agent: Agent | undefined;
  let store: Store | undefined;
  let counters: Counters | undefined;
  let key: Buffer | undefined;
  const ready = <T>(what: string, value: T | undefined): T => {
    if (value === undefined) throw new Error(`the ${what} is not there yet; it is made before everything but itself`);
    return value;
  };
  const sealKey = (): Buffer => ready('sealing key', key);
  const hosts = createHosts({
    signal: lifetime.signal,
    log,
    metrics: options.metrics,
    now: options.now,
    dispatcher: () => {
      agent ??= new Agent({ connections: 32, connect: { timeout: 5_000 } });
      return agent;
    },
    store: () => ready('store', store),
    counters: () => ready('counters', counters),
    sealingKey: sealKey,
  });
  const dispose = disposer(lifetime, closers, () => agent, log);

  const make = async <T extends object>(group: Group, want: Wanted, hostOf: (provided: Provided) => Host): Promise<T> => {
    const provided = catalog.find(group, want.kind);
    const fail = (code: 'plugin_create' | 'plugin_timeout' | 'plugin_shape', message: string): Unmade =>
      new Unmade({ ...failure(code, message), path: want.path });
    if (provided === undefined) throw fail('plugin_create', `no plugin provides ${group} "${want.kind}"`);
    const what = `${group} "${want.kind}" of ${provided.plugin.name}`;
    let value: T;
    try {
      const late = (thing: unknown): void => void (thing as Closing | undefined)?.close?.().catch(() => undefined);
      value = (await within(
        timeoutMs,
        Promise.resolve().then(() => provided.factory.create(want.config, hostOf(provided))),
        late,
      )) as T;
    } catch (error) {
      if (error instanceof DeadlineError) throw fail('plugin_timeout', `${what} was not ready within ${timeoutMs} ms`);
      throw fail('plugin_create', `${what} refused to start: ${options.scrub(error instanceof Error ? error.message.slice(0, 500) : 'it threw no error')}`);
    }
    const lack = productRefusal(group, want.kind, value);
    if (lack !== undefined) throw fail('plugin_shape', `${what} lacks ${lack}`);
    closers[group === 'store' || group === 'counters' ? 1 : 0]?.push(value);
    return value;
  };
  const hostOf = (provided: Provided): Host => hosts.of(provided.plugin);

  try {
    store = await make<Store>('store', wanted.store, hostOf);
    key = await sealingKeyOf(store, wanted.store, options);
    counters = wanted.counters.kind === 'memory' ? options.inherited : undefined;
    counters ??= await make<Counters>('counters', wanted.counters, hostOf);
    const dialects = wanted.dialects.map(async (w) => [w.kind, await make<Dialect>('dialect', w, hostOf)] as const);
    const strategies = wanted.strategies.map(async (w) => ({ kind: w.kind, strategy: await make<AuthStrategy>('auth', w, hostOf) }));
    const instances = wanted.instances.map(async (w) => {
      const provider = await make<Provider>('provider', w, (p) => hosts.forInstance(p.plugin, w.origins));
      return [w.name, Object.freeze({ name: w.name, kind: w.kind, provider, settings: w.settings })] as const;
    });
    const settled = await Promise.allSettled([...dialects, ...strategies, ...instances]);
    const failures = settled.flatMap((s) => (s.status === 'rejected' ? [s.reason as unknown] : []));
    if (failures.length > 0) throw new AggregateError(failures);
    const used = new Set([
      ...wanted.strategies.map((w) => catalog.find('auth', w.kind)?.plugin),
      ...catalog.plugins.filter((p) => p.kinds.some((k) => !k.startsWith('auth:'))),
    ]);
    const admin = [...used].flatMap((plugin) =>
      (plugin?.plugin.admin ?? []).flatMap((operation) => (plugin === undefined ? [] : [Object.freeze({ operation, host: hosts.of(plugin) })])),
    );
    return {
      ok: true,
      created: {
        store,
        counters,
        seal: createSeal('core', sealKey),
        dialects: new Map(await Promise.all(dialects)),
        strategies: await Promise.all(strategies),
        instances: new Map(await Promise.all(instances)),
        admin,
        dispose,
      },
    };
  } catch (error) {
    await dispose();
    const reasons: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    return { ok: false, failures: reasons.map((r) => (r instanceof Unmade ? r.failure : rethrow(r))) };
  }
};
const rethrow = (error: unknown): never => {
  throw error;
};
const sealingKeyOf = async (store: Store, want: Wanted, options: CreateOptions): Promise<Buffer> => {
  try {
    return await within(options.timeoutMs, sealingKey(store));
  } catch (error) {
    const code = error instanceof DeadlineError ? 'plugin_timeout' : 'plugin_create';
    throw new Unmade({
      ...failure(
        code,
        `store "${want.kind}" cannot keep the sealing key: ${options.scrub(error instanceof Error ? error.message.slice(0, 500) : 'it threw no error')}`,
      ),
      path: want.path,
    });
  }
};
/** Closes once, first what uses the store, then store and counters; what fails is logged. */
const disposer = (lifetime: AbortController, closers: readonly (readonly Closing[])[], agent: () => Agent | undefined, log: Logger): (() => Promise<void>) => {
  let done: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    lifetime.abort();
    for (const wave of closers) {
      const results = await Promise.allSettled(wave.map(async (thing) => thing.close?.()));
      for (const result of results)
        if (result.status === 'rejected') log.error({ error: result.reason instanceof Error ? result.reason.name : 'unknown' }, 'a plugin failed to close');
    }
    await agent()?.destroy();
  };
  return () => {
    done ??= close();
    return done;
  };
};
