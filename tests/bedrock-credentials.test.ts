import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AwsCredentials,
  awsCredentials,
  type BedrockSimulator,
  bedrockSimulator,
  type ContainerCredentials,
  containerCredentials,
  exampleCredential,
  instanceMetadata,
  kubernetesCluster,
  type Peer,
  podIdentity,
  ssoPortal,
  stsSimulator,
} from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const HOUR = 3_600_000;
const PLUGINS = ['@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/provider-bedrock'];
const QUESTION = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
/** Milliseconds that AWS, and the gateway, are ahead of this machine. */
let awsAhead: number;
let gatewayAhead: number;
let credentials: AwsCredentials;
let simulator: BedrockSimulator;
let bench: Bench | undefined;
let peers: Peer[];
let before: NodeJS.ProcessEnv;
let folder: string;

beforeEach(async () => {
  before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  folder = mkdtempSync(join(tmpdir(), 'lpa-aws-'));
  Object.assign(process.env, { HOME: folder, AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials') });
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  awsAhead = 0;
  gatewayAhead = 0;
  credentials = awsCredentials({ now: () => Date.now() + awsAhead, known: [exampleCredential] });
  simulator = await bedrockSimulator({ credentials });
  peers = [simulator];
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  await Promise.all(peers.map((peer) => peer.close()));
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

const open = async (more: object = {}): Promise<Bench> => {
  const aws = { provider: 'bedrock', region: 'us-east-1', baseUrl: simulator.url, insecureUpstream: true, ...more };
  bench = await openBench({ plugins: PLUGINS, instances: { aws }, now: () => Date.now() + gatewayAhead });
  return bench;
};
const ask = async (of: Bench, path = '/converse/aws/model/amazon.nova-lite-v1%3A0/converse'): Promise<Response> =>
  fetch(`${of.url}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': of.key, 'content-type': 'application/json' },
    body: QUESTION,
  });
/** Status and our code of one call, and the key it was signed with. */
const asked = async (of: Bench) => {
  const answer = await ask(of);
  await answer.arrayBuffer();
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), attempts: answer.headers.get('x-lpa-attempts'), key: keyOf() };
};
const keyOf = (): string | undefined => /Credential=([^/]+)\//.exec(simulator.requests.at(-1)?.header('authorization') ?? '')?.[1];
const advance = (ms: number): void => {
  awsAhead += ms;
  gatewayAhead += ms;
};
const task = async (): Promise<ContainerCredentials> => {
  const container = await containerCredentials({ credentials });
  peers.push(container);
  process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI = container.url;
  return container;
};

describe('credentials of a task', () => {
  test('F42: are fetched once for a thousand calls, all of which came before they were there', { timeout: 120_000 }, async () => {
    const container = await task();
    const of = await open();
    expect(container.requests).toHaveLength(0);
    const token = Promise.withResolvers<void>();
    container.script({ holdHead: token.promise });
    const calls = Array.from({ length: 1_000 }, async () => {
      const answer = await ask(of);
      await answer.arrayBuffer();
      return answer.status;
    });
    const inFlight = async () => /^llm_proxy_inflight\{[^}]*instance="aws"[^}]*\} (\d+)$/m.exec(await of.gateway.metrics.text())?.[1];
    await expect.poll(inFlight, { timeout: 60_000 }).toBe('1000');
    expect(simulator.requests).toHaveLength(0);
    token.resolve();
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect(container.requests).toHaveLength(1);
  });
  test('are renewed ahead of their end, while the old ones serve', async () => {
    const container = await task();
    const of = await open();
    const first = await asked(of);
    advance(5.2 * HOUR);
    expect(await asked(of)).toMatchObject({ status: 200, key: first.key });
    await expect.poll(async () => (await asked(of)).key).not.toBe(first.key);
    expect(container.requests).toHaveLength(2);
  });
  test('F43: end fifteen times while calls go on: none fails, and each of their lives costs one question', async () => {
    const container = await task();
    const of = await open();
    const lives = 15;
    for (let part = 0; part < lives * 10; part++) {
      expect((await asked(of)).status).toBe(200);
      advance(0.6 * HOUR);
    }
    expect(container.requests.length).toBeGreaterThanOrEqual(lives);
    expect(container.requests.length).toBeLessThanOrEqual(lives / 0.75 + 2);
  });
  test('F43: may end while a stream runs', async () => {
    const container = await task();
    const of = await open();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    simulator.script({ when: (r) => r.path.endsWith('converse-stream'), stall: { at: 300, until: held } });
    const answer = await ask(of, '/transparent/aws/model/amazon.nova-lite-v1%3A0/converse-stream');
    expect(answer.status).toBe(200);
    const reader = answer.body?.getReader();
    const pieces = [await reader?.read()];
    advance(6.1 * HOUR);
    expect((await asked(of)).status).toBe(200);
    release();
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) pieces.push(piece);
    expect(Buffer.concat(pieces.map((p) => p?.value ?? new Uint8Array())).toString('latin1')).toContain('metadata');
    expect(container.requests).toHaveLength(2);
  });
  test('serve through an outage until they end; then the answer is 503, and it passes', async () => {
    const container = await task();
    const of = await open();
    const first = await asked(of);
    const end = container.script({ status: 403, times: Number.POSITIVE_INFINITY });
    for (const hours of [5.2, 0.3, 0.3]) {
      advance(hours * HOUR);
      expect(await asked(of)).toMatchObject({ status: 200, key: first.key });
    }
    advance(0.3 * HOUR);
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    end();
    advance(10_000);
    expect(await asked(of)).toMatchObject({ status: 200 });
  });
  test('F44: that were revoked are fetched anew by the call that was refused', async () => {
    await task();
    const of = await open();
    const first = await asked(of);
    credentials.revoke(first.key ?? '');
    const second = await asked(of);
    expect(second).toMatchObject({ status: 200, attempts: '2' });
    expect(second.key).not.toBe(first.key);
  });
  test('F44: that stay refused are 502 for the caller, never 403', async () => {
    await task();
    const of = await open();
    simulator.script({ status: 403, headers: { 'x-amzn-errortype': 'UnrecognizedClientException' }, body: { message: 'no' }, times: Number.POSITIVE_INFINITY });
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed', attempts: '2' });
  });
});

describe.each([
  ['behind', -600_000],
  ['ahead', 600_000],
])('a clock that is ten minutes %s', (_name, ahead) => {
  test('F48: is corrected by the first refusal', async () => {
    gatewayAhead = ahead;
    const of = await open({ credentials: { type: 'static', accessKeyId: exampleCredential.accessKeyId, secretAccessKey: exampleCredential.secretAccessKey } });
    expect(await asked(of)).toMatchObject({ status: 200, attempts: '2' });
    expect(await asked(of)).toMatchObject({ status: 200, attempts: '1' });
  });
});

describe('other sources', () => {
  test('EC2', async () => {
    const imds = await instanceMetadata({ credentials });
    peers.push(imds);
    delete process.env.AWS_EC2_METADATA_DISABLED;
    process.env.AWS_EC2_METADATA_SERVICE_ENDPOINT = imds.url;
    expect(await asked(await open())).toMatchObject({ status: 200, key: credentials.issued[0]?.accessKeyId });
  });
  test('EKS Pod Identity', async () => {
    const token = kubernetesCluster().issue({ namespace: 'default', serviceAccount: 'gateway', pod: 'gateway-0', audiences: ['pods.eks.amazonaws.com'] });
    const pods = await podIdentity({ credentials, tokens: { [token]: Number.POSITIVE_INFINITY } });
    peers.push(pods);
    writeFileSync(join(folder, 'token'), token);
    Object.assign(process.env, { AWS_CONTAINER_CREDENTIALS_FULL_URI: pods.url, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token') });
    expect(await asked(await open())).toMatchObject({ status: 200, key: credentials.issued[0]?.accessKeyId });
  });
  test('a web identity (IRSA)', async () => {
    const arn = 'arn:aws:iam::123456789012:role/pod';
    const sts = await stsSimulator({ credentials, roles: [{ arn, webIdentities: { 'web-token': Number.POSITIVE_INFINITY } }] });
    peers.push(sts);
    writeFileSync(join(folder, 'token'), 'web-token');
    Object.assign(process.env, { AWS_ROLE_ARN: arn, AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'token'), AWS_ENDPOINT_URL_STS: sts.url });
    expect(await asked(await open())).toMatchObject({ status: 200, key: credentials.issued[0]?.accessKeyId });
  });
  test('SSO', async () => {
    const portal = await ssoPortal({ credentials, tokens: { 'sso-token': Number.POSITIVE_INFINITY } });
    peers.push(portal);
    const cache = join(folder, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    writeFileSync(
      join(folder, 'config'),
      '[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = gateway\n[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n',
    );
    writeFileSync(
      join(cache, `${createHash('sha1').update('corp').digest('hex')}.json`),
      JSON.stringify({ accessToken: 'sso-token', expiresAt: '2099-01-01T00:00:00Z' }),
    );
    Object.assign(process.env, { AWS_PROFILE: 'dev', AWS_ENDPOINT_URL_SSO: portal.url });
    expect(await asked(await open())).toMatchObject({ status: 200, key: credentials.issued[0]?.accessKeyId });
  });
  test('a role that is assumed, with external id and session tags, by the keys of the chain', async () => {
    const arn = 'arn:aws:iam::123456789012:role/llm';
    const sts = await stsSimulator({ credentials, roles: [{ arn, externalId: 'ext-1234567890', trusts: [exampleCredential.arn] }] });
    peers.push(sts);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: exampleCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: exampleCredential.secretAccessKey });
    const assumeRole = { arn, externalId: 'ext-1234567890', tags: { team: 'search + find/all=yes' } };
    const of = await open({ endpoints: { sts: sts.url }, credentials: { type: 'default', assumeRole } });
    expect(await asked(of)).toMatchObject({ status: 200, key: credentials.issued[0]?.accessKeyId });
    expect(credentials.issued[0]?.tags).toEqual({ team: 'search + find/all=yes' });
    // Assumed again ahead of the end.
    advance(0.9 * HOUR);
    await asked(of);
    await expect.poll(async () => (await asked(of)).key).toBe(credentials.issued[1]?.accessKeyId);
  });
  test.each<[string, Record<string, string>, RegExp]>([
    ['a key with a sign that STS does not take', { 'te*am': 'search' }, /te\*am/],
    ['an empty key', { '': 'search' }, /tags/],
    ['a key that is too long', { ['k'.repeat(129)]: 'search' }, /tags/],
    ['a value with a sign that STS does not take', { team: 'a;b' }, /tags\.team/],
    ['a value that is too long', { team: 'v'.repeat(257) }, /tags\.team/],
    ['more than 50', Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])), /tags/],
  ])('session tags that STS would refuse end the start: %s', async (_what, tags, words) => {
    await expect(open({ credentials: { assumeRole: { arn: 'arn:aws:iam::123456789012:role/llm', tags } } })).rejects.toThrow(words);
  });
  test('session tags that STS takes: letters of any script, the longest, 50 of them', async () => {
    const tags = { ...Object.fromEntries(Array.from({ length: 48 }, (_, i) => [`k${i}`, ''])), größe: 'été 東京_.:/=+-@', ['k'.repeat(128)]: 'v'.repeat(256) };
    await open({ credentials: { assumeRole: { arn: 'arn:aws:iam::123456789012:role/llm', tags } } });
  });
  test('a role that is refused is 503, and the log says why', async () => {
    const sts = await stsSimulator({ credentials, roles: [] });
    peers.push(sts);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: exampleCredential.accessKeyId, AWS_SECRET_ACCESS_KEY: exampleCredential.secretAccessKey });
    const of = await open({ endpoints: { sts: sts.url }, credentials: { assumeRole: { arn: 'arn:aws:iam::123456789012:role/none' } } });
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    expect(of.logText()).toContain('AccessDenied');
  });
  test('a Bedrock API key, until it ends', async () => {
    const keyed = await bedrockSimulator({ credentials, apiKeys: { 'bedrock-api-key-0123456789': Date.now() + HOUR } });
    peers.push(keyed);
    const of = await open({ baseUrl: keyed.url, credentials: { token: 'bedrock-api-key-0123456789' } });
    const first = await ask(of);
    expect([first.status, keyed.requests.at(-1)?.header('authorization')]).toEqual([200, 'Bearer bedrock-api-key-0123456789']);
    expect(keyed.requests.at(-1)?.header('x-amz-date')).toBeUndefined();
    advance(2 * HOUR);
    const second = await ask(of);
    expect([second.status, second.headers.get('x-lpa-code')]).toEqual([502, 'upstream_auth_failed']);
  });
  test('F41: nothing at all', async () => {
    expect(await asked(await open())).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
  });
});
