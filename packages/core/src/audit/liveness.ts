import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Found, WriterRow } from './writers.ts';

/** What the system tells; '' where it does not. */
const told = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};
const processes = told(() => readlinkSync('/proc/self/ns/pid'));
const boot = told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
/** Where process ids mean something: this machine since its start, and on it this container. */
export const PLACE = `${hostname()} ${processes} ${boot}`;
/** When a process of this place began, in ticks since the start of the machine (field 22 of its `stat`; its name, the second, may hold spaces). */
const bornOf = (pid: number): string =>
  told(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
/** Of this process: an id is given again, an id and a start together are not. */
export const BORN = bornOf(process.pid);
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
/** What is known of processes of this place. */
export interface Processes {
  runs(pid: number): boolean;
  /** '' where nobody tells. */
  born(pid: number): string;
}
const HERE: Processes = Object.freeze({ runs, born: bornOf });
/** Whether a writer's process has ended; undefined where nothing here tells. */
const hasEnded = (writer: string, { place, pid, born }: WriterRow, here: Processes): boolean | undefined => {
  if (place !== PLACE) return undefined;
  if (pid === process.pid && born === BORN) return !living.has(writer);
  if (!here.runs(pid)) return true;
  const now = born === '' ? '' : here.born(pid);
  return now === '' ? undefined : now !== born;
};
export interface Watch {
  /** Those that died. A writer elsewhere must have been looked at before. */
  dead(writers: readonly Found[]): readonly Found[];
  /** Somebody elsewhere was looked at long enough ago to be known dead at the next look. */
  readonly due: boolean;
}
/**
 * Sees which writers live: here by their process, elsewhere, and where the system tells too little of processes, because their row
 * changes, which each writer's does every few seconds. How long a row stays the same is counted by `clock`, ms that nobody sets, so that the clocks of two machines need not agree.
 */
export const watchWriters = (clock: () => number, here: Processes = HERE): Watch => {
  let seen: ReadonlyMap<string, { readonly version: number; readonly at: number }> = new Map();
  const silent = (now: number, at: number): boolean => now - at >= SILENT_MS;
  return {
    dead(writers) {
      const now = clock();
      const still = new Map<string, { readonly version: number; readonly at: number }>();
      const dead = writers.filter(({ writer, row, version }) => {
        const ended = hasEnded(writer, row, here);
        if (ended !== undefined) return ended;
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
