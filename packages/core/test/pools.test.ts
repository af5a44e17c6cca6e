import { expect, test } from 'vitest';
import { makePools } from '../src/call/pools.ts';
import type { Instance } from '../src/graph.ts';

const instance = { settings: { timeouts: { connect: 1_000 } } } as Instance;
const ORIGIN = 'http://127.0.0.1:9';
const opened = () => {
  let now = 1_000_000;
  const pools = makePools(() => now);
  return { pools, at: (ms: number) => (now = ms) };
};

test('a pool serves for less than a minute, then another one does', async () => {
  const { pools, at } = opened();
  const first = pools.of(instance, ORIGIN);
  at(1_049_999);
  expect(pools.of(instance, ORIGIN)).toBe(first);
  expect(pools.of(instance, 'http://127.0.0.1:10')).not.toBe(first);
  at(1_050_000);
  const second = pools.of(instance, ORIGIN);
  expect(second).not.toBe(first);
  expect(pools.of(instance, ORIGIN)).toBe(second);
  await pools.destroy();
});
test('a clock that was set back gives a new pool, not one for longer', async () => {
  const { pools, at } = opened();
  const first = pools.of(instance, ORIGIN);
  at(999_999);
  expect(pools.of(instance, ORIGIN)).not.toBe(first);
  await pools.destroy();
});
test('who was given a pool in the turn in which it retires can still ask it; later it takes nothing', async () => {
  const { pools, at } = opened();
  const first = pools.of(instance, ORIGIN);
  at(1_050_000);
  pools.of(instance, ORIGIN);
  const ask = (): Promise<unknown> => first.request({ origin: ORIGIN, path: '/', method: 'GET' }).catch((error: { code: string }) => error.code);
  const asked = ask();
  expect(await asked).not.toMatch(/CLOSED|DESTROYED/);
  expect(await ask()).toMatch(/CLOSED|DESTROYED/);
  await pools.destroy();
});
