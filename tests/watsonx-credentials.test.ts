import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type IbmIdentity,
  type IbmTokens,
  ibmIdentity,
  ibmTokens,
  recording,
  type WatsonxSimulator,
  watsonxErrorEvent,
  watsonxSimulator,
} from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const HOUR = 3_600_000;
const KEY = 'ibm-api-key-canary-0123456789abcdef';
const granite = 'ibm/granite-3-3-8b-instruct';
/** Milliseconds that IBM, and the gateway, are ahead of this machine. */
let ibmAhead: number;
let gatewayAhead: number;
let tokens: IbmTokens;
let identity: IbmIdentity;
let simulator: WatsonxSimulator;
let bench: Bench | undefined;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-ibm-'));
  ibmAhead = 0;
  gatewayAhead = 0;
  tokens = ibmTokens({ now: () => Date.now() + ibmAhead });
  const users = [{ username: 'gateway', password: 'cp4d-password-canary', apiKey: KEY }];
  const profiles = [{ id: 'Profile-1', name: 'llm', crn: 'crn:v1:profile', containers: ['cr-token'] }];
  identity = await ibmIdentity({ tokens, apiKeys: [KEY], users, profiles, defaultProfile: 'llm' });
  simulator = await watsonxSimulator({ tokens, users, zenKeys: [`gateway:${KEY}`] });
});
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  await Promise.all([identity.close(), simulator.close()]);
  rmSync(folder, { recursive: true, force: true });
});
const open = async (more: object = {}): Promise<Bench> => {
  const ibm = {
    provider: 'watsonx',
    baseUrl: simulator.url,
    insecureUpstream: true,
    projectId: 'project-1',
    apiKey: KEY,
    credentials: { iamUrl: identity.url },
    ...more,
  };
  bench = await openBench({ plugins: ['@llm-proxy-auth/provider-watsonx'], instances: { ibm }, now: () => Date.now() + gatewayAhead });
  return bench;
};
const ask = (of: Bench, body: object = {}): Promise<Response> =>
  fetch(`${of.url}/openai/ibm/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${of.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: granite, messages: [{ role: 'user', content: 'Hello' }], ...body }),
  });
/** Status, our code and attempts of one call. */
const asked = async (of: Bench) => {
  const answer = await ask(of);
  await answer.arrayBuffer();
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), attempts: answer.headers.get('x-lpa-attempts') };
};
const GOOD = { status: 200, code: null, attempts: '1' };
const advance = (ms: number): void => {
  ibmAhead += ms;
  gatewayAhead += ms;
};
const exchanges = (): number => identity.requests.filter(({ path }) => path === '/identity/token').length;

describe('an API key', () => {
  test('F42: is exchanged once for a thousand cold calls, and never before the first', { timeout: 120_000 }, async () => {
    const of = await open();
    expect(exchanges()).toBe(0);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => asked(of)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(exchanges()).toBe(1);
    expect(identity.requests[0]?.body.toString()).toContain('grant-type%3Aapikey');
    expect(of.logText()).not.toContain(KEY);
  });
  test('gives a token that is renewed ahead of its end, while calls go on', async () => {
    const of = await open();
    expect(await asked(of)).toEqual(GOOD);
    advance(0.9 * HOUR);
    expect(await asked(of)).toEqual(GOOD);
    await identity.waitForRequest(({ path }) => path === '/identity/token');
    await identity.waitForRequest(({ path }) => path === '/identity/token');
    advance(0.2 * HOUR);
    expect(await asked(of)).toEqual(GOOD);
    expect(exchanges()).toBe(2);
  });
  test('whose token IBM does not know any more gets another within the call, once', async () => {
    const of = await open();
    expect(await asked(of)).toEqual(GOOD);
    tokens.revoke();
    expect(await asked(of)).toMatchObject({ status: 200, code: null });
    expect(exchanges()).toBe(2);
  });
  test('that IBM does not know is 503 without a word of it, and the log says why', async () => {
    const of = await open({ apiKey: 'ibm-api-key-unknown-0123456789' });
    const answer = await ask(of);
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([503, 'upstream_credentials_unavailable']);
    expect(await answer.text()).not.toContain('could not be found');
    expect(await of.line(({ msg }) => msg === 'an IBM token cannot be had')).toMatchObject({ error: expect.stringContaining('could not be found') });
    expect(of.logText()).not.toContain('ibm-api-key-unknown');
  });
  test('the token service is down past the end of a token: 503 with retry-after, and calls are served again when it is back', async () => {
    const of = await open();
    expect(await asked(of)).toEqual(GOOD);
    const up = identity.script({ status: 503, times: Number.POSITIVE_INFINITY });
    advance(0.9 * HOUR);
    expect(await asked(of)).toEqual(GOOD);
    advance(0.2 * HOUR);
    const answer = await ask(of);
    expect([answer.status, answer.headers.get('x-lpa-code'), Number(answer.headers.get('retry-after')) > 0]).toEqual([
      503,
      'upstream_credentials_unavailable',
      true,
    ]);
    up();
    advance(120_000);
    expect(await asked(of)).toEqual(GOOD);
  });
  test.each([
    ['behind', -600_000],
    ['ahead', 600_000],
    ['a day ahead', 24 * HOUR],
  ])('a clock of the gateway that is %s does no harm', async (_name, skew) => {
    gatewayAhead = skew;
    const of = await open();
    for (let i = 0; i < 3; i++) expect(await asked(of)).toEqual(GOOD);
    expect(exchanges()).toBe(1);
  });
  test('a token that ends while an answer streams ends nothing', async () => {
    const of = await open();
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    simulator.script({ stall: { at: 1500, until }, when: ({ path }) => path === '/ml/v1/text/chat_stream' });
    const answer = await ask(of, { stream: true, messages: [{ role: 'user', content: 'write 30 words' }] });
    advance(2 * HOUR);
    release();
    expect(await answer.text()).toMatch(/word30[\s\S]*\[DONE\]/);
    expect(await asked(of)).toEqual(GOOD);
    expect(exchanges()).toBe(2);
  });
  test('an answer of the token service as it was recorded is understood', async () => {
    const { token } = tokens.issue('recorded');
    const recorded = JSON.parse(recording('watsonx/token-plain-1908b2.json').response.body ?? '{}') as object;
    identity.script({ body: { ...recorded, access_token: token } });
    expect(await asked(await open())).toEqual(GOOD);
    expect(simulator.requests.at(-1)?.header('authorization')).toBe(`Bearer ${token}`);
  });
});

describe('other identities', () => {
  test('a trusted profile of a container, whose token is read from its file at each exchange', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'cr-token');
    const of = await open({ apiKey: undefined, credentials: { type: 'trusted-profile', iamUrl: identity.url, profile: { name: 'llm' }, tokenFile } });
    expect(await asked(of)).toEqual(GOOD);
    expect(identity.requests[0]?.body.toString()).toContain('cr_token=cr-token');
    writeFileSync(tokenFile, 'another');
    tokens.revoke();
    expect(await asked(of)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
  });
  test.each([{}, { profile: { id: 'Profile-1' } }, { profile: { crn: 'crn:v1:profile' } }])('a trusted profile of a virtual server: %j', async (more) => {
    const of = await open({ apiKey: undefined, credentials: { type: 'trusted-profile', source: 'vpc', metadataUrl: identity.url, ...more } });
    expect(await asked(of)).toEqual(GOOD);
    expect(identity.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /instance_identity/v1/token',
      'POST /instance_identity/v1/iam_token',
    ]);
  });
  test.each([
    ['a password', { apiKey: undefined, credentials: { type: 'cp4d', username: 'gateway', password: 'cp4d-password-canary' } }],
    ['an API key', { credentials: { type: 'cp4d', username: 'gateway' } }],
  ])('a user of Cloud Pak for Data by %s signs in at the cluster', async (_name, more) => {
    const of = await open(more);
    expect(await asked(of)).toEqual(GOOD);
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/icp4d-api/v1/authorize', '/ml/v1/text/chat']);
    expect(of.logText()).not.toMatch(/cp4d-password-canary|ibm-api-key-canary/);
  });
  test.each([
    ['in a proxy’s words', '<html>401 Authorization Required</html>', 'text/html'],
    ['in words of its own', '{"_statusCode_":401,"exception":"unauthorized"}', 'application/json'],
  ])('a cluster that ended the session of its user, %s, gets another sign-in within the call', async (_how, body, type) => {
    const of = await open({ credentials: { type: 'cp4d', username: 'gateway' } });
    expect(await asked(of)).toEqual(GOOD);
    simulator.script({ status: 401, body, headers: { 'content-type': type }, when: ({ path }) => path === '/ml/v1/text/chat' });
    expect(await asked(of)).toMatchObject({ status: 200, code: null });
    const signIns = () => simulator.requests.filter(({ path }) => path.endsWith('/authorize')).length;
    expect(signIns()).toBe(2);
    simulator.script({
      status: 401,
      body,
      headers: { 'content-type': type },
      when: ({ path }) => path === '/ml/v1/text/chat',
      times: Number.POSITIVE_INFINITY,
    });
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
    expect(signIns()).toBeLessThanOrEqual(3);
  });
  test('a user of Cloud Pak for Data by an API key that needs no exchange', async () => {
    expect(await asked(await open({ credentials: { type: 'zen', username: 'gateway' } }))).toEqual(GOOD);
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/ml/v1/text/chat']);
  });
  test('a bearer token as it is; when it has ended, the gateway says that it is at fault', async () => {
    const { token } = tokens.issue('given');
    const of = await open({ apiKey: undefined, credentials: { type: 'token', token } });
    expect(await asked(of)).toEqual(GOOD);
    ibmAhead += 2 * HOUR;
    expect(await asked(of)).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
  });
});

describe('what IBM says of our identity', () => {
  test.each([
    [403, 'authorization_rejected', 502, 'upstream_auth_failed'],
    [403, 'user_authorization_failed', 502, 'upstream_auth_failed'],
    [403, 'token_quota_reached', 429, 'upstream_rate_limited'],
    [403, 'no_associated_service_instance_error', 403, 'upstream_rejected'],
  ])('%i %s is %i %s', async (status, code, shown, ours) => {
    const of = await open();
    simulator.script({ status, body: { errors: [{ code, message: 'no' }], trace: 't', status_code: status } });
    const answer = await ask(of);
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([shown, ours]);
    expect(answer.headers.get('x-should-retry')).toBe(code === 'token_quota_reached' || ours === 'upstream_auth_failed' ? 'false' : null);
  });
  test('an error in the middle of a stream is one of the stream', async () => {
    const of = await open();
    simulator.script({ endWith: { after: 3, frame: watsonxErrorEvent(429) }, delayChunk: 5 });
    const text = await (await ask(of, { stream: true, messages: [{ role: 'user', content: 'write 9 words' }] })).text();
    expect(text).toContain('Rate limit reached');
    expect(text).not.toContain('[DONE]');
  });
});
