import type { Host, Principal, Stored } from '@llm-proxy-auth/plugin';
import { type Book, recordBook } from '@llm-proxy-auth/plugin/issued';
import { holderOf } from './principal.ts';
import { endOf, KEYS, type KeyRecord, recordOf } from './record.ts';

export interface KeyEntry {
  readonly record: KeyRecord;
  readonly principal: Principal;
  /** Epoch ms of expiry or end of grace. */
  readonly ends: number | undefined;
}
/** All stored keys in memory, kept up to date with the store. */
export type KeyBook = Book<KeyEntry>;

const entryOf = (row: Stored, id: string): KeyEntry | undefined => {
  const record = recordOf(row.value);
  if (record === undefined || record.id !== id) return undefined;
  return { record, ends: endOf(record), principal: holderOf(record) };
};
export const keyBook = (host: Host, seen: (entry: KeyEntry) => void): KeyBook => recordBook(host, { space: KEYS, read: entryOf, what: 'keys', seen });
