import { type Answer, json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { type Peer, type PeerOptions, peer } from '../http/peer.ts';
import { timestamp } from '../timestamp.ts';
import type { KubernetesCluster, KubernetesUser } from './cluster.ts';
import type { Attributes } from './rbac.ts';

export type KubernetesApiOptions = PeerOptions & { readonly cluster: KubernetesCluster };
export type KubernetesApi = Peer & { readonly url: string };

class Refusal extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.reason = reason;
  }
}
const answered = (status: number, body: object): Answer => ({ status, headers: [['Content-Type', 'application/json']], body: json(body) });
const statusOf = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
});

/** Whoever shows no token; the API server goes on with this user. */
const ANONYMOUS: KubernetesUser = { username: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} };
const callerOf = (request: CapturedRequest, cluster: KubernetesCluster): KubernetesUser => {
  const [, token] = /^Bearer (.+)$/i.exec(request.header('authorization') ?? '') ?? [];
  if (token === undefined) return ANONYMOUS;
  const reviewed = cluster.review(token);
  if (!reviewed.ok) throw new Refusal(401, 'Unauthorized', 'Unauthorized');
  return reviewed.user;
};
const demand = (user: KubernetesUser, wanted: Attributes, cluster: KubernetesCluster): void => {
  if (cluster.allows(user, wanted) !== undefined) return;
  const { verb, group, resource, namespace } = wanted;
  if (resource.startsWith('/')) throw new Refusal(403, 'Forbidden', `forbidden: User "${user.username}" cannot ${verb} path "${resource}"`);
  const place = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${resource}${group === '' ? '' : `.${group}`} is forbidden: User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${place}`;
  throw new Refusal(403, 'Forbidden', message);
};

type Sent = Readonly<Record<string, unknown>>;
const objectOf = (value: unknown): Sent => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Sent) : {});
const textsOf = (value: unknown): readonly string[] | undefined => (Array.isArray(value) ? value.map(String) : undefined);
/** The body as the kind that the path wants. */
const bodyOf = (request: CapturedRequest, apiVersion: string, kind: string): Sent => {
  let sent: Sent;
  try {
    sent = objectOf(request.json());
  } catch {
    throw new Refusal(400, 'BadRequest', `${kind} in version "${apiVersion.split('/').at(-1)}" cannot be handled as a ${kind}: json parse error`);
  }
  if (sent.apiVersion !== undefined && sent.apiVersion !== apiVersion)
    throw new Refusal(400, 'BadRequest', `the API version in the data (${sent.apiVersion}) does not match the expected API version (${apiVersion})`);
  if (sent.kind !== undefined && sent.kind !== kind)
    throw new Refusal(400, 'BadRequest', `the kind in the data (${sent.kind}) does not match the expected kind (${kind})`);
  return sent;
};

type Handling = { readonly request: CapturedRequest; readonly cluster: KubernetesCluster; readonly caller: KubernetesUser; readonly names: readonly string[] };
type Handle = (handling: Handling) => Answer;

const TOKEN_REVIEW = 'authentication.k8s.io/v1';
/** A token that is no good is no failure of the review: 201 all the same. https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/ */
const tokenReview: Handle = ({ request, cluster, caller }) => {
  demand(caller, { verb: 'create', group: 'authentication.k8s.io', resource: 'tokenreviews' }, cluster);
  const spec = objectOf(bodyOf(request, TOKEN_REVIEW, 'TokenReview').spec);
  if (typeof spec.token !== 'string' || spec.token === '') throw new Refusal(400, 'BadRequest', 'token is required for TokenReview in authentication');
  const wanted = textsOf(spec.audiences);
  const reviewed = cluster.review(spec.token, wanted === undefined || wanted.length === 0 ? undefined : wanted);
  const status = reviewed.ok
    ? { authenticated: true, user: reviewed.user, audiences: reviewed.audiences }
    : { authenticated: false, user: {}, error: reviewed.error };
  return answered(201, { kind: 'TokenReview', apiVersion: TOKEN_REVIEW, metadata: { creationTimestamp: null }, spec, status });
};

const ACCESS_REVIEW = 'authorization.k8s.io/v1';
const accessReview: Handle = ({ request, cluster, caller }) => {
  demand(caller, { verb: 'create', group: 'authorization.k8s.io', resource: 'subjectaccessreviews' }, cluster);
  const spec = objectOf(bodyOf(request, ACCESS_REVIEW, 'SubjectAccessReview').spec);
  const invalid = (field: string, what: string): Refusal =>
    new Refusal(422, 'Invalid', `SubjectAccessReview.authorization.k8s.io "" is invalid: ${field}: Invalid value: ${what}`);
  if (spec.resourceAttributes === undefined)
    throw invalid('spec.resourceAttributes', '"null": exactly one of nonResourceAttributes or resourceAttributes must be specified');
  const groups = textsOf(spec.groups) ?? [];
  if (typeof spec.user !== 'string' && groups.length === 0) throw invalid('spec.user', '"": at least one of user or group must be specified');
  const wanted = objectOf(spec.resourceAttributes);
  const text = (name: string): string => String(wanted[name] ?? '');
  const resource = wanted.subresource === undefined ? text('resource') : `${text('resource')}/${text('subresource')}`;
  const attributes = { verb: text('verb'), group: text('group'), resource, ...(wanted.namespace === undefined ? {} : { namespace: text('namespace') }) };
  const binding = cluster.allows({ username: String(spec.user ?? ''), groups }, attributes);
  const status =
    binding === undefined
      ? { allowed: false }
      : { allowed: true, reason: `RBAC: allowed by ClusterRoleBinding "${binding.role}" of ClusterRole "${binding.role}" to "${binding.subject}"` };
  return answered(201, { kind: 'SubjectAccessReview', apiVersion: ACCESS_REVIEW, metadata: { creationTimestamp: null }, spec, status });
};

const tokenRequest: Handle = ({ request, cluster, caller, names: [namespace = '', serviceAccount = ''] }) => {
  demand(caller, { verb: 'create', group: '', resource: 'serviceaccounts/token', namespace }, cluster);
  const sent = bodyOf(request, TOKEN_REVIEW, 'TokenRequest');
  const spec = objectOf(sent.spec);
  const seconds = Number(spec.expirationSeconds ?? 3600);
  if (seconds < 600)
    throw new Refusal(
      422,
      'Invalid',
      `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${seconds}: may not specify a duration less than 10 minutes`,
    );
  const wanted = textsOf(spec.audiences) ?? [];
  const audiences = wanted.length === 0 ? cluster.audiences : wanted;
  const pod = objectOf(spec.boundObjectRef).name;
  const token = cluster.issue({ namespace, serviceAccount, audiences, seconds, ...(pod === undefined ? {} : { pod: String(pod) }) });
  const status = { token, expirationTimestamp: timestamp(cluster.now() + seconds * 1000) };
  return answered(201, { kind: 'TokenRequest', apiVersion: TOKEN_REVIEW, metadata: { name: serviceAccount, namespace }, spec: { ...spec, audiences }, status });
};

const discovery: Handle = ({ cluster, caller }) => {
  const path = '/.well-known/openid-configuration';
  demand(caller, { verb: 'get', group: '', resource: path }, cluster);
  return answered(200, {
    issuer: cluster.issuer,
    jwks_uri: `${cluster.issuer}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
};
const keySet: Handle = ({ cluster, caller }) => {
  demand(caller, { verb: 'get', group: '', resource: '/openid/v1/jwks' }, cluster);
  return { ...answered(200, { keys: cluster.keys() }), headers: [['Content-Type', 'application/jwk-set+json']] };
};

const ROUTES: readonly (readonly [method: string, path: RegExp, handle: Handle])[] = [
  ['POST', /^\/apis\/authentication\.k8s\.io\/v1\/tokenreviews$/, tokenReview],
  ['POST', /^\/apis\/authorization\.k8s\.io\/v1\/subjectaccessreviews$/, accessReview],
  ['POST', /^\/api\/v1\/namespaces\/([a-z0-9-]+)\/serviceaccounts\/([a-z0-9.-]+)\/token$/, tokenRequest],
  ['GET', /^\/\.well-known\/openid-configuration$/, discovery],
  ['GET', /^\/openid\/v1\/jwks$/, keySet],
];
const operate = (request: CapturedRequest, cluster: KubernetesCluster): Answer => {
  const caller = callerOf(request, cluster);
  for (const [method, path, handle] of ROUTES) {
    const match = path.exec(request.path);
    if (match !== null && request.method === method) return handle({ request, cluster, caller, names: match.slice(1) });
  }
  throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
};

/** Starts the stand-in for an API server: TokenReview, SubjectAccessReview, TokenRequest, discovery and keys of its issuer. Who calls is authenticated and authorized. */
export const kubernetesApi = async ({ cluster, ...options }: KubernetesApiOptions): Promise<KubernetesApi> => {
  const answer = (request: CapturedRequest): Answer => {
    try {
      return operate(request, cluster);
    } catch (cause) {
      if (cause instanceof Refusal) return answered(cause.code, statusOf(cause.code, cause.reason, cause.message));
      throw cause;
    }
  };
  const server = await peer(
    { answer, errorBody: (status) => statusOf(status, status === 429 ? 'TooManyRequests' : 'InternalError', 'Internal error occurred') },
    options,
  );
  return { ...server, url: server.origin };
};
