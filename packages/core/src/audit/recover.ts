import type { Change, Host } from '@llm-proxy-auth/plugin';
import type { Spent } from '../call/reckon.ts';
import { addBucket, type Buckets, usageChanges } from '../usage/rows.ts';
import { bucketOf, hourOf, NOTHING } from '../usage/totals.ts';
import { type Kept, readRow } from './chain.ts';
import { auditKey } from './key.ts';
import { BORN, PLACE, type Watch } from './liveness.ts';
import { logOf, rowsAfter } from './rows.ts';
import { spilledIn, spillOf } from './spill.ts';
import { type Cursor, type Found, type Interrupted, isSigned, readWriter, readWriters, rowText, signed, WRITERS, type WriterRow } from './writers.ts';

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
interface Past {
  readonly last: Cursor;
  readonly h: string;
  readonly open: readonly Kept[];
  readonly buckets: Buckets;
}
/** What a dead writer left: its last record, calls that never ended, and usage that was not counted yet. */
const readPast = async (host: Host, { writer, row }: Found): Promise<Past> => {
  const buckets: Buckets = new Map();
  const open = new Map<string, Kept>();
  const from = Math.max(0, Math.min(row.used.row, row.settled.row - 1));
  let last: Cursor = row.used;
  let { h } = row;
  for await (const { sequence, json } of rowsAfter(host.store, logOf(writer), from)) {
    for (const record of readRow(json) ?? []) {
      const n = Number(record.n);
      const request = text(record.request) ?? '';
      if (record.kind === 'intent') open.set(request, record);
      else open.delete(request);
      const bucket = n > row.used.n ? bucketOf(record) : undefined;
      if (bucket !== undefined) addBucket(buckets, bucket);
      if (n > last.n) last = { row: sequence, n };
      h = n >= row.n ? (text(record.h) ?? h) : h;
    }
  }
  const interrupted = [...open.values()];
  for (const record of interrupted) {
    const used = spentBy(row, record);
    addBucket(buckets, { ...NOTHING, ...placeOf(record), ...used, estimated: used === undefined ? 0 : 1, interrupted: 1 });
  }
  return { last, h, open: interrupted, buckets };
};
const placeOf = (record: Kept) => ({
  hour: hourOf(Number(record.at)),
  principal: text(record.principal) ?? '',
  model: text(record.upstreamModel) ?? text(record.model) ?? '',
  instance: text(record.instance) ?? '',
});
const spentBy = ({ spent }: WriterRow, record: Kept): Spent | undefined => {
  const request = text(record.request) ?? '';
  return Object.hasOwn(spent, request) ? spent[request] : undefined;
};
const interruptedOf = (row: WriterRow, record: Kept): Interrupted => ({
  request: text(record.request) ?? '',
  principal: text(record.principal),
  instance: text(record.instance),
  model: text(record.model),
  spent: spentBy(row, record),
});

/** Takes a row over, so that of several who find it dead one goes on. */
const claim = async ({ store, now }: Host, found: Found): Promise<Found | undefined> => {
  const row = { ...found.row, place: PLACE, pid: process.pid, born: BORN, beat: now() };
  const changes: readonly Change[] = [{ space: WRITERS, key: found.writer, expect: found.version, value: rowText(row) }];
  return (await store.commit(changes)) ? readWriter(store, found.writer) : undefined;
};
const finish = async (host: Host, found: Found): Promise<readonly Interrupted[]> => {
  const { writer, row, version } = found;
  const { last, h, open, buckets } = await readPast(host, found);
  const interrupted = [...row.interrupted, ...open.map((record) => interruptedOf(row, record))];
  const key = await auditKey(host);
  // A row that somebody else wrote stays as unsigned as it is.
  const proven = isSigned(key, found) ? signed(key, writer, { ...row, n: Math.max(row.n, last.n), h }) : {};
  const ended = { ...row, ...proven, ended: true, used: last, settled: { row: last.row + 1, n: last.n + 1 }, spent: {}, interrupted };
  const changes = [...(await usageChanges(host.store, buckets, writer)), { space: WRITERS, key: writer, expect: version, value: rowText(ended) }];
  return (await host.store.commit(changes)) ? interrupted : [];
};

/**
 * Ends the chains of writers that died: what they spilled goes into their logs, what was not counted into the usage. `record`
 * writes the interrupted calls down; only then does a row forget them.
 */
export const recoverDead = async (host: Host, watch: Watch, spillFolder: string, record: (calls: readonly Interrupted[]) => Promise<void>): Promise<void> => {
  const spilled = await spilledIn(spillFolder);
  const writers = await readWriters(host.store);
  const left = writers.filter(({ writer, row }) => !row.ended || row.interrupted.length > 0 || spilled.has(writer));
  for (const found of watch.dead(left)) {
    const mine = await claim(host, found);
    if (mine === undefined) continue;
    const moved = await spillOf(spillFolder, mine.writer).drain(host.store);
    const calls = mine.row.ended && moved === 0 ? mine.row.interrupted : await finish(host, mine);
    if (calls.length === 0) continue;
    await record(calls);
    const done = await readWriter(host.store, mine.writer);
    if (done !== undefined)
      await host.store.commit([{ space: WRITERS, key: mine.writer, expect: done.version, value: rowText({ ...done.row, interrupted: [] }) }]);
  }
};
