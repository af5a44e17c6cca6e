import { Type } from 'typebox';
import type { Change, Store } from '../../access.ts';
import { GatewayError } from '../../error.ts';
import { grantProperties } from '../grant.ts';
import { isoOf } from '../moment.ts';
import { jsonText } from '../operation.ts';
import { PAIR_NAMES, PAIRS, type PairRecord, pairIdsOf, pairOf } from './record.ts';

const optionalTime = (description: string) => Type.Optional(Type.String({ description: `${description}, ISO time in UTC.` }));
export const view = {
  id: Type.String({ description: 'Key id that requests are signed with.' }),
  name: Type.String({ description: 'What the caller is called to policies.' }),
  status: Type.Enum(['active', 'grace', 'revoked']),
  ...grantProperties,
  createdAt: Type.String({ description: 'ISO time in UTC.' }),
  createdBy: Type.String({ description: 'Principal that made it.' }),
  expiresAt: optionalTime('Not valid from'),
  graceUntil: optionalTime('Rotated, and not valid from'),
  revokedAt: optionalTime('Revoked at'),
  revokedReason: Type.Optional(Type.String()),
};
export const viewOf = ({ material: _, createdAt, expiresAt, graceUntil, revokedAt, ...shown }: PairRecord): object => ({
  ...shown,
  createdAt: isoOf(createdAt),
  ...(expiresAt === undefined ? {} : { expiresAt: isoOf(expiresAt) }),
  ...(graceUntil === undefined ? {} : { graceUntil: isoOf(graceUntil) }),
  ...(revokedAt === undefined ? {} : { revokedAt: isoOf(revokedAt) }),
});

export const put = (record: PairRecord, version: number): Change => ({ space: PAIRS, key: record.id, expect: version, value: jsonText(record) });
export interface Row {
  readonly record: PairRecord;
  readonly version: number;
}
/** The pair of an id, or all of a name, oldest first. Throws `invalid_request` when there is none. */
export const readMeant = async (store: Store, idOrName: string): Promise<readonly Row[]> => {
  const named = await store.get(PAIR_NAMES, idOrName);
  const ids = named === undefined ? [idOrName] : (pairIdsOf(named.value)?.ids ?? []);
  const rows = (await Promise.all(ids.map((id) => store.get(PAIRS, id)))).flatMap((row): Row[] => {
    const record = row === undefined ? undefined : pairOf(row.value);
    return row === undefined || record === undefined ? [] : [{ record, version: row.version }];
  });
  if (rows.length > 0) return rows;
  throw new GatewayError('invalid_request', `There is no key with the id or name ${idOrName}.`, { param: 'key' });
};
