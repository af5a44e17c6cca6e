import type { AuthStrategy, Principal } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { endWithCredentials } from '../src/access/outlived.ts';
import type { Plan } from '../src/plan.ts';

const NOW = 1_767_225_600_000;
const caller = (more: Partial<Principal> = {}): Principal => ({
  id: 'oidc:corp:a',
  owner: 'oidc:corp:a',
  strategy: 'oidc',
  credential: 'oidc:corp:a',
  groups: [],
  scopes: [],
  factor: 'none',
  ...more,
});
class Call {
  revoked = false;
  readonly principal: Principal | undefined;
  constructor(principal: Principal | undefined) {
    this.principal = principal;
  }
  revoke(): void {
    this.revoked = true;
  }
}
const planOf = (
  strategies: readonly { readonly kind: string; readonly strategy: Partial<AuthStrategy> }[],
  calls: readonly Call[],
  outliveCredential = false,
): Plan =>
  ({
    graph: { strategies, settings: { stream: { outliveCredential } } },
    open: { each: (f: (call: Call) => void) => calls.forEach(f) },
    now: () => Date.now(),
    report: (error: unknown) => {
      throw error;
    },
  }) as unknown as Plan;

beforeEach(() => vi.useFakeTimers({ now: NOW, toFake: ['setInterval', 'clearInterval', 'Date'] }));
afterEach(() => vi.useRealTimers());
/** Whether each call has been ended after some seconds. */
const after = async (seconds: number, serving: Plan, calls: readonly Call[], plans: readonly Plan[] = [serving]): Promise<readonly boolean[]> => {
  const stop = endWithCredentials(
    () => serving,
    () => plans,
  );
  for (let i = 0; i < seconds; i++) await vi.advanceTimersByTimeAsync(1_000);
  stop();
  return calls.map(({ revoked }) => revoked);
};

describe('calls and the end of their credentials', () => {
  const oidc = { kind: 'oidc', strategy: {} };
  test('a token ends its calls when it expires, though its strategy does not know it again', async () => {
    const calls = [new Call(caller({ expires: NOW + 2_000 })), new Call(caller({ expires: NOW + 60_000 })), new Call(caller()), new Call(undefined)];
    expect(await after(1, planOf([oidc], calls), calls)).toEqual([false, false, false, false]);
    expect(await after(2, planOf([oidc], calls), calls)).toEqual([true, false, false, false]);
  });
  test('a strategy that cannot say now ends no call, and is asked again', async () => {
    let away = true;
    const current = async (): Promise<Principal | undefined> => {
      if (away) throw new Error('the store does not answer');
      return undefined;
    };
    const calls = [new Call(caller())];
    const plan = planOf([{ kind: 'oidc', strategy: { current } }], calls);
    expect(await after(3, plan, calls)).toEqual([false]);
    away = false;
    expect(await after(1, plan, calls)).toEqual([true]);
  });
  test('it is asked once for all calls of a caller', async () => {
    const current = vi.fn(async () => caller());
    const one = caller();
    const calls = [new Call(one), new Call(one), new Call(caller())];
    expect(await after(1, planOf([{ kind: 'oidc', strategy: { current } }], calls), calls)).toEqual([false, false, false]);
    expect(current).toHaveBeenCalledTimes(2);
  });
  test('a strategy that is configured no more ends its calls; none at all ends nothing', async () => {
    const calls = [new Call(caller({ strategy: 'kubernetes' }))];
    const before = planOf([], calls);
    expect(await after(1, planOf([], []), calls, [before])).toEqual([false]);
    expect(await after(1, planOf([oidc], []), calls, [before])).toEqual([true]);
  });
  test('another secret of the same name, and another owner, are another credential', async () => {
    const [renewed, taken] = [new Call(caller({ secretVersion: 'a' })), new Call(caller())];
    const at = (holder: Principal, call: Call) => planOf([{ kind: 'oidc', strategy: { current: () => holder } }], [call]);
    expect(await after(1, at(caller({ secretVersion: 'b' }), renewed), [renewed])).toEqual([true]);
    expect(await after(1, at(caller({ owner: 'oidc:corp:b' }), taken), [taken])).toEqual([true]);
  });
  test('they may be outlived', async () => {
    const calls = [new Call(caller({ expires: NOW }))];
    expect(await after(2, planOf([oidc], calls, true), calls)).toEqual([false]);
  });
});
