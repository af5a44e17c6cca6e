import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BreakerState, makeBreaker, mayLeaveOut } from '../src/routing/breaker.ts';

const SETTINGS = { failures: 5, ratio: 0.5, window: 30_000, probeAfter: 15_000 };
const open = (settings = SETTINGS, random = () => 0.5) => {
  const seen: (readonly [BreakerState, string])[] = [];
  const clock = { now: 1_000_000 };
  const breaker = makeBreaker(
    'main',
    settings,
    () => clock.now,
    random,
    (state, what) => seen.push([state, what]),
  );
  const fail = (times: number): void => {
    for (let n = 0; n < times; n++) breaker.failed('503');
  };
  return { breaker, clock, seen, fail };
};

describe('F50 a breaker of one instance', () => {
  test('five failures one after the other open it; four and an answer do not', () => {
    const { breaker, seen, fail } = open();
    fail(4);
    breaker.answered();
    fail(4);
    expect([breaker.state, breaker.broken()]).toEqual(['closed', undefined]);
    fail(1);
    expect(seen).toEqual([['open', '503']]);
    expect(breaker.broken()).toMatchObject({ class: '503', error: { code: 'upstream_overloaded', status: 503, retryAfterMs: 15_000 } });
  });
  test('half of at least twenty answers in the window open it, and what is older does not count', () => {
    const { breaker, clock, fail } = open();
    for (let n = 0; n < 9; n++) {
      fail(1);
      breaker.answered();
    }
    breaker.answered();
    expect(breaker.state).toBe('closed');
    clock.now += 31_000;
    fail(1);
    for (let n = 0; n < 18; n++) breaker.answered();
    fail(1);
    expect(breaker.state).toBe('closed');
    for (let n = 0; n < 16; n++) {
      fail(2);
      breaker.answered();
    }
    expect(breaker.state).toBe('open');
  });
  test('after its time one call is let through; its answer closes it, its failure opens it for as long again', () => {
    const { breaker, clock, fail } = open();
    fail(5);
    clock.now += 14_999;
    expect(breaker.broken()).toMatchObject({ error: { retryAfterMs: 1 } });
    clock.now += 1;
    expect([breaker.broken(), breaker.state]).toEqual([undefined, 'half-open']);
    expect([breaker.broken()?.class, breaker.broken()?.class]).toEqual(['503', '503']);
    breaker.failed('connect');
    breaker.settle();
    expect(breaker.broken()).toMatchObject({ class: 'connect', error: { retryAfterMs: 15_000 } });
    clock.now += 15_000;
    expect(breaker.broken()).toBeUndefined();
    breaker.answered();
    fail(4);
    expect([breaker.state, breaker.broken()]).toEqual(['closed', undefined]);
  });
  test('a call that was let through and learnt nothing lets the next one through', () => {
    const { breaker, clock, fail } = open();
    fail(5);
    clock.now += 15_000;
    expect(breaker.broken()).toBeUndefined();
    breaker.settle();
    expect([breaker.state, breaker.broken()]).toEqual(['half-open', undefined]);
  });
  test('answers of calls that were sent before do not close it, and replicas ask at different times', () => {
    const { breaker, fail } = open();
    fail(5);
    breaker.answered();
    expect(breaker.state).toBe('open');
    const waits = [0, 0.999].map((drawn) => {
      const other = open(SETTINGS, () => drawn);
      other.fail(5);
      return other.breaker.broken()?.error.retryAfterMs ?? 0;
    });
    expect(waits[0]).toBe(12_000);
    expect(waits[1]).toBeGreaterThan(17_900);
  });
  test('whatever happens, it lets a call through in the end, and never two at once while it is not closed', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('fail', 'answer', 'ask', 'wait'), { maxLength: 80 }), (steps) => {
        const { breaker, clock } = open();
        for (const step of steps) {
          if (step === 'fail') breaker.failed('503');
          else if (step === 'answer') breaker.answered();
          else if (step === 'wait') clock.now += 5_000;
          else if (breaker.broken() === undefined && breaker.state !== 'closed') expect(breaker.broken()).toBeDefined();
        }
        breaker.settle();
        clock.now += 18_000;
        expect(breaker.broken()).toBeUndefined();
      }),
    );
  });
  test('at most half of a pool is left out, and one where there are few', () => {
    expect([1, 2, 3, 4, 5, 6].map(mayLeaveOut)).toEqual([1, 1, 1, 2, 2, 3]);
  });
});
