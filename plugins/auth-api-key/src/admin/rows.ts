import { type Change, GatewayError, type Store } from '@llm-proxy-auth/plugin';
import { commitChange } from '@llm-proxy-auth/plugin/issued';
import { idsOf, KEYS, type KeyRecord, NAMES, recordOf, textOf } from '../record.ts';
import type { Ring } from '../ring.ts';

export interface Row {
  readonly record: KeyRecord;
  readonly version: number;
}
export const readRow = async (store: Store, id: string): Promise<Row | undefined> => {
  const row = await store.get(KEYS, id);
  const record = row === undefined ? undefined : recordOf(row.value);
  return row === undefined || record === undefined ? undefined : { record, version: row.version };
};
const readNamed = async (store: Store, name: string): Promise<readonly Row[]> => {
  const row = await store.get(NAMES, name);
  const rows = await Promise.all((row === undefined ? [] : idsOf(row.value)).map((id) => readRow(store, id)));
  return rows.filter((found) => found !== undefined);
};
/** Keys meant by an id, or all that had a name, oldest first. Throws `invalid_request` when there is none. */
export const readMeant = async (store: Store, idOrName: string): Promise<readonly Row[]> => {
  const byId = await readRow(store, idOrName);
  const rows = byId === undefined ? await readNamed(store, idOrName) : [byId];
  if (rows.length === 0) throw new GatewayError('invalid_request', `There is no key with the id or name ${idOrName}.`, { param: 'key' });
  return rows;
};

export const put = (record: KeyRecord, version: number): Change => ({ space: KEYS, key: record.id, expect: version, value: textOf(record) });

export const change = <T>(ring: Ring, store: Store, compute: () => Promise<{ readonly changes: readonly Change[]; readonly result: T }>): Promise<T> =>
  commitChange(ring.book, KEYS, store, compute);
