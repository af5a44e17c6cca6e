import type { Change, Store, Stored } from '../../access.ts';
import { GatewayError } from '../../error.ts';
import type { Host } from '../../plugin.ts';
import { jsonText } from '../operation.ts';
import { rowValue } from '../row.ts';

/** Space of the store: a row for each second, of the marks that are forgotten after it; each mark with the time of its first use, epoch ms. */
const SPACE = 'used-once';
const SWEEP_MS = 60_000;
const PAGE = 200;
/** More than the replicas that write the row of one second at once, each of which can be first. */
const TRIES = 20;

/** What may be used once, by everybody who shares the store together. */
export interface Once {
  /**
   * Epoch ms of the first use; undefined: this is it. `until`: epoch ms after which it could not be used anyway, the same for each use
   * of a mark. Rejects with `auth_unavailable` when the store does not say.
   */
  use(mark: string, until: number): Promise<number | undefined>;
}
interface Asked {
  readonly mark: string;
  settle(first: number | undefined): void;
  fail(error: unknown): void;
}
interface Row {
  readonly marks: ReadonlyMap<string, number>;
  readonly version: number;
}
const EMPTY: Row = Object.freeze({ marks: new Map(), version: 0 });

const rowOf = ({ value, version }: Stored): Row => {
  const read = rowValue(value);
  // A damaged row must not count as one in which nothing stands.
  if (typeof read !== 'object' || read === null) throw new Error('a row of used signatures cannot be read');
  return { marks: new Map(Object.entries(read).map(([mark, first]) => [mark, Number(first)])), version };
};
const keyOf = (until: number): string => String(Math.ceil(until / 1000)).padStart(12, '0');
const away = (cause: unknown): GatewayError =>
  new GatewayError('auth_unavailable', 'It cannot be told whether the signature was used before; try again.', { retryAfterMs: 1000, cause });

/** Forgets whole seconds, the oldest first. What another replica forgets at the same time is left to it. */
const sweep = async ({ store, now }: Pick<Host, 'store' | 'now'>): Promise<void> => {
  const ended = keyOf(now());
  for (let after: string | undefined; ; ) {
    const rows = (await store.list(SPACE, after, PAGE)).filter(({ key }) => key < ended);
    if (rows.length === 0) return;
    await store.commit(rows.map(({ key, version }): Change => ({ space: SPACE, key, expect: version })));
    after = rows.at(-1)?.key;
  }
};

/** Writes the marks of one second, all that wait in one swap of its row. */
const writerOf = (key: string, store: Store, now: () => number) => {
  let known = EMPTY;
  let waiting: Asked[] = [];
  let busy = false;
  const write = async (asked: readonly Asked[]): Promise<void> => {
    for (let tries = 0; tries < TRIES; tries++) {
      const marks = new Map(known.marks);
      const firsts = asked.map(({ mark }) => {
        const first = marks.get(mark);
        if (first === undefined) marks.set(mark, now());
        return first;
      });
      const change = { space: SPACE, key, expect: known.version, value: jsonText(Object.fromEntries(marks)) };
      if (marks.size === known.marks.size || (await store.commit([change]))) {
        if (marks.size > known.marks.size) known = { marks, version: known.version + 1 };
        asked.forEach(({ settle }, i) => {
          settle(firsts[i]);
        });
        return;
      }
      const row = await store.get(SPACE, key);
      known = row === undefined ? EMPTY : rowOf(row);
    }
    throw new Error('the row of used signatures is being changed by others');
  };
  const run = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const asked = waiting;
      waiting = [];
      try {
        await write(asked);
      } catch (error) {
        // What was written of it, if anything, is read before it is written again.
        known = EMPTY;
        for (const { fail } of asked) fail(away(error));
      }
    }
    busy = false;
  };
  return {
    use: (mark: string): Promise<number | undefined> =>
      new Promise((settle, fail) => {
        waiting.push({ mark, settle, fail });
        if (!busy) void run();
      }),
  };
};

/** Rows are forgotten once their time is over, until the host's signal is aborted. */
export const usedOnce = (host: Pick<Host, 'store' | 'now' | 'log' | 'signal'>): Once => {
  const writers = new Map<string, ReturnType<typeof writerOf>>();
  let sweeping = false;
  const forget = async (): Promise<void> => {
    if (sweeping) return;
    sweeping = true;
    for (const key of writers.keys()) if (key < keyOf(host.now())) writers.delete(key);
    try {
      await sweep(host);
    } catch {
      host.log.warn({}, 'used signatures that are no longer needed cannot be forgotten now');
    } finally {
      sweeping = false;
    }
  };
  const timer = setInterval(() => void forget(), SWEEP_MS);
  timer.unref();
  host.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return {
    use(mark, until) {
      const key = keyOf(until);
      const writer = writers.get(key) ?? writerOf(key, host.store, host.now);
      writers.set(key, writer);
      return writer.use(mark);
    },
  };
};
