import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Found } from './writers.ts';

const processes = (): string => {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
};
/** Where process ids mean something: this machine, and on it this container. */
export const PLACE = `${hostname()} ${processes()}`;
/** Writers of this process. */
export const living = new Set<string>();
/** A writer elsewhere that gave no sign of life for so long is dead. */
const SILENT_MS = 60_000;

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
export interface Watch {
  /** Those that died. A writer elsewhere must have been looked at before. */
  dead(writers: readonly Found[]): readonly Found[];
  /** Somebody elsewhere was looked at long enough ago to be known dead at the next look. */
  readonly due: boolean;
}
/**
 * Sees which writers live: here by their process, elsewhere because their row changes, which each writer's does every few seconds. How
 * long a row stays the same is counted by `clock`, ms that nobody sets, so that the clocks of two machines need not agree.
 */
export const watchWriters = (clock: () => number): Watch => {
  let seen: ReadonlyMap<string, { readonly version: number; readonly at: number }> = new Map();
  const silent = (now: number, at: number): boolean => now - at >= SILENT_MS;
  return {
    dead(writers) {
      const now = clock();
      const still = new Map<string, { readonly version: number; readonly at: number }>();
      const dead = writers.filter(({ writer, row, version }) => {
        if (row.place === PLACE) return row.pid === process.pid ? !living.has(writer) : !runs(row.pid);
        const before = seen.get(writer);
        const at = before?.version === version ? before.at : now;
        if (silent(now, at)) return true;
        still.set(writer, { version, at });
        return false;
      });
      seen = still;
      return dead;
    },
    get due() {
      const now = clock();
      return [...seen.values()].some(({ at }) => silent(now, at));
    },
  };
};
