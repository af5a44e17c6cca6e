import { type KeyObject, randomBytes } from 'node:crypto';
import type { Host } from '@llm-proxy-auth/plugin';
import { type UsageCollector, usageCollector } from '../usage/collector.ts';
import { firstHead } from './chain.ts';
import { type Checkpoints, checkpoints } from './checkpoint.ts';
import { auditKey } from './key.ts';
import { type Spill, spillOf } from './spill.ts';
import { living, PLACE, rowText, WRITERS, type WriterRow } from './writers.ts';

/** Who writes: a chain of its own and what belongs to it. */
export interface Identity {
  readonly writer: string;
  readonly key: KeyObject;
  readonly usage: UsageCollector;
  readonly checkpoints: Checkpoints;
  readonly spill: Spill;
}
const START = Object.freeze({ row: 0, n: 0 });
const ROW: Omit<WriterRow, 'beat' | 'h'> = Object.freeze({
  place: PLACE,
  pid: process.pid,
  ended: false,
  n: 0,
  checkpoints: 0,
  used: START,
  settled: Object.freeze({ row: 1, n: 1 }),
  interrupted: Object.freeze([]),
});

/** Begins a chain: its name sorts by time, and the store knows of it before its first record. Throws what the store throws. */
export const openIdentity = async (host: Host, spillFolder: string): Promise<Identity> => {
  const key = await auditKey(host);
  const writer = `${host.now().toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`;
  const row: WriterRow = { ...ROW, beat: host.now(), h: firstHead(key, writer).h };
  living.add(writer);
  try {
    if (!(await host.store.commit([{ space: WRITERS, key: writer, expect: 0, value: rowText(row) }])))
      throw new Error('the store knows another writer of that name');
  } catch (error) {
    living.delete(writer);
    throw error;
  }
  return { writer, key, usage: usageCollector(writer), checkpoints: checkpoints(key, writer), spill: spillOf(spillFolder, writer) };
};
