import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AwsCredentials,
  awsCredentials,
  type GoogleAccounts,
  type GoogleIdentity,
  googleAccounts,
  googleIdentity,
  googleMetadata,
  googleServiceAccount,
  type Peer,
  type VertexSimulator,
  vertexSimulator,
} from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { HOME, LOCATION, PROJECT } from './support/vertex.ts';

const HOUR = 3_600_000;
const PLUGINS = ['@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/provider-vertex'];
const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q';
const AWS_AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws';
const TARGET = 'llm@my-project.iam.gserviceaccount.com';
const account = googleServiceAccount();
const QUESTION = JSON.stringify({ model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hello' }] });
/** Milliseconds that Google, and the gateway, are ahead of this machine. */
let googleAhead: number;
let gatewayAhead: number;
let accounts: GoogleAccounts;
let cloud: AwsCredentials;
let identity: GoogleIdentity;
let simulator: VertexSimulator;
let bench: Bench | undefined;
let peers: Peer[];
let before: NodeJS.ProcessEnv;
let folder: string;

beforeEach(async () => {
  before = { ...process.env };
  folder = mkdtempSync(join(tmpdir(), 'lpa-vertex-'));
  Object.assign(process.env, { HOME: folder, METADATA_SERVER_DETECTION: 'none' });
  googleAhead = 0;
  gatewayAhead = 0;
  accounts = googleAccounts({ now: () => Date.now() + googleAhead });
  simulator = await vertexSimulator({ accounts });
  cloud = awsCredentials();
  identity = await googleIdentity({
    accounts,
    serviceAccounts: [account],
    pools: [
      { audience: AUDIENCE, subjects: { 'token-of-the-pod': Date.now() + 100 * HOUR } },
      { audience: AWS_AUDIENCE, subjects: {}, aws: cloud },
    ],
    tokenCreators: { [TARGET]: [account.email, `principal:${AUDIENCE}`] },
  });
  peers = [simulator, identity];
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  await Promise.all(peers.map((peer) => peer.close()));
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

const open = async (credentials: object, env: Readonly<Record<string, string>> = {}): Promise<Bench> => {
  const vertex = {
    provider: 'vertex',
    project: PROJECT,
    location: LOCATION,
    baseUrl: simulator.url,
    endpoints: { oauth2: identity.url, sts: identity.url, iam: identity.url },
    insecureUpstream: true,
    credentials,
  };
  bench = await openBench({ plugins: PLUGINS, instances: { vertex }, env, now: () => Date.now() + gatewayAhead });
  return bench;
};
const key = (): string => {
  const path = join(folder, 'key.json');
  writeFileSync(path, account.keyJson);
  return path;
};
const ask = (of: Bench, path = '/openai/vertex/v1/chat/completions', body = QUESTION): Promise<Response> =>
  fetch(`${of.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' }, body });
const tokenOf = (): string => simulator.requests.at(-1)?.header('authorization')?.replace('Bearer ', '') ?? '';
/** Status and our code of one call, and whose token it went with. */
const asked = async (of: Bench) => {
  const answer = await ask(of);
  await answer.arrayBuffer();
  const token = tokenOf();
  const holder = accounts.issued.find((one) => one.token === token)?.email;
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), attempts: answer.headers.get('x-lpa-attempts'), token, holder };
};
const advance = (ms: number): void => {
  googleAhead += ms;
  gatewayAhead += ms;
};
const grants = () => identity.requests.filter(({ path }) => path === '/token').length;

describe('a service account', () => {
  const opened = (): Promise<Bench> => open({ type: 'service-account', key: `\${file:${key()}}` });
  test('F42: is asked for once for a thousand calls at once, when the first of them comes', { timeout: 120_000 }, async () => {
    const of = await opened();
    expect(identity.requests).toHaveLength(0);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(of)));
    for (const answer of answers) await answer.arrayBuffer();
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
    expect(grants()).toBe(1);
  });
  test('is renewed ahead of its end, while the old token serves', async () => {
    const of = await opened();
    const first = await asked(of);
    advance(0.87 * HOUR);
    expect(await asked(of)).toMatchObject({ status: 200, token: first.token });
    await expect.poll(async () => (await asked(of)).token).not.toBe(first.token);
    expect(grants()).toBe(2);
  });
  test('may end while a stream runs', async () => {
    const of = await opened();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const path = `/transparent/vertex/v1/${HOME}/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`;
    simulator.script({ when: (r) => r.path.endsWith(':streamGenerateContent'), stall: { at: 300, until: held } });
    const answer = await ask(of, path, JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'write 40 words' }] }] }));
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    const pieces = [await reader?.read()];
    advance(1.1 * HOUR);
    expect((await asked(of)).status).toBe(200);
    release();
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) pieces.push(piece);
    const text = Buffer.concat(pieces.map((p) => p?.value ?? new Uint8Array())).toString('utf8');
    expect([text.includes('word40'), text.includes('"finishReason":"STOP"')]).toEqual([true, true]);
    expect(grants()).toBe(2);
  });
  test('serves through an outage of the token service until its token ends; then the answer is 503, and it passes', async () => {
    const of = await opened();
    const first = await asked(of);
    const end = identity.script({ status: 503, times: Number.POSITIVE_INFINITY });
    for (const hours of [0.87, 0.05, 0.05]) {
      advance(hours * HOUR);
      expect(await asked(of)).toMatchObject({ status: 200, token: first.token });
    }
    advance(0.05 * HOUR);
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    end();
    advance(10_000);
    expect(await asked(of)).toMatchObject({ status: 200 });
  });
  test('whose token was taken back is asked for anew by the call that was refused', async () => {
    const of = await opened();
    const first = await asked(of);
    accounts.revoke(first.token);
    const second = await asked(of);
    expect(second).toMatchObject({ status: 200, attempts: '2' });
    expect(second.token).not.toBe(first.token);
  });
  test('that stays refused is 502 for the caller, never 401 or 403', async () => {
    const of = await opened();
    simulator.script({ status: 401, times: Number.POSITIVE_INFINITY });
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
    simulator.clear();
    simulator.script({
      status: 403,
      body: { error: { code: 403, status: 'PERMISSION_DENIED', message: `Permission 'aiplatform.endpoints.predict' denied on resource '//x/${PROJECT}'` } },
    });
    const answer = await ask(of);
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([502, 'upstream_auth_failed']);
    expect(await answer.text()).not.toContain(PROJECT);
  });
  test.each([-3, 3])('works with a clock that is off by %d hours', async (hours) => {
    const of = await opened();
    googleAhead = hours * HOUR;
    expect(await asked(of)).toMatchObject({ status: 200, holder: account.email });
  });
  test('is nowhere told: neither its key nor a token', async () => {
    const of = await opened();
    const { token } = await asked(of);
    identity.script({ status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' } });
    accounts.revoke(token);
    const answer = await ask(of);
    const told = of.logText() + (await answer.text()) + JSON.stringify([...answer.headers]);
    const { private_key } = JSON.parse(account.keyJson) as { private_key: string };
    for (const secret of [token, private_key.split('\n')[5] ?? private_key, 'BEGIN PRIVATE KEY']) expect(told).not.toContain(secret);
    expect(of.logText()).toContain('Invalid JWT Signature');
  });
});

describe('other identities', () => {
  test('a credential file, by the variable that names it', async () => {
    const of = await open({}, { GOOGLE_APPLICATION_CREDENTIALS: key() });
    expect(await asked(of)).toMatchObject({ status: 200, holder: account.email });
  });
  test('the machine’s, from the metadata server', async () => {
    const metadata = await googleMetadata({ accounts });
    peers.push(metadata);
    Object.assign(process.env, { GCE_METADATA_HOST: metadata.host, METADATA_SERVER_DETECTION: 'assume-present' });
    const of = await open({});
    expect(await asked(of)).toMatchObject({ status: 200, holder: 'machine@my-project.iam.gserviceaccount.com' });
  });
  test('a federated one, and the account it acts as', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'token-of-the-pod');
    const of = await open({ type: 'workload-identity-federation', audience: AUDIENCE, subjectToken: { file }, serviceAccount: TARGET });
    expect(await asked(of)).toMatchObject({ status: 200, holder: TARGET });
  });
  test('one of AWS, by the variables that Google’s own tools read', async () => {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = cloud.issue({ arn: 'arn:aws:sts::123456789012:assumed-role/ci/1', seconds: 900 });
    const path = join(folder, 'aws.json');
    const source = { environment_id: 'aws1', regional_cred_verification_url: 'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15' };
    writeFileSync(
      path,
      JSON.stringify({
        type: 'external_account',
        audience: AWS_AUDIENCE,
        subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
        credential_source: source,
      }),
    );
    const keys = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken };
    const of = await open({}, { GOOGLE_APPLICATION_CREDENTIALS: path, ...keys });
    expect(await asked(of)).toMatchObject({ status: 200, holder: `principal:${AWS_AUDIENCE}` });
  });
  test('an account that another acts as', async () => {
    const of = await open({ type: 'impersonation', key: `\${file:${key()}}`, serviceAccount: TARGET, lifetime: '30m' });
    expect(await asked(of)).toMatchObject({ status: 200, holder: TARGET });
    advance(0.49 * HOUR);
    await asked(of);
    await expect.poll(() => identity.requests.filter(({ path }) => path.includes('generateAccessToken')).length).toBe(2);
  });
  test('none: 503, and the log says where they were looked for', async () => {
    const of = await open({});
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    expect(of.logText()).toContain('no metadata server');
  });
});

describe('a credential file that no call could use', () => {
  const external = (source: object): object => ({
    type: 'external_account',
    audience: AUDIENCE,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: source,
  });
  test.each([
    [
      'keys of AWS with another witness',
      external({ environment_id: 'aws1', regional_cred_verification_url: 'https://x.example' }),
      'regional_cred_verification_url',
    ],
    ['a certificate', external({ certificate: { use_default_certificate_config: true } }), 'certificate'],
    ['a command', external({ executable: { command: 'touch /tmp/x' } }), 'executable'],
    ['a command behind an account', { type: 'impersonated_service_account', source_credentials: external({ executable: { command: 'x' } }) }, 'executable'],
    ['another kind', { type: 'gdch_service_account' }, 'gdch_service_account'],
  ])('(%s) is refused at the start, by name', async (_what, content, word) => {
    const path = join(folder, 'external.json');
    writeFileSync(path, JSON.stringify(content));
    await expect(open({}, { GOOGLE_APPLICATION_CREDENTIALS: path })).rejects.toThrow(word);
    await expect(open({ type: 'workload-identity-federation', file: path })).rejects.toThrow(word);
  });
  test('is not looked at where a key or a token of its own stands beside it', async () => {
    const path = join(folder, 'external.json');
    writeFileSync(path, JSON.stringify(external({ executable: { command: 'x' } })));
    const env = { GOOGLE_APPLICATION_CREDENTIALS: path };
    const of = await open({ type: 'service-account', key: `\${file:${key()}}` }, env);
    expect(await asked(of)).toMatchObject({ status: 200 });
    await of.close();
    const token = join(folder, 'token');
    writeFileSync(token, 'token-of-the-pod');
    const federated = await open({ type: 'workload-identity-federation', audience: AUDIENCE, subjectToken: { file: token } }, env);
    expect(await asked(federated)).toMatchObject({ status: 200 });
  });
});
