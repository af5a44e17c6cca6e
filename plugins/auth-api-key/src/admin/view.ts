import { grantProperties, isoOf } from '@llm-proxy-auth/plugin/issued';
import { Type } from 'typebox';
import { demandProperties } from '../demands.ts';
import type { KeyRecord } from '../record.ts';

const moment = (description: string) => Type.Optional(Type.String({ description: `${description}, ISO time in UTC.` }));

/** What may be shown of a key. */
export const keyView = {
  id: Type.String({ description: 'Public part of the key.' }),
  name: Type.String({ description: 'The caller is `key:<name>` to policies.' }),
  status: Type.Enum(['active', 'grace', 'revoked'], { description: '`grace`: rotated, still valid for a while.' }),
  ...grantProperties,
  ...demandProperties,
  legacy: Type.Optional(Type.Boolean({ description: 'Imported from another gateway.' })),
  createdAt: Type.String({ description: 'ISO time in UTC.' }),
  createdBy: Type.String({ description: 'Principal that made it.' }),
  notBefore: moment('Not valid before'),
  expiresAt: moment('Not valid from'),
  graceUntil: moment('Rotated, valid until'),
  revokedAt: moment('Revoked at'),
  revokedReason: Type.Optional(Type.String()),
};
export const createdView = { ...keyView, key: Type.String({ description: 'The key itself, shown this once.' }) };

const MOMENTS = ['notBefore', 'expiresAt', 'graceUntil', 'revokedAt'] as const;

export const viewOf = (record: KeyRecord): Record<string, unknown> => {
  const { verifier: _, createdAt, notBefore: __, expiresAt: ___, graceUntil: ____, revokedAt: _____, ...shown } = record;
  const moments = MOMENTS.flatMap((name) => (record[name] === undefined ? [] : [[name, isoOf(record[name])]]));
  return { ...shown, createdAt: isoOf(createdAt), ...Object.fromEntries(moments) };
};
