import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AdminOperation,
  type AuthResult,
  type AuthStrategy,
  type GatewayError,
  type Host,
  isGatewayError,
  type Principal,
  type Secret,
  type Store,
} from '@llm-proxy-auth/plugin';
import sqlite from '@llm-proxy-auth/store-sqlite';
import { onTestFinished } from 'vitest';
import type { WrittenKey } from '../src/config.ts';
import plugin from '../src/index.ts';

export const START = Date.parse('2026-01-01T00:00:00Z');
/** 32 bytes of 0x0b, the pepper of the published vector. */
export const PEPPER = '\x0b'.repeat(32);
export const VECTOR = 'lpa_0A1B2C3D4E5F_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3iCQxf';

export const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'auth-api-key-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
};
export interface Turning extends Secret {
  turn(value: string): void;
}
export const secret = (first: string): Turning => {
  let value = first;
  const listeners: (() => void)[] = [];
  return {
    ref: 'test',
    peek: () => value,
    onRotate: (f) => void listeners.push(f),
    turn: (next) => {
      value = next;
      for (const f of listeners) f();
    },
  };
};

export interface Clock {
  now: number;
}
export interface TestHost extends Host {
  readonly logged: { readonly level: string; readonly message: string; readonly fields: object }[];
  readonly counted: Map<string, number>;
  /** Calls of the store, by name. */
  readonly asked: string[];
  stop(): void;
}
const counting = (store: Store, asked: string[]): Store => ({
  get: (space, key) => {
    asked.push(`get ${space}`);
    return store.get(space, key);
  },
  list: (space, after, limit) => {
    asked.push(`list ${space}`);
    return store.list(space, after, limit);
  },
  commit: (changes) => {
    asked.push(`commit ${changes.map((change) => change.space).join(' ')}`);
    return store.commit(changes);
  },
  append: (log, rows) => {
    asked.push(`append ${log}`);
    return store.append(log, rows);
  },
  read: (log, after, limit) => store.read(log, after, limit),
  changed: (since) => store.changed(since),
});
const absent = (): never => {
  throw new Error('not part of this host');
};

export const openStore = async (path: string, clock: Clock): Promise<Store> => {
  const store = await sqlite.stores?.sqlite?.create({ path }, hostOver(absentStore, clock));
  if (store === undefined) throw new Error('no store');
  onTestFinished(() => store.close?.());
  return store;
};
const absentStore: Store = { get: absent, list: absent, commit: absent, append: absent, read: absent, changed: absent };

export const hostOver = (store: Store, clock: Clock): TestHost => {
  const abort = new AbortController();
  const logged: TestHost['logged'] = [];
  const counted = new Map<string, number>();
  const asked: string[] = [];
  const log = (level: string) => (fields: object, message: string) => void logged.push({ level, message, fields });
  onTestFinished(() => abort.abort());
  return {
    name: plugin.name,
    signal: abort.signal,
    logged,
    counted,
    asked,
    stop: () => abort.abort(),
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    metrics: { counter: (name) => ({ add: (n) => void counted.set(name, (counted.get(name) ?? 0) + n) }) },
    now: () => clock.now,
    secret: async (value) => value.peek() ?? absent(),
    seal: { seal: absent, open: absent },
    access: { covers: () => true, factorAlways: false },
    fetch: absent,
    store: counting(store, asked),
    counters: { take: absent, beat: absent, settle: absent },
  };
};

export interface Made {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly expiresAt?: string;
  readonly previous?: { readonly id: string; readonly graceUntil: string };
}
export interface Gateway {
  readonly host: TestHost;
  readonly strategy: AuthStrategy;
  ask(value: string, slot?: 'bearer' | 'api-key', address?: string): Promise<AuthResult>;
  run<T = Made>(operation: string, input: object, caller?: Principal): Promise<T>;
  reasons(values: readonly string[]): Promise<readonly string[]>;
}
export const principal = (over: Partial<Principal> = {}): Principal => ({
  id: 'key:root',
  owner: 'key:root',
  strategy: 'api-key',
  credential: 'x',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
  ...over,
});

export interface Options {
  readonly pepper?: Secret | undefined;
  readonly earlierPeppers?: readonly Secret[];
  readonly staleAuth?: 'deny' | 'allow';
  readonly keys?: readonly WrittenKey[] | { readonly env: unknown } | undefined;
}
/** What one process of a gateway has: a host, the strategy, the operations. */
export const gateway = async (store: Store, clock: Clock, options: Options = { pepper: secret(PEPPER) }): Promise<Gateway> => {
  const host = hostOver(store, clock);
  const strategy = await plugin.auth?.['api-key']?.create(options, host);
  if (strategy === undefined) throw new Error('no strategy');
  const ask = async (value: string, slot: 'bearer' | 'api-key' = 'bearer', address = '127.0.0.1'): Promise<AuthResult> =>
    await strategy.authenticate({
      credential: { slot, value },
      method: 'POST',
      target: '/v1/chat/completions',
      url: '/v1/chat/completions',
      headers: [],
      rawHeaders: [],
      peer: { address, trusted: false, tls: false },
    });
  return {
    host,
    strategy,
    ask,
    run: async <T>(name: string, input: object, caller: Principal = principal()) => {
      const operation: AdminOperation | undefined = plugin.admin?.find((o) => o.name === name);
      if (operation === undefined) throw new Error(`no operation ${name}`);
      return (await operation.run(input, caller, host)) as T;
    },
    reasons: async (values) => {
      const results: string[] = [];
      for (const value of values) {
        const result = await ask(value);
        results.push('reason' in result ? `${result.is} ${result.reason}` : result.is);
      }
      return results;
    },
  };
};
export const fresh = async (options?: Options): Promise<Gateway & { readonly clock: Clock; readonly store: Store }> => {
  const clock = { now: START };
  const store = await openStore(':memory:', clock);
  return { ...(await gateway(store, clock, options)), clock, store };
};
export const refusal = async (work: Promise<unknown>): Promise<GatewayError> => {
  try {
    await work;
  } catch (error) {
    if (isGatewayError(error)) return error;
    throw error;
  }
  throw new Error('the call was expected to fail');
};
