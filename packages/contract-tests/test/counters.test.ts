import type { Claim, Counters } from '@llm-proxy-auth/plugin';
import { type CountersSubject, countersRules, memoryCounters } from '../src/index.ts';
import { provesRules } from './broken.ts';

const subject = (change: (counters: Counters) => Partial<Counters> = () => ({})): CountersSubject => ({
  kind: 'acme',
  counts: ['rate', 'concurrent', 'budget'],
  open: () => {
    const counters = memoryCounters();
    return { ...counters, ...change(counters) };
  },
});
/** Changes the claims before they are counted. */
const claiming = (change: (claim: Claim) => Claim): CountersSubject =>
  subject((counters) => ({ take: (claims, now) => counters.take(claims.map(change), now) }));

provesRules('counters rules', countersRules, subject(), {
  'counters.rate-window': claiming((claim) => (claim.key === 'r' && claim.limit === 3 ? { ...claim, windowMs: undefined } : claim)),
  'counters.refusal-shape': subject((counters) => ({
    take: async (claims, now) => {
      const taken = await counters.take(claims, now);
      return taken.ok ? taken : { ...taken, retryAfterMs: 0 };
    },
  })),
  'counters.all-or-nothing': subject((counters) => ({
    take: async (claims, now) => {
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
  'counters.settle-corrects': subject((counters) => ({ settle: (lease) => counters.settle(lease, []) })),
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
});
