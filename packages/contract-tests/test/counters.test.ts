import { randomUUID } from 'node:crypto';
import { type Claim, type Counters, memoryCounters, type SharedMemory } from '@llm-proxy-auth/plugin';
import { type CountersSubject, countersRules } from '../src/index.ts';
import { provesRules } from './broken.ts';

const START = Date.UTC(2026, 0, 1);
const remembering = (): SharedMemory => {
  const all = new Map<string, { readonly value: Uint8Array; until: number }>();
  return {
    async put(key, value, lifeMs) {
      all.set(key, { value: new Uint8Array(value), until: performance.now() + lifeMs });
    },
    get: async (keys, lifeMs) =>
      keys.map((key) => {
        const found = all.get(key);
        if (found === undefined || found.until <= performance.now()) return undefined;
        found.until = performance.now() + lifeMs;
        return found.value;
      }),
  };
};
const subject = (change: (counters: Counters) => Partial<Counters> = () => ({})): CountersSubject => ({
  kind: 'acme',
  counts: ['rate', 'concurrent', 'budget'],
  remembers: true,
  open: () => {
    const counters = { ...memoryCounters(), memory: remembering() };
    return { ...counters, ...change(counters) };
  },
});
/** Changes the claims before they are counted. */
const claiming = (change: (claim: Claim) => Claim): CountersSubject =>
  subject((counters) => ({ take: (claims, now) => counters.take(claims.map(change), now) }));

provesRules('counters rules', countersRules, subject(), {
  'counters.rate-window': claiming((claim) => (claim.key === 'r' && claim.limit === 3 ? { ...claim, windowMs: 86_400_000 } : claim)),
  'counters.clocks-differ': claiming((claim) => (claim.kind === 'rate' && claim.key === 'apart' ? { ...claim, key: randomUUID() } : claim)),
  'counters.clocks-differ-budget': claiming((claim) => (claim.kind === 'budget' && claim.key === 'apart' ? { ...claim, key: randomUUID() } : claim)),
  'counters.refusal-shape': subject((counters) => ({
    take: async (claims, now) => {
      const taken = await counters.take(claims, now);
      return taken.ok || taken.key !== 'r' ? taken : { ...taken, retryAfterMs: 0 };
    },
  })),
  'counters.all-or-nothing': subject((counters) => ({
    take: async (claims, now) => {
      if (claims[0]?.key !== 'free') return counters.take(claims, now);
      let last = await counters.take(claims.slice(0, 1), now);
      for (const claim of claims.slice(1)) last = last.ok ? await counters.take([claim], now) : last;
      return last;
    },
  })),
  'counters.keys-apart': claiming((claim) => (claim.kind === 'rate' && (claim.key === 'a' || claim.key === 'b') ? { ...claim, key: 'one' } : claim)),
  'counters.shadow-never-refuses': claiming((claim) => ({ ...claim, shadow: false })),
  'counters.lease-frees': subject((counters) => {
    let spare: string[] = [];
    return {
      async take(claims, now) {
        const taken = await counters.take(claims, now);
        if (taken.ok) spare = [...spare, taken.lease];
        return taken;
      },
      async settle(lease, actual) {
        const known = spare.includes(lease);
        spare = spare.filter((one) => one !== lease);
        const [other] = spare;
        await counters.settle(known || other === undefined ? lease : other, actual);
      },
    };
  }),
  'counters.lease-beats': subject(() => ({ beat: () => undefined })),
  'counters.settle-corrects': subject((counters) => ({
    settle: (lease, actual) =>
      counters.settle(
        lease,
        actual.filter(({ key }) => key !== 'b'),
      ),
  })),
  'counters.settle-reserved': claiming((claim) => (claim.kind === 'rate' ? { ...claim, reserved: undefined } : claim)),
  'counters.settle-once': subject((counters) => {
    const ended: string[] = [];
    return {
      async settle(lease, actual) {
        const again = ended.includes(lease) && actual.length > 0;
        ended.push(lease);
        await counters.settle(lease, actual);
        if (!again) return;
        const taken = await counters.take([{ key: 'once', amount: 20, limit: 0, windowMs: 60_000, kind: 'budget', shadow: true }], START);
        if (taken.ok) await counters.settle(taken.lease, []);
      },
    };
  }),
  'counters.settle-above': subject((counters) => ({
    settle: (lease, actual) =>
      counters.settle(
        lease,
        actual.map((line) => ({ ...line, amount: Math.min(line.amount, line.key === 'above' ? 10 : line.amount) })),
      ),
  })),
  'counters.never-settled': subject((counters) => {
    let lost = '';
    return {
      async take(claims, now) {
        if (lost !== '' && now >= START + 840_000) await counters.settle(lost, [{ key: 'late', amount: 0 }]);
        const taken = await counters.take(claims, now);
        if (taken.ok && claims.length === 2 && claims[0]?.key === 'late') lost = taken.lease;
        return taken;
      },
    };
  }),
  'counters.budget-window': claiming((claim) => (claim.key === 'day' ? { ...claim, ends: START + 86_400_000 } : claim)),
  'counters.large-amounts': claiming((claim) =>
    claim.key === 'large' ? { ...claim, amount: Math.fround(claim.amount), limit: Math.fround(claim.limit) } : claim,
  ),
  'counters.concurrent-takes': subject((counters) => ({
    async take(claims, now) {
      if (claims.every((claim) => claim.key !== 'race')) return counters.take(claims, now);
      const { limit = 0 } = claims[0] ?? {};
      const taken = await counters.take(
        claims.map((claim) => ({ ...claim, limit: limit + 1 })),
        now,
      );
      await Promise.resolve();
      return taken;
    },
  })),
  'counters.memory': subject(({ memory }) => ({
    memory: memory && {
      put: (key, value, lifeMs) => memory.put(key, value, lifeMs),
      get: async (keys, lifeMs) => (await memory.get(keys, lifeMs)).toReversed(),
    },
  })),
});
