import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FakeHost, fakeHost, secretOf } from '@llm-proxy-auth/contract-tests';
import { GatewayError, type UpstreamReply, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import {
  type AwsCredentials,
  awsCredentials,
  type GoogleAccounts,
  type GoogleIdentity,
  googleAccounts,
  googleIdentity,
  googleMetadata,
  googleServiceAccount,
  instanceMetadata,
} from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../src/config.ts';
import { askSource } from '../src/credentials/chain.ts';
import { kindOf } from '../src/credentials/credentials.ts';
import type { AccessToken } from '../src/credentials/token.ts';
import { placesOf } from '../src/places.ts';
import { settings } from './support.ts';

const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q';
const AWS_AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
const account = googleServiceAccount();
const user = { email: 'someone@example.com', clientId: 'client', clientSecret: 'client-secret-canary', refreshToken: 'refresh-canary' };
const target = 'target@my-project.iam.gserviceaccount.com';
const principal = `principal:${AUDIENCE}`;
let folder: string;
let ahead: number;
let accounts: GoogleAccounts;
let cloud: AwsCredentials;
let identity: GoogleIdentity;
let host: FakeHost;
let open: (() => Promise<void>)[];
let before: NodeJS.ProcessEnv;

const pairs = (answer: Response): string[] => [...answer.headers].flat();
/** As the core sends for a plugin, to the origins that were configured and no other. */
const sending = async (request: UpstreamRequest): Promise<UpstreamReply> => {
  if (!open.length || !allowed.has(request.origin)) throw new GatewayError('operation_not_allowed', `no way to ${request.origin}`);
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < request.headers.length; i += 2) headers.push([request.headers[i] ?? '', request.headers[i + 1] ?? '']);
  const body = request.body === undefined ? null : Buffer.concat(request.body);
  const answer = await fetch(request.origin + request.path, { method: request.method, headers, body });
  return { status: answer.status, headers: pairs(answer), body: Buffer.from(await answer.arrayBuffer()) };
};
let allowed: Set<string>;

beforeEach(async () => {
  before = { ...process.env };
  folder = mkdtempSync(join(tmpdir(), 'lpa-google-'));
  Object.assign(process.env, { HOME: folder, METADATA_SERVER_DETECTION: 'none' });
  ahead = 0;
  open = [];
  accounts = googleAccounts({ now: () => Date.now() + ahead });
  cloud = awsCredentials();
  identity = await googleIdentity({
    accounts,
    serviceAccounts: [account],
    users: [user],
    pools: [
      { audience: AUDIENCE, subjects: { 'token-of-the-pod': Date.now() + 600_000, 'token-of-later': Date.now() + 600_000 } },
      { audience: AWS_AUDIENCE, subjects: {}, aws: cloud },
    ],
    tokenCreators: {
      [target]: [account.email, user.email, principal, 'middle@my-project.iam.gserviceaccount.com'],
      'middle@my-project.iam.gserviceaccount.com': [account.email],
    },
  });
  open.push(identity.close);
  allowed = new Set([identity.origin]);
  host = fakeHost({ now: Date.now(), answer: sending });
});
afterEach(async () => {
  for (const close of open) await close();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

type Credentials = Partial<Config['credentials']>;
const asked = (credentials: Credentials, ec2Metadata?: string): Promise<AccessToken> => {
  const endpoints = { oauth2: identity.url, sts: identity.url, iam: identity.url, ...(ec2Metadata === undefined ? {} : { ec2Metadata }) };
  const config = settings({ credentials, endpoints });
  const kind = kindOf(config);
  if (kind === 'token') throw new Error('a token is asked for nowhere');
  return askSource({ kind, credentials: config.credentials, moved: placesOf(config).moved, host });
};
const who = async (credentials: Credentials): Promise<string | undefined> => accounts.find((await asked(credentials)).token)?.email;
const refused = async (credentials: Credentials): Promise<Error> => {
  const failure: unknown = await asked(credentials).catch((cause: unknown) => cause);
  if (!(failure instanceof Error)) throw new Error('nothing was refused');
  return failure;
};
const file = (name: string, content: object | string): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const authorized = {
  type: 'authorized_user',
  client_id: user.clientId,
  client_secret: user.clientSecret,
  refresh_token: user.refreshToken,
  quota_project_id: 'their-quota',
};
const external = (source: object, more: object = {}) => ({
  type: 'external_account',
  audience: AUDIENCE,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: source,
  ...more,
});
const METADATA = 'http://169.254.169.254/latest/meta-data';
const amazon = {
  environment_id: 'aws1',
  region_url: `${METADATA}/placement/availability-zone`,
  url: `${METADATA}/iam/security-credentials`,
  imdsv2_session_token_url: 'http://169.254.169.254/latest/api/token',
  regional_cred_verification_url: 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
};
const ofAmazon = (source: object = {}) =>
  external({ ...amazon, ...source }, { audience: AWS_AUDIENCE, subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request' });
const address = (email: string): string => `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;

describe('application default credentials are', () => {
  it('a service account’s key in a file', async () => expect(await who({ file: file('key.json', account.keyJson) })).toBe(account.email));
  it('the user of gcloud, with the project whose quota is used', async () => {
    mkdirSync(join(folder, '.config/gcloud'), { recursive: true });
    file('.config/gcloud/application_default_credentials.json', authorized);
    const found = await asked({ type: 'default' });
    expect([accounts.find(found.token)?.email, found.quotaProject]).toEqual([user.email, 'their-quota']);
  });
  it('a machine’s account, from its metadata server', async () => {
    const metadata = await googleMetadata({ accounts, seconds: 1_000 });
    open.push(metadata.close);
    Object.assign(process.env, { GCE_METADATA_HOST: metadata.host, METADATA_SERVER_DETECTION: 'assume-present' });
    const found = await asked({ type: 'default' });
    expect(accounts.find(found.token)?.email).toBe('machine@my-project.iam.gserviceaccount.com');
    expect((found.expiration ?? 0) - host.now()).toBeGreaterThan(900_000);
    expect(metadata.requests.every((request) => request.header('metadata-flavor') === 'Google')).toBe(true);
  });
  it('a federated identity in a file, and the account it acts as', async () => {
    const token = file('token', 'token-of-the-pod\n');
    expect(await who({ file: file('a.json', external({ file: token })) })).toBe(principal);
    expect(await who({ file: file('b.json', external({ file: token }, { service_account_impersonation_url: address(target) })) })).toBe(target);
  });
  it('an account that a user acts as', async () =>
    expect(
      await who({
        file: file('c.json', { type: 'impersonated_service_account', source_credentials: authorized, service_account_impersonation_url: address(target) }),
      }),
    ).toBe(target));
  it('none, and the failure says where they were looked for', async () => {
    expect((await refused({ type: 'default' })).message).toContain('no metadata server');
    expect((await refused({ file: join(folder, 'absent.json') })).message).toContain('absent.json');
  });
});

describe('credentials of a type of their own are', () => {
  it('a key, read anew each time', async () => {
    const other = googleServiceAccount('other@my-project.iam.gserviceaccount.com');
    const key = secretOf(account.keyJson, 'file:/run/secrets/google');
    expect(await who({ type: 'service-account', key })).toBe(account.email);
    key.rotate(other.keyJson);
    expect((await refused({ type: 'service-account', key })).message).toContain('account not found');
  });
  it('a token of an own identity provider in a file, read anew each time', async () => {
    const token = file('projected', 'token-of-the-pod');
    const credentials: Credentials = { type: 'workload-identity-federation', audience: AUDIENCE, subjectToken: { file: token } };
    expect(await who(credentials)).toBe(principal);
    writeFileSync(token, JSON.stringify({ inner: 'token-of-later' }));
    expect(await who({ ...credentials, subjectToken: { file: token, field: 'inner' }, serviceAccount: target })).toBe(target);
    const subjects = identity.requests.filter(({ path }) => path === '/v1/token').map(({ body }) => new URLSearchParams(body.toString()).get('subject_token'));
    expect(subjects).toEqual(['token-of-the-pod', 'token-of-later']);
  });
  it('the same from an address, with its headers and query', async () => {
    const seen: UpstreamRequest[] = [];
    const place = 'https://idp.example';
    host = fakeHost({
      now: Date.now(),
      answer: async (request: UpstreamRequest) => {
        if (request.origin !== place) return sending(request);
        seen.push(request);
        return { status: 200, headers: [], body: Buffer.from('{"access":"token-of-the-pod"}') };
      },
    });
    const subjectToken = { url: `${place}/metadata/token`, query: 'api-version=1&resource=x', headers: { Metadata: secretOf('True') }, field: 'access' };
    expect(await who({ type: 'workload-identity-federation', audience: AUDIENCE, subjectToken })).toBe(principal);
    expect(seen.map(({ path, headers }) => [path, headers])).toEqual([['/metadata/token?api-version=1&resource=x', ['metadata', 'True']]]);
  });
  it('an account that another acts as, also through a third', async () => {
    const key = secretOf(account.keyJson);
    expect(await who({ type: 'impersonation', key, serviceAccount: target, lifetime: 900_000 })).toBe(target);
    const delegates = ['middle@my-project.iam.gserviceaccount.com'];
    expect(await who({ type: 'impersonation', key, serviceAccount: target, delegates })).toBe(target);
    const [first] = identity.requests.filter(({ path }) => path.includes('generateAccessToken'));
    expect(first?.json()).toEqual({ delegates: [], scope: ['https://www.googleapis.com/auth/cloud-platform'], lifetime: '900s' });
  });
});

describe('an identity of AWS is changed into one of Google', () => {
  const arn = 'arn:aws:sts::123456789012:assumed-role/gateway/i-1';
  const keysOf = ({ accessKeyId, secretAccessKey, sessionToken }: ReturnType<AwsCredentials['issue']>) => ({
    region: 'eu-west-1',
    accessKeyId,
    secretAccessKey: secretOf(secretAccessKey),
    sessionToken: secretOf(sessionToken ?? ''),
  });
  it('with the keys of the machine, from its metadata service', async () => {
    const metadata = await instanceMetadata({ credentials: cloud });
    open.push(metadata.close);
    allowed.add(metadata.origin);
    const found = await asked({ file: file('aws.json', ofAmazon()) }, metadata.url);
    expect(accounts.find(found.token)?.email).toBe(`principal:${AWS_AUDIENCE}`);
    expect(metadata.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /latest/api/token',
      'GET /latest/meta-data/placement/availability-zone',
      'PUT /latest/api/token',
      'GET /latest/meta-data/iam/security-credentials',
      'GET /latest/meta-data/iam/security-credentials/gateway',
    ]);
  });
  it('without an address moved, asks the one that every instance has', async () => {
    const seen: string[] = [];
    host = fakeHost({
      now: Date.now(),
      answer: async ({ origin, path }: UpstreamRequest) => {
        seen.push(origin + path);
        return { status: 200, headers: [], body: Buffer.from('session') };
      },
    });
    expect((await refused({ file: file('aws.json', ofAmazon()) })).message).toContain('no zone');
    expect(seen).toEqual(['http://169.254.169.254/latest/api/token', `${METADATA}/placement/availability-zone`]);
  });
  it('with keys of the configuration, which ask no metadata service', async () => {
    const found = await asked({ file: file('aws.json', ofAmazon()), aws: keysOf(cloud.issue({ arn, seconds: 900 })) });
    expect(accounts.find(found.token)?.email).toBe(`principal:${AWS_AUDIENCE}`);
    const sent = new URLSearchParams(identity.requests[0]?.body.toString()).get('subject_token');
    expect((JSON.parse(decodeURIComponent(sent ?? '')) as { url: string }).url).toContain('https://sts.eu-west-1.amazonaws.com');
  });
  it('unless the signature is wrong or its key unknown', async () => {
    const keys = keysOf(cloud.issue({ arn, seconds: 900 }));
    const path = file('aws.json', ofAmazon());
    const wrong = await refused({ file: path, aws: { ...keys, secretAccessKey: secretOf('another-canary') } });
    expect([wrong.message.includes('signature we calculated'), wrong.message.includes('canary')]).toEqual([true, false]);
    cloud.revoke(keys.accessKeyId);
    expect((await refused({ file: path, aws: keys })).message).toContain('security token');
    expect((await refused({ file: path, aws: { region: 'eu-west-1', accessKeyId: 'AKIA' } })).message).toContain('together');
  });
});

describe('a clock that is wrong', () => {
  it.each([-2, 2])('by %d hours is corrected by what Google says, once', async (hours) => {
    ahead = hours * 3_600_000;
    const found = await asked({ type: 'service-account', key: secretOf(account.keyJson) });
    expect(accounts.find(found.token)?.email).toBe(account.email);
    expect(identity.requests).toHaveLength(2);
  });
});

describe('what is refused', () => {
  it.each([
    ['a command', external({ executable: { command: 'touch /tmp/owned' } }), 'executable'],
    ['another environment', ofAmazon({ environment_id: 'aws2' }), 'environment_id'],
    ['keys of AWS from elsewhere', ofAmazon({ url: 'http://evil.example/latest' }), 'credential_source.url'],
    ['another witness', ofAmazon({ regional_cred_verification_url: 'https://evil.example?Action=GetCallerIdentity' }), 'regional_cred_verification_url'],
    ['a certificate', external({ certificate: { use_default_certificate_config: true } }), 'certificate'],
    ['another token service', external({ file: 'x' }, { token_url: 'https://evil.example/v1/token' }), 'token_url'],
    [
      'another impersonation service',
      external({ file: 'x' }, { service_account_impersonation_url: 'https://evil.example/x:generateAccessToken' }),
      'service_account_impersonation_url',
    ],
    ['another universe', { ...authorized, universe_domain: 'evil.example' }, 'universe'],
    ['another kind', { type: 'gdch_service_account' }, 'gdch_service_account'],
  ])('%s in a credential file', async (_name, content, word) => {
    expect((await refused({ file: file('bad.json', content) })).message).toContain(word);
    expect(identity.requests).toEqual([]);
  });
  it('an address of a subject token that nobody configured', async () => {
    const failure = await refused({ file: file('bad.json', external({ url: 'https://evil.example/token' })) });
    expect(failure).toMatchObject({ code: 'operation_not_allowed' });
  });
});

describe('no failure shows a secret', () => {
  it.each([
    ['a key that is no JSON', { type: 'service-account', key: secretOf('private-canary {') }],
    ['a key of another kind', { type: 'service-account', key: secretOf('{"type":"private-canary"}') }],
  ] as const)('%s', async (_name, credentials) => {
    const failure = await refused(credentials);
    expect(`${failure.message}${String(failure.cause ?? '')}`).not.toContain('canary');
  });
  it('a file that is no JSON, a token that is no JSON, a refused refresh token', async () => {
    const broken = file('token', 'token-canary');
    const failures = [
      await refused({ file: file('broken.json', 'private-canary') }),
      await refused({ type: 'workload-identity-federation', audience: AUDIENCE, subjectToken: { file: broken, field: 'x' } }),
      await refused({ file: file('user.json', { ...authorized, refresh_token: 'old-canary' }) }),
    ];
    for (const failure of failures) expect(failure.message).not.toContain('canary');
  });
});

describe('a token service that fails', () => {
  it('is asked once, since repeating is for the cache to say', async () => {
    identity.script({ status: 503, times: Number.POSITIVE_INFINITY });
    await refused({ type: 'service-account', key: secretOf(account.keyJson) });
    expect(identity.requests).toHaveLength(1);
  });
});
