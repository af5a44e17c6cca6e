import { randomBytes } from 'node:crypto';
import type { Host } from '@llm-proxy-auth/plugin';
import { type UsageCollector, usageCollector } from '../usage/collector.ts';
import { firstHead } from './chain.ts';
import { type Checkpoints, checkpoints } from './checkpoint.ts';
import { auditKey } from './key.ts';
import { BORN, living, PLACE } from './liveness.ts';
import { type AuditKey, entryOf, readRegistry } from './registry.ts';
import { type Spill, spillOf } from './spill.ts';
import { type Proven, rowText, signed, WRITERS, type WriterRow } from './writers.ts';

/** Who writes: a chain of its own and what belongs to it. */
export interface Identity {
  readonly writer: string;
  readonly key: AuditKey;
  readonly usage: UsageCollector;
  readonly checkpoints: Checkpoints;
  readonly spill: Spill;
  /** What its row says of it, as far as it was committed. */
  proven: Proven;
}
/** Others begin and make checkpoints at the same time. */
const MOST_TRIES = 100;
export const FORGED = 'the registry of the audit log is not as it was written; `llm-proxy-auth audit verify` says more';
const START = Object.freeze({ row: 0, n: 0 });
const ROW: Omit<WriterRow, 'beat' | keyof Proven | 'mac'> = Object.freeze({
  place: PLACE,
  pid: process.pid,
  born: BORN,
  ended: false,
  used: START,
  settled: Object.freeze({ row: 1, n: 1 }),
  spent: Object.freeze({}),
  interrupted: Object.freeze([]),
});

/** Adds a writer to the registry, and its row to the store, in one commit. */
const register = async ({ store, now, log }: Host, key: AuditKey, writer: string): Promise<Proven> => {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const entry = entryOf(key, await readRegistry(store, key), { writers: 1 });
    if (entry === undefined) log.error({}, FORGED);
    const proven = { serial: entry?.counted.writers ?? 0, seq: entry?.seq ?? 0, n: 0, h: firstHead(key, writer).h, checkpoints: 0 };
    const row: WriterRow = { ...ROW, beat: now(), ...signed(key, writer, proven) };
    if (await store.commit([{ space: WRITERS, key: writer, expect: 0, value: rowText(row) }, ...(entry === undefined ? [] : [entry.change])])) return proven;
  }
  throw new Error('the store takes no other writer');
};
/** Begins a chain: its name sorts by time, and the store knows of it before its first record. Throws what the store throws. */
export const openIdentity = async (host: Host, spillFolder: string): Promise<Identity> => {
  const key = await auditKey(host);
  const writer = `${host.now().toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`;
  living.add(writer);
  try {
    const proven = await register(host, key, writer);
    return { writer, key, usage: usageCollector(writer), checkpoints: checkpoints(key, writer), spill: spillOf(spillFolder, writer), proven };
  } catch (error) {
    living.delete(writer);
    throw error;
  }
};
