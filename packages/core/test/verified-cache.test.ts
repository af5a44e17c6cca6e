import type { AuthStrategy, Principal } from '@llm-proxy-auth/plugin';
import { expect, test } from 'vitest';
import { type Verified, verifiedCache } from '../src/access/verified-cache.ts';

const strategy: AuthStrategy = { slots: ['bearer'], challenge: '', issued: false, authenticate: () => ({ is: 'not-mine' }) };
const principal: Principal = { id: 'a', owner: 'a', strategy: 's', credential: 'c', groups: [], scopes: [], factor: 'none' };
const HOUR = 3_600_000;

test('a clock that is set back makes nothing that is remembered last longer', () => {
  const cache = verifiedCache();
  const [good, bad] = [cache.keyOf('bearer', 'good'), cache.keyOf('bearer', 'bad')];
  cache.keep(good, { principal, strategy, from: HOUR, until: HOUR + 30_000, epoch: 0 });
  cache.deny(bad, HOUR);
  expect([cache.get(good, HOUR + 29_999), cache.get(bad, HOUR + 4_999)]).toMatchObject([{ principal }, 'denied']);
  expect(cache.get(bad, 10_000)).toBeUndefined();
  expect(cache.get(good, 10_000)).toBeUndefined();
});

test('what is remembered is due for a look before it ends, once, and again where nobody could be asked; what is short is not', () => {
  const cache = verifiedCache();
  const kept = (held: number): Verified => {
    const key = cache.keyOf('bearer', `held ${held}`);
    cache.keep(key, { principal, strategy, from: HOUR, until: HOUR + held, epoch: 0 });
    return cache.get(key, HOUR) as Verified;
  };
  const entry = kept(30_000);
  expect([19_999, 20_000, 20_001].map((after) => cache.isDue(entry, HOUR + after))).toEqual([false, true, false]);
  cache.postpone(entry, HOUR + 20_000);
  expect([20_999, 21_000, 21_001].map((after) => cache.isDue(entry, HOUR + after))).toEqual([false, true, false]);
  expect(cache.isDue(kept(14_999), HOUR + 14_998)).toBe(false);
});
test('what is forgotten is asked for', () => {
  const cache = verifiedCache();
  const key = cache.keyOf('bearer', 'good');
  cache.keep(key, { principal, strategy, from: HOUR, until: HOUR + 30_000, epoch: 0 });
  cache.forget(key);
  expect(cache.get(key, HOUR)).toBeUndefined();
});
