import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, json, opened } from './support.ts';

const MIB = 2 ** 20;
const ROW = json('x'.repeat(50_000));

it('the log of a store that is written without a pause stays short, and nothing of it is lost', async () => {
  const path = join(folder(), 'keys.db');
  const store = await opened(path);
  let longest = 0;
  for (let n = 0; n < 1_200; n++) {
    await store.append('l', [ROW, ROW]);
    longest = Math.max(longest, statSync(`${path}-wal`).size);
    // As calls between two writes, what else happens gets its turn.
    await new Promise(setImmediate);
  }
  // 120 MB were written; a log that is never begun anew is worked in at 64 MiB by the connection that writes.
  expect(longest).toBeLessThan(60 * MIB);
  await store.close?.();
  expect(existsSync(`${path}-wal`)).toBe(false);
  const again = await opened(path);
  expect((await again.read('l', 2_390, 100)).map(({ sequence }) => sequence)).toEqual([2_391, 2_392, 2_393, 2_394, 2_395, 2_396, 2_397, 2_398, 2_399, 2_400]);
});
it('two stores on one file tidy it side by side', async () => {
  const path = join(folder(), 'keys.db');
  const stores = [await opened(path), await opened(path)];
  await Promise.all(
    stores.map(async (store, i) => {
      for (let n = 0; n < 150; n++) await store.append(`l${i}`, [ROW, ROW]);
    }),
  );
  await stores[0]?.close?.();
  await stores[1]?.append('l1', [json('last')]);
  expect((await stores[1]?.read('l1', 300, 10))?.map(({ row }) => row.json)).toEqual(['"last"']);
  expect((await stores[1]?.read('l0', 299, 10))?.length).toBe(1);
});
