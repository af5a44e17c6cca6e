import { type FakeHost, fakeEncryption, fakeHost, memoryStore } from '@llm-proxy-auth/contract-tests';
import { type AuthRequest, type Encryption, type GatewayError, isGatewayError, type Principal, type SecondFactor, type Store } from '@llm-proxy-auth/plugin';
import { generateSync } from 'otplib';
import { onTestFinished } from 'vitest';
import plugin from '../src/index.ts';

/** Begins with a time step. */
export const START = Date.parse('2026-01-01T00:00:00Z');
export const STEP = 30_000;
export const root: Principal = {
  id: 'key:root',
  owner: 'key:root',
  strategy: 'api-key',
  credential: 'rootRoot1234',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
};
/** A key `ci`, as it was made and after rotation. */
export const ci: Principal = { ...root, id: 'key:ci', owner: 'key:ci', credential: 'ciKey0000001', scopes: [], factor: 'needed' };
export const rotated: Principal = { ...ci, credential: 'ciKey0000002' };

export const request = (address = '192.0.2.1'): AuthRequest => ({
  credential: { slot: 'bearer', value: 'lpa_first' },
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: [],
  rawHeaders: [],
  peer: { address, trusted: false, tls: false },
});
export interface Enrolled {
  readonly secret: string;
  readonly uri: string;
  readonly backupCodes: readonly string[];
  readonly svg?: string;
}
export interface Gateway {
  readonly host: FakeHost;
  readonly factor: SecondFactor;
  /** `done`, `unavailable`, or the code of a denial. */
  ask(code: string, who?: Principal, address?: string): Promise<string>;
  /** Wait of a denial, ms. */
  wait(code: string, who?: Principal): Promise<number | undefined>;
  run<T = Enrolled>(operation: string, input: object, caller?: Principal): Promise<T>;
  /** Code of a secret so many steps from now. */
  code(enrolled: Pick<Enrolled, 'secret'>, steps?: number): string;
}
export interface Around {
  readonly store?: Store;
  readonly encryption?: Encryption;
  readonly config?: Readonly<Record<string, unknown>>;
}
export const gateway = async ({ store = memoryStore(), encryption = fakeEncryption(), config = {} }: Around = {}): Promise<Gateway> => {
  const host = fakeHost({ name: plugin.name, now: START, store, encryption });
  onTestFinished(() => host.dispose());
  const factor = await plugin.factors?.totp?.create(config, host);
  if (factor === undefined) throw new Error('no factor');
  return {
    host,
    factor,
    ask: async (code, who = ci, address = '192.0.2.1') => {
      const result = await factor.verify(who, code, request(address));
      return result.is === 'denied' ? result.code : result.is;
    },
    wait: async (code, who = ci) => {
      const result = await factor.verify(who, code, request());
      return 'retryAfterMs' in result ? result.retryAfterMs : undefined;
    },
    run: async <T>(name: string, input: object, caller = root) => {
      const operation = plugin.admin?.find((one) => one.name === name);
      if (operation === undefined) throw new Error(`no operation ${name}`);
      return (await operation.run(input, caller, host)) as T;
    },
    code: ({ secret }, steps = 0) => generateSync({ secret, epoch: Math.floor(host.now() / 1000) + steps * 30 }),
  };
};
/** Two gateways over one store. */
export const replicas = async (): Promise<readonly [Gateway, Gateway]> => {
  const around = { store: memoryStore(), encryption: fakeEncryption() };
  return [await gateway(around), await gateway(around)];
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
/** A code that none of the three steps around now has. */
export const wrong = (at: Gateway, enrolled: Pick<Enrolled, 'secret'>, turn = 0): string => {
  const right = new Set([-1, 0, 1].map((steps) => at.code(enrolled, steps)));
  for (let n = turn; ; n += 1000) {
    const code = String(n).padStart(6, '0');
    if (!right.has(code)) return code;
  }
};
