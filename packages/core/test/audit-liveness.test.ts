import { expect, test } from 'vitest';
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
