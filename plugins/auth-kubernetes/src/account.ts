import { asObject, asText, type Fields } from '@llm-proxy-auth/plugin';

/** A service account, and the pod that its token is bound to. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly pod?: { readonly name: string; readonly uid: string } | undefined;
}
const USERNAME = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/;
/** What every username of an account begins with. */
export const PREFIX = 'system:serviceaccount:';

/** Namespace and name; undefined for every other user, and for names with a colon. */
export const namesOf = (username: string): Pick<Account, 'namespace' | 'name'> | undefined => {
  const [, namespace, name] = USERNAME.exec(username) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
};
export const usernameOf = ({ namespace, name }: Account): string => `${PREFIX}${namespace}:${name}`;
/** Groups that the API server puts an account in, without the one of everybody. */
export const groupsOf = ({ namespace }: Account): readonly string[] => ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];

/** The account of a token's claims: `sub` and `kubernetes.io` name the same. Undefined for anything else, tokens of secrets included. */
export const accountOfClaims = (claims: Fields): Account | undefined => {
  const names = namesOf(asText(claims.sub) ?? '');
  const bound = asObject(claims['kubernetes.io']);
  const own = asObject(bound?.serviceaccount);
  const uid = asText(own?.uid);
  if (names === undefined || uid === undefined || bound?.namespace !== names.namespace || own?.name !== names.name) return undefined;
  if (bound.pod === undefined) return { ...names, uid };
  const pod = asObject(bound.pod);
  const [podName, podUid] = [asText(pod?.name), asText(pod?.uid)];
  return podName === undefined || podUid === undefined ? undefined : { ...names, uid, pod: { name: podName, uid: podUid } };
};
