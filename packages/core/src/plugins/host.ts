import { type Access, type Counters, GatewayError, type Host, type Logger, type Metrics, type Secret, type Store } from '@llm-proxy-auth/plugin';
import type { LoadedPlugin } from '../graph.ts';
import { createEncryption, type EncryptionKeys } from './encryption.ts';
import { createFetch, type Dispatchers } from './fetch.ts';
import { createReach } from './reach.ts';
import { createSeal } from './seal.ts';
import { countersOf, storeOf, wholeStore } from './views.ts';

/** What all plugins of one graph share; store, counters and key exist once the start order has come to them. */
export interface Surroundings {
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly dispatcherOf: Dispatchers;
  readonly store: () => Store;
  readonly counters: () => Counters;
  readonly sealingKey: () => Buffer;
  readonly encryption: EncryptionKeys | undefined;
  readonly access: Access;
  /** Origins that the strategies of a plugin are configured with. */
  readonly originsOf: (plugin: LoadedPlugin) => readonly string[];
}

const loggerOf = (plugin: string, log: Logger): Logger =>
  Object.freeze<Logger>({
    info: (fields, message) => log.info({ ...fields, plugin }, message),
    warn: (fields, message) => log.warn({ ...fields, plugin }, message),
    error: (fields, message) => log.error({ ...fields, plugin }, message),
  });
const revealed = async (secret: Secret): Promise<string> => {
  const value = secret.peek();
  if (value === undefined) throw new GatewayError('upstream_credentials_unavailable', `The secret ${secret.ref} is not known yet.`);
  return value;
};

/** The core as one of those who use a host: it reaches nobody, and its seal is `core`'s. */
const CORE: LoadedPlugin = Object.freeze({
  name: 'core',
  version: '0.0.0',
  folder: '',
  kinds: Object.freeze([]),
  reaches: Object.freeze([]),
  plugin: Object.freeze({ name: 'core', api: 1 }),
});

/**
 * Hosts of one graph. Things of one plugin share a host, which reaches the origins its strategies are configured with; an instance
 * has its own, which reaches those of the instance. The core's has the whole store.
 */
export const createHosts = (
  around: Surroundings,
): {
  readonly of: (plugin: LoadedPlugin) => Host;
  readonly forInstance: (plugin: LoadedPlugin, origins: readonly string[]) => Host;
  readonly core: Host;
} => {
  const shared = new Map<LoadedPlugin, Host>();
  const make = (plugin: LoadedPlugin, origins: readonly string[]): Host =>
    Object.freeze<Host>({
      name: plugin.name,
      signal: around.signal,
      log: loggerOf(plugin.name, around.log),
      metrics: around.metrics,
      now: around.now,
      secret: revealed,
      seal: createSeal(plugin.name, around.sealingKey),
      encryption: around.encryption === undefined ? undefined : createEncryption(plugin.name, around.encryption),
      access: around.access,
      fetch: createFetch(plugin.name, createReach(plugin.reaches, origins), around.dispatcherOf, around.signal),
      store: storeOf(plugin.name, around.store),
      counters: countersOf(plugin.name, around.counters),
    });
  return {
    of(plugin) {
      const host = shared.get(plugin) ?? make(plugin, around.originsOf(plugin));
      shared.set(plugin, host);
      return host;
    },
    forInstance: make,
    core: Object.freeze<Host>({
      ...make(CORE, []),
      log: around.log,
      store: wholeStore(around.store),
    }),
  };
};
