import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Claim } from '../src/access.ts';
import { memoryCounters } from '../src/memory-counters.ts';

const rate = (limit: number, windowMs: number): Claim => ({ key: 'k', amount: 1, limit, windowMs, kind: 'rate', shadow: false });

test('whoever waits as long as a refusal says is let in, when nobody else comes', () => {
  const visits = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(visits, fc.integer({ min: 1, max: 8 }), fc.constantFrom(1_000, 10_000), (gaps, limit, windowMs) => {
      const counters = memoryCounters();
      let now = 1_790_000_000_123;
      for (const gap of gaps) {
        now += gap;
        const taken = counters.take([rate(limit, windowMs)], now);
        if (taken instanceof Promise || taken.ok) continue;
        now += taken.retryAfterMs;
        expect(counters.take([rate(limit, windowMs)], now)).toMatchObject({ ok: true });
      }
    }),
  );
});

test('a refusal says not much more than is needed', () => {
  const counters = memoryCounters();
  const claim = rate(60, 60_000);
  const start = 1_790_000_040_000; // a minute begins
  for (let i = 0; i < 60; i++) expect(counters.take([claim], start + 30_000)).toMatchObject({ ok: true });
  // 60 used in the minute before must fade by one: a sixtieth of the next minute.
  expect(counters.take([claim], start + 30_000)).toMatchObject({ ok: false, retryAfterMs: 31_000 });
});

test('a limit is whole again after the time that is said, and not before a refusal would end', () => {
  const visits = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(visits, fc.integer({ min: 1, max: 8 }), fc.constantFrom(1_000, 10_000), (gaps, limit, windowMs) => {
      const counters = memoryCounters();
      const claim = rate(limit, windowMs);
      let now = 1_790_000_000_123;
      let said = 0;
      for (const gap of gaps) {
        now += gap;
        const taken = counters.take([claim], now);
        if (taken instanceof Promise) throw new Error('memory counters answer at once');
        said = (taken.ok ? taken.left?.[0]?.resetMs : taken.resetMs) ?? 0;
        if (!taken.ok) expect(said).toBeGreaterThanOrEqual(taken.retryAfterMs);
      }
      expect(counters.take([claim], now + said)).toMatchObject({ ok: true, left: [{ remaining: limit - 1 }] });
    }),
  );
});
