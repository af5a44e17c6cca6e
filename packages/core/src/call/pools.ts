import { since } from '@llm-proxy-auth/plugin';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { InstanceSettings } from '../config/schema/instance.ts';
import type { Instance } from '../graph.ts';
import { reading } from './reading.ts';

/** Connections by instance and origin, opened with the instance's own TLS and proxy settings. */
export interface Pools {
  of(instance: Instance, origin: string): Dispatcher;
  /** Breaks off what is under way. */
  destroy(): Promise<void>;
}
interface Open {
  readonly dispatcher: Dispatcher;
  /** Epoch ms. */
  readonly since: number;
}

/**
 * So long a pool takes requests; then its connections end with what they have begun, and a new one finds the provider's address of
 * that day: it is in use within a minute. undici's own `clientTtl` looks at the clock for each connection at each request.
 */
const LIFE_MS = 50_000;
const pem = (secret: { peek(): string | undefined } | undefined): string | undefined => secret?.peek();
const openPool = (origin: string, settings: InstanceSettings): Dispatcher => {
  const tls = { ca: pem(settings.ca), cert: pem(settings.clientCertificate?.cert), key: pem(settings.clientCertificate?.key) };
  // HTTP/1.1: what a cut, a stall and back-pressure look like is known of it alone; undici takes HTTP/2 wherever it is offered.
  const connect = { timeout: settings.timeouts.connect, allowH2: false, ...Object.fromEntries(Object.entries(tls).filter(([, v]) => v !== undefined)) };
  const options = { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, allowH2: false, keepAliveTimeout: 30_000, maxHeaderSize: 65_536 };
  if (settings.proxy !== undefined) return new ProxyAgent({ uri: settings.proxy, requestTls: connect, ...options });
  return new Pool(origin, { ...options, connect: origin.startsWith('http:') ? { ...connect, ...reading } : connect });
};

export const makePools = (now: () => number): Pools => {
  const open = new Map<Instance, Map<string, Open>>();
  const leaving = new Set<Dispatcher>();
  const retire = (dispatcher: Dispatcher): void => {
    leaving.add(dispatcher);
    const left = (): void => void leaving.delete(dispatcher);
    // Who was given it in this turn has not asked it for anything yet (turn.ts).
    setImmediate(() => dispatcher.close().then(left, left));
  };
  return {
    of(instance, origin) {
      const at = now();
      const known = open.get(instance)?.get(origin);
      if (known !== undefined) {
        if (since(known.since, at) < LIFE_MS) return known.dispatcher;
        retire(known.dispatcher);
      }
      const dispatcher = openPool(origin, instance.settings);
      const byOrigin = open.get(instance) ?? new Map<string, Open>();
      byOrigin.set(origin, { dispatcher, since: at });
      open.set(instance, byOrigin);
      return dispatcher;
    },
    async destroy() {
      const all = [...open.values()].flatMap((byOrigin) => [...byOrigin.values()].map(({ dispatcher }) => dispatcher));
      await Promise.all([...all, ...leaving].map((dispatcher) => dispatcher.destroy()));
    },
  };
};
