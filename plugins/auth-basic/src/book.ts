import type { Host, Principal, Stored } from '@llm-proxy-auth/plugin';
import { type Argon, type Book, recordBook, sharedParts } from '@llm-proxy-auth/plugin/issued';
import { principalOf, recordOf, USERS, type UserRecord } from './record.ts';

export interface UserEntry {
  readonly record: UserRecord;
  readonly principal: Principal;
}
const entryOf = (row: Stored, name: string): UserEntry | undefined => {
  const record = recordOf(row.value);
  return record?.name === name ? { record, principal: principalOf(record) } : undefined;
};
/** All users in memory, kept up to date with the store. */
export const userBook = (host: Host): Book<UserEntry> => recordBook(host, { space: USERS, read: entryOf, what: 'users' });

/** What the administration of users shares with the strategy that reads them. */
export interface Parts {
  readonly book: Book<UserEntry>;
  readonly argon: Argon;
}
export const parts = sharedParts<Parts>('Users', '{ use: basic }');
