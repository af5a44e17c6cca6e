import { spawnSync } from 'node:child_process';
import { getHeapStatistics } from 'node:v8';
import { expect, onTestFinished, test } from 'vitest';
import { collected, countBuffers, shareLess } from '../src/memory.ts';

test('an engine that does not know the flag is left alone: no complaint on stderr', () => {
  const source = new URL('../src/memory.ts', import.meta.url).href;
  for (const v8 of ['12.4.254.21-node.29', process.versions.v8]) {
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `(await import('${source}')).countBuffers('${v8}')`]);
    expect([status, stderr.toString()]).toEqual([0, '']);
  }
});
test('setting it leaves the heap limit as it is', () => {
  const before = getHeapStatistics().heap_size_limit;
  countBuffers();
  expect(getHeapStatistics().heap_size_limit).toBe(before);
});
test('what nobody holds is collected before a start and after it', async () => {
  const ofLoading = new WeakRef({});
  let ofStart = ofLoading;
  await new Promise((resolve) => setImmediate(resolve));
  const started = await collected(async () => {
    expect(ofLoading.deref()).toBeUndefined();
    ofStart = new WeakRef({});
    await new Promise((resolve) => setImmediate(resolve));
    return 'started';
  });
  expect([started, ofStart.deref()]).toEqual(['started', undefined]);
});
test('a small Buffer that is kept keeps little beside it', () => {
  const before = Buffer.poolSize;
  shareLess();
  onTestFinished(() => {
    Buffer.poolSize = before;
  });
  // The slab of before is used up first.
  const kept = Array.from({ length: 100 }, () => Buffer.allocUnsafe(1_000));
  expect(kept.at(-1)?.buffer.byteLength).toBeLessThanOrEqual(8_192);
});
