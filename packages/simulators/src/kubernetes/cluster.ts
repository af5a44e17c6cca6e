import { createHash, generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID } from 'node:crypto';
import { signedToken, verifiedClaims } from '../azure/tenant.ts';
import { type Attributes, type Binding, bindingFor, type Subject } from './rbac.ts';

export type KubernetesOptions = {
  /** Unix milliseconds; Date.now if absent. */
  readonly now?: () => number;
  /** `https://kubernetes.default.svc.cluster.local` if absent. */
  readonly issuer?: string;
  readonly bindings?: readonly Binding[];
};
export type TokenWanted = {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** Those of the API server if absent. */
  readonly audiences?: readonly string[];
  /** 3600 if absent. */
  readonly seconds?: number;
  /** Pod that it is bound to. */
  readonly pod?: string;
};
/** Who a token is of, as TokenReview says it. */
export type KubernetesUser = Subject & { readonly uid: string; readonly extra: Readonly<Record<string, readonly string[]>> };
export type Reviewed =
  | { readonly ok: true; readonly user: KubernetesUser; readonly audiences: readonly string[] }
  | { readonly ok: false; readonly error: string };

/** One pretended cluster: service accounts, pods, the tokens it signs, and who may do what. Accounts and pods come into being when they are first named. */
export type KubernetesCluster = {
  now(): number;
  readonly issuer: string;
  /** Audiences of the API server itself. */
  readonly audiences: readonly string[];
  /** Public keys, as `/openid/v1/jwks` has them. */
  keys(): JsonWebKey[];
  /** From now on tokens are signed with another key; what the old one signed stays good. */
  rotate(): void;
  issue(wanted: TokenWanted): string;
  /** A token of a secret, as clusters made them before 1.24: without audience and end. */
  legacyToken(namespace: string, serviceAccount: string): string;
  deletePod(namespace: string, name: string): void;
  deleteServiceAccount(namespace: string, name: string): void;
  bind(binding: Binding): void;
  /** What the API server makes of a token; without `audiences` for itself. */
  review(token: string, audiences?: readonly string[]): Reviewed;
  /** The binding that allows it. */
  allows(subject: Subject, wanted: Attributes): Binding | undefined;
};

const LEGACY = 'kubernetes/serviceaccount';
/** go-jose's default, which the API server leaves as it is. */
const LEEWAY_SECONDS = 60;
/** Default of the service account issuer discovery: every service account may read it. */
const DISCOVERY: Binding = {
  role: 'system:service-account-issuer-discovery',
  subject: 'system:serviceaccounts',
  rules: [{ verbs: ['get'], group: '', resources: ['/.well-known/openid-configuration', '/openid/v1/jwks'] }],
};
type Key = { readonly kid: string; readonly publicKey: KeyObject; readonly privateKey: KeyObject };
/** The id of a key is the hash of its public half: pkg/serviceaccount/jwt.go, keyIDFromPublicKey. */
const newKey = (): Key => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const der = pair.publicKey.export({ type: 'spki', format: 'der' });
  return { ...pair, kid: createHash('sha256').update(der).digest('base64url') };
};
const quoted = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;
const refused = (error?: string): Reviewed => ({ ok: false, error: error === undefined ? 'invalid bearer token' : `[invalid bearer token, ${error}]` });
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []);

type Held = {
  readonly namespace: string;
  readonly account: { name: string; uid: string };
  readonly pod?: { name: string; uid: string };
  readonly jti?: string;
};
/** The names in a token of either kind. */
const heldOf = (claims: Readonly<Record<string, unknown>>): Held => {
  const bound = claims['kubernetes.io'] as { namespace: string; serviceaccount: Held['account']; pod?: Held['account'] } | undefined;
  if (bound !== undefined)
    return { namespace: bound.namespace, account: bound.serviceaccount, ...(bound.pod === undefined ? {} : { pod: bound.pod }), jti: String(claims.jti) };
  const of = (name: string): string => String(claims[`${LEGACY.replace('/', '.io/')}/${name}`]);
  return { namespace: of('namespace'), account: { name: of('service-account.name'), uid: of('service-account.uid') } };
};
const userOf = ({ namespace, account, pod, jti }: Held): KubernetesUser => ({
  username: `system:serviceaccount:${namespace}:${account.name}`,
  uid: account.uid,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  extra: {
    ...(jti === undefined ? {} : { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] }),
    ...(pod === undefined ? {} : { 'authentication.kubernetes.io/pod-name': [pod.name], 'authentication.kubernetes.io/pod-uid': [pod.uid] }),
  },
});

export const kubernetesCluster = ({
  now = Date.now,
  issuer = 'https://kubernetes.default.svc.cluster.local',
  bindings = [],
}: KubernetesOptions = {}): KubernetesCluster => {
  const bound: Binding[] = [DISCOVERY, ...bindings];
  const uids = new Map<string, string>();
  let keys: readonly [Key, ...Key[]] = [newKey()];
  const uidOf = (kind: 'account' | 'pod', namespace: string, name: string): string => {
    const place = `${kind} ${namespace}/${name}`;
    const uid = uids.get(place) ?? randomUUID();
    uids.set(place, uid);
    return uid;
  };
  const claimsOf = (token: string): Readonly<Record<string, unknown>> | undefined => {
    for (const { publicKey } of keys) {
      const claims = verifiedClaims(token, publicKey);
      if (typeof claims === 'object' && (claims.iss === issuer || claims.iss === LEGACY)) return claims;
    }
    return undefined;
  };
  const timeFault = ({ exp, nbf }: Readonly<Record<string, unknown>>): string | undefined => {
    const at = now() / 1000;
    if (exp !== undefined && at > Number(exp) + LEEWAY_SECONDS) return 'service account token has expired';
    return nbf !== undefined && at + LEEWAY_SECONDS < Number(nbf) ? 'service account token is not valid yet' : undefined;
  };
  /** Whether what the token is bound to is still there, and no other of its name. */
  const gone = ({ namespace, account, pod }: Held): string | undefined => {
    const uid = uids.get(`account ${namespace}/${account.name}`);
    if (uid === undefined) return `serviceaccounts "${account.name}" not found`;
    if (uid !== account.uid) return `service account UID (${uid}) does not match claim (${account.uid})`;
    if (pod === undefined) return undefined;
    const podUid = uids.get(`pod ${namespace}/${pod.name}`);
    if (podUid === undefined) return 'service account token has been invalidated';
    return podUid === pod.uid ? undefined : `pod UID (${podUid}) does not match service account pod ref claim (${pod.uid})`;
  };
  const audiences = [issuer];
  return {
    now,
    issuer,
    audiences,
    keys: () => keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid }) as JsonWebKey),
    rotate: () => {
      keys = [newKey(), ...keys];
    },
    issue: ({ namespace, serviceAccount, audiences: wanted = audiences, seconds = 3600, pod }) => {
      const at = Math.floor(now() / 1000);
      const claims = {
        aud: wanted,
        exp: at + seconds,
        iat: at,
        iss: issuer,
        jti: randomUUID(),
        'kubernetes.io': {
          namespace,
          ...(pod === undefined ? {} : { pod: { name: pod, uid: uidOf('pod', namespace, pod) } }),
          serviceaccount: { name: serviceAccount, uid: uidOf('account', namespace, serviceAccount) },
        },
        nbf: at,
        sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
      };
      return signedToken(keys[0].privateKey, claims, keys[0].kid);
    },
    legacyToken: (namespace, name) => {
      const claims = {
        iss: LEGACY,
        'kubernetes.io/serviceaccount/namespace': namespace,
        'kubernetes.io/serviceaccount/secret.name': `${name}-token-abcde`,
        'kubernetes.io/serviceaccount/service-account.name': name,
        'kubernetes.io/serviceaccount/service-account.uid': uidOf('account', namespace, name),
        sub: `system:serviceaccount:${namespace}:${name}`,
      };
      return signedToken(keys[0].privateKey, claims, keys[0].kid);
    },
    deletePod: (namespace, name) => void uids.delete(`pod ${namespace}/${name}`),
    deleteServiceAccount: (namespace, name) => void uids.delete(`account ${namespace}/${name}`),
    bind: (binding) => void bound.push(binding),
    review: (token, wanted = audiences) => {
      const claims = claimsOf(token);
      if (claims === undefined) return refused();
      // Tokens without an audience are for the API server.
      const own = textsOf(claims.aud);
      const of = own.length === 0 ? audiences : own;
      const both = of.filter((audience) => wanted.includes(audience));
      if (both.length === 0) return refused(`token audiences ${quoted(of)} is invalid for the target audiences ${quoted(wanted)}`);
      const held = heldOf(claims);
      const fault = timeFault(claims) ?? gone(held);
      return fault === undefined ? { ok: true, user: userOf(held), audiences: both } : refused(fault);
    },
    allows: (subject, wanted) => bindingFor(bound, subject, wanted),
  };
};
