import fc from 'fast-check';
import { expect, test } from 'vitest';
import { costOf, mostOf } from '../src/access/prices.ts';
import { type BudgetWindow, windowEnd } from '../src/access/window.ts';

const HOUR = 3_600_000;
const LONGEST: Readonly<Record<BudgetWindow, number>> = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 31 * 24 * HOUR };
const windows = Object.keys(LONGEST) as BudgetWindow[];
const moment = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2060, 0, 1) });

test('a window ends after now, no later than it is long, and all moments up to its end have the same end', () => {
  fc.assert(
    fc.property(moment, fc.constantFrom(...windows), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (now, window, part) => {
      const end = windowEnd(window, now);
      expect(end).toBeGreaterThan(now);
      expect(end - now).toBeLessThanOrEqual(LONGEST[window]);
      expect(windowEnd(window, now + Math.floor((end - now) * part))).toBe(end);
      expect(windowEnd(window, end)).toBeGreaterThan(end);
    }),
  );
});
test.each([
  ['hour', '2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00.000Z'],
  ['day', '2026-03-29T00:00:00.000Z', '2026-03-30T00:00:00.000Z'],
  // A Sunday, and the Monday after it.
  ['week', '2026-03-29T12:00:00.000Z', '2026-03-30T00:00:00.000Z'],
  ['week', '2026-03-30T00:00:00.000Z', '2026-04-06T00:00:00.000Z'],
  ['month', '2028-02-29T12:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ['month', '2026-12-31T23:00:00.000Z', '2027-01-01T00:00:00.000Z'],
] as const)('the %s of %s ends at %s', (window, now, end) => {
  expect(new Date(windowEnd(window, Date.parse(now))).toISOString()).toBe(end);
});

const usd = fc.double({ min: 0, max: 1_000, noNaN: true });
const price = fc.record({ input: usd, output: usd }, { noNullPrototype: true });
const tokens = fc.integer({ min: 0, max: 10_000_000 });
test('a cost is a whole number of nano-dollars, never below nothing, and never above what was reserved for so many tokens', () => {
  fc.assert(
    fc.property(price, tokens, tokens, tokens, (of, input, output, cached) => {
      const cost = costOf(of, { input, output, cacheRead: Math.min(cached, input), cacheWrite: 0 });
      expect(Number.isSafeInteger(cost)).toBe(true);
      expect(cost).toBeGreaterThanOrEqual(0);
      expect(cost).toBeLessThanOrEqual(mostOf(of, input, output) + 1);
    }),
  );
});
