import type { Change, Stored } from '../src/access.ts';
import type { Host } from '../src/plugin.ts';

/** What a store does for those who share it, with a count of its commits, and a switch that makes it reject. */
export const sharedStore = () => {
  const rows = new Map<string, Stored & { readonly space: string; readonly key: string }>();
  let version = 0;
  const state = { commits: 0, away: false, reads: 0 };
  const answer = async <T>(work: () => T): Promise<T> => {
    if (state.away) throw new Error('away');
    return work();
  };
  const apply = (changes: readonly Change[]): boolean => {
    state.commits++;
    if (changes.some(({ space, key, expect }) => (rows.get(`${space}/${key}`)?.version ?? 0) !== expect)) return false;
    for (const { space, key, value } of changes) {
      version++;
      if (value === undefined) rows.delete(`${space}/${key}`);
      else rows.set(`${space}/${key}`, { space, key, value, version });
    }
    return true;
  };
  const store = {
    get: (space: string, key: string) =>
      answer(() => {
        state.reads++;
        return rows.get(`${space}/${key}`);
      }),
    list: (space: string, after: string | undefined, limit: number) =>
      answer(() =>
        [...rows.values()]
          .filter((row) => row.space === space && (after === undefined || row.key > after))
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .slice(0, limit),
      ),
    commit: (changes: readonly Change[]) => answer(() => apply(changes)),
    append: () => answer(() => undefined),
    read: () => answer(() => []),
    changed: () => answer(() => ({ epoch: 0, keys: [] })),
  };
  const clock = { now: 1_000_000 };
  const warned: string[] = [];
  /** One of the processes that share it. */
  const host = (signal: AbortSignal = new AbortController().signal): Pick<Host, 'store' | 'now' | 'log' | 'signal'> => ({
    store,
    now: () => clock.now,
    log: { info: () => {}, warn: (_, message) => void warned.push(message), error: () => {} },
    signal,
  });
  return { host, state, clock, warned, rows: () => [...rows.values()] };
};
