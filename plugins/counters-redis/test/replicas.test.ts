import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fakeHost, memoryStore, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Claim, Counters, Store, Taken } from '@llm-proxy-auth/plugin';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redisCounters } from '../src/counters.ts';
import { isInstalled, openServer, type Server } from './server.ts';

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const rate = (limit: number, extra: Partial<Claim> = {}): Claim => ({ key: 'r', amount: 1, limit, windowMs: 60_000, kind: 'rate', shadow: false, ...extra });
const place = (limit: number): Claim => ({ key: 'c', amount: 1, limit, windowMs: undefined, kind: 'concurrent', shadow: false });
const budget = (limit: number, amount: number, key = 'b'): Claim => ({
  key,
  amount,
  limit,
  windowMs: undefined,
  ends: START + DAY,
  kind: 'budget',
  shadow: false,
});

describe.runIf(isInstalled)('replicas that share a server', () => {
  let server: Server;
  const opened: Counters[] = [];
  const clients: Redis[] = [];
  beforeAll(async () => {
    server = await openServer();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((c) => c.close?.()));
    for (const client of clients.splice(0)) client.disconnect();
    server.thaw();
  });
  afterAll(() => server.stop());
  const open = async (prefix: string, timeout = 5_000, url = server.url, store: Store = memoryStore()): Promise<Counters> => {
    const counters = await redisCounters({ url: secretOf(url), prefix, replicas: 1, timeout }, fakeHost({ now: START, store }));
    opened.push(counters);
    return counters;
  };
  const several = async (count: number, timeout?: number): Promise<{ readonly prefix: string; readonly all: readonly Counters[] }> => {
    const prefix = `${randomUUID()}:`;
    const all: Counters[] = [];
    for (let i = 0; i < count; i++) all.push(await open(prefix, timeout));
    return { prefix, all };
  };
  const at = (all: readonly Counters[], i: number): Counters => {
    const one = all[i % all.length];
    if (one === undefined) throw new Error('no replica');
    return one;
  };
  const parallel = (all: readonly Counters[], count: number, claims: readonly Claim[]): Promise<Taken[]> =>
    Promise.all(Array.from({ length: count }, async (_, i) => at(all, i).take(claims, START)));
  /** What the server holds of a budget. */
  const used = async (counters: Counters, key = 'b'): Promise<number> => {
    const taken = await counters.take([{ ...budget(1e15, 0, key), shadow: true }], START);
    if (!taken.ok) throw new Error('refused');
    await counters.settle(taken.lease, []);
    return 1e15 - (taken.left?.[0]?.remaining ?? Number.NaN);
  };

  test('A037 200 at once over three replicas: the limit and no more', async () => {
    const { all } = await several(3);
    const taken = await parallel(all, 200, [rate(10), place(150), budget(1_000_000, 7)]);
    expect(taken.filter((t) => t.ok)).toHaveLength(10);
    expect(taken.filter((t) => !t.ok).every((t) => !t.ok && t.key === 'r')).toBe(true);
    expect(await used(at(all, 0))).toBe(70);
  });
  test('A131 a budget race over three replicas: what was reserved, then what was used', async () => {
    const { all } = await several(3);
    const taken = await parallel(all, 200, [budget(100, 30)]);
    const leases = taken.flatMap((t, i) => (t.ok ? [[at(all, i + 1), t.lease] as const] : []));
    expect(leases).toHaveLength(3);
    await Promise.all(leases.map(([counters, lease]) => counters.settle(lease, [{ key: 'b', amount: 11 }])));
    expect(await used(at(all, 0))).toBe(33);
  });
  test('a claim is one round trip', async () => {
    const { all } = await several(1);
    const watching = new Redis(server.url);
    clients.push(watching);
    const calls = async (): Promise<number> => {
      const stats = await watching.info('commandstats');
      expect(stats).toMatch(/cmdstat_evalsha/);
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]) + Number(/cmdstat_eval:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await parallel(all, 1, [rate(1_000)]);
    const before = await calls();
    await parallel(all, 40, [rate(1_000), rate(1_000, { key: 't', amount: 50, reserved: true }), place(1_000), budget(1e12, 5)]);
    expect((await calls()) - before).toBe(40);
  });
  test('the places of a replica that died are free when it has not beaten for 90 s; what it reserved stays charged', async () => {
    const { all } = await several(2);
    const [dead, alive] = [at(all, 0), at(all, 1)];
    expect((await dead.take([place(1), budget(100, 60)], START)).ok).toBe(true);
    await dead.close?.();
    expect((await alive.take([place(1)], START + 89_000)).ok).toBe(false);
    expect((await alive.take([place(1)], START + 90_000)).ok).toBe(true);
    expect(await used(alive)).toBe(60);
  });

  test('a server that hangs: the share of this replica within the timeout, and all of it again when it answers', async () => {
    const HANGS_MS = 2_000;
    const { prefix, all } = await several(2, HANGS_MS);
    // The second came later; the first hears of it with its next sign of life.
    const first = await open(prefix, HANGS_MS);
    expect((await first.take([rate(9)], START)).ok).toBe(true);
    server.freeze();
    const taken = await Promise.all(Array.from({ length: 20 }, async () => first.take([rate(9), place(30)], START)));
    expect(first.degraded?.()).toBe(true);
    // Three replicas, so that a third of 9 is its own.
    expect(taken.filter((t) => t.ok)).toHaveLength(3);
    const began = performance.now();
    expect((await first.take([rate(9)], START)).ok).toBe(false);
    // At once: it does not wait for the server again.
    expect(performance.now() - began).toBeLessThan(HANGS_MS / 2);
    server.thaw();
    await expect.poll(() => first.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    expect((await parallel(all, 5, [rate(3, { key: 'fresh' })])).filter((t) => t.ok)).toHaveLength(3);
  });
  test('a server that died: budgets by what was left, spending told to it when it is back, nothing started again', async () => {
    const { prefix } = await several(1);
    const counters = await open(prefix);
    const kept = await counters.take([budget(100, 40)], START);
    if (!kept.ok) throw new Error('refused');
    await server.kill();
    // Of the 60 that were left, half is its own.
    const own = await counters.take([budget(100, 30)], START);
    if (!own.ok) throw new Error('refused');
    expect(counters.degraded?.()).toBe(true);
    expect((await counters.take([budget(100, 1)], START)).ok).toBe(false);
    await counters.settle(own.lease, [{ key: 'b', amount: 12 }]);
    const late = await counters.take([budget(100, 10)], START);
    if (!late.ok) throw new Error('refused');
    await server.start();
    await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    // The server lost the 40 that it held, which the store knew; what was spent without it is there too.
    await expect.poll(() => used(counters), { interval: 10 }).toBe(62);
    await counters.settle(late.lease, [{ key: 'b', amount: 15 }]);
    expect(await used(counters)).toBe(67);
    // It knows no lease of before: what that had reserved stays charged.
    await counters.settle(kept.lease, [{ key: 'b', amount: 1 }]);
    expect(await used(counters)).toBe(67);
  });
  test('what could not be settled while the server hung is settled when it answers', async () => {
    const { all } = await several(1, 200);
    const counters = at(all, 0);
    const taken = await counters.take([budget(100, 90)], START);
    if (!taken.ok) throw new Error('refused');
    server.freeze();
    await counters.settle(taken.lease, [{ key: 'b', amount: 20 }]);
    server.thaw();
    await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    await expect.poll(() => used(counters), { interval: 10 }).toBe(20);
  });
  test('what a replica spent by itself is told until the server has taken it', async () => {
    const { prefix, all } = await several(1);
    const counters = at(all, 0);
    const other = new Redis(server.url);
    clients.push(other);
    // Of another type, so that the server answers and yet takes nothing.
    for (const key of ['b', 'other']) await other.set(`${prefix}c:${key}`, 'broken');
    for (const key of ['b', 'other']) {
      const own = await counters.take([budget(100, 30, key)], START);
      if (!own.ok) throw new Error('refused');
      await counters.settle(own.lease, [{ key, amount: 12 }]);
    }
    const failed = async (): Promise<number> => Number(/errorstat_WRONGTYPE:count=(\d+)/.exec(await other.info('errorstats'))?.[1] ?? 0);
    await expect.poll(failed, { interval: 20, timeout: 10_000 }).toBeGreaterThan(2);
    await other.del(`${prefix}c:b`, `${prefix}c:other`);
    await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    await expect.poll(() => used(counters), { interval: 50, timeout: 5_000 }).toBe(12);
    await expect.poll(() => used(counters, 'other'), { interval: 50, timeout: 5_000 }).toBe(12);
  });
  test('a claim that was taken although its answer came too late is not booked twice', async () => {
    const { all } = await several(1, 200);
    const counters = at(all, 0);
    await counters.take([rate(10)], START);
    server.freeze();
    const taken = await counters.take([budget(100, 30)], START);
    if (!taken.ok) throw new Error('refused');
    server.thaw();
    await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    await counters.settle(taken.lease, [{ key: 'b', amount: 25 }]);
    await expect.poll(() => used(counters), { interval: 10 }).toBe(25);
  });
  const left = async (counters: Counters, limit: number): Promise<number> => {
    const refused = await counters.take([budget(limit, 1e12)], START);
    return refused.ok ? Number.NaN : refused.remaining;
  };
  describe('a server that is away, and a store that all share', () => {
    let other: Server;
    beforeEach(async () => {
      other = await openServer();
    });
    afterEach(() => other.stop());
    const spend = async (counters: Counters, reserved: number, spent: number): Promise<void> => {
      const taken = await counters.take([budget(100, reserved)], START);
      if (!taken.ok) throw new Error('refused');
      await counters.settle(taken.lease, [{ key: 'b', amount: spent }]);
    };

    test('who starts then begins from what was spent, by its part of as many as there were', async () => {
      const store = memoryStore();
      const first = await open('p:', 500, other.url, store);
      const second = await open('p:', 500, other.url, store);
      await spend(first, 60, 40);
      await first.close?.();
      await second.close?.();
      await other.kill();
      const late = await open('p:', 500, other.url, store);
      expect(await left(late, 100)).toBe(30);
      await spend(late, 20, 20);
      await late.close?.();
      // Of the 40 that are left now, and so on: all together never more than there was.
      const later = await open('p:', 500, other.url, store);
      expect(await left(later, 100)).toBe(20);
    });
    test('who never counted a budget learns from the store what others spent of it', async () => {
      const store = memoryStore();
      const [one, two] = [await open('p:', 500, other.url, store), await open('p:', 500, other.url, store)];
      await spend(one, 70, 70);
      await other.kill();
      await expect.poll(() => left(one, 100), { interval: 20 }).toBe(30);
      await expect.poll(() => store.list('spent', undefined, 10), { interval: 20, timeout: 5_000 }).toHaveLength(1);
      expect(await left(two, 100)).toBe(15);
    });
    test('a server that lost its data goes on with what the store knew, whoever comes first', async () => {
      const store = memoryStore();
      const first = await open('p:', 5_000, other.url, store);
      await spend(first, 60, 40);
      await first.take([{ ...budget(100, 5, 'ended'), ends: START - 1 }], START - 2);
      await open('q:', 5_000, other.url, store);
      await first.close?.();
      await other.kill();
      await other.start();
      const [one, two] = await Promise.all([open('p:', 5_000, other.url, store), open('p:', 5_000, other.url, store)]);
      expect([await used(one), await used(two)]).toEqual([40, 40]);
      expect(await used(await open('q:', 5_000, other.url, store))).toBe(0);
      // Emptied while nobody asked.
      await other.kill();
      await other.start();
      const raw = new Redis(other.url);
      clients.push(raw);
      await expect.poll(() => raw.hget('p:c:b', 'u'), { interval: 20, timeout: 5_000 }).toBe('40');
      expect(await raw.keys('p:c:*')).toEqual(['p:c:b']);
    });
    test('what one that ended while the server was away had spent is told by another, once', async () => {
      const store = memoryStore();
      const ends = await open('p:', 5_000, other.url, store);
      await spend(ends, 10, 10);
      await other.kill();
      await spend(ends, 30, 20);
      await ends.close?.();
      await other.start();
      const [one, two] = await Promise.all([open('p:', 5_000, other.url, store), open('p:', 5_000, other.url, store)]);
      expect([await used(one), await used(two)]).toEqual([30, 30]);
    });
    test('a store that is away too leaves a part of the whole, and answers nothing late', async () => {
      await other.kill();
      const store: Store = { ...memoryStore(), get: () => new Promise(() => undefined) };
      const counters = await open('p:', 200, other.url, store);
      expect(await left(counters, 100)).toBe(100);
    });
    test('a server that goes away time and again takes nothing off a budget', async () => {
      const counters = await open('p:', 5_000, other.url);
      for (let i = 0; i < 3; i++) {
        await other.kill();
        await spend(counters, 20, 20);
        expect(counters.degraded?.()).toBe(true);
        await other.start();
        await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
        await expect.poll(() => used(counters), { interval: 10 }).toBe(20 * (i + 1));
      }
      await other.kill();
      expect(await left(counters, 100)).toBe(40);
    });
  });
  test('who has ended counts for no replica any more', async () => {
    const { prefix, all } = await several(2, 500);
    await at(all, 1).close?.();
    const third = await open(prefix, 500);
    server.freeze();
    const taken = await Promise.all(Array.from({ length: 12 }, async () => third.take([rate(12)], START)));
    expect(taken.filter((t) => t.ok)).toHaveLength(6);
  });
  test('over TLS, with a certificate that the CA of the configuration signed', async () => {
    const tls = (name: string): string => fileURLToPath(new URL(`../../../packages/core/test/fixtures/tls/${name}.pem`, import.meta.url));
    const files = ['--tls-cert-file', tls('server'), '--tls-key-file', tls('server-key'), '--tls-ca-cert-file', tls('ca'), '--tls-auth-clients', 'no'];
    const other = await openServer(files, true);
    const given = { url: secretOf(other.url), prefix: 'p:', replicas: 1, timeout: 5_000 };
    const known = await redisCounters({ ...given, ca: secretOf(readFileSync(tls('server'), 'utf8')) }, fakeHost());
    opened.push(known);
    expect(known.degraded?.()).toBe(false);
    expect((await known.take([rate(1)], START)).ok).toBe(true);
    const unknown = await redisCounters(given, fakeHost());
    opened.push(unknown);
    expect(unknown.degraded?.()).toBe(true);
    await other.stop();
  });
  test('no server at the start: it counts by itself, and shares when there is one', async () => {
    const other = await openServer();
    await other.kill();
    const counters = await open('late:', 200, other.url);
    expect(counters.degraded?.()).toBe(true);
    expect((await counters.take([rate(1)], START)).ok).toBe(true);
    expect((await counters.take([rate(1)], START)).ok).toBe(false);
    await other.start();
    await expect.poll(() => counters.degraded?.(), { interval: 10, timeout: 10_000 }).toBe(false);
    await other.stop();
  });
  test('a password that the server refuses fails the start, without a word of it', async () => {
    const other = await openServer(['--requirepass', 'right-password-0123456789']);
    const wrong = other.url.replace('redis://', 'redis://:wrong-password-0123456789@');
    await expect(redisCounters({ url: secretOf(wrong), prefix: 'p:', replicas: 1, timeout: 1_000 }, fakeHost())).rejects.toThrow(/^Redis refused/);
    await expect(redisCounters({ url: secretOf('http://:secret-0123456789@host'), prefix: 'p:', replicas: 1, timeout: 1_000 }, fakeHost())).rejects.toThrow(
      /^`counters.url` must be/,
    );
    const right = await redisCounters(
      { url: secretOf(other.url), password: secretOf('right-password-0123456789'), prefix: 'p:', replicas: 1, timeout: 1_000 },
      fakeHost(),
    );
    expect(right.degraded?.()).toBe(false);
    await right.close?.();
    await other.stop();
  });
});
