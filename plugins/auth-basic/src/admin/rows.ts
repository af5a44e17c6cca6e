import { type Change, GatewayError, type Store } from '@llm-proxy-auth/plugin';
import { commitChange, isoOf, jsonText } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import type { Parts } from '../book.ts';
import { recordOf, USERS, type UserRecord } from '../record.ts';

export interface Row {
  readonly record: UserRecord;
  readonly version: number;
}
const readRow = async (store: Store, name: string): Promise<Row | undefined> => {
  const row = await store.get(USERS, name);
  const record = row === undefined ? undefined : recordOf(row.value);
  return row === undefined || record === undefined ? undefined : { record, version: row.version };
};
/** Throws `invalid_request` when there is no such user any more. */
export const readActive = async (store: Store, name: string): Promise<Row> => {
  const row = await readRow(store, name);
  if (row?.record.status !== 'active') throw new GatewayError('invalid_request', `There is no user ${name}.`, { param: 'name' });
  return row;
};
export const put = (record: UserRecord, version: number): Change => ({ space: USERS, key: record.name, expect: version, value: jsonText(record) });
export const change = <T>(parts: Parts, store: Store, compute: () => Promise<{ readonly changes: readonly Change[]; readonly result: T }>): Promise<T> =>
  commitChange(parts.book, USERS, store, compute);

const optionalTime = (description: string) => Type.Optional(Type.String({ description: `${description}, ISO time in UTC.` }));
/** What may be shown of a user beside the rights. */
export const userView = {
  name: Type.String({ description: 'The caller is `user:<name>` to policies.' }),
  status: Type.Enum(['active', 'removed']),
  totp: Type.Optional(Type.Boolean()),
  createdAt: Type.String({ description: 'ISO time in UTC.' }),
  createdBy: Type.String({ description: 'Principal that made the user.' }),
  changedAt: optionalTime('Password changed or user removed at'),
  expiresAt: optionalTime('Not valid from'),
};
export const viewOf = ({ phc: _, generation: __, createdAt, changedAt, expiresAt, ...shown }: UserRecord): Record<string, unknown> => ({
  ...shown,
  createdAt: isoOf(createdAt),
  ...(changedAt === undefined ? {} : { changedAt: isoOf(changedAt) }),
  ...(expiresAt === undefined ? {} : { expiresAt: isoOf(expiresAt) }),
});
