import type { JsonText } from '@llm-proxy-auth/plugin';
import { grantProperties, rowReader, rowValue } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { BCRYPT } from './bcrypt.ts';
import { demandProperties } from './demands.ts';

const time = (description: string) => Type.Integer({ minimum: 0, description: `${description}, epoch ms.` });

/** A row of the space `keys`, under its id. Nothing in it lets anybody in. */
const schema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  verifier: Type.Union([
    Type.Object({ alg: Type.Literal('hmac'), pepper: Type.String(), digest: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
    Type.Object({ alg: Type.Literal('argon2id'), phc: Type.String() }),
    Type.Object({ alg: Type.Literal('bcrypt'), hash: Type.String({ pattern: BCRYPT }) }),
  ]),
  ...grantProperties,
  ...demandProperties,
  /** Of another gateway's form, without an id of ours in it. */
  legacy: Type.Optional(Type.Literal(true)),
  status: Type.Union([Type.Literal('active'), Type.Literal('grace'), Type.Literal('revoked')]),
  createdAt: time('Made'),
  createdBy: Type.String(),
  notBefore: Type.Optional(time('Valid from')),
  expiresAt: Type.Optional(time('Valid until')),
  graceUntil: Type.Optional(time('A rotated key is valid until')),
  revokedAt: Type.Optional(time('Revoked')),
  revokedReason: Type.Optional(Type.String()),
});
export type KeyRecord = Static<typeof schema>;

export const KEYS = 'keys';
/** `{ ids }` by name, oldest first: makes names unique, also after revocation, because what a key owns goes by its name. */
export const NAMES = 'names';
/** `{ at, from }` by id. Apart from the records, so that a use never conflicts with an administrator's change. */
export const USED = 'used';

const names = Type.Object({ ids: Type.Array(Type.String()) });
const used = Type.Object({ at: time('Last used'), from: Type.Optional(Type.String({ description: 'Network, never the whole address.' })) });
export type Use = Static<typeof used>;

/** Undefined when the row is not what this release writes; such a key lets nobody in. */
export const recordOf = rowReader(schema);
export const idsOf = (text: JsonText): readonly string[] => {
  const value = rowValue(text);
  return Value.Check(names, value) ? value.ids : [];
};
export const useOf = (text: JsonText): Use | undefined => {
  const value = rowValue(text);
  return Value.Check(used, value) ? value : undefined;
};
export const textOf = (value: object): JsonText => ({ json: JSON.stringify(value) });

/** End of validity by expiry or grace, epoch ms; undefined = none. */
export const endOf = ({ expiresAt, graceUntil, status }: Pick<KeyRecord, 'expiresAt' | 'graceUntil' | 'status'>): number | undefined => {
  const ends = [expiresAt, status === 'grace' ? (graceUntil ?? 0) : undefined].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
};
/** Why the key must not be used now, for the audit log. */
export const obstacle = (record: KeyRecord, now: number): 'revoked' | 'not_yet_valid' | 'grace_over' | 'expired' | undefined => {
  if (record.status === 'revoked') return 'revoked';
  if (record.notBefore !== undefined && now < record.notBefore) return 'not_yet_valid';
  if (record.expiresAt !== undefined && now >= record.expiresAt) return 'expired';
  if (record.status === 'grace' && now >= (record.graceUntil ?? 0)) return 'grace_over';
  return undefined;
};
