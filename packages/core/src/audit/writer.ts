import { GatewayError, type Host, isGatewayError } from '@llm-proxy-auth/plugin';
import { type Block, firstHead, type Head, sealBlock } from './chain.ts';
import { FORGED, type Identity, openIdentity } from './identity.ts';
import { BORN, living, PLACE } from './liveness.ts';
import { openIntents } from './open-intents.ts';
import type { AuditRecord } from './record.ts';
import { type Entry, entryOf, readRegistry } from './registry.ts';
import { isThere, logOf } from './rows.ts';
import { type Found, isSigned, type Proven, readWriter, rowText, signed, WRITERS } from './writers.ts';

export interface WriterSettings {
  readonly mode: 'sync' | 'batch';
  readonly onFull: 'block' | 'spill' | 'drop';
  /** Folder. */
  readonly spill: string;
}
export interface WriterOptions {
  readonly host: () => Host;
  readonly settings: () => WriterSettings;
  /** `llm_proxy_audit_records_total`. */
  readonly count: (result: 'written' | 'spilled' | 'dropped' | 'refused', records: number) => void;
}
/** Most records that wait in memory while the store takes none. */
export const RING = 10_000;
const MOST_IN_BLOCK = 1_000;
/** Records wait for company this long under `batch`, or until so many have come together. */
const GATHER_MS = 100;
const GATHER = 128;
/** How long a record that must be durable waits for a store that fails. */
const PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

interface Waiter {
  readonly serial: number;
  readonly since: number;
  resolve(): void;
  reject(error: GatewayError): void;
}
const unwritable = (): GatewayError => new GatewayError('overloaded', 'The audit log cannot be written; try again.', { retryAfterMs: 1_000 });
const reasonOf = (error: unknown): string => (isGatewayError(error) ? error.message : error instanceof Error ? error.message : 'unknown');

/** What the row of a writer is to say of it next, and the entry of the registry that goes with it. */
const provenNext = async (host: Host, own: Identity, found: Found, { n, h }: Head): Promise<{ readonly proven: Proven; readonly entry: Entry | undefined }> => {
  // A commit that failed may have been done all the same.
  if (found.row.seq > own.proven.seq && isSigned(own.key, found)) own.proven = found.row;
  const { serial, seq, checkpoints } = own.proven;
  const { count } = own.checkpoints;
  if (count === checkpoints) return { proven: { serial, seq, n, h, checkpoints }, entry: undefined };
  const entry = entryOf(own.key, await readRegistry(host.store, own.key), { checkpoints: count - checkpoints });
  if (entry === undefined) host.log.error({}, FORGED);
  return { proven: { serial, seq: entry?.seq ?? seq, n, h, checkpoints: count }, entry };
};

/** One chain: takes records at once, writes them in groups, each group one row of the log. */
export const makeWriter = ({ host, settings, count }: WriterOptions) => {
  const pending: AuditRecord[] = [];
  const intents = openIntents();
  let waiters: Waiter[] = [];
  let identity: Identity | undefined;
  let head: Head = { n: 0, h: '' };
  let stored: Head & { readonly rows: number } = { n: 0, h: '', rows: 0 };
  let rows = 0;
  let unwritten: Block | undefined;
  let doubtful = false;
  let spilled = false;
  let failing = false;
  let due = false;
  let pause = 0;
  let pushed = 0;
  let written = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;

  const size = (): number => pending.length + (unwritten?.records.length ?? 0);
  const open = async (): Promise<Identity> => {
    identity = await openIdentity(host(), settings().spill);
    head = firstHead(identity.key, identity.writer);
    stored = { ...head, rows: 0 };
    return identity;
  };
  const append = async (own: Identity, block: Block): Promise<void> => {
    const { store } = host();
    // A write that failed may have been done all the same.
    if (!(doubtful && (await isThere(store, own.writer, block.number, block.row)))) {
      doubtful = true;
      await store.append(logOf(own.writer), [{ json: block.row }]);
    }
    stored = { ...block.head, rows: block.number };
  };
  const done = (own: Identity, block: Block, result: 'written' | 'spilled'): void => {
    unwritten = undefined;
    doubtful = false;
    head = block.head;
    rows = block.number;
    written += block.records.length;
    count(result, block.records.length);
    intents.note(block);
    own.usage.add({ row: block.number, n: block.head.n }, block.records);
    waiters = waiters.filter((waiter) => waiter.serial > written || waiter.resolve() !== undefined);
  };
  const spill = async (own: Identity): Promise<void> => {
    while (pending.length > 0 || unwritten !== undefined) {
      unwritten ??= sealBlock(own.key, pending.splice(0, MOST_IN_BLOCK), rows + 1, head);
      await own.spill.put(unwritten.number, unwritten.row);
      spilled = true;
      done(own, unwritten, 'spilled');
    }
  };
  const failed = async (error: unknown): Promise<void> => {
    const { onFull } = settings();
    if (!failing) host().log.error({ reason: reasonOf(error), onFull }, 'the audit log cannot be written');
    failing = true;
    pause = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, pause * 2));
    if (onFull === 'spill' && identity !== undefined && (waiters.length > 0 || size() >= RING))
      await spill(identity).catch((why: unknown) => host().log.error({ reason: reasonOf(why) }, 'audit records cannot be spilled either'));
    const now = performance.now();
    waiters = waiters.filter((waiter) => {
      if (onFull === 'drop') waiter.resolve();
      else if (now - waiter.since > PATIENCE_MS) waiter.reject(unwritable());
      else return true;
      return false;
    });
  };
  const recovered = (): void => {
    pause = 0;
    if (failing) host().log.info({}, 'the audit log is written again');
    failing = false;
  };
  const run = async (): Promise<void> => {
    try {
      while (size() > 0 || spilled) {
        const own = identity ?? (await open());
        if (spilled) {
          await own.spill.drain(host().store);
          spilled = false;
          stored = { ...head, rows };
          continue;
        }
        unwritten ??= sealBlock(own.key, pending.splice(0, MOST_IN_BLOCK), rows + 1, head);
        await append(own, unwritten);
        done(own, unwritten, 'written');
        recovered();
      }
    } catch (error) {
      await failed(error);
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    flushing ??= run().finally(() => {
      flushing = undefined;
      if (failing) later(pause);
      else if (size() > 0) soon();
    });
    return flushing;
  };
  const later = (ms: number): void => {
    if (timer === undefined && flushing === undefined) timer = setTimeout(flush, ms).unref();
  };
  /** What is pushed in this turn of the event loop goes along. */
  const soon = (): void => {
    if (flushing !== undefined || due || failing) return;
    due = true;
    setImmediate(() => {
      due = false;
      void flush();
    });
  };
  const push = (record: AuditRecord): void => {
    pending.push(record);
    pushed++;
    if (settings().mode === 'sync' || pending.length === GATHER) soon();
    else later(GATHER_MS);
  };

  return {
    push,
    /** Records that a full ring drops, written down as a number once records are written again. */
    drop(): void {
      lost++;
      count('dropped', 1);
    },
    takeLost(): number {
      const taken = failing ? 0 : lost;
      lost -= taken;
      return taken;
    },
    get full(): boolean {
      return size() >= RING;
    },
    /** Resolves when everything pushed so far is durable, under `drop` also when it cannot be. Throws `overloaded`. */
    durable(): Promise<void> {
      if (written >= pushed || (failing && settings().onFull === 'drop')) return Promise.resolve();
      const waiting = new Promise<void>((resolve, reject) => {
        waiters.push({ serial: pushed, since: performance.now(), resolve, reject });
      });
      soon();
      return waiting;
    },
    /** Writes what waits, also when a write that fails is under way. */
    async flush(): Promise<void> {
      await flushing;
      await flush();
    },
    /** Usage and how far the chain has come, in one commit. `end`: nothing more will come. False: try again. */
    async save(end: boolean): Promise<boolean> {
      const own = identity;
      if (own === undefined) return true;
      const { store, now } = host();
      const found = await readWriter(store, own.writer);
      if (found === undefined) return false;
      const { changes, used, more } = await own.usage.collect(store, found.row.used);
      const { proven, entry } = await provenNext(host(), own, found, stored);
      const row = {
        ...found.row,
        place: PLACE,
        pid: process.pid,
        born: BORN,
        beat: now(),
        ended: end && !more && !spilled && size() === 0,
        ...signed(own.key, own.writer, proven),
        used,
        settled: intents.settled({ row: rows + 1, n: head.n + 1 }),
        spent: intents.spent(),
      };
      const registered = entry === undefined ? [] : [entry.change];
      const committed = await store.commit([...changes, { space: WRITERS, key: own.writer, expect: found.version, value: rowText(row) }, ...registered]);
      if (committed) own.proven = proven;
      if (end && committed && row.ended) living.delete(own.writer);
      return committed && !more;
    },
    /** Writes a checkpoint; the heads of all writers. Nothing before the first record. */
    async checkpoint(): Promise<readonly string[]> {
      return identity === undefined ? [] : identity.checkpoints.write(host().store, host().now(), stored);
    },
    get identity(): Identity | undefined {
      return identity;
    },
    get written(): number {
      return written;
    },
    /** Requests whose intent is written and whose end is not. */
    openRequests: intents.requests,
    stop(): void {
      clearTimeout(timer);
      for (const waiter of waiters.splice(0)) waiter.reject(unwritable());
    },
  };
};
export type AuditWriter = ReturnType<typeof makeWriter>;
