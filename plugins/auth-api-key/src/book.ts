import type { Host, Principal, Store, Stored } from '@llm-proxy-auth/plugin';
import { principalOf } from './principal.ts';
import { endOf, KEYS, type KeyRecord, recordOf } from './record.ts';

/** How often other processes' changes are asked for, ms; a revocation elsewhere is seen after this and one answer of the store. */
export const POLL = 1000;
/** Without an answer of the store known keys let callers in for this long, ms. */
export const STALE = 60_000;
/** After this long without an answer the store is not asked for single keys either, ms. */
export const SILENT = 5000;
const PAGE = 500;

export interface KeyEntry {
  readonly record: KeyRecord;
  readonly principal: Principal;
  /** Epoch ms of expiry or end of grace. */
  readonly ends: number | undefined;
}
/** All stored keys in memory, kept up to date with the store. */
export interface KeyBook {
  find(id: string): KeyEntry | undefined;
  /** Asks the store for a key that is not known yet: it may be younger than the last poll. Throws what the store throws. */
  lookUp(id: string): Promise<KeyEntry | undefined>;
  /** Makes keys unknown, so that the store is asked for them. */
  forget(ids: readonly string[]): void;
  /** How much longer what is known may be relied on, ms; 0 or less = no longer. Real time, whatever the clock is set to. */
  freshFor(): number;
  /** Whether the store has answered lately. */
  answers(): boolean;
  /** Moves with every change of any key, never back, also over a restart or a reload. */
  epoch(): number;
  /** Reads what has changed. Throws what the store throws. */
  refresh(): Promise<void>;
}

const entryOf = (row: Stored, id: string): KeyEntry | undefined => {
  const record = recordOf(row.value);
  if (record === undefined || record.id !== id) return undefined;
  const ends = endOf(record);
  return { record, ends, principal: principalOf(record.name, id, record, ends) };
};

const readAll = async (store: Store, damaged: (id: string) => void): Promise<Map<string, KeyEntry>> => {
  const all = new Map<string, KeyEntry>();
  for (let after: string | undefined; ; ) {
    const rows = await store.list(KEYS, after, PAGE);
    for (const row of rows) {
      const entry = entryOf(row, row.key);
      if (entry === undefined) damaged(row.key);
      else all.set(row.key, entry);
    }
    if (rows.length < PAGE) return all;
    after = rows.at(-1)?.key;
  }
};

export const keyBook = (host: Host): KeyBook => {
  const { store } = host;
  let entries = new Map<string, KeyEntry>();
  /** Epoch of the store that `entries` shows; undefined before the first answer. */
  let since: number | undefined;
  /** `performance.now()` when the last successful reading began. */
  let readAt = Number.NEGATIVE_INFINITY;
  let epoch = host.now();
  let last: Promise<void> = Promise.resolve();
  const damaged = (id: string): void => host.log.warn({ id }, 'a stored key cannot be read and is refused');

  const reload = async (at: number): Promise<void> => {
    const now = await store.changed(Number.MAX_SAFE_INTEGER);
    entries = await readAll(store, damaged);
    since = now.epoch;
    readAt = at;
    epoch++;
  };
  const readChanged = async (at: number, from: number): Promise<void> => {
    const { epoch: reached, keys } = await store.changed(from);
    // An older database was put in the place of the one that was read.
    if (reached < from) return reload(at);
    const ids = keys.filter((key) => key.startsWith(`${KEYS}/`)).map((key) => key.slice(KEYS.length + 1));
    const rows = await Promise.all(ids.map((id) => store.get(KEYS, id)));
    rows.forEach((row, index) => {
      const id = ids[index] ?? '';
      const entry = row === undefined ? undefined : entryOf(row, id);
      if (row !== undefined && entry === undefined) damaged(id);
      if (entry === undefined) entries.delete(id);
      else entries.set(id, entry);
    });
    since = reached;
    readAt = at;
    if (ids.length > 0) epoch++;
  };
  const read = async (): Promise<void> => {
    const at = performance.now();
    // A store reports deletions for a while only; after a long silence everything is read again.
    if (since === undefined || at - readAt > STALE) await reload(at);
    else await readChanged(at, since);
  };
  return {
    find: (id) => entries.get(id),
    lookUp: async (id) => {
      for (;;) {
        const before = epoch;
        const row = await store.get(KEYS, id);
        // What was read may be older than a change that was seen meanwhile.
        if (before !== epoch) continue;
        const entry = row === undefined ? undefined : entryOf(row, id);
        if (entry !== undefined) entries.set(id, entry);
        return entry;
      }
    },
    forget: (ids) => {
      for (const id of ids) entries.delete(id);
      epoch++;
    },
    freshFor: () => readAt + STALE - performance.now(),
    answers: () => performance.now() - readAt <= SILENT,
    epoch: () => epoch,
    // One after the other: a call that comes while one is running sees what was committed before it came.
    refresh: () => {
      last = last.then(read, read);
      return last;
    },
  };
};

/** Refreshes the book now and then until the signal is aborted; says once when the store stops and when it comes back. */
export const pollBook = async (book: KeyBook, host: Host): Promise<void> => {
  let busy = false;
  let failing = false;
  const poll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await book.refresh();
      if (failing) host.log.info({}, 'the store answers again; keys are up to date');
      failing = false;
    } catch (error) {
      if (!failing)
        host.log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'the store does not answer; keys that are known are served for 60 s');
      failing = true;
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void poll(), POLL);
  timer.unref();
  host.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  await poll();
};
