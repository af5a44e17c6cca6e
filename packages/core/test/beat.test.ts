import { afterEach, expect, test, vi } from 'vitest';
import { startBeating } from '../src/call/beat.ts';
import type { Plan } from '../src/plan.ts';

afterEach(() => {
  vi.useRealTimers();
});
const planOf = (leases: readonly string[], beat: (leases: readonly string[], now: number) => void | Promise<void>, report = vi.fn()): Plan =>
  ({
    now: () => 1_000,
    report,
    open: { size: leases.length, each: (visit: (x: { lease: string }) => void) => leases.map((lease) => visit({ lease })) },
    graph: { counters: { beat } },
  }) as unknown as Plan;

test('every 30 s the leases of open calls beat, of every configuration that still has some', () => {
  vi.useFakeTimers();
  const [young, old, none] = [vi.fn(), vi.fn(), vi.fn()];
  const stop = startBeating(() => [planOf(['a', '', 'b'], young), planOf(['c'], old), planOf(['', ''], none)]);
  vi.advanceTimersByTime(29_999);
  expect(young).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect([young.mock.calls, old.mock.calls, none.mock.calls]).toEqual([[[['a', 'b'], 1_000]], [[['c'], 1_000]], []]);
  vi.advanceTimersByTime(60_000);
  expect(young).toHaveBeenCalledTimes(3);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(young).toHaveBeenCalledTimes(3);
});
test('counters that fail are told of, and beaten again', async () => {
  vi.useFakeTimers();
  const [beat, report] = [vi.fn(() => Promise.reject(new Error('away'))), vi.fn()];
  const stop = startBeating(() => [planOf(['a'], beat, report)]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect([beat.mock.calls.length, report.mock.calls.length]).toEqual([2, 2]);
  stop();
});
