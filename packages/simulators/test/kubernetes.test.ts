import { createPublicKey, verify } from 'node:crypto';
import { request as send } from 'node:https';
import { ApiException, AuthenticationV1Api, AuthorizationV1Api, CoreV1Api, KubeConfig, type V1TokenReview } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authDelegator, type KubernetesApi, type KubernetesCluster, kubernetesApi, kubernetesCluster } from '../src/index.ts';
import { certificate } from './certificate.ts';

const REVIEWER = 'system:serviceaccount:llm:gateway';
const tls = certificate();
let clock = 0;
let cluster: KubernetesCluster;
let api: KubernetesApi;
beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1, 12);
  cluster = kubernetesCluster({ now: () => clock, bindings: [authDelegator(REVIEWER)] });
  api = await kubernetesApi({ cluster, tls });
});
afterEach(() => api.close());

/** The official client, as a service account in a pod has it. */
const config = (token: string | undefined = cluster.issue({ namespace: 'llm', serviceAccount: 'gateway', seconds: 86_400 })): KubeConfig => {
  const kube = new KubeConfig();
  const one = { name: 'one', cluster: 'one', user: 'one' };
  kube.loadFromOptions({
    clusters: [{ name: 'one', server: api.url, caData: Buffer.from(tls.cert).toString('base64'), skipTLSVerify: false }],
    users: [{ name: 'one', token }],
    contexts: [one],
    currentContext: 'one',
  });
  return kube;
};
const review = (token: string, audiences?: string[], by = config()): Promise<V1TokenReview> =>
  by.makeApiClient(AuthenticationV1Api).createTokenReview({
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, ...(audiences === undefined ? {} : { audiences }) } },
  });
const failure = async (work: Promise<unknown>): Promise<{ code: number; body: string }> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof ApiException) return { code: error.code, body: typeof error.body === 'string' ? error.body : JSON.stringify(error.body) };
    throw error;
  }
  throw new Error('was expected to fail');
};
/** What stands at a path, for whoever has this token or none. */
const at = (method: 'GET' | 'POST', path: string, token?: string): Promise<{ status: number; body: unknown }> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const asked = send(`${api.url}${path}`, { method, ca: tls.cert, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }));
    });
    asked.on('error', reject);
    asked.end();
  });
const AUDIENCE = 'llm-proxy-auth';

describe('TokenReview, by the official client', () => {
  test('a projected token for an audience is that account’s, with its pod', async () => {
    const token = cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE, 'other'], pod: 'bot-1' });
    const { status } = await review(token, [AUDIENCE]);
    expect(status).toMatchObject({
      authenticated: true,
      audiences: [AUDIENCE],
      user: { username: 'system:serviceaccount:apps:bot', groups: ['system:serviceaccounts', 'system:serviceaccounts:apps', 'system:authenticated'] },
    });
    expect(status?.error).toBeUndefined();
    expect(status?.user?.extra?.['authentication.kubernetes.io/pod-name']).toEqual(['bot-1']);
    expect(status?.user?.extra?.['authentication.kubernetes.io/pod-uid']).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });
  test.each([
    ['for another audience', () => cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: ['other'] }), 'token audiences ["other"] is invalid'],
    ['for the API server', () => cluster.issue({ namespace: 'apps', serviceAccount: 'bot' }), 'is invalid for the target audiences ["llm-proxy-auth"]'],
    ['of a secret', () => cluster.legacyToken('apps', 'bot'), 'is invalid for the target audiences ["llm-proxy-auth"]'],
    ['that is none', () => 'a.b.c', 'invalid bearer token'],
    ['of another cluster', () => kubernetesCluster().issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE] }), 'invalid bearer token'],
  ])('a token %s is reviewed as no good', async (_name, make, error) => {
    const { status } = await review(make(), [AUDIENCE]);
    expect(status).toMatchObject({ authenticated: false, error: expect.stringContaining(error) });
  });
  test('an ended token, after the minute that the API server allows', async () => {
    const token = cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE], seconds: 600 });
    clock += 660_000;
    expect((await review(token, [AUDIENCE])).status?.authenticated).toBe(true);
    clock += 1000;
    expect((await review(token, [AUDIENCE])).status).toMatchObject({
      authenticated: false,
      error: expect.stringContaining('service account token has expired'),
    });
  });
  test('what a token is bound to must still be there, and not another of that name', async () => {
    const pod = { namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE], pod: 'bot-1' };
    const token = cluster.issue(pod);
    cluster.deletePod('apps', 'bot-1');
    expect((await review(token, [AUDIENCE])).status?.error).toContain('service account token has been invalidated');
    cluster.issue(pod);
    expect((await review(token, [AUDIENCE])).status?.error).toContain('does not match service account pod ref claim');
    cluster.deleteServiceAccount('apps', 'bot');
    expect((await review(token, [AUDIENCE])).status?.error).toContain('serviceaccounts "bot" not found');
  });
  test('without audiences it is reviewed for the API server, tokens of secrets too', async () => {
    for (const token of [cluster.issue({ namespace: 'apps', serviceAccount: 'bot' }), cluster.legacyToken('apps', 'bot')])
      expect((await review(token)).status).toMatchObject({ authenticated: true, audiences: [cluster.issuer] });
  });
  test('the reviewer is authenticated and authorized itself', async () => {
    const token = cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE] });
    const stranger = await failure(review(token, [AUDIENCE], config(cluster.issue({ namespace: 'apps', serviceAccount: 'bot' }))));
    expect(stranger.code).toBe(403);
    expect(stranger.body).toContain('cannot create resource \\"tokenreviews\\" in API group \\"authentication.k8s.io\\" at the cluster scope');
    expect(await failure(review(token, [AUDIENCE], config(token)))).toMatchObject({ code: 401 });
    const anonymous = await at('POST', '/apis/authentication.k8s.io/v1/tokenreviews');
    expect(anonymous).toMatchObject({ status: 403, body: { kind: 'Status', code: 403, message: expect.stringContaining('system:anonymous') } });
    expect(await failure(review('', [AUDIENCE]))).toMatchObject({ code: 400 });
  });
});

describe('SubjectAccessReview, by the official client', () => {
  const may = async (user: string, groups: string[], verb: string) => {
    const { status } = await config()
      .makeApiClient(AuthorizationV1Api)
      .createSubjectAccessReview({
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { user, groups, resourceAttributes: { group: 'llm-proxy-auth.io', resource: 'gateways', verb } },
        },
      });
    return status?.allowed;
  };
  test('allows what a binding of the user or of a group allows, and nothing else', async () => {
    const rules = [{ verbs: ['use'], group: 'llm-proxy-auth.io', resources: ['gateways'] }];
    cluster.bind({ role: 'callers', subject: 'system:serviceaccount:apps:bot', rules });
    cluster.bind({ role: 'callers', subject: 'system:serviceaccounts:batch', rules });
    expect(await may('system:serviceaccount:apps:bot', [], 'use')).toBe(true);
    expect(await may('system:serviceaccount:apps:bot', [], 'delete')).toBe(false);
    expect(await may('system:serviceaccount:apps:other', [], 'use')).toBe(false);
    expect(await may('system:serviceaccount:batch:x', ['system:serviceaccounts:batch'], 'use')).toBe(true);
  });
});

describe('TokenRequest, discovery and keys', () => {
  test('an account that may asks for tokens of others', async () => {
    cluster.bind({ role: 'issuer', subject: REVIEWER, namespace: 'apps', rules: [{ verbs: ['create'], group: '', resources: ['serviceaccounts/token'] }] });
    const ask = (namespace: string, expirationSeconds: number) =>
      config()
        .makeApiClient(CoreV1Api)
        .createNamespacedServiceAccountToken({ name: 'bot', namespace, body: { spec: { audiences: [AUDIENCE], expirationSeconds } } });
    const { status } = await ask('apps', 600);
    expect((await review(status?.token ?? '', [AUDIENCE])).status?.authenticated).toBe(true);
    expect((await failure(ask('apps', 599))).code).toBe(422);
    expect((await failure(ask('other', 600))).code).toBe(403);
  });
  test('keys verify what was signed before and after a rotation; their place is read by service accounts alone', async () => {
    const tokens = [cluster.issue({ namespace: 'apps', serviceAccount: 'bot' })];
    cluster.rotate();
    tokens.push(cluster.issue({ namespace: 'apps', serviceAccount: 'bot' }));
    const keys = cluster.keys();
    for (const token of tokens) {
      const [head = '', body = '', signature = ''] = token.split('.');
      const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
      const jwk = keys.find((key) => key.kid === kid);
      const key = createPublicKey({ key: jwk ?? {}, format: 'jwk' });
      expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(true);
    }
    const [token] = tokens;
    expect(await at('GET', '/.well-known/openid-configuration', token)).toMatchObject({
      status: 200,
      body: { issuer: cluster.issuer, jwks_uri: `${cluster.issuer}/openid/v1/jwks` },
    });
    expect(await at('GET', '/openid/v1/jwks', token)).toMatchObject({ status: 200, body: { keys: [{ kty: 'RSA' }, { kty: 'RSA' }] } });
    expect(await at('GET', '/openid/v1/jwks')).toMatchObject({ status: 403 });
    expect(await at('GET', '/openid/v1/jwks', 'nonsense')).toMatchObject({ status: 401 });
  });
});
