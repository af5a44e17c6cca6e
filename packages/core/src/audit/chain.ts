import { type HmacKey, hmac } from '@llm-proxy-auth/plugin';
import { addressPrefix } from '@llm-proxy-auth/plugin/issued';
import { lastOf } from '../last-of.ts';
import { canonicalOf, recordText } from './canonical.ts';
import type { AuditRecord } from './record.ts';
import { shown } from './shown.ts';

/** How far a chain has come. */
export interface Head {
  /** Number of the last record; 0 before the first. */
  readonly n: number;
  /** Its link, base64url. */
  readonly h: string;
}
/** `h_i = HMAC(k, h_{i-1} || record_i)`. */
export const link = (key: HmacKey, previous: string, text: string, behind = ''): string => hmac(key, text, 'base64url', previous, behind);
/** Where the chain of a writer begins; no other writer's records fit behind it. */
export const firstHead = (key: HmacKey, writer: string): Head => ({ n: 0, h: link(key, '', `audit ${writer}`) });

const model = lastOf(shown);
const upstreamModel = lastOf(shown);
const principal = lastOf(shown);
const credential = lastOf(shown);
/** A record as it is stored; `text`: what its link was made of, without its last brace. */
const storedText = (text: string, h: string): string => `${text},"h":"${h}"}`;
/** Fixes a record under its number. Returns what its link is made of, without its last brace. */
const sealedText = (record: AuditRecord, n: number): string => {
  record.sealed = true;
  record.n = n;
  if (record.address !== undefined) record.address = addressPrefix(record.address);
  record.model = model(record.model);
  record.upstreamModel = upstreamModel(record.upstreamModel);
  record.principal = principal(record.principal);
  record.credential = credential(record.credential);
  record.target = shown(record.target);
  record.reason = shown(record.reason);
  return recordText(record);
};

/** Records that are written together: one row of the writer's log. */
export interface Block {
  /** Number of the row, from 1. */
  readonly number: number;
  /** Number of its first record. */
  readonly first: number;
  readonly records: readonly AuditRecord[];
  readonly row: string;
  /** After its last record. */
  readonly head: Head;
}
/** Fixes records as the next of the chain. */
export const sealBlock = (key: HmacKey, records: readonly AuditRecord[], number: number, before: Head): Block => {
  let { n, h } = before;
  let row = '[';
  for (const record of records) {
    n++;
    const text = sealedText(record, n);
    h = link(key, h, text, '}');
    if (n > before.n + 1) row += ',';
    row += storedText(text, h);
  }
  return { number, first: before.n + 1, records, row: `${row}]`, head: { n, h } };
};

/** A record as it was read. */
export type Kept = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Kept => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Records of a row; undefined when it is no row of records. */
export const readRow = (json: string): readonly Kept[] | undefined => {
  try {
    const row: unknown = JSON.parse(json);
    return Array.isArray(row) && row.every(isRecord) ? row : undefined;
  } catch {
    return undefined;
  }
};
/** The head after a record that was read, and the text that it was stored as, when it is the next one of the chain and nobody changed it. */
export const follow = (key: HmacKey, head: Head, { h, ...record }: Kept): (Head & { readonly text: string }) | undefined => {
  if (record.n !== head.n + 1) return undefined;
  const text = canonicalOf(record);
  const expected = link(key, head.h, text);
  return h === expected ? { n: head.n + 1, h: expected, text: storedText(text.slice(0, -1), h) } : undefined;
};
