import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { ACCESS, AUDIENCE, forged, type Made, make, REVIEWER, REVIEWS, START } from './support.ts';

const MODES = ['jwks', 'tokenreview', 'both'] as const;
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that is made so many milliseconds from now. */
const tokenAt = ({ host, token }: Made, ms: number): string => {
  host.advance(ms);
  const made = token();
  host.advance(-ms);
  return made;
};

describe.each(MODES)('a projected token, mode %s', (mode) => {
  it('is its service account, bound to its pod', async () => {
    const { ask, token, host } = await make({ config: { mode } });
    const result = await ask(token({ pod: 'bot-1', seconds: 600 }));
    expect(result).toEqual({
      is: 'principal',
      epoch: 0,
      cacheUntil: START + (mode === 'jwks' ? 30_000 : 10_000),
      principal: {
        id: 'sa:apps/bot',
        owner: 'sa:apps/bot',
        strategy: 'kubernetes',
        credential: expect.stringMatching(/^pod\/bot-1\/[0-9a-f-]{36}$/),
        groups: ['system:serviceaccounts', 'system:serviceaccounts:apps'],
        scopes: [],
        factor: 'none',
        expires: START + 600_000,
      },
    });
    expect(host.fetched.every(({ options }) => options.ca?.startsWith('-----BEGIN') === true && options.maxBytes === 524_288)).toBe(true);
  });
  it('without a pod goes by the account’s uid, and is believed no longer than it lives', async () => {
    const { ask, token, host } = await make({ config: { mode } });
    const value = token({ seconds: 600 });
    expect(await ask(value)).toMatchObject({ principal: { credential: expect.stringMatching(/^uid\/[0-9a-f-]{36}$/) } });
    host.advance(595_000);
    expect(await ask(value)).toMatchObject({ is: 'principal', cacheUntil: START + 600_000 });
    host.advance(5000);
    expect(await ask(value)).toEqual({ is: 'denied', reason: 'expired' });
  });
  const rows: [string, (made: Made) => string, string][] = [
    ['a legacy token of a secret', ({ cluster }) => cluster.legacyToken('apps', 'bot'), 'legacy_token'],
    ['the audience of the API server only', ({ cluster, token }) => token({ audiences: cluster.audiences }), 'audience'],
    ['another audience', ({ token }) => token({ audiences: ['other'] }), 'audience'],
    ['an audience that begins like ours', ({ token }) => token({ audiences: [`${AUDIENCE}-test`] }), 'audience'],
    ['no audience', ({ token }) => forged(token(), { aud: undefined }), 'audience'],
    ['another namespace', ({ token }) => token({ namespace: 'other' }), 'not_allowed'],
    ['a namespace that begins like ours', ({ token }) => token({ namespace: 'apps2' }), 'not_allowed'],
    ['another account of a namespace of which one is named', ({ token }) => token({ namespace: 'batch', serviceAccount: 'other' }), 'not_allowed'],
    ['a name with a colon', ({ token }) => token({ serviceAccount: 'bot:x' }), 'not_a_service_account'],
    ['a namespace with a colon', ({ token }) => token({ namespace: 'apps:x' }), 'not_a_service_account'],
    ['a name that is a glob', ({ token }) => token({ serviceAccount: '*' }), 'not_a_service_account'],
    ['an ended one', (made) => tokenAt(made, -3_600_000), 'expired'],
    ['one without an end', ({ token }) => forged(token(), { exp: undefined }), 'exp'],
    ['one from the future', (made) => tokenAt(made, 61_000), 'nbf'],
    ['a user that is no account', ({ token }) => forged(token(), { sub: 'system:admin' }), 'not_a_service_account'],
    ['a sub that is not what `kubernetes.io` names', ({ token }) => forged(token(), { sub: 'system:serviceaccount:apps:admin' }), 'not_a_service_account'],
  ];
  it.each(rows)('A039 %s is refused without a question', async (_name, make_, reason) => {
    const made = await make({ config: { mode } });
    expect(await made.ask(make_(made))).toEqual({ is: 'denied', reason });
    expect(made.asked()).toEqual([]);
  });
  it('A039 a name, and a token of another kind, are not mine', async () => {
    const { ask, token, asked } = await make({ config: { mode } });
    const foreign = `${part({ alg: 'RS256' })}.${part({ iss: 'https://idp.example.com', sub: 'alice' })}.AA`;
    for (const text of ['system:serviceaccount:apps:bot', 'apps/bot', 'a.b.c', foreign, `${token()}.x`, ''])
      expect(await ask(text)).toEqual({ is: 'not-mine' });
    for (const slot of ['api-key', 'basic', 'proxy'] as const) expect(await ask(token(), slot)).toEqual({ is: 'not-mine' });
    expect(asked()).toEqual([]);
  });
  it('of another cluster than the configured one is not mine: the next strategy may know it', async () => {
    const { ask, token, cluster, asked } = await make({ config: { mode, issuer: 'https://other.example' } });
    expect(await ask(token())).toEqual({ is: 'not-mine' });
    expect(await ask(forged(token(), { iss: 'https://other.example/' }))).toEqual({ is: 'not-mine' });
    expect(await ask(cluster.legacyToken('apps', 'bot'))).toEqual({ is: 'denied', reason: 'legacy_token' });
    expect(asked()).toEqual([]);
  });
  it('forged is refused', async () => {
    const { ask, token } = await make({ config: { mode } });
    expect(await ask(forged(token(), {}))).toMatchObject({ is: 'denied' });
    expect(await ask(forged(token(), {}, { kid: 'unknown' }))).toMatchObject({ is: 'denied' });
  });
  it.each([500, 503, 429, 401, 403])('an API server that answers %i makes it unavailable', async (status) => {
    const { ask, token, api, host } = await make({ config: { mode } });
    api.script({ status, times: 9 });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', retryAfterMs: 1000 });
    expect(await ask(token())).toMatchObject({ is: 'unavailable' });
    // Once, not with each call.
    expect(host.lines.filter(({ message }) => message.startsWith('the API server'))).toHaveLength(1);
  });
  it('an API server that is away or says nothing makes it unavailable', async () => {
    const { ask, token, api } = await make({ config: { mode } });
    api.script({ cut: { at: 'head', how: 'rst' }, times: 9 });
    expect(await ask(token())).toMatchObject({ is: 'unavailable' });
    api.clear();
    api.script({ body: '{"kind":', times: 9 });
    expect(await ask(token())).toMatchObject({ is: 'unavailable' });
    api.clear();
    api.script({ redirect: 'http://127.0.0.1:1/', times: 9 });
    expect(await ask(token())).toMatchObject({ is: 'unavailable' });
  });
});

describe('mode tokenreview', () => {
  const config = { mode: 'tokenreview' } as const;
  it('asks for our audience, with the gateway’s own token', async () => {
    const { ask, token, api } = await make({ config });
    const value = token();
    await ask(value);
    const { requests } = api;
    expect(requests.map(({ path }) => path)).toEqual([REVIEWS]);
    expect(requests[0]?.json()).toEqual({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: value, audiences: [AUDIENCE] } });
    expect(requests[0]?.header('authorization')).not.toContain(value);
  });
  it('a deleted pod or account is refused at once', async () => {
    const { ask, token, cluster } = await make({ config });
    const value = token({ pod: 'bot-1' });
    expect(await ask(value)).toMatchObject({ is: 'principal' });
    cluster.deletePod('apps', 'bot-1');
    expect(await ask(value)).toEqual({ is: 'denied', reason: 'not_authenticated' });
    const other = token();
    cluster.deleteServiceAccount('apps', 'bot');
    expect(await ask(other)).toEqual({ is: 'denied', reason: 'not_authenticated' });
  });
  const good = {
    authenticated: true,
    audiences: [AUDIENCE],
    user: { username: 'system:serviceaccount:apps:bot', uid: '1', groups: ['system:serviceaccounts'] },
  };
  it.each<[string, object, string]>([
    ['no audience: it is for the API server', { ...good, audiences: undefined }, 'audience'],
    ['an empty list of audiences', { ...good, audiences: [] }, 'audience'],
    ['another audience', { ...good, audiences: ['https://kubernetes.default.svc'] }, 'audience'],
    ['an audience that is no list', { ...good, audiences: AUDIENCE }, 'audience'],
    ['an error beside it', { ...good, error: 'something is wrong' }, 'review_error'],
    ['not authenticated', { ...good, authenticated: false }, 'not_authenticated'],
    ['authenticated as text', { ...good, authenticated: 'true' }, 'not_authenticated'],
    ['nothing', {}, 'not_authenticated'],
    ['a user that is no service account', { ...good, user: { username: 'system:admin', uid: '1' } }, 'not_a_service_account'],
    ['a username with another colon', { ...good, user: { username: 'system:serviceaccount:apps:bot:x', uid: '1' } }, 'not_a_service_account'],
    ['an account that is not let in', { ...good, user: { username: 'system:serviceaccount:other:bot', uid: '1' } }, 'not_allowed'],
  ])('a review that says %s is a refusal', async (_name, status, reason) => {
    const { ask, token, api } = await make({ config });
    api.script({ body: { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status } });
    expect(await ask(token())).toEqual({ is: 'denied', reason });
  });
  it('an answer of another kind is none', async () => {
    const { ask, token, api } = await make({ config });
    api.script({ body: { kind: 'Status', status: good } });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', reason: 'api_server_answer_malformed' });
  });
  it('made-up tokens from one address keep nobody elsewhere waiting', async () => {
    const made = await make({ config: { mode: 'tokenreview' } });
    const flood = Array.from({ length: 100 }, (_, i) => made.ask(forged(made.token(), { n: i })));
    const elsewhere = Array.from({ length: 20 }, (_, i) => made.ask(tokenAt(made, -1000 * (i + 1)), 'bearer', '198.51.100.7'));
    expect(new Set((await Promise.all(elsewhere)).map(({ is }) => is))).toEqual(new Set(['principal']));
    await Promise.all(flood);
    expect(made.asked()).toHaveLength(32 + 20);
    // Who shares the address is slowed alone.
    expect(await made.ask(made.token())).toMatchObject({ is: 'principal' });
  });
  it('one question for all who show the same token', async () => {
    const { ask, token, asked } = await make({ config });
    const value = token();
    const results = await Promise.all([ask(value), ask(value), ask(value)]);
    expect(results.every(({ is }) => is === 'principal')).toBe(true);
    expect(asked()).toEqual([REVIEWS]);
  });
});

describe('mode jwks', () => {
  it('asks the API server once, for issuer and keys', async () => {
    const { ask, token, asked } = await make();
    for (let i = 0; i < 3; i++) expect(await ask(token())).toMatchObject({ is: 'principal' });
    expect(asked()).toEqual(['/.well-known/openid-configuration', '/openid/v1/jwks']);
  });
  it('knows the issuer that is configured, and finds new keys', async () => {
    const { ask, token, asked, cluster, host } = await make({ issuer: 'https://issuer.example/id/1', config: { issuer: 'https://issuer.example/id/1' } });
    expect(await ask(token())).toMatchObject({ is: 'principal' });
    cluster.rotate();
    host.advance(30_000);
    expect(await ask(token())).toMatchObject({ is: 'principal' });
    expect(asked()).toEqual(['/openid/v1/jwks', '/openid/v1/jwks']);
  });
  it('refuses a token of another issuer with our keys', async () => {
    const made = await make({ issuer: 'https://one.example' });
    made.api.script({ body: { issuer: 'https://two.example' } });
    expect(await made.ask(made.token())).toEqual({ is: 'denied', reason: 'issuer' });
  });
  const NEW = 'https://new.example';
  /** A gateway that has learned the issuer of before; the tokens of the cluster are of the new one. */
  const changed = async (): Promise<Made> => {
    const made = await make({ issuer: NEW });
    made.api.script({ body: { issuer: 'https://before.example' } });
    expect(await made.ask(made.token())).toEqual({ is: 'denied', reason: 'issuer' });
    return made;
  };
  it('learns that the cluster has another issuer from a token of it, 30 s after it asked last', async () => {
    const { ask, token, host, asked } = await changed();
    host.advance(29_999);
    expect(await ask(token())).toEqual({ is: 'denied', reason: 'issuer' });
    expect(asked()).toHaveLength(2);
    host.advance(1);
    expect((await Promise.all([ask(token()), ask(token())])).map(({ is }) => is)).toEqual(['principal', 'principal']);
    expect(asked()).toHaveLength(4);
  });
  it('asks again about an issuer for nobody who shows nothing that the cluster has signed', async () => {
    const { ask, token, host, asked } = await changed();
    host.advance(30_000);
    expect(await ask(forged(token(), { iss: 'https://another.example' }))).toEqual({ is: 'denied', reason: 'signature' });
    expect(asked()).toHaveLength(2);
  });
  it('refuses no token for its issuer while the API server cannot say which it is, and learns it with keys alone', async () => {
    const { ask, token, api, host } = await changed();
    host.advance(30_000);
    api.script({ status: 503, when: ({ path }) => path === '/openid/v1/jwks' });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', reason: 'issuer_unknown' });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', reason: 'issuer_unknown' });
    host.advance(30_000);
    expect(await ask(token())).toMatchObject({ is: 'principal' });
  });
  it('refuses tokens that live longer than an hour', async () => {
    const { ask, token } = await make();
    expect(await ask(token({ seconds: 3601 }))).toEqual({ is: 'denied', reason: 'lives_too_long' });
    const reviewed = await make({ config: { mode: 'tokenreview' } });
    expect(await reviewed.ask(reviewed.token({ seconds: 3601 }))).toMatchObject({ is: 'principal' });
    expect(await ask(forged(token(), { iat: undefined }))).toEqual({ is: 'denied', reason: 'iat' });
  });
  it('refuses algorithms that an API server does not sign with', async () => {
    const { ask, token } = await make();
    const [, body = ''] = token().split('.');
    for (const alg of ['none', 'HS256', 'PS256', 'EdDSA']) expect(await ask(`${part({ alg })}.${body}.AA`)).toEqual({ is: 'denied', reason: 'algorithm' });
  });
  it('does not notice a deleted pod: what the modes are for', async () => {
    const { ask, token, cluster } = await make();
    const value = token({ pod: 'bot-1' });
    cluster.deletePod('apps', 'bot-1');
    expect(await ask(value)).toMatchObject({ is: 'principal' });
  });
  it('goes on with known keys while the API server is away', async () => {
    const { ask, token, api, host } = await make();
    await ask(token());
    await api.close();
    host.advance(3_600_000);
    expect(await ask(token())).toMatchObject({ is: 'principal' });
  });
});

describe('mode both', () => {
  it('lets in at once and drops a token that the API server refuses', async () => {
    const { ask, token, cluster, strategy, api } = await make({ config: { mode: 'both' } });
    const value = token({ pod: 'bot-1' });
    cluster.deletePod('apps', 'bot-1');
    expect(await ask(value)).toMatchObject({ is: 'principal', epoch: 0 });
    await api.waitForRequest((request) => request.path === REVIEWS);
    await expect.poll(() => strategy.epoch?.()).toBe(1);
    expect(await ask(value)).toEqual({ is: 'denied', reason: 'reviewed_as_no_good' });
    expect(await ask(token())).toMatchObject({ is: 'principal', epoch: 1 });
  });
  it('reviews again after ten seconds, not before', async () => {
    const { ask, token, asked, host } = await make({ config: { mode: 'both' } });
    const value = token();
    const reviews = () => asked().filter((path) => path === REVIEWS).length;
    await ask(value);
    await ask(value);
    expect(reviews()).toBe(1);
    host.advance(10_000);
    await ask(value);
    expect(reviews()).toBe(2);
  });
  it('changes nothing while the API server is away', async () => {
    const { ask, token, api, host, strategy } = await make({ config: { mode: 'both' } });
    const value = token();
    api.script({ status: 500, when: (request) => request.path === REVIEWS, times: 9 });
    expect(await ask(value)).toMatchObject({ is: 'principal' });
    await expect.poll(() => host.lines.length).toBe(1);
    expect([(await ask(value)).is, strategy.epoch?.()]).toEqual(['principal', 0]);
  });
});

describe('rbac', () => {
  const rbac: Config['rbac'] = { resource: 'gateways.llm-proxy-auth.io', verb: 'use' };
  const rules = [{ verbs: ['use'], group: 'llm-proxy-auth.io', resources: ['gateways'] }];
  it.each(MODES)('mode %s: lets in whom the roles of the cluster allow it', async (mode) => {
    const { ask, token, cluster, api } = await make({ config: { mode, rbac } });
    expect(await ask(token())).toEqual({ is: 'denied', reason: 'rbac' });
    cluster.bind({ role: 'callers', subject: 'system:serviceaccount:apps:bot', namespace: 'other', rules });
    expect(await ask(token())).toEqual({ is: 'denied', reason: 'rbac' });
    cluster.bind({ role: 'callers', subject: 'system:serviceaccounts:apps', namespace: 'apps', rules });
    expect(await ask(token())).toMatchObject({ is: 'principal', cacheUntil: START + 10_000 });
    const { requests } = api;
    expect(
      requests
        .filter(({ path }) => path === ACCESS)
        .at(-1)
        ?.json(),
    ).toMatchObject({
      kind: 'SubjectAccessReview',
      spec: {
        user: 'system:serviceaccount:apps:bot',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:apps', 'system:authenticated'],
        resourceAttributes: { group: 'llm-proxy-auth.io', resource: 'gateways', verb: 'use', namespace: 'apps' },
      },
    });
  });
  it.each([{ allowed: true, denied: true }, { allowed: 'true' }, {}])('a review that says %j is a refusal', async (status) => {
    const { ask, token, api } = await make({ config: { rbac } });
    api.script({ body: { kind: 'SubjectAccessReview', status }, when: (request) => request.path === ACCESS });
    expect(await ask(token())).toEqual({ is: 'denied', reason: 'rbac' });
  });
  it('a cluster that does not say makes it unavailable', async () => {
    const { ask, token, api } = await make({ config: { rbac } });
    api.script({ status: 500, when: (request) => request.path === ACCESS });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', reason: 'api_server_status_500' });
  });
});

describe('the configuration', () => {
  it('wants https unless it says otherwise', async () => {
    await expect(make({ config: { insecureServer: false } })).rejects.toMatchObject({ code: 'invalid_request' });
  });
  it('the gateway’s own token follows its file', async () => {
    let value = 'first';
    const { ask, token, api } = await make({ config: { mode: 'tokenreview', token: { ref: 'file', peek: () => value, onRotate: () => undefined } } });
    expect(await ask(token())).toMatchObject({ is: 'unavailable', reason: 'api_server_status_401' });
    const { cluster } = await make();
    value = cluster.issue({ namespace: 'llm', serviceAccount: 'gateway' });
    await ask(token());
    expect(api.requests.map((request) => request.header('authorization'))).toEqual(['Bearer first', `Bearer ${value}`]);
    expect(REVIEWER).toContain('gateway');
  });
});

it('a key of another curve or size is none', async () => {
  const { ask, token, api, cluster } = await make({ config: { issuer: 'https://kubernetes.default.svc.cluster.local' } });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const [, body = ''] = token().split('.');
  const text = `${part({ alg: 'RS256', kid: 'weak' })}.${body}`;
  const signed = `${text}.${sign('sha256', Buffer.from(text), weak.privateKey).toString('base64url')}`;
  api.script({ body: { keys: [...cluster.keys(), { ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak', use: 'sig', alg: 'RS256' }] } });
  expect(await ask(signed)).toEqual({ is: 'denied', reason: 'key_does_not_fit' });
});
