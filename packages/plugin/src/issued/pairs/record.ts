import { randomInt } from 'node:crypto';
import { type Static, Type } from 'typebox';
import type { Principal, Stored } from '../../access.ts';
import type { Host } from '../../plugin.ts';
import { type Book, recordBook } from '../book.ts';
import type { Compromised } from '../compromised.ts';
import { grantProperties, restrictionOf } from '../grant.ts';
import { rowReader } from '../row.ts';

/** Begins the id of every key pair that callers sign with; how the gateway tells them from a vendor SDK's own. */
export const PAIR = 'LPAK';
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** As long as an access key id of AWS: 20 characters, 80 random bits. */
export const newPairId = (): string => PAIR + Array.from({ length: 16 }, () => DIGITS[randomInt(DIGITS.length)]).join('');
export const isPairId = (text: string): boolean => /^LPAK[A-Z2-7]{16}$/.test(text);

const time = Type.Integer({ minimum: 0 });
const schema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  /** What signatures are verified with, as the strategy keeps it. */
  material: Type.String(),
  ...grantProperties,
  status: Type.Union([Type.Literal('active'), Type.Literal('grace'), Type.Literal('revoked')]),
  createdAt: time,
  createdBy: Type.String(),
  expiresAt: Type.Optional(time),
  /** A rotated pair is valid until. */
  graceUntil: Type.Optional(time),
  revokedAt: Type.Optional(time),
  revokedReason: Type.Optional(Type.String()),
});
/** A row of the space `pairs`, under its id. */
export type PairRecord = Static<typeof schema>;
export const PAIRS = 'pairs';
/** `{ ids }` by name, oldest first: makes names unique, also after revocation, because what a caller owns goes by the name. */
export const PAIR_NAMES = 'pair-names';

/** Undefined when the row is not what this release writes. */
export const pairOf = rowReader(schema);
/** Ids of all pairs of a name, from a row of `PAIR_NAMES`. */
export const pairIdsOf = rowReader(Type.Object({ ids: Type.Array(Type.String()) }));
/** End of validity by expiry or grace, epoch ms; undefined = none. */
export const pairEnd = ({ status, expiresAt, graceUntil }: Pick<PairRecord, 'status' | 'expiresAt' | 'graceUntil'>): number | undefined => {
  if (status !== 'grace') return expiresAt;
  return Math.min(expiresAt ?? Number.POSITIVE_INFINITY, graceUntil ?? 0);
};
/** Why the pair must not be used now, for the audit log. */
export const pairObstacle = ({ status, expiresAt, graceUntil }: PairRecord, now: number): 'revoked' | 'expired' | 'grace_over' | undefined => {
  if (status === 'revoked') return 'revoked';
  if (expiresAt !== undefined && now >= expiresAt) return 'expired';
  return status === 'grace' && now >= (graceUntil ?? 0) ? 'grace_over' : undefined;
};

export interface PairEntry<M> {
  readonly record: PairRecord;
  readonly principal: Principal;
  /** What the material is once it is opened. */
  readonly key: M;
}
export interface PairKind<M> {
  /** Kind of the strategy: `sigv4`. */
  readonly strategy: string;
  /** Callers are `<caller>:<name>` to policies: `awskey`. */
  readonly caller: string;
  /** What the records are, in the plural, for logs and messages: `signing keys`. */
  readonly what: string;
  /** Undefined for material that cannot be read; such a pair lets nobody in. */
  open(record: PairRecord, host: Host): M | undefined;
}
export const principalOf = (record: Omit<PairRecord, 'material'>, { strategy, caller }: Pick<PairKind<unknown>, 'strategy' | 'caller'>): Principal =>
  Object.freeze({
    id: `${caller}:${record.name}`,
    owner: `${caller}:${record.name}`,
    strategy,
    credential: record.id,
    groups: Object.freeze([]),
    scopes: Object.freeze([...(record.scopes ?? [])]),
    restrict: restrictionOf(record),
    factor: 'none',
    expires: pairEnd(record),
  });
/** All pairs of a strategy in memory, kept up to date with the store. */
export const pairBook = <M>(host: Host, kind: PairKind<M>, { seen }: Pick<Compromised, 'seen'>): Book<PairEntry<M>> => {
  const read = ({ value }: Stored, id: string): PairEntry<M> | undefined => {
    const record = pairOf(value);
    if (record === undefined || record.id !== id) return undefined;
    const key = kind.open(record, host);
    return key === undefined ? undefined : { record, key, principal: principalOf(record, kind) };
  };
  return recordBook(host, { space: PAIRS, read, what: kind.what, seen });
};
