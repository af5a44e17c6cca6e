import type { HmacKey, JsonText, Store } from '@llm-proxy-auth/plugin';
import { rowValue } from '@llm-proxy-auth/plugin/issued';
import type { Spent } from '../call/reckon.ts';
import { amount } from '../usage/totals.ts';
import { link } from './chain.ts';

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
  /** By its last sign of life, at least. */
  readonly spent?: Spent | undefined;
}
/** What the store knows of one writer: a process, or one configuration of it where the store changed. */
export interface WriterRow {
  readonly place: string;
  readonly pid: number;
  /** When that process began, as its place tells it; '' where it does not. */
  readonly born: string;
  /** Epoch ms of the last sign of life, by the writer's own clock: for people, as nobody else's clock need agree. */
  readonly beat: number;
  readonly ended: boolean;
  /** Last record in the log and its link. */
  readonly n: number;
  readonly h: string;
  /** How many it made. */
  readonly checkpoints: number;
  /** Which writer it is, from 1, and the place of its last entry in the registry; 0 = the registry was forged when it began. */
  readonly serial: number;
  readonly seq: number;
  /** Of `serial`, `seq`, `n`, `h` and `checkpoints`, under the key of the chains. */
  readonly mac: string;
  /** Records up to here stand in the usage. */
  readonly used: Cursor;
  /** Intents before this are settled. */
  readonly settled: Cursor;
  /** What open calls had used when this was written, by request. */
  readonly spent: Readonly<Record<string, Spent>>;
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

export type Proven = Pick<WriterRow, 'serial' | 'seq' | 'n' | 'h' | 'checkpoints'>;
const macOf = (key: HmacKey, writer: string, { serial, seq, n, h, checkpoints }: Proven): string =>
  link(key, `writer ${writer}`, JSON.stringify([serial, seq, n, h, checkpoints]));
/** What nobody without the key can write into a row. */
export const signed = (key: HmacKey, writer: string, proven: Proven): Proven & Pick<WriterRow, 'mac'> => ({
  ...proven,
  mac: macOf(key, writer, proven),
});
export const isSigned = (key: HmacKey, { writer, row }: Pick<Found, 'writer' | 'row'>): boolean => row.mac === macOf(key, writer, row);

const NOWHERE: Cursor = Object.freeze({ row: 0, n: 0 });
/** In the place of a row that is none: nobody signed it. */
const NO_ROW: WriterRow = Object.freeze({
  place: '',
  pid: 0,
  born: '',
  beat: 0,
  ended: true,
  n: 0,
  h: '',
  checkpoints: 0,
  serial: 0,
  seq: 0,
  mac: '',
  used: NOWHERE,
  settled: Object.freeze({ row: 1, n: 1 }),
  spent: Object.freeze({}),
  interrupted: Object.freeze([]),
});
const isCursor = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'row' in value && 'n' in value && Number.isSafeInteger(value.row) && Number.isSafeInteger(value.n);
/** Amounts that somebody else may have written. */
const spentIn = (written: unknown): Readonly<Record<string, Spent>> => {
  if (typeof written !== 'object' || written === null) return NO_ROW.spent;
  const known = Object.entries(written as Readonly<Record<string, Partial<Spent> | null>>);
  return Object.fromEntries(known.map(([request, used]) => [request, { input: amount(used?.input), output: amount(used?.output), cost: amount(used?.cost) }]));
};
const rowOf = (text: JsonText): WriterRow => {
  const row = rowValue(text) as Partial<WriterRow> | null | undefined;
  return row !== null && typeof row === 'object' && isCursor(row.used) && isCursor(row.settled) && Array.isArray(row.interrupted)
    ? { ...NO_ROW, ...row, spent: spentIn(row.spent) }
    : NO_ROW;
};
export const rowText = (row: WriterRow): JsonText => ({ json: JSON.stringify(row) });
export const readWriter = async (store: Store, writer: string): Promise<Found | undefined> => {
  const found = await store.get(WRITERS, writer);
  return found === undefined ? undefined : { writer, row: rowOf(found.value), version: found.version };
};
/** All writers, in the order in which they began. */
export const readWriters = async (store: Store): Promise<readonly Found[]> => {
  const all: Found[] = [];
  for (let after: string | undefined; ; ) {
    const rows = await store.list(WRITERS, after, PAGE);
    all.push(...rows.map(({ key, value, version }) => ({ writer: key, row: rowOf(value), version })));
    if (rows.length < PAGE) return all;
    after = rows.at(-1)?.key;
  }
};
