import assert from 'node:assert/strict';
import type { Claim, Counters, Taken } from '@llm-proxy-auth/plugin';
import { type Rule, type Runner, runRules } from './runner.ts';

export interface CountersSubject {
  readonly kind: string;
  open(): Counters | Promise<Counters>;
  /** Kinds of claims it counts. */
  readonly counts: readonly Claim['kind'][];
  /** It remembers for all replicas too. */
  readonly remembers?: boolean | undefined;
}
const start = Date.UTC(2026, 0, 1);
const minute = 60_000;
const claim = (kind: Claim['kind'], key: string, limit: number, amount = 1, extra: Partial<Claim> = {}): Claim => ({
  key,
  amount,
  limit,
  windowMs: kind === 'concurrent' ? undefined : minute,
  kind,
  shadow: false,
  ...extra,
});
const using = (f: (counters: Counters) => Promise<void>) => async (subject: CountersSubject) => {
  const counters = await subject.open();
  try {
    await f(counters);
  } finally {
    await counters.close?.();
  }
};
const counting = (kind: Claim['kind']) => (subject: CountersSubject) => (subject.counts.includes(kind) ? undefined : `it does not count ${kind} claims`);
const lease = (taken: Taken): string => {
  assert.ok(taken.ok, 'the claim was refused');
  return taken.lease;
};

export const countersRules: readonly Rule<CountersSubject>[] = [
  {
    id: 'counters.rate-window',
    says: 'a rate lets its limit through in a window, then refuses, and starts again after the window',
    absent: counting('rate'),
    check: using(async (counters) => {
      const take = (now: number): Taken | Promise<Taken> => counters.take([claim('rate', 'r', 3)], now);
      for (let n = 0; n < 3; n += 1) assert.equal((await take(start + n)).ok, true, `request ${n + 1} of 3`);
      assert.equal((await take(start + 3)).ok, false, 'request 4 of 3');
      assert.equal((await take(start + 2 * minute + 1)).ok, true, 'after the window');
    }),
  },
  {
    id: 'counters.clocks-differ',
    says: 'a caller whose clock is some seconds behind does not empty the window of a rate that another has begun',
    absent: counting('rate'),
    check: using(async (counters) => {
      const take = (now: number): Taken | Promise<Taken> => counters.take([claim('rate', 'apart', 3)], now);
      for (let n = 0; n < 3; n += 1) assert.equal((await take(start + minute + n)).ok, true, `request ${n + 1} of 3`);
      for (const behind of [1, 5_000, 59_000]) {
        assert.equal((await take(start + minute - behind)).ok, false, `${behind} ms behind`);
        assert.equal((await take(start + minute + 10)).ok, false, `after one that is ${behind} ms behind`);
      }
    }),
  },
  {
    id: 'counters.clocks-differ-budget',
    says: 'a caller whose clock is some seconds behind does not empty a budget that another has begun',
    absent: counting('budget'),
    check: using(async (counters) => {
      const take = (now: number): Taken | Promise<Taken> => counters.take([claim('budget', 'apart', 100, 60)], now);
      assert.equal((await take(start + minute + 1)).ok, true);
      for (const behind of [1, 5_000, 59_000]) {
        assert.equal((await take(start + minute - behind)).ok, false, `${behind} ms behind`);
        assert.equal((await take(start + minute + 10)).ok, false, `after one that is ${behind} ms behind`);
      }
    }),
  },
  {
    id: 'counters.refusal-shape',
    says: 'a refusal names the key, what is left and a wait above 0; who waits that long is let in when nobody else comes',
    absent: counting('rate'),
    check: using(async (counters) => {
      await counters.take([claim('rate', 'r', 1)], start);
      const refused = await counters.take([claim('rate', 'r', 1)], start + 1000);
      assert.ok(!refused.ok);
      assert.deepEqual([refused.key, refused.remaining], ['r', 0]);
      // A window that slides is two, and the second fades what was counted in the first.
      assert.ok(refused.retryAfterMs > 0 && refused.retryAfterMs <= 2 * minute, `waits ${refused.retryAfterMs} ms`);
      assert.equal((await counters.take([claim('rate', 'r', 1)], start + 1000 + refused.retryAfterMs)).ok, true, 'after the wait');
    }),
  },
  {
    id: 'counters.all-or-nothing',
    says: 'when one claim is refused none is counted',
    absent: counting('rate'),
    check: using(async (counters) => {
      await counters.take([claim('rate', 'full', 1)], start);
      for (let n = 0; n < 5; n += 1) assert.equal((await counters.take([claim('rate', 'free', 2), claim('rate', 'full', 1)], start + 1)).ok, false);
      assert.equal((await counters.take([claim('rate', 'free', 2, 2)], start + 2)).ok, true, 'refused calls used up the other claim');
    }),
  },
  {
    id: 'counters.keys-apart',
    says: 'one key’s use does not count against another’s',
    absent: counting('rate'),
    check: using(async (counters) => {
      assert.equal((await counters.take([claim('rate', 'a', 1)], start)).ok, true);
      assert.equal((await counters.take([claim('rate', 'b', 1)], start)).ok, true);
    }),
  },
  {
    id: 'counters.shadow-never-refuses',
    says: 'a shadow claim is counted and never refused',
    absent: counting('rate'),
    check: using(async (counters) => {
      for (let n = 0; n < 4; n += 1) assert.equal((await counters.take([claim('rate', 's', 1, 1, { shadow: true })], start)).ok, true);
      assert.equal((await counters.take([claim('rate', 's', 4)], start)).ok, false, 'shadow use was not counted');
    }),
  },
  {
    id: 'counters.lease-frees',
    says: 'a concurrency claim is held until its lease is settled, and settling again frees nothing more',
    absent: counting('concurrent'),
    check: using(async (counters) => {
      const take = (): Taken | Promise<Taken> => counters.take([claim('concurrent', 'c', 2)], start);
      const first = lease(await take());
      lease(await take());
      assert.equal((await take()).ok, false, 'the third of two');
      await counters.settle(first, []);
      await counters.settle(first, []);
      lease(await take());
      assert.equal((await take()).ok, false, 'settling twice freed two');
    }),
  },
  {
    id: 'counters.lease-beats',
    says: 'a lease that beats every 30 s stays, one that stopped beating is free within 15 minutes',
    absent: counting('concurrent'),
    check: using(async (counters) => {
      const held = lease(await counters.take([claim('concurrent', 'beats', 1)], start));
      lease(await counters.take([claim('concurrent', 'silent', 1)], start));
      for (let now = start; now <= start + 15 * minute; now += 30_000) await counters.beat([held], now);
      const end = start + 15 * minute + 1;
      assert.equal((await counters.take([claim('concurrent', 'beats', 1)], end)).ok, false, 'a beating lease was lost');
      assert.equal((await counters.take([claim('concurrent', 'silent', 1)], end)).ok, true, 'a silent lease was kept');
    }),
  },
  {
    id: 'counters.settle-corrects',
    says: 'settling replaces what was reserved of a budget by what was used',
    absent: counting('budget'),
    check: using(async (counters) => {
      const reserved = lease(await counters.take([claim('budget', 'b', 100, 90)], start));
      assert.equal((await counters.take([claim('budget', 'b', 100, 20)], start)).ok, false, 'a reservation counts');
      await counters.settle(reserved, [{ key: 'b', amount: 30 }]);
      assert.equal((await counters.take([claim('budget', 'b', 100, 70)], start)).ok, true, 'what was not used is free again');
      assert.equal((await counters.take([claim('budget', 'b', 100, 1)], start)).ok, false, 'what was used is spent');
    }),
  },
  {
    id: 'counters.settle-reserved',
    says: 'settling replaces what was reserved of a rate, also in the next window, and leaves rates that reserve nothing',
    absent: counting('rate'),
    check: using(async (counters) => {
      const reserved = lease(await counters.take([claim('rate', 'tokens', 100, 90, { reserved: true }), claim('rate', 'calls', 1)], start));
      const actual = [
        { key: 'tokens', amount: 10 },
        { key: 'calls', amount: 0 },
      ];
      await counters.settle(reserved, actual);
      assert.equal((await counters.take([claim('rate', 'calls', 1)], start)).ok, false, 'a call that was made is counted');
      const next = lease(await counters.take([claim('rate', 'tokens', 100, 90, { reserved: true })], start));
      assert.equal((await counters.take([claim('rate', 'tokens', 100, 1)], start)).ok, false, 'a reservation counts');
      await counters.settle(next, [{ key: 'tokens', amount: 40 }]);
      // 50 were used in the window before, of which half counts in the middle of this one.
      assert.equal((await counters.take([claim('rate', 'tokens', 100, 76)], start + 1.5 * minute)).ok, false, 'what was used fades with its window');
      assert.equal((await counters.take([claim('rate', 'tokens', 100, 75)], start + 1.5 * minute)).ok, true, 'what was not used is free');
    }),
  },
  {
    id: 'counters.settle-once',
    says: 'a lease settles once: again, or for a lease that nobody knows, nothing changes',
    absent: counting('budget'),
    check: using(async (counters) => {
      const reserved = lease(await counters.take([claim('budget', 'once', 100, 50)], start));
      for (let n = 0; n < 3; n += 1) await counters.settle(reserved, [{ key: 'once', amount: 20 }]);
      await counters.settle('0:unknown', [{ key: 'once', amount: 0 }]);
      assert.equal((await counters.take([claim('budget', 'once', 100, 81)], start)).ok, false, 'it was given back twice');
      assert.equal((await counters.take([claim('budget', 'once', 100, 80)], start)).ok, true, 'it was charged twice');
    }),
  },
  {
    id: 'counters.settle-above',
    says: 'what was used beyond the reservation counts, and a claim that is not named keeps its amount',
    absent: counting('budget'),
    check: using(async (counters) => {
      const above = lease(await counters.take([claim('budget', 'above', 100, 10), claim('budget', 'kept', 100, 60)], start));
      await counters.settle(above, [{ key: 'above', amount: 130 }]);
      assert.equal((await counters.take([claim('budget', 'above', 100, 1)], start)).ok, false, 'spent more than there is');
      assert.equal((await counters.take([claim('budget', 'kept', 100, 41)], start)).ok, false, 'a claim that was not named was given back');
      assert.equal((await counters.take([claim('budget', 'kept', 100, 40)], start)).ok, true);
    }),
  },
  {
    id: 'counters.never-settled',
    says: 'what a lease reserved stays charged when nobody beats for it and nobody settles it',
    absent: counting('budget'),
    check: using(async (counters) => {
      const ends = start + 60 * minute;
      lease(await counters.take([claim('budget', 'late', 100, 90, { ends }), claim('concurrent', 'other', 1)], start));
      for (let now = start + minute; now <= start + 16 * minute; now += minute) await counters.take([claim('concurrent', 'other', 1)], now);
      assert.equal((await counters.take([claim('budget', 'late', 100, 11, { ends })], start + 16 * minute)).ok, false, 'a lost lease was given back');
      assert.equal((await counters.take([claim('budget', 'late', 100, 10, { ends })], start + 16 * minute)).ok, true);
    }),
  },
  {
    id: 'counters.budget-window',
    says: 'a budget holds until its window ends, begins at 0 then, and a lease of the window before takes nothing from it',
    absent: counting('budget'),
    check: using(async (counters) => {
      const ends = start + 10 * minute;
      const before = lease(await counters.take([claim('budget', 'day', 100, 100, { ends })], start));
      const refused = await counters.take([claim('budget', 'day', 100, 1, { ends })], ends - 5_000);
      assert.ok(!refused.ok);
      assert.deepEqual([refused.key, refused.remaining, refused.retryAfterMs], ['day', 0, 5_000]);
      const next = { ends: ends + 10 * minute };
      lease(await counters.take([claim('budget', 'day', 100, 70, next)], ends));
      await counters.settle(before, [{ key: 'day', amount: 0 }]);
      assert.equal((await counters.take([claim('budget', 'day', 100, 31, next)], ends)).ok, false, 'the window before paid for this one');
      assert.equal((await counters.take([claim('budget', 'day', 100, 30, next)], ends)).ok, true);
    }),
  },
  {
    id: 'counters.large-amounts',
    says: 'amounts are exact to the unit up to 10^15',
    absent: counting('budget'),
    check: using(async (counters) => {
      const most = 1_000_000_000_000_001;
      lease(await counters.take([claim('budget', 'large', most, most - 2)], start));
      assert.equal((await counters.take([claim('budget', 'large', most, 3)], start)).ok, false, 'three of two');
      assert.equal((await counters.take([claim('budget', 'large', most, 2)], start)).ok, true, 'two of two');
    }),
  },
  {
    id: 'counters.concurrent-takes',
    says: 'claims taken at once never exceed the limit',
    absent: counting('rate'),
    check: using(async (counters) => {
      const taken = await Promise.all(Array.from({ length: 50 }, async () => counters.take([claim('rate', 'race', 7)], start)));
      assert.equal(taken.filter((one) => one.ok).length, 7);
    }),
  },
  {
    id: 'counters.memory',
    says: 'what is put into the memory is found byte for byte, in the order of the keys, until it is replaced or its life ends',
    absent: ({ remembers }) => (remembers === true ? undefined : 'every process remembers alone'),
    check: using(async ({ memory }) => {
      assert.ok(memory !== undefined, 'there is no memory');
      const [key, other] = [`a:${process.pid}`, `b:${process.pid}`];
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      await memory.put(key, bytes, minute);
      await memory.put(other, bytes.subarray(0, 1), minute);
      const hex = (found: readonly (Uint8Array | undefined)[]): readonly unknown[] => found.map((one) => one && Buffer.from(one).toString('hex'));
      const whole = Buffer.from(bytes).toString('hex');
      assert.deepEqual(hex(await memory.get([other, 'never put', key], minute)), ['00', undefined, whole]);
      await memory.put(other, bytes, minute);
      assert.deepEqual(hex(await memory.get([other], 1)), [whole]);
      while ((await memory.get([other], 1))[0] !== undefined) await new Promise((resolve) => setTimeout(resolve, 2));
      assert.deepEqual(hex(await memory.get([key], minute)), [whole]);
      assert.deepEqual(await memory.get([], minute), []);
    }),
  },
];

/** Rules of a counters plugin, and of the core's own memory counters. */
export const countersSuite = (runner: Runner, subject: CountersSubject): void => runRules(runner, `counters ${subject.kind}`, countersRules, subject);
