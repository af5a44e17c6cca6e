import { type FakeHost, fakeHost } from '@llm-proxy-auth/contract-tests';
import {
  type AuthRequest,
  type AuthResult,
  type AuthStrategy,
  type GatewayError,
  type Host,
  isGatewayError,
  type Principal,
  type Store,
} from '@llm-proxy-auth/plugin';
import { onTestFinished } from 'vitest';
import type { Config } from '../src/config.ts';
import plugin from '../src/index.ts';

export const principal = (over: Partial<Principal> = {}): Principal => ({
  id: 'key:root',
  owner: 'key:root',
  strategy: 'api-key',
  credential: 'root',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
  ...over,
});
export const basic = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');

export const run = async <T = Record<string, unknown>>(host: Host, name: string, input: object, caller: Principal = principal()): Promise<T> => {
  const operation = plugin.admin?.find((one) => one.name === name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return (await operation.run(input, caller, host)) as T;
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

export interface Way {
  readonly address?: string;
  readonly trusted?: boolean;
  readonly tls?: boolean;
  readonly proto?: string;
}
export interface Gateway {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  /** Asks with what stands behind `Basic `. */
  send(value: string, way?: Way): Promise<AuthResult>;
  ask(user: string, password: string, way?: Way): Promise<AuthResult>;
  run<T = Record<string, unknown>>(operation: string, input: object, caller?: Principal): Promise<T>;
}
const requestOf = (value: string, { address = '192.0.2.1', trusted = false, tls = true, proto }: Way): AuthRequest => ({
  credential: { slot: 'basic', value },
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: [],
  rawHeaders: ['host', 'gateway.test', ...(proto === undefined ? [] : ['X-Forwarded-Proto', proto])],
  peer: { address, trusted, tls },
});
/** What one process of a gateway has; with a store, beside others that have it too. */
export const gateway = async (config: Partial<Config> = {}, store?: Store): Promise<Gateway> => {
  const host = fakeHost(store === undefined ? {} : { store });
  onTestFinished(() => host.dispose());
  const strategy = await plugin.auth?.basic?.create({ allowInsecureBasic: false, allowUnpadded: false, ...config }, host);
  if (strategy === undefined) throw new Error('no strategy');
  const send: Gateway['send'] = async (value, way = {}) => await strategy.authenticate(requestOf(value, way));
  return {
    host,
    strategy,
    send,
    ask: (user, password, way) => send(basic(`${user}:${password}`), way),
    run: (operation, input, caller) => run(host, operation, input, caller),
  };
};
