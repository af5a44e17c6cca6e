import type { Store, Stored } from '../access.ts';
import type { Host } from '../plugin.ts';

/** How often other processes' changes are asked for, ms; a revocation elsewhere is seen after this and one answer of the store. */
export const POLL = 1000;
/** Without an answer of the store known credentials let callers in for this long, ms. */
export const STALE = 60_000;
/** After this long without an answer the store is not asked for single records either, ms. */
export const SILENT = 5000;
const PAGE = 500;

export interface BookOptions<E> {
  /** Space of the store that holds the records. */
  readonly space: string;
  /** Undefined when the row is not what this release writes; it then lets nobody in. */
  readonly read: (row: Stored, id: string) => E | undefined;
  /** What the records are, in the plural, for the log: `keys`. */
  readonly what: string;
  /** Told of every record that is read because it may have changed. */
  readonly seen?: (entry: E) => void;
}
/** All records of a space in memory, kept up to date with the store. */
export interface Book<E> {
  find(id: string): E | undefined;
  /** All that are known, in no order. */
  all(): Iterable<E>;
  /** Asks the store for a record that is not known yet: it may be younger than the last poll. Throws what the store throws. */
  lookUp(id: string): Promise<E | undefined>;
  /** Makes records unknown, so that the store is asked for them. */
  forget(ids: readonly string[]): void;
  /** How much longer what is known may be relied on, ms; 0 or less = no longer. Real time, whatever the clock is set to. */
  freshFor(): number;
  /** Whether the store has answered lately. */
  answers(): boolean;
  /** Moves with every change of any record, never back, also over a restart or a reload. */
  epoch(): number;
  /** Reads what has changed. Throws what the store throws. */
  refresh(): Promise<void>;
}

const readAll = async <E>(store: Store, { space, read }: BookOptions<E>, damaged: (id: string) => void): Promise<Map<string, E>> => {
  const all = new Map<string, E>();
  for (let after: string | undefined; ; ) {
    const rows = await store.list(space, after, PAGE);
    for (const row of rows) {
      const entry = read(row, row.key);
      if (entry === undefined) damaged(row.key);
      else all.set(row.key, entry);
    }
    if (rows.length < PAGE) return all;
    after = rows.at(-1)?.key;
  }
};

export const recordBook = <E>(host: Pick<Host, 'store' | 'log' | 'now'>, options: BookOptions<E>): Book<E> => {
  const { store } = host;
  const { space, what } = options;
  let entries = new Map<string, E>();
  /** Epoch of the store that `entries` shows; undefined before the first answer. */
  let since: number | undefined;
  /** `performance.now()` when the last successful reading began. */
  let readAt = Number.NEGATIVE_INFINITY;
  let epoch = host.now();
  let last: Promise<void> = Promise.resolve();
  /** Ids that were forgotten since the last reading began: what it finds of them may be older than that, and leaves them unknown. */
  const forgotten = new Set<string>();
  const damaged = (id: string): void => host.log.warn({ id }, `one of the stored ${what} cannot be read and is refused`);

  const reload = async (at: number): Promise<void> => {
    const now = await store.changed(Number.MAX_SAFE_INTEGER);
    entries = await readAll(store, options, damaged);
    if (options.seen !== undefined) for (const entry of entries.values()) options.seen(entry);
    for (const id of forgotten) entries.delete(id);
    since = now.epoch;
    readAt = at;
    epoch++;
  };
  const readChanged = async (at: number, from: number): Promise<void> => {
    const { epoch: reached, keys } = await store.changed(from);
    // An older database was put in the place of the one that was read.
    if (reached < from) return reload(at);
    const ids = keys.filter((key) => key.startsWith(`${space}/`)).map((key) => key.slice(space.length + 1));
    const rows = await Promise.all(ids.map((id) => store.get(space, id)));
    rows.forEach((row, index) => {
      const id = ids[index] ?? '';
      const entry = row === undefined ? undefined : options.read(row, id);
      if (row !== undefined && entry === undefined) damaged(id);
      if (entry === undefined || forgotten.has(id)) entries.delete(id);
      else entries.set(id, entry);
      if (entry !== undefined) options.seen?.(entry);
    });
    since = reached;
    readAt = at;
    if (ids.length > 0) epoch++;
  };
  const read = async (): Promise<void> => {
    const at = performance.now();
    forgotten.clear();
    // A store reports deletions for a while only; after a long silence everything is read again.
    if (since === undefined || at - readAt > STALE) await reload(at);
    else await readChanged(at, since);
  };
  return {
    find: (id) => entries.get(id),
    all: () => entries.values(),
    lookUp: async (id) => {
      for (;;) {
        const before = epoch;
        const row = await store.get(space, id);
        // What was read may be older than a change that was seen meanwhile.
        if (before !== epoch) continue;
        const entry = row === undefined ? undefined : options.read(row, id);
        if (entry !== undefined) entries.set(id, entry);
        return entry;
      }
    },
    forget: (ids) => {
      for (const id of ids) {
        entries.delete(id);
        forgotten.add(id);
      }
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
export const pollBook = async (book: Pick<Book<unknown>, 'refresh'>, what: string, host: Pick<Host, 'log' | 'signal'>): Promise<void> => {
  let busy = false;
  let failing = false;
  const poll = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await book.refresh();
      if (failing) host.log.info({}, `the store answers again; ${what} are up to date`);
      failing = false;
    } catch (error) {
      if (!failing)
        host.log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, `the store does not answer; ${what} that are known are served for 60 s`);
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
