import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import {
  type Access,
  type Counters,
  type Encryption,
  type FetchOptions,
  GatewayError,
  type Host,
  memoryCounters,
  type Store,
  type UpstreamReply,
  type UpstreamRequest,
} from '@llm-proxy-auth/plugin';
import { memoryStore } from './memory-store.ts';

export interface FakeHostOptions {
  readonly name?: string;
  /** Epoch ms the clock starts at. */
  readonly now?: number;
  readonly store?: Store;
  readonly counters?: Counters;
  /** One under a key of its own if absent; undefined = a gateway without `keyEncryption`. */
  readonly encryption?: Encryption | undefined;
  /** One policy for everybody and no second factor if absent; undefined = nothing is known of policies. */
  readonly access?: Access | undefined;
  /** Answers `host.fetch`; without it every request is answered 503. */
  readonly answer?: (request: UpstreamRequest) => UpstreamReply | Promise<UpstreamReply>;
}
export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}
export interface FakeHost extends Host {
  /** Moves the clock. */
  advance(ms: number): void;
  /** From now on every store call rejects. */
  breakStore(): void;
  /** From now on nothing answers `fetch`. */
  breakFetch(): void;
  /** Log lines so far, in order. */
  readonly lines: readonly LogLine[];
  /** Requests given to `fetch` so far, with what each came with. */
  readonly fetched: readonly { readonly request: UpstreamRequest; readonly signal: AbortSignal | undefined; readonly options: FetchOptions }[];
  /** Metric name with its labels as JSON, and its value. */
  readonly counted: ReadonlyMap<string, number>;
  /** Aborts `signal`, as the core does when the configuration is replaced. */
  dispose(): void;
}
const unavailable: UpstreamReply = { status: 503, headers: [], body: new Uint8Array() };

/** A Host for tests of plugins: store, counters, clock, log, metrics, seal and a scripted `fetch`, all in memory. */
export const fakeHost = (options: FakeHostOptions = {}): FakeHost => {
  const controller = new AbortController();
  const lines: LogLine[] = [];
  const fetched: { request: UpstreamRequest; signal: AbortSignal | undefined; options: FetchOptions }[] = [];
  const counted = new Map<string, number>();
  const store = breakable(options.store ?? memoryStore());
  let reachable = true;
  let now = options.now ?? Date.UTC(2026, 0, 1);
  const log = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    name: options.name ?? '@acme/plugin-under-test',
    signal: controller.signal,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    metrics: {
      counter: (name, labels = {}) => ({ add: (n) => void counted.set(name + JSON.stringify(labels), (counted.get(name + JSON.stringify(labels)) ?? 0) + n) }),
    },
    now: () => now,
    async secret(secret) {
      const value = secret.peek();
      if (value === undefined) throw new GatewayError('upstream_credentials_unavailable', `The secret ${secret.ref} has no value.`);
      return value;
    },
    seal: sealWith(randomBytes(32)),
    access: 'access' in options ? options.access : { covers: () => true, factorAlways: false },
    encryption: 'encryption' in options ? options.encryption : fakeEncryption(),
    async fetch(request, signal, asked = {}) {
      fetched.push({ request, signal, options: asked });
      if (signal?.aborted === true) throw new GatewayError('upstream_unreachable', 'The request was aborted.', { cause: signal.reason });
      if (!reachable) throw new GatewayError('upstream_unreachable', 'The network is out of reach.');
      return (await options.answer?.(request)) ?? unavailable;
    },
    store: store.store,
    counters: options.counters ?? memoryCounters(),
    advance(ms) {
      now += ms;
    },
    breakStore: store.fail,
    breakFetch() {
      reachable = false;
    },
    lines,
    fetched,
    counted,
    dispose: () => controller.abort(),
  };
};

/** A store that works until `fail` is called; then every call rejects. */
const breakable = (inner: Store): { readonly store: Store; fail(): void } => {
  let broken = false;
  const guard =
    <A extends readonly unknown[], R>(f: (...input: A) => Promise<R>) =>
    async (...input: A): Promise<R> => {
      if (broken) throw new Error('The store is out of reach.');
      return f(...input);
    };
  return {
    store: {
      get: guard((...a) => inner.get(...a)),
      list: guard((...a) => inner.list(...a)),
      commit: guard((...a) => inner.commit(...a)),
      append: guard((...a) => inner.append(...a)),
      read: guard((...a) => inner.read(...a)),
      changed: guard((...a) => inner.changed(...a)),
    },
    fail: () => {
      broken = true;
    },
  };
};

/** Encryption under a random key, or under several of which the last is the current one: hosts that share it read each other's texts. */
export const fakeEncryption = (keys: readonly Uint8Array[] = [randomBytes(32)]): Encryption => {
  const seals = keys.map((key) => sealWith(Buffer.from(key)));
  const current = seals.at(-1) ?? sealWith(randomBytes(32));
  const named = keys.length - 1;
  return {
    encrypt: (place, plain) => `${named}.${current.seal(place, plain)}`,
    decrypt: (place, text) => seals.map((seal) => seal.open(place, text.slice(text.indexOf('.') + 1))).find((plain) => plain !== undefined),
    isCurrent: (text) => text.startsWith(`${named}.`),
  };
};

/** AES-256-GCM with the purpose as additional data: a text sealed for one purpose does not open for another. */
const sealWith = (key: Buffer): Host['seal'] => ({
  seal(purpose, plain) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(createHash('sha256').update(purpose).digest());
    const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final()]);
    return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
  },
  open(purpose, sealed) {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < 28) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(createHash('sha256').update(purpose).digest());
    decipher.setAuthTag(bytes.subarray(-16));
    try {
      return Uint8Array.from(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]));
    } catch {
      return undefined;
    }
  },
});
