import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { JsonText, Store } from '@llm-proxy-auth/plugin';

/** Up to where a writer's log was read for something: row and record, both from 1. */
export interface Cursor {
  readonly row: number;
  readonly n: number;
}
/** A call whose writer died before it ended. */
export interface Interrupted {
  readonly request: string;
  readonly principal?: string | undefined;
  readonly instance?: string | undefined;
  readonly model?: string | undefined;
}
/** What the store knows of one writer: a process, or one configuration of it where the store changed. */
export interface WriterRow {
  readonly place: string;
  readonly pid: number;
  /** Epoch ms of the last sign of life. */
  readonly beat: number;
  readonly ended: boolean;
  /** Last record in the log and its link. */
  readonly n: number;
  readonly h: string;
  readonly checkpoints: number;
  /** Records up to here stand in the usage. */
  readonly used: Cursor;
  /** Intents before this are settled. */
  readonly settled: Cursor;
  /** Calls that are to be recorded as interrupted, by whom the row belongs to now. */
  readonly interrupted: readonly Interrupted[];
}
export interface Found {
  readonly writer: string;
  readonly row: WriterRow;
  readonly version: number;
}
export const WRITERS = 'audit-writers';
const PAGE = 200;

export const rowText = (row: WriterRow): JsonText => ({ json: JSON.stringify(row) });
export const readWriter = async (store: Store, writer: string): Promise<Found | undefined> => {
  const found = await store.get(WRITERS, writer);
  return found === undefined ? undefined : { writer, row: JSON.parse(found.value.json) as WriterRow, version: found.version };
};
/** All writers, in the order in which they began. */
export const readWriters = async (store: Store): Promise<readonly Found[]> => {
  const all: Found[] = [];
  for (let after: string | undefined; ; ) {
    const rows = await store.list(WRITERS, after, PAGE);
    all.push(...rows.map(({ key, value, version }) => ({ writer: key, row: JSON.parse(value.json) as WriterRow, version })));
    if (rows.length < PAGE) return all;
    after = rows.at(-1)?.key;
  }
};

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
export const isAlive = ({ writer, row }: Found, now: number): boolean => {
  if (row.place !== PLACE) return now - row.beat < SILENT_MS;
  return row.pid === process.pid ? living.has(writer) : runs(row.pid);
};
