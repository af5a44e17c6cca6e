import { asList, asObject, asText, type Fields } from '@llm-proxy-auth/plugin';
import { type Account, groupsOf, namesOf, usernameOf } from './account.ts';
import type { ApiServer } from './api-server.ts';
import type { Config } from './config.ts';

const GROUP = 'authentication.k8s.io/v1';
const EXTRA = 'authentication.kubernetes.io';
export type Reviewed = { readonly is: 'account'; readonly account: Account } | { readonly is: 'refused'; readonly reason: string };
const refused = (reason: string): Reviewed => ({ is: 'refused', reason });

const accountOf = (user: Fields | undefined): Account | undefined => {
  const names = namesOf(asText(user?.username) ?? '');
  const uid = asText(user?.uid);
  if (names === undefined || uid === undefined) return undefined;
  const extra = asObject(user?.extra);
  const only = (name: string): string | undefined => asText(asList(extra?.[`${EXTRA}/${name}`])[0]);
  const [podName, podUid] = [only('pod-name'), only('pod-uid')];
  return { ...names, uid, pod: podName === undefined || podUid === undefined ? undefined : { name: podName, uid: podUid } };
};
/**
 * What the API server makes of a token for our audience. Whoever names audiences must look at those that come back: an API server that
 * does not know of them says `authenticated` of tokens that are for itself (TokenReview v1, `spec.audiences`). Throws Away.
 */
export const reviewToken = async (api: ApiServer, token: string, audience: string): Promise<Reviewed> => {
  const body = { apiVersion: GROUP, kind: 'TokenReview', spec: { token, audiences: [audience] } };
  const { status } = await api.create(`/apis/${GROUP}/tokenreviews`, 'TokenReview', body);
  const said = asObject(status);
  if (said?.authenticated !== true) return refused('not_authenticated');
  if (said.error !== undefined && said.error !== '') return refused('review_error');
  if (!asList(said.audiences).includes(audience)) return refused('audience');
  const account = accountOf(asObject(said.user));
  return account === undefined ? refused('not_a_service_account') : { is: 'account', account };
};

/** Whether the roles of the cluster allow the account what `rbac` asks for; true without it. Throws Away. */
export const reviewAccess = async (api: ApiServer, account: Account, rbac: Config['rbac']): Promise<boolean> => {
  if (rbac === undefined) return true;
  const [resource = '', ...group] = rbac.resource.split('.');
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: usernameOf(account),
      uid: account.uid,
      groups: [...groupsOf(account), 'system:authenticated'],
      resourceAttributes: { group: group.join('.'), resource, verb: rbac.verb, namespace: account.namespace },
    },
  };
  const { status } = await api.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', 'SubjectAccessReview', body);
  const said = asObject(status);
  return said?.allowed === true && said.denied !== true;
};
