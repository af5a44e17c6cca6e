import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLIENT, type Directory, openDirectory, SECRET, subjectOf } from './support/entra.ts';

const MINUTE = 60_000;
let directory: Directory;
beforeEach(async () => {
  directory = await openDirectory();
});
afterEach(() => directory.close());
const tokenRequests = () => directory.entra.requests.filter(({ path }) => path.endsWith('/oauth2/v2.0/token'));

describe('a client secret', () => {
  test('F42: brings one token for a thousand calls at once, when the first of them comes', { timeout: 120_000 }, async () => {
    const { open, asked, secret } = directory;
    const bench = await open(secret);
    expect(directory.entra.requests).toHaveLength(0);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => asked(bench)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(tokenRequests()).toHaveLength(1);
    expect(subjectOf(answers[0]?.token)).toBe(CLIENT);
  });
  test('brings a new token ahead of the end of the old one, which serves meanwhile', async () => {
    const { open, asked, secret, advance } = directory;
    const bench = await open(secret);
    const first = await asked(bench);
    advance(52 * MINUTE);
    expect(await asked(bench)).toMatchObject({ status: 200, token: first.token });
    await expect.poll(async () => (await asked(bench)).token).not.toBe(first.token);
    expect(tokenRequests()).toHaveLength(2);
  });
  test('serves a stream whose token ends on the way', async () => {
    const { open, asked, secret, advance, simulator } = directory;
    const bench = await open(secret);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    simulator.script({ when: ({ body }) => body.includes('write 9 words'), stall: { at: 900, until: held } });
    const answer = await fetch(`${bench.url}/transparent/azure/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'write 9 words' }] }),
    });
    expect(answer.status).toBe(200);
    advance(61 * MINUTE);
    expect((await asked(bench)).status).toBe(200);
    release();
    expect(await answer.text()).toMatch(/word9[\s\S]*data: \[DONE\]\n\n$/);
    expect(tokenRequests()).toHaveLength(2);
  });
  test('serves through an outage until the token ends; then calls are 503 with a time to come back, and it passes without a restart', async () => {
    const { open, asked, secret, advance, entra } = directory;
    const bench = await open(secret);
    const first = await asked(bench);
    const end = entra.script({ status: 503, times: Number.POSITIVE_INFINITY });
    for (const minutes of [50, 4, 4]) {
      advance(minutes * MINUTE);
      expect(await asked(bench)).toMatchObject({ status: 200, token: first.token });
    }
    advance(5 * MINUTE);
    expect(await asked(bench)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable', retryAfter: expect.stringMatching(/^\d+$/) });
    end();
    advance(MINUTE);
    expect(await asked(bench)).toMatchObject({ status: 200 });
  });
  test('is asked again by a call whose token was taken back', async () => {
    const { open, asked, secret, tenant } = directory;
    const bench = await open(secret);
    const first = await asked(bench);
    tenant.revoke();
    const second = await asked(bench);
    expect([second.status, second.token === first.token]).toEqual([200, false]);
    expect(tokenRequests()).toHaveLength(2);
  });
  test.each([-3, 3])('works with a clock that is off by %d hours, and for as long as its tokens live', async (hours) => {
    const { open, asked, secret, advance, skew } = directory;
    const bench = await open(secret);
    skew(hours * 60 * MINUTE);
    const first = await asked(bench);
    advance(40 * MINUTE);
    expect([first.status, await asked(bench)]).toEqual([200, first]);
    advance(21 * MINUTE);
    expect((await asked(bench)).status).toBe(200);
    expect(tokenRequests()).toHaveLength(2);
  });
  test('that is wrong is told to the log by the number of Entra ID, and to nobody else', async () => {
    const { open, asked, secret } = directory;
    const bench = await open({ ...secret, clientSecret: `${SECRET}-other` });
    expect(await asked(bench)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    expect(bench.logText()).toContain('AADSTS7000215');
    expect(bench.logText()).not.toContain(SECRET);
  });
});

test('a principal without the role is 502 and not the caller’s 401, after one try', async () => {
  const { open, asked, secret, simulator } = directory;
  const bench = await open(secret);
  simulator.script({ status: 401, body: { error: { code: 'PermissionDenied', message: 'The principal `x` lacks the required data action `y`' } }, times: 9 });
  expect(await asked(bench)).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
  expect(simulator.requests).toHaveLength(1);
});

describe('a workload identity', () => {
  test('shows the token of its file, also after that was rotated', async () => {
    const { open, asked, project, advance } = directory;
    const bench = await open(project());
    expect(await asked(bench)).toMatchObject({ status: 200 });
    advance(61 * MINUTE);
    project({ jti: 'second' });
    expect(await asked(bench)).toMatchObject({ status: 200 });
    const shown = tokenRequests().map((request) => new URLSearchParams(request.body.toString('utf8')).get('client_assertion'));
    expect(new Set(shown).size).toBe(2);
  });
  test.each([
    ['of another subject', { sub: 'system:serviceaccount:other:other' }, 'AADSTS700213'],
    ['for another audience', { aud: 'https://kubernetes.default' }, 'AADSTS700212'],
    ['that has ended', { exp: 1 }, 'AADSTS700024'],
  ])('with a token %s gets in nowhere', async (_what, claims, number) => {
    const { open, asked, project } = directory;
    const bench = await open(project(claims));
    expect(await asked(bench)).toMatchObject({ status: 503, code: 'upstream_credentials_unavailable' });
    expect(bench.logText()).toContain(number);
  });
});

test('the chain of Azure finds a client secret in the environment', async () => {
  const { open, asked, secret, tenant, entra } = directory;
  Object.assign(process.env, { AZURE_TENANT_ID: tenant.id, AZURE_CLIENT_ID: CLIENT, AZURE_CLIENT_SECRET: SECRET, AZURE_AUTHORITY_HOST: entra.url });
  const bench = await open({ type: 'default', authorityHost: secret.authorityHost });
  expect(await asked(bench)).toMatchObject({ status: 200 });
  expect(tokenRequests()).toHaveLength(1);
});

test('no token, secret or assertion is logged', async () => {
  const { open, asked, secret, project } = directory;
  const benches = [await open(secret), await open(project())];
  const tokens = [];
  for (const bench of benches) tokens.push((await asked(bench)).token);
  const shown = tokenRequests().map((request) => new URLSearchParams(request.body.toString('utf8')).get('client_assertion'));
  for (const bench of benches)
    for (const text of [SECRET, ...tokens, ...shown].filter((one) => typeof one === 'string'))
      expect(bench.logText()).not.toContain(text.replace(/^Bearer /, ''));
});
