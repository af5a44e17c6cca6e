import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { BIG, chat, modelAsked, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got, type Sent } from './support/raw.ts';

const house = installed('crowd', '@acme/auth-crowd');
const AUTH = [{ use: 'crowd' }, { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }];
const CHAT = 'chat/completions';
let now = Date.UTC(2026, 5, 1);
let bench: Bench;
const also = (tags: object) => ({ provider: 'openai', apiKey: 'sk-unused', baseUrl: 'http://127.0.0.1:9/v1', insecureUpstream: true, tags });
const policies = [
  { name: 'nothing for guests', match: { group: 'guests' }, allow: { modes: [] } },
  { name: 'readers', match: { group: 'read*' }, allow: { classes: ['models'] } },
  { name: 'writers', match: { group: 'writers' }, allow: { classes: ['inference'], modes: ['transparent'] } },
  { name: 'european', match: { principal: 'crowd:eu-*' }, allow: { tags: { residency: 'eu*' } } },
  { name: 'on main', match: { principal: 'crowd:main-*' }, allow: { instances: ['m*n'], models: [SMALL, 'fast'] } },
  { name: 'far away', match: { cidr: '10.0.0.0/8', strategy: 'crowd' }, allow: { models: ['nothing'] } },
  { name: 'both hold', match: { principal: 'crowd:two', group: 'lab' }, allow: {} },
  { name: 'slow', match: { principal: 'crowd:slow-*' }, allow: {}, limits: [{ per: 'principal', requests: '3/min' }] },
  { name: 'shared', match: { principal: 'crowd:shared-*' }, allow: {}, limits: [{ per: 'policy', requests: '2/h' }] },
  { name: 'teams', match: { group: 'team-*' }, allow: {}, limits: [{ per: 'group', requests: '2/h' }] },
  { name: 'each model', match: { principal: 'crowd:each-*' }, allow: {}, limits: [{ per: 'model', requests: '1/h' }] },
  { name: 'narrow', match: { principal: 'crowd:narrow-*' }, allow: {}, limits: [{ per: 'principal', concurrent: 1 }] },
  { name: 'keys', match: { strategy: 'api-*' }, allow: { models: [SMALL, BIG], instances: ['main', 'eu'], classes: ['inference'] } },
];
beforeAll(async () => {
  bench = await openBench({
    now: () => now,
    plugins: ['@acme/auth-crowd'],
    pluginRoots: [house.root],
    main: { tags: { residency: 'us' } },
    instances: { eu: also({ residency: 'eu-west' }), plain: also({}) },
    sections: {
      auth: AUTH,
      policies,
      models: [
        { name: 'fast', targets: [{ instance: 'main', model: BIG }] },
        {
          name: 'split',
          targets: [
            { instance: 'eu', model: SMALL },
            { instance: 'main', model: SMALL },
          ],
        },
        { match: 'gpt-*', targets: [{ instance: 'main', model: '*' }] },
      ],
      retry: { attempts: 1 },
    },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(async () => {
  await bench.close();
  house.remove();
});

const as = (who: string, path: string, body: string | undefined = chat(SMALL), more: Partial<Sent> = {}): Promise<Got> =>
  ask(bench.url, { path, headers: { authorization: `Bearer ${who}`, 'content-type': 'application/json' }, ...(body === '' ? {} : { body }), ...more });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;

describe('which policy holds', () => {
  const rows: readonly (readonly [name: string, who: string, path: string, wanted: string, body?: string])[] = [
    ['none matches', 'crowd.stranger', `/openai/main/v1/${CHAT}`, '403 operation_not_allowed'],
    ['none matches, other mode', 'crowd.stranger', `/transparent/main/v1/${CHAT}`, '403 operation_not_allowed'],
    ['of two parts one does not hold', 'crowd.two', `/openai/main/v1/${CHAT}`, '403 operation_not_allowed'],
    ['both parts hold', 'crowd.two.lab', `/openai/main/v1/${CHAT}`, '200 '],
    ['any of the groups counts', 'crowd.two.other.lab', `/openai/main/v1/${CHAT}`, '200 '],
    ['the first wins, though a later one allows', 'crowd.main-1.guests', `/openai/main/v1/${CHAT}`, '403 mode_not_allowed'],
    ['a group by glob', 'crowd.a.readers', `/openai/main/v1/${CHAT}`, '403 operation_not_allowed'],
    ['a mode', 'crowd.a.writers', `/openai/main/v1/${CHAT}`, '403 mode_not_allowed'],
    ['the other mode', 'crowd.a.writers', `/transparent/main/v1/${CHAT}`, '200 '],
    ['an instance', 'crowd.main-1', `/openai/eu/v1/${CHAT}`, '403 instance_not_allowed'],
    ['an instance, transparent', 'crowd.main-1', `/transparent/eu/v1/${CHAT}`, '403 instance_not_allowed'],
    ['a model', 'crowd.main-1', `/openai/main/v1/${CHAT}`, '403 model_not_allowed', chat(BIG)],
    ['the model it allows', 'crowd.main-1', `/openai/main/v1/${CHAT}`, '200 '],
    ['a name of models: allows its targets', 'crowd.main-1', `/v1/${CHAT}`, '200 ', chat('fast')],
    ['but not the target asked for directly', 'crowd.main-1', `/v1/${CHAT}`, '403 model_not_allowed', chat(BIG)],
    ['a tag', 'crowd.eu-1', `/openai/main/v1/${CHAT}`, '403 instance_not_allowed'],
    ['a tag that is missing', 'crowd.eu-1', `/openai/plain/v1/${CHAT}`, '403 instance_not_allowed'],
    ['a tag of the only target left', 'crowd.eu-1', `/v1/${CHAT}`, '403 instance_not_allowed', chat('fast')],
    ['the name alone is no group', 'crowd.guests', `/openai/main/v1/${CHAT}`, '403 operation_not_allowed'],
  ];
  test.each(rows.map(([name, who, path, wanted, body = chat(SMALL)]) => ({ name, who, path, wanted, body })))('$name', async ({ who, path, wanted, body }) => {
    expect(answer(await as(who, path, body))).toBe(wanted);
    expect(bench.simulator.requests).toHaveLength(wanted === '200 ' ? 1 : 0);
  });
  test('the class of models alone lists and does not call', async () => {
    const got = await as('crowd.a.readers', '/openai/main/v1/models', '', { method: 'GET' });
    expect(got.status).toBe(200);
    expect(answer(await as('crowd.a.writers', '/openai/main/v1/models', '', { method: 'GET' }))).toBe('403 mode_not_allowed');
  });
  test('a target that the policy forbids is no fallback', async () => {
    const got = await as('crowd.eu-1', `/v1/${CHAT}`, chat('split'));
    expect(answer(got)).toBe('502 upstream_unreachable');
    expect(bench.simulator.requests).toEqual([]);
    expect((await as('crowd.two.lab', `/v1/${CHAT}`, chat('split'))).headers['x-lpa-instance']).toBe('main');
  });
  test('a caller by address: 127.0.0.1 is not in 10.0.0.0/8', async () => {
    expect(answer(await as('crowd.b', `/openai/main/v1/${CHAT}`))).toBe('403 operation_not_allowed');
  });
});

describe('a key may what both it and the policy allow', () => {
  test.each([
    ['the key narrows the models', { models: [SMALL] }, 'main', BIG, '403 model_not_allowed'],
    ['the policy narrows the models', { models: ['*'] }, 'main', 'gpt-4.1', '403 model_not_allowed'],
    ['a glob of the key does not widen', { models: ['gpt-*'] }, 'main', 'gpt-4.1', '403 model_not_allowed'],
    ['both allow', { models: ['gpt-4o*'] }, 'main', BIG, '200 '],
    ['the key narrows the instances', { instances: ['eu'] }, 'main', SMALL, '403 instance_not_allowed'],
    ['the policy narrows the instances', { instances: ['*'] }, 'plain', SMALL, '403 instance_not_allowed'],
    ['nothing is left of either', { instances: ['plain'] }, 'plain', SMALL, '403 instance_not_allowed'],
    ['the key narrows the modes', { modes: ['transparent'] }, 'main', SMALL, '403 mode_not_allowed'],
  ])('%s', async (_name, restrictions, instance, model, wanted) => {
    const key = await bench.makeKey(restrictions);
    expect(answer(await as(key, `/openai/${instance}/v1/${CHAT}`, chat(model)))).toBe(wanted);
    expect(bench.simulator.requests.map(modelAsked)).toEqual(wanted === '200 ' ? [model] : []);
  });
});

describe('limits', () => {
  test('requests in a window: those over it are 429 and do not go out', async () => {
    const got: Got[] = [];
    for (let i = 0; i < 5; i++)
      got.push(await as(i % 2 === 0 ? 'crowd.slow-1.a' : 'crowd.slow-1.b', i < 2 ? `/openai/main/v1/${CHAT}` : `/transparent/main/v1/${CHAT}`));
    expect(got.map(answer)).toEqual(['200 ', '200 ', '200 ', '429 rate_limit_exceeded', '429 rate_limit_exceeded']);
    expect(bench.simulator.requests).toHaveLength(3);
    expect(got[0]?.headers['x-ratelimit-limit-requests']).toBe('3');
    expect(got.slice(0, 2).map((g) => g.headers['x-ratelimit-remaining-requests'])).toEqual(['2', '1']);
    const wait = Number(got[3]?.headers['retry-after']);
    const secondsOf = (text: unknown): number => {
      const [, minutes = '0', seconds = ''] = /^(?:(\d+)m)?(\d+)s$/.exec(String(text)) ?? [];
      return Number(minutes) * 60 + Number(seconds);
    };
    // Whatever the mode, a refusal names the limit; it is whole again later than one call of it.
    for (const refused of got.slice(3)) {
      expect([refused.headers['x-ratelimit-limit-requests'], refused.headers['x-ratelimit-remaining-requests']]).toEqual(['3', '0']);
      expect(secondsOf(refused.headers['x-ratelimit-reset-requests'])).toBeGreaterThanOrEqual(wait);
    }
    expect(secondsOf(got[1]?.headers['x-ratelimit-reset-requests'])).toBeGreaterThanOrEqual(wait);
    const protocol = await as('crowd.slow-1.a', `/openai/main/v1/${CHAT}`);
    expect([answer(protocol), protocol.headers['x-ratelimit-remaining-requests']]).toEqual(['429 rate_limit_exceeded', '0']);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(120);
    expect((await as('crowd.slow-2', `/openai/main/v1/${CHAT}`)).status).toBe(200);
    now += 121_000;
    expect((await as('crowd.slow-1', `/openai/main/v1/${CHAT}`)).status).toBe(200);
  });
  test('each model counts apart in both modes, however large the body that names it is', async () => {
    const embed = (model: string, size: number): string => JSON.stringify({ model, input: 'x', user: 'x'.repeat(size) });
    for (const [model, path] of [
      ['text-embedding-3-small', '/transparent/main/v1/embeddings'],
      ['text-embedding-3-large', '/openai/main/v1/embeddings'],
    ] as const) {
      expect((await as('crowd.each-1', path, embed(model, 70_000))).status).toBe(200);
      for (const size of [0, 70_000])
        for (const base of ['/transparent/main/v1', '/openai/main/v1'])
          expect(answer(await as('crowd.each-1', `${base}/embeddings`, embed(model, size)))).toBe('429 rate_limit_exceeded');
    }
    const headers = { authorization: 'Bearer crowd.each-1', 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect(answer(await as('crowd.each-1', '/transparent/main/v1/embeddings', embed('text-embedding-ada-002', 0), { headers }))).toBe(
      '415 unsupported_media_type',
    );
  });
  test('per policy: callers share what there is, and a wait over a minute is not worth a retry', async () => {
    const got = [];
    for (const who of ['crowd.shared-1', 'crowd.shared-2', 'crowd.shared-3']) got.push(await as(who, `/openai/main/v1/${CHAT}`));
    expect(got.map(answer)).toEqual(['200 ', '200 ', '429 rate_limit_exceeded']);
    expect(got[2]?.headers['x-should-retry']).toBe('false');
  });
  test('per group: a caller counts in each group that the policy asks for, in whatever order its issuer names them', async () => {
    const got = [];
    for (const who of [
      'crowd.g1.everybody.team-a',
      'crowd.g2.team-b.team-a.everybody',
      'crowd.g3.other.team-a',
      'crowd.g4.team-b',
      'crowd.g5.team-b',
      'crowd.g6.everybody.team-c',
    ])
      got.push(await as(who, `/openai/main/v1/${CHAT}`));
    expect(got.map(answer)).toEqual(['200 ', '200 ', '429 rate_limit_exceeded', '200 ', '429 rate_limit_exceeded', '200 ']);
  });
  test('open calls: the second waits for none, and a place is free again when the first has ended', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.simulator.script({ holdHead: promise });
    const first = as('crowd.narrow-1', `/openai/main/v1/${CHAT}`);
    await bench.simulator.waitForRequest();
    const second = await as('crowd.narrow-1', `/transparent/main/v1/${CHAT}`);
    expect(answer(second)).toBe('429 too_many_concurrent_requests');
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
    expect((await as('crowd.narrow-2', `/openai/main/v1/${CHAT}`)).status).toBe(200);
    resolve();
    expect((await first).status).toBe(200);
    expect((await as('crowd.narrow-1', `/openai/main/v1/${CHAT}`)).status).toBe(200);
  });
  test('what is refused for another reason takes no place', async () => {
    for (let i = 0; i < 5; i++) expect(answer(await as('crowd.slow-9', `/openai/nowhere/v1/${CHAT}`))).toBe('404 instance_not_found');
    expect((await as('crowd.slow-9', `/openai/main/v1/${CHAT}`)).status).toBe(200);
  });
});

test("a strategy that takes others' credentials and no policies: the gateway does not start", async () => {
  const started = openBench({ plugins: ['@acme/auth-crowd'], pluginRoots: [house.root], sections: { auth: [{ use: 'crowd' }] } });
  await expect(started).rejects.toMatchObject({ name: 'ConfigurationError' });
});

describe('where every policy names addresses', () => {
  const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
  const far = { 'x-forwarded-for': '192.0.2.7' };
  const json = { 'content-type': 'application/json' };
  let there: Bench;
  beforeAll(async () => {
    there = await openBench({
      plugins: ['@llm-proxy-auth/auth-basic'],
      sections: {
        auth: [{ use: 'api-key', pepper: PEPPER }, { use: 'basic' }],
        server: { port: 0, trustedProxies: ['127.0.0.1'] },
        policies: [
          { match: { cidr: '10.0.0.0/8' }, allow: {} },
          { match: { cidr: '2001:db8::/32', principal: 'key:*' }, allow: {} },
        ],
      },
    });
  });
  afterAll(() => there.close());
  const call = (headers: Readonly<Record<string, string>>, path = `/openai/main/v1/${CHAT}`): Promise<Got> =>
    ask(there.url, { path, headers: { ...json, ...headers }, body: chat(SMALL) });
  const asked = async (): Promise<readonly string[]> =>
    (await there.gateway.metrics.text()).split('\n').filter((line) => line.startsWith('llm_proxy_auth_total') && !line.includes('strategy="none"'));

  test('a caller from elsewhere is refused before its credential is looked at, the same whatever it is', async () => {
    const key = await there.makeKey({ scopes: ['metrics'] });
    const unknown = `${key.slice(0, 4)}${key.slice(4, 16).split('').toReversed().join('')}${key.slice(16)}`;
    const before = await asked();
    const shown = [`Bearer ${key}`, `Bearer ${unknown}`, 'Bearer nonsense', `Basic ${Buffer.from('ann:secret').toString('base64')}`, 'Weird abc'];
    for (const path of [`/openai/main/v1/${CHAT}`, `/v1/${CHAT}`, '/transparent/main/v1/chat/completions', '/transparent/none/v1/x']) {
      const got = await Promise.all(shown.map((authorization) => call({ ...far, authorization }, path)));
      expect(new Set(got.map(answer))).toEqual(new Set(['403 address_not_allowed']));
      expect(new Set(got.map(({ text }) => text)).size).toBe(1);
    }
    expect(await asked()).toEqual(before);
    expect(there.simulator.requests).toEqual([]);
    expect(answer(await call(far))).toBe('401 missing_credentials');
  });
  test('from the addresses of a policy the credential decides, and what is no call is not asked where it comes from', async () => {
    const key = await there.makeKey({ scopes: ['metrics'] });
    const authorization = `Bearer ${key}`;
    for (const from of ['10.1.2.3', '2001:db8::1', '::ffff:10.0.0.1']) expect(answer(await call({ 'x-forwarded-for': from, authorization }))).toBe('200 ');
    expect(answer(await call({ 'x-forwarded-for': '10.1.2.3', authorization: 'Bearer nonsense' }))).toBe('401 invalid_credentials');
    expect((await ask(there.url, { method: 'GET', path: '/metrics', headers: { ...far, authorization } })).status).toBe(200);
  });
});
