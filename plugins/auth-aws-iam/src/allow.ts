import { compileGlob } from '@llm-proxy-auth/plugin';
import type { Identity } from './identity.ts';

const NAME = '[A-Za-z0-9_+=,.@*-]{1,128}';
/** Form of an entry of `allow`. */
export const ALLOW = `^[0-9]{12}:(?:(?:role|user|permission-set)/${NAME}(?:#A(?:ROA|IDA)[A-Z0-9]{12,124})?|federated-user/${NAME}|root)$`;
/** Roles that IAM Identity Center makes of permission sets. */
const IDENTITY_CENTER = /^AWSReservedSSO_(.{1,128})_[0-9a-f]{16}$/;

/** The permission set of Identity Center that a role was made of. */
export const permissionSetOf = ({ kind, name }: Identity): string | undefined => (kind === 'role' ? IDENTITY_CENTER.exec(name)?.[1] : undefined);

type Rule = (identity: Identity) => boolean;
const ruleOf = (entry: string): Rule => {
  const [account = '', who = ''] = entry.split(':');
  const [kind, pattern = ''] = who.split('/');
  const [glob = '', uniqueId] = pattern.split('#');
  const matches = compileGlob(glob);
  return (identity) => {
    if (identity.account !== account || (uniqueId !== undefined && identity.uniqueId !== uniqueId)) return false;
    const named = kind === 'permission-set' ? permissionSetOf(identity) : identity.kind === kind ? identity.name : undefined;
    return named !== undefined && matches(named);
  };
};
/** Whether somebody is let in: nobody who is not named. */
export const compileAllow = (entries: readonly string[]): Rule => {
  const rules = entries.map(ruleOf);
  return (identity) => rules.some((rule) => rule(identity));
};
