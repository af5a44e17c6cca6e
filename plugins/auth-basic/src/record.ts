import type { Principal } from '@llm-proxy-auth/plugin';
import { grantProperties, restrictionOf, rowReader } from '@llm-proxy-auth/plugin/issued';
import { type Static, Type } from 'typebox';

/** A row of the space `users`, under the user's name. Nothing in it lets anybody in. */
const schema = Type.Object({
  name: Type.String(),
  phc: Type.String({ description: 'argon2id of the password.' }),
  /** Goes up with every new password, so that sessions opened with the one before end. */
  generation: Type.Integer({ minimum: 1 }),
  ...grantProperties,
  totp: Type.Optional(Type.Boolean()),
  status: Type.Union([Type.Literal('active'), Type.Literal('removed')]),
  createdAt: Type.Integer({ minimum: 0 }),
  createdBy: Type.String(),
  changedAt: Type.Optional(Type.Integer({ minimum: 0 })),
  expiresAt: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type UserRecord = Static<typeof schema>;

export const USERS = 'users';

/** Undefined when the row is not what this release writes; such a user is not let in. */
export const recordOf = rowReader(schema);

/** Why the user must not come in now, for the audit log. */
export const obstacle = ({ status, expiresAt }: UserRecord, now: number): 'removed' | 'expired' | undefined => {
  if (status === 'removed') return 'removed';
  return expiresAt !== undefined && now >= expiresAt ? 'expired' : undefined;
};

/** Owners are this and the name. */
export const OWNER = 'user:';
/** Names one password of one user: `alice#2`. */
export const credentialOf = ({ name, generation }: Pick<UserRecord, 'name' | 'generation'>): string => `${name}#${generation}`;
export const nameOf = (credential: string): string => credential.slice(0, Math.max(0, credential.lastIndexOf('#')));

export const principalOf = (record: Omit<UserRecord, 'phc'>): Principal =>
  Object.freeze({
    id: `${OWNER}${record.name}`,
    owner: `${OWNER}${record.name}`,
    strategy: 'basic',
    credential: credentialOf(record),
    groups: Object.freeze([]),
    scopes: Object.freeze([...(record.scopes ?? [])]),
    restrict: restrictionOf(record),
    factor: record.totp === true ? 'needed' : 'none',
    expires: record.expiresAt,
  });
