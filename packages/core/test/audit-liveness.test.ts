import { describe, expect, test } from 'vitest';
import { BORN, PLACE, type Processes, watchWriters } from '../src/audit/liveness.ts';
import type { Found, WriterRow } from '../src/audit/writers.ts';
import { disk, exchange, moveElsewhere, openOn, recordsOf, verify } from './audit-bench.ts';

test('a writer elsewhere dies by 60 s without a sign, as counted by who looks, wherever the clocks of both stand', async () => {
  const store = disk();
  const first = openOn(store, { mode: 'sync' });
  await first.audit.intent(exchange({ id: 'open' }));
  await moveElsewhere(store);
  const second = openOn(store, { mode: 'sync' }, first);
  second.host.advance(3_600_000);
  const kinds = async (): Promise<readonly unknown[]> => {
    await second.audit.recover();
    return recordsOf(store).map((r) => r.kind);
  };
  expect(await kinds()).toEqual(['intent']);
  second.clock.now = 59_999;
  expect(await kinds()).toEqual(['intent']);
  await moveElsewhere(store);
  second.clock.now = 90_000;
  expect(await kinds()).toEqual(['intent']);
  second.clock.now = 149_999;
  expect(await kinds()).toEqual(['intent']);
  second.clock.now = 150_000;
  await second.audit.keep();
  expect(await kinds()).toEqual(['intent', 'interrupted']);
  expect(await verify(store, second)).toMatchObject({ ok: true, writers: 2 });
});
test('who is looked at for long enough is looked at again before the next checkpoint', async () => {
  const store = disk();
  const first = openOn(store, { mode: 'sync' });
  await first.audit.intent(exchange({ id: 'open' }));
  await moveElsewhere(store);
  const second = openOn(store, { mode: 'sync' }, first);
  await second.audit.recover();
  second.clock.now = 60_000;
  await second.audit.keep();
  expect(recordsOf(store).map((r) => r.kind)).toEqual(['intent', 'interrupted']);
});

describe('a writer of this place', () => {
  const PID = 4_000_000;
  const rowAt = (row: Partial<WriterRow>, version = 1): readonly Found[] => [
    { writer: 'w', version, row: { place: PLACE, pid: PID, born: '100', ended: false, ...row } as WriterRow },
  ];
  const system = (born: string, runs = true): Processes => ({ runs: () => runs, born: () => born });
  const deadAfter = (ms: number, here: Processes, row: Partial<WriterRow> = {}): number => {
    let now = 0;
    const watch = watchWriters(() => now, here);
    if (ms > 0 && watch.dead(rowAt(row)).length > 0) return -1;
    now = ms;
    return watch.dead(rowAt(row)).length;
  };
  test('is dead at once when its id belongs to another process', () => {
    expect(deadAfter(0, system('200'))).toBe(1);
    expect(deadAfter(0, system('', false))).toBe(1);
  });
  test('lives as long as its process, however long it hangs', () => {
    expect(deadAfter(600_000, system('100'))).toBe(0);
  });
  test('dies by its silence where the system does not tell when a process began', () => {
    expect(deadAfter(59_999, system(''))).toBe(0);
    expect(deadAfter(60_000, system(''))).toBe(1);
    expect(deadAfter(59_999, system('100'), { born: '' })).toBe(0);
    expect(deadAfter(60_000, system('100'), { born: '' })).toBe(1);
  });
  test('of an earlier start of the machine dies by its silence', () => {
    const place = `${PLACE.slice(0, PLACE.lastIndexOf(' '))} another-boot`;
    expect(deadAfter(59_999, system('100'), { place })).toBe(0);
    expect(deadAfter(60_000, system('100'), { place })).toBe(1);
  });
  test.skipIf(BORN === '')('with the id of this very process and another start is dead', () => {
    const watch = watchWriters(() => 0);
    expect(watch.dead(rowAt({ pid: process.pid, born: '1' }))).toHaveLength(1);
    expect(watch.dead(rowAt({ pid: process.ppid, born: '1' }))).toHaveLength(1);
  });
});
