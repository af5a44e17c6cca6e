import { createSign } from 'node:crypto';
import { Compute, gaxios, IdentityPoolClient, Impersonated, JWT, UserRefreshClient } from 'google-auth-library';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type GoogleAccounts, type GoogleIdentity, googleAccounts, googleIdentity, googleMetadata, googleServiceAccount } from '../src/index.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q';
const account = googleServiceAccount();
const user = { email: 'someone@example.com', clientId: 'client', clientSecret: 'secret', refreshToken: 'refresh' };
const target = 'target@my-project.iam.gserviceaccount.com';
const key = JSON.parse(account.keyJson) as { client_email: string; private_key: string };
const open: (() => Promise<void>)[] = [];
let clock = Date.now();
let accounts: GoogleAccounts;
let identity: GoogleIdentity;
/** Google's own hosts, answered by the stand-in. */
let transporter: InstanceType<typeof gaxios.Gaxios>;

beforeEach(async () => {
  clock = Date.now();
  accounts = googleAccounts({ now: () => clock });
  identity = await googleIdentity({
    accounts,
    serviceAccounts: [account],
    users: [user],
    pools: [{ audience: AUDIENCE, subjects: { 'token-of-the-pod': clock + 60_000, 'token-that-ended': clock - 1 } }],
    tokenCreators: { [target]: [account.email, `principal:${AUDIENCE}`] },
  });
  open.push(identity.close);
  transporter = new gaxios.Gaxios({
    retry: false,
    retryConfig: { retry: 0 },
    fetchImplementation: (input, init) => {
      const url = new URL(String(input));
      return fetch(`${identity.url}${url.pathname}${url.search}`, init as RequestInit) as never;
    },
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of open.splice(0)) await close();
});
const signed = (more: { email?: string; key?: string; iat?: number } = {}): JWT => {
  const iat = more.iat ?? Math.floor(clock / 1000);
  return new JWT({
    email: more.email ?? key.client_email,
    key: more.key ?? key.private_key,
    scopes: [SCOPE],
    additionalClaims: { iat, exp: iat + 3600 },
    transporter,
  });
};
const good = async (client: { getAccessToken(): Promise<{ token?: string | null | undefined }> }): Promise<string | undefined> =>
  accounts.find((await client.getAccessToken()).token ?? '')?.email;

describe('Google’s auth library gets tokens', () => {
  test('for a service account, by the signature of its key', async () => expect(await good(signed())).toBe(account.email));
  test('for the user of gcloud', async () => expect(await good(new UserRefreshClient({ ...user, transporter }))).toBe(user.email));
  test('for a federated identity, and for the account it acts as', async () => {
    const made = (more: object) => {
      const client = new IdentityPoolClient({
        type: 'external_account',
        audience: AUDIENCE,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        subject_token_supplier: { getSubjectToken: async () => 'token-of-the-pod' },
        transporter,
        ...more,
      });
      Reflect.set(Reflect.get(client, 'stsCredential') as object, 'transporter', transporter);
      return client;
    };
    expect(await good(made({}))).toBe(`principal:${AUDIENCE}`);
    const address = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${target}:generateAccessToken`;
    expect(await good(made({ service_account_impersonation_url: address }))).toBe(target);
  });
  test('for an account that another acts as', async () => {
    const client = new Impersonated({ sourceClient: signed(), targetPrincipal: target, targetScopes: [SCOPE], lifetime: 600, transporter });
    expect(await good(client)).toBe(target);
  });
  test('for a machine, from its metadata server', async () => {
    const metadata = await googleMetadata({ accounts });
    open.push(metadata.close);
    vi.stubEnv('GCE_METADATA_HOST', metadata.host);
    expect(await good(new Compute({ scopes: [SCOPE] }))).toBe('machine@my-project.iam.gserviceaccount.com');
    expect((await fetch(`http://${metadata.host}/computeMetadata/v1/instance/service-accounts/default/token`)).status).toBe(403);
    const headers = { 'metadata-flavor': 'Google', 'x-forwarded-for': '10.0.0.1' };
    expect((await fetch(`http://${metadata.host}/computeMetadata/v1/instance/service-accounts/default/token`, { headers })).status).toBe(403);
  });
});

const refusal = async (work: Promise<unknown>): Promise<string> => {
  const failure: unknown = await work.catch((cause: unknown) => cause);
  return failure instanceof Error ? failure.message : 'nothing was refused';
};
describe('the token services refuse', () => {
  test('a key of another account, an account that is not there, a time that is far off', async () => {
    const other = JSON.parse(googleServiceAccount().keyJson) as { private_key: string };
    expect(await refusal(signed({ key: other.private_key }).getAccessToken())).toContain('Invalid JWT Signature');
    expect(await refusal(signed({ email: 'nobody@x.iam.gserviceaccount.com' }).getAccessToken())).toContain('account not found');
    for (const seconds of [-4000, 4000])
      expect(await refusal(signed({ iat: Math.floor(clock / 1000) + seconds }).getAccessToken())).toContain('reasonable timeframe');
  });
  const post = async (path: string, form: Record<string, string>) => {
    const answer = await fetch(identity.url + path, { method: 'POST', body: new URLSearchParams(form) });
    return [answer.status, ((await answer.json()) as { error: unknown }).error];
  };
  test('claims for another audience, without scope, and without a signature', async () => {
    const iat = Math.floor(clock / 1000);
    const assertion = (claims: object, alg = 'RS256'): string => {
      const text = [
        { alg, typ: 'JWT' },
        { iss: account.email, iat, exp: iat + 3600, aud: 'https://oauth2.googleapis.com/token', scope: SCOPE, ...claims },
      ]
        .map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'))
        .join('.');
      return `${text}.${alg === 'none' ? '' : createSign('RSA-SHA256').update(text).sign(key.private_key).toString('base64url')}`;
    };
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    expect((await post('/token', { grant_type, assertion: assertion({}) }))[0]).toBe(200);
    expect(await post('/token', { grant_type, assertion: assertion({ aud: 'https://elsewhere.example' }) })).toEqual([400, 'invalid_grant']);
    expect(await post('/token', { grant_type, assertion: assertion({ scope: '' }) })).toEqual([400, 'invalid_scope']);
    expect(await post('/token', { grant_type, assertion: assertion({}, 'none') })).toEqual([400, 'invalid_grant']);
    expect(await post('/token', { grant_type: 'password' })).toEqual([400, 'unsupported_grant_type']);
  });
  test('a refresh token that was taken back, and a client that is none', async () => {
    expect(await refusal(new UserRefreshClient({ ...user, refreshToken: 'old', transporter }).getAccessToken())).toMatch(/invalid_grant|expired or revoked/);
    expect(await refusal(new UserRefreshClient({ ...user, clientSecret: 'x', transporter }).getAccessToken())).toMatch(/invalid_client|Unauthorized/);
  });
  test('a subject token that ended or is unknown, and a pool that is not there', async () => {
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      audience: AUDIENCE,
      scope: SCOPE,
    };
    expect((await post('/v1/token', { ...form, subject_token: 'token-of-the-pod' }))[0]).toBe(200);
    expect(await post('/v1/token', { ...form, subject_token: 'token-that-ended' })).toEqual([400, 'invalid_grant']);
    expect(await post('/v1/token', { ...form, subject_token: 'x' })).toEqual([400, 'invalid_grant']);
    expect(await post('/v1/token', { ...form, subject_token: 'x', audience: '//iam.googleapis.com/x' })).toEqual([400, 'invalid_target']);
  });
  test('an account that may not act as another, and a token for longer than an hour', async () => {
    const acting = (lifetime: number, targetPrincipal: string) =>
      new Impersonated({ sourceClient: signed(), targetPrincipal, targetScopes: [SCOPE], lifetime, transporter }).getAccessToken();
    expect(await refusal(acting(600, 'other@my-project.iam.gserviceaccount.com'))).toContain('iam.serviceAccounts.getAccessToken');
    expect(await refusal(acting(7200, target))).toContain('cannot exceed 3600');
  });
  test('a token after its end, and one that was taken back', async () => {
    const { token } = await signed().getAccessToken();
    accounts.revoke(token ?? '');
    expect(accounts.find(token ?? '')).toBeUndefined();
    const second = (await signed().getAccessToken()).token ?? '';
    clock += 3_600_000;
    expect([accounts.find(second), accounts.isEnded(second)]).toEqual([undefined, true]);
  });
});
