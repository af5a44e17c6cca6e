import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { folder, json, opened } from './support.ts';

const MIB = 2 ** 20;
const ROW = json('x'.repeat(50_000));
/** The thread that tidies hears nothing until the gate is opened: it gets no turn, as on a machine with too much to do. */
const gate = vi.hoisted(() => ({ closed: true, kept: [] as (() => void)[] }));
vi.mock('node:worker_threads', async (original) => {
  const { Worker, ...others } = await original<typeof import('node:worker_threads')>();
  class Kept extends Worker {
    override postMessage(message: unknown): void {
      if (gate.closed) gate.kept.push(() => super.postMessage(message));
      else super.postMessage(message);
    }
  }
  return { ...others, Worker: Kept };
});
const open = (): void => {
  gate.closed = false;
  for (const send of gate.kept.splice(0)) send();
};

it('writes wait for a thread that gets no turn, so that the log stays short', async () => {
  const path = join(folder(), 'keys.db');
  const store = await opened(path);
  /** Whether it was written by the time that everything else had its turn. */
  const write = async (): Promise<{ readonly done: Promise<void>; readonly held: boolean }> => {
    let held = true;
    const done = store.append('l', [ROW, ROW]).then(() => {
      held = false;
    });
    await new Promise(setImmediate);
    return { done, held };
  };
  let written = 0;
  let last = await write();
  for (; !last.held && written < 1_200; written++) last = await write();
  expect(last.held).toBe(true);
  // Those that come while one waits wait too, and none gets lost.
  const more = [await write(), await write()];
  expect(more.map(({ held }) => held)).toEqual([true, true]);
  const length = statSync(`${path}-wal`).size;
  expect(length).toBeLessThan(20 * MIB);

  open();
  await Promise.all([last, ...more].map(({ done }) => done));
  for (let n = 0; n < 300; n++) await store.append('l', [ROW, ROW]);
  expect(statSync(`${path}-wal`).size).toBeLessThan(60 * MIB);
  expect((await store.read('l', 2 * (written + 3 + 300) - 1, 10)).map(({ sequence }) => sequence)).toEqual([2 * (written + 3 + 300)]);
});
