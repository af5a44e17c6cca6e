import { generateKeyPairSync, sign } from 'node:crypto';
import { type FakeHost, fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import type { AuthRequest, AuthResult, AuthStrategy, Credential, UpstreamReply, UpstreamRequest } from '@llm-proxy-auth/plugin';
import { authDelegator, type KubernetesApi, type KubernetesCluster, kubernetesApi, kubernetesCluster, type TokenWanted } from '@llm-proxy-auth/simulators';
import { onTestFinished } from 'vitest';
import type { Config } from '../src/config.ts';
import plugin from '../src/index.ts';

export const START = Date.UTC(2026, 0, 1, 12);
export const AUDIENCE = 'llm-proxy-auth';
export const REVIEWER = 'system:serviceaccount:llm:gateway';

export const requestOf = (credential: Credential, address = '192.0.2.1'): AuthRequest => ({
  credential,
  method: 'POST',
  target: '/v1/chat/completions',
  url: '/v1/chat/completions',
  headers: [],
  rawHeaders: [],
  peer: { address, trusted: false, tls: true },
});
/** Puts a plugin's request to a server, as the core does. */
export const forwarded = async ({ method, origin, path, headers, body }: UpstreamRequest): Promise<UpstreamReply> => {
  const pairs = headers.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, headers[i + 1] ?? '']] : []));
  const reply = await fetch(`${origin}${path}`, {
    method,
    headers: pairs,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: Buffer.concat([...body]) }),
  });
  return { status: reply.status, headers: [...reply.headers].flat(), body: new Uint8Array(await reply.arrayBuffer()) };
};

export interface Made {
  readonly host: FakeHost;
  readonly strategy: AuthStrategy;
  readonly cluster: KubernetesCluster;
  readonly api: KubernetesApi;
  /** Projected token of `apps/bot` for the gateway. */
  token(wanted?: Partial<TokenWanted>): string;
  /** `address`: of the caller. */
  ask(token: string, slot?: Credential['slot'], address?: string): Promise<AuthResult>;
  /** Paths that the API server was asked for. */
  asked(): readonly string[];
}
export interface Wanted {
  readonly config?: Partial<Config>;
  readonly issuer?: string;
}
export const make = async ({ config = {}, issuer }: Wanted = {}): Promise<Made> => {
  let host: FakeHost | undefined;
  const cluster = kubernetesCluster({ now: () => host?.now() ?? START, bindings: [authDelegator(REVIEWER)], ...(issuer === undefined ? {} : { issuer }) });
  const api = await kubernetesApi({ cluster });
  onTestFinished(() => api.close());
  const made = fakeHost({ now: START, answer: forwarded });
  host = made;
  const whole: Config = {
    audience: AUDIENCE,
    allow: ['apps/*', 'batch/nightly'],
    mode: 'jwks',
    longestLife: 3_600_000,
    server: api.url,
    token: secretOf(cluster.issue({ namespace: 'llm', serviceAccount: 'gateway', seconds: 864_000 })),
    ca: secretOf('-----BEGIN CERTIFICATE-----'),
    insecureServer: true,
    ...config,
  };
  const strategy = await plugin.auth?.kubernetes?.create(whole, made);
  if (strategy === undefined) throw new Error('no strategy');
  return {
    host: made,
    strategy,
    cluster,
    api,
    token: (wanted = {}) => cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE], ...wanted }),
    ask: async (value, slot = 'bearer', address) => strategy.authenticate(requestOf({ slot, value }, address)),
    asked: () => made.fetched.map(({ request }) => request.path),
  };
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
/** A token with other claims or another header, signed by nobody the cluster knows. */
export const forged = (token: string, claims: object, header: object = {}): string => {
  const [head = '', body = ''] = token.split('.').map((text) => Buffer.from(text, 'base64url').toString('utf8'));
  const text = `${part({ ...(JSON.parse(head) as object), ...header })}.${part({ ...(JSON.parse(body) as object), ...claims })}`;
  return `${text}.${sign('sha256', Buffer.from(text), own.privateKey).toString('base64url')}`;
};
export const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
export const ACCESS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
