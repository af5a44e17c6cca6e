import { asObject, asText, parseJson } from '@llm-proxy-auth/plugin';
import { refuse } from './refused.ts';

/** Who signed, as the token service says. */
export interface Identity {
  readonly account: string;
  readonly kind: 'role' | 'user' | 'federated-user' | 'root';
  /** Without path; empty for root. A role's path is not known. */
  readonly name: string;
  /** `AROA…`, `AIDA…`: of this one role or user, never of a later one with the same name. */
  readonly uniqueId: string;
  /** As the token service gave it: with the session's name. */
  readonly userId: string;
}

const NAME = '[\\w+=,.@-]{1,128}';
const ASSUMED = new RegExp(`^assumed-role/(${NAME})/([\\w+=,.@-]{2,64})$`);
const FEDERATED = /^federated-user\/([\w+=,.@-]{2,64})$/;
const USER = new RegExp(`^user/(?:[\\x21-\\x7e]{1,510}/)?(${NAME})$`);
const ARN = /^arn:([a-z-]+):(sts|iam)::(\d{12}):(.+)$/;
const UNIQUE_ID = /^[A-Z0-9]{16,128}$/;

/** `AROA…:session` in its halves. */
const halvesOf = (userId: string): readonly [string, string | undefined] => {
  const [id = '', session, ...more] = userId.split(':');
  return more.length === 0 ? [id, session] : refuse('user_id_malformed');
};
type Named = Pick<Identity, 'kind' | 'name' | 'uniqueId'>;
const roleOf = (resource: string, userId: string): Named | undefined => {
  const [, name, session] = ASSUMED.exec(resource) ?? [];
  if (name === undefined) return undefined;
  const [uniqueId, of] = halvesOf(userId);
  return UNIQUE_ID.test(uniqueId) && of === session ? { kind: 'role', name, uniqueId } : refuse('user_id_malformed');
};
const federatedOf = (resource: string, userId: string, account: string): Named | undefined => {
  const [, name] = FEDERATED.exec(resource) ?? [];
  if (name === undefined) return undefined;
  return userId === `${account}:${name}` ? { kind: 'federated-user', name, uniqueId: '' } : refuse('user_id_malformed');
};
const userOf = (resource: string, userId: string): Named | undefined => {
  const [, name] = USER.exec(resource) ?? [];
  if (name === undefined) return undefined;
  return UNIQUE_ID.test(userId) ? { kind: 'user', name, uniqueId: userId } : refuse('user_id_malformed');
};
const rootOf = (resource: string, userId: string, account: string): Named | undefined => {
  if (resource !== 'root') return undefined;
  return userId === account ? { kind: 'root', name: '', uniqueId: '' } : refuse('user_id_malformed');
};

/** Reads the answer of GetCallerIdentity. Throws Refused when it is of another partition, or not of one piece. */
export const identityOf = (answer: Uint8Array, partition: string): Identity => {
  const member = (value: unknown, name: string): unknown => asObject(value)?.[name];
  let json: unknown;
  try {
    json = parseJson(answer, { maxDepth: 8 });
  } catch {
    return refuse('answer_malformed');
  }
  const result = member(member(json, 'GetCallerIdentityResponse'), 'GetCallerIdentityResult');
  const text = (name: string): string => asText(member(result, name)) ?? refuse('answer_malformed');
  const [account, userId] = [text('Account'), text('UserId')];
  const [, part, service, owner, resource = ''] = ARN.exec(text('Arn')) ?? refuse('arn_malformed');
  if (part !== partition || owner !== account) refuse('arn_malformed');
  const named =
    service === 'sts' ? (roleOf(resource, userId) ?? federatedOf(resource, userId, account)) : (userOf(resource, userId) ?? rootOf(resource, userId, account));
  return { ...(named ?? refuse('arn_malformed')), account, userId };
};
