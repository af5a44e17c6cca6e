import { Pool } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { BIG, chat, SMALL } from './support/limited.ts';
import { type Oracle, oracle } from './support/oracle.ts';
import { answersIn, ask2, codeOf, type Sent } from './support/raw.ts';

const CHAT = '/openai/main/v1/chat/completions';
const NATIVE = '/transparent/main/v1/chat/completions';
const BOTH = [CHAT, NATIVE] as const;
let bench: Bench;
let watch: Oracle;
beforeAll(async () => {
  bench = await openBench({ sections: { retry: { attempts: 1 } } });
  watch = oracle(bench);
});
afterEach(() => watch.holds());
afterAll(() => bench.close());
const post = (path: string, headers: Sent['headers'] = {}, body = chat(SMALL)) =>
  watch.ask({ path, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers }, body });
const sentNames = (): string[] => bench.simulator.requests.flatMap((r) => r.headers.map(([name]) => name.toLowerCase()));

describe.each(BOTH)('5.2 what of the client reaches the provider by %s (A051, A052)', (path) => {
  test.each([
    ['authorization', () => ({ authorization: `Bearer ${bench.key}` })],
    ['x-api-key', () => ({ authorization: [], 'x-api-key': bench.key })],
    ['api-key', () => ({ authorization: [], 'api-key': bench.key })],
    ['x-goog-api-key', () => ({ authorization: [], 'x-goog-api-key': bench.key })],
    ['all of them', () => ({ 'x-api-key': bench.key, 'api-key': bench.key, 'x-goog-api-key': bench.key })],
  ])('a key in %s stays here', async (_name, headers) => {
    expect((await post(path, headers())).status).toBe(200);
    for (const name of ['x-api-key', 'api-key', 'x-goog-api-key']) expect(sentNames()).not.toContain(name);
  });
  test('the credential goes no further in whatever header it is repeated; the others go on as they were sent', async () => {
    const { key } = bench;
    const repeated = { 'x-custom': key, 'x-auth-token': `Token ${key}`, referer: `https://app.example/?k=${key}`, 'x-kept': key.slice('lpa_'.length) };
    expect((await post(path, repeated)).status).toBe(200);
    const [sent] = bench.simulator.requests.slice(-1);
    expect(sent?.headers.filter(([, value]) => value.includes(key))).toEqual([]);
    if (path === NATIVE) expect(sent?.headers.filter(([name]) => name.toLowerCase() === 'x-kept')).toEqual([['x-kept', repeated['x-kept']]]);
  });
  test('credentials of any kind, cookies, forwarding, ours and hop-by-hop headers stay here', async () => {
    const dropped = {
      cookie: 'a=canary-of-client',
      'proxy-authorization': 'Basic canary-of-client',
      'x-totp-code': '123456',
      'ocp-apim-subscription-key': 'canary-of-client',
      'x-amz-security-token': 'canary-of-client',
      'x-amz-date': '20260101T000000Z',
      'x-amzn-oidc-data': 'canary-of-client',
      'x-forwarded-for': '192.0.2.7',
      'x-forwarded-host': 'canary-of-client',
      'x-forwarded-client-cert': 'canary-of-client',
      'x-forwarded': '192.0.2.7',
      'x-forwarded-user': 'canary-of-client',
      'x-forwarded-email': 'canary-of-client',
      'x-forwarded-access-token': 'canary-of-client',
      'x-original-host': 'canary-of-client',
      'x-original-forwarded-for': '192.0.2.7',
      'x-real-ip': '192.0.2.7',
      forwarded: 'for=192.0.2.7',
      via: '1.1 canary-of-client',
      te: 'trailers',
      'proxy-connection': 'keep-alive',
      'x-http-method-override': 'DELETE',
      'x-original-url': '/canary-of-client',
      'x-lpa-anything': 'canary-of-client',
      'x-request-id': 'canary-of-client',
      'x-service-account': 'canary-of-client',
    };
    expect((await post(path, dropped)).status).toBe(200);
    const names = sentNames();
    expect(names).not.toEqual([]);
    expect(Object.keys(dropped).filter((name) => names.includes(name))).toEqual([]);
  });
  test('other spellings of the same names are neither honoured nor handed on', async () => {
    const spelled = {
      X_Forwarded_For: '10.0.0.1',
      X_API_Key: 'canary-of-client',
      'x-amzn-oidc_data': 'canary-of-client',
      'X-FORWARDED-Client_Cert': 'canary-of-client',
      X_Lpa_Model: BIG,
      X_Forwarded_User: 'canary-of-client',
      'X-Original_Host': 'canary-of-client',
      Api_Key: 'canary-of-client',
    };
    expect((await post(path, spelled)).status).toBe(200);
    const names = sentNames().map((name) => name.replaceAll('_', '-'));
    expect(names.filter((name) => /forwarded|original|api-key|oidc|lpa/.test(name))).toEqual([]);
    expect(bench.simulator.requests.map((r) => (r.json() as { model: string }).model)).toEqual([SMALL]);
  });
  test.each([
    ['Content-Type', 'Content-Type: text/plain'],
    ['Authorization', 'Authorization: Bearer x'],
    ['Host', 'Host: evil.example'],
    ['Content-Length', 'Content-Length: 1'],
  ])('a second %s is 400', async (_name, line) => {
    const body = chat(SMALL);
    const text = await watch.wire(
      `POST ${path} HTTP/1.1\r\n${watch.head}Content-Type: application/json\r\n${line}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    expect(answersIn(text).map((a) => a.status)).toEqual([400]);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a call over HTTP/1.0 without a Host is 400', async () => {
    const body = chat(SMALL);
    const head = watch.head.replace(/^host: .*\r\n/im, '');
    expect(head).not.toBe(watch.head);
    const text = await watch.wire(`POST ${path} HTTP/1.0\r\n${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(answersIn(text).map((a) => a.status)).toEqual([400]);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('`Connection` names no header of the provider away', async () => {
    expect((await post(path, { connection: 'close, authorization, content-type' })).status).toBe(200);
    expect(bench.simulator.requests[0]?.header('content-type')).toMatch(/^application\/json/);
  });
  test('a request id with a line break or of any length is not echoed', async () => {
    for (const [id, echoed] of [
      ['ok-1.a_B', 'ok-1.a_B'],
      ['a b', undefined],
      ['a'.repeat(129), undefined],
      ['é', undefined],
      ['<x>', undefined],
    ] as const) {
      const got = await post(path, { 'x-client-request-id': Buffer.from(id).toString('latin1') });
      expect(got.headers['x-client-request-id'], id).toBe(echoed);
      expect(got.headers['x-request-id']).toMatch(/^req_[0-9a-f]{32}$/);
    }
  });
});
test('two different hosts over HTTP/2 are 400; the same one twice is one', async () => {
  const { host } = new URL(bench.url);
  const headers = { ':authority': host, 'content-type': 'application/json', authorization: `Bearer ${bench.key}` };
  const sent = (name: string) => ask2(bench.url, { path: CHAT, headers: { ...headers, host: name }, body: chat(SMALL) });
  for (const other of ['evil.example', host.replace(/:\d+$/, '')]) expect((await sent(other)).headers['x-lpa-code'], other).toBe('invalid_request');
  expect(bench.simulator.requests).toEqual([]);
  expect((await sent(host)).status).toBe(200);
  headers[':authority'] = 'gateway.example';
  expect((await sent('Gateway.Example')).status).toBe(200);
});
test('protocol mode sends an allow-list: a header of the client that nobody knows stays here', async () => {
  await post(CHAT, { 'x-anything': 'canary-of-client', 'accept-language': 'canary-of-client', referer: 'canary-of-client' });
  expect(sentNames()).not.toContain('x-anything');
  expect(bench.simulator.requests[0]?.header('user-agent')).toBe('llm-proxy-auth');
});
test('transparent mode hands on what is not dropped', async () => {
  await post(NATIVE, { 'x-anything': 'yes', 'openai-beta': 'x=1' });
  expect(bench.simulator.requests[0]?.header('x-anything')).toBe('yes');
});

describe.each(BOTH)('5.2 what of the provider reaches the client by %s (A128)', (path) => {
  test('cookies, allowances, our names and the id of another are dropped', async () => {
    const evil = {
      'set-cookie': 'a=b',
      authorization: `Bearer ${PROVIDER_KEY}`,
      'access-control-allow-origin': '*',
      'x-lpa-instance': 'other',
      'x-lpa-code': 'invalid_credentials',
      'x-amzn-oidc-data': 'x',
      'x-amzn-trace-id': 'x',
      'x-amzn-remapped-server': 'x',
      'proxy-authenticate': 'Basic',
      'strict-transport-security': 'max-age=1',
      'keep-alive': 'timeout=1',
      server: 'cloudflare',
      'x-request-id': 'req_of_the_provider',
    };
    bench.simulator.script({ headers: evil });
    const got = await post(path);
    expect(got.status).toBe(200);
    expect(Object.keys(evil).filter((name) => got.headers[name] === evil[name as keyof typeof evil])).toEqual([]);
    expect(got.headers['set-cookie']).toBeUndefined();
    expect(got.headers['x-lpa-instance']).toBe('main');
    expect(got.headers['x-upstream-request-id']).toBe('req_of_the_provider');
  });
  test.each([
    ['the key alone', (key: string) => key],
    ['the key as it was sent', (key: string) => `Bearer ${key}`],
    ['the key among other text', (key: string) => `a=1; key="${key}"; b`],
  ])('a reply header that holds %s is dropped, whatever its name', async (_name, value) => {
    const echoed = value(PROVIDER_KEY);
    bench.simulator.script({ headers: { 'x-echo-key': echoed, 'openai-version': echoed, 'x-request-id': echoed, 'x-ratelimit-limit-requests': '7' } });
    const got = await post(path);
    expect(got.status).toBe(200);
    expect(JSON.stringify(got.headers)).not.toContain(PROVIDER_KEY);
    expect(got.headers['x-ratelimit-limit-requests']).toBe('7');
  });
  test.each([
    ['a bare carriage return', 'X-A: a\rX-Evil: 1'],
    ['a NUL', 'X-A: a\0b'],
    ['a broken name', 'X A: b'],
    ['64 KiB', `X-A: ${'a'.repeat(70_000)}`],
  ])('a head with %s splits nothing', async (_name, line) => {
    bench.simulator.script({ raw: `HTTP/1.1 200 OK\r\n${line}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}` });
    const got = await post(path);
    expect(got.headers['x-evil']).toBeUndefined();
    expect(got.headers['x-a']).toBeUndefined();
    expect(got.status).toBe(502);
    expect(codeOf(got)).toMatch(/^upstream_(unreachable|stream_truncated|bad_response)$/);
  });
  test.each([301, 302, 303, 307, 308])('A088: a redirect %i elsewhere is 502, and nobody follows it', async (status) => {
    bench.simulator.script({ status, redirect: 'http://evil.example/v1/steal' });
    const got = await post(path);
    expect([got.status, codeOf(got)]).toEqual([502, 'upstream_bad_response']);
    expect(got.headers.location).toBeUndefined();
    expect(bench.simulator.requests).toHaveLength(1);
  });
});
test.each(['//evil.example/v1/x', 'https://evil.example@127.0.0.1/x'])(
  'A088: a relative or disguised redirect to %s leaves nobody elsewhere',
  async (location) => {
    bench.simulator.script({ redirect: location });
    const got = await post(NATIVE);
    expect(got.status).toBe(502);
    expect(got.headers.location).toBeUndefined();
  },
);
test('a redirect within the provider comes back through us', async () => {
  bench.simulator.script({ redirect: `${bench.simulator.url}/files/x?y=1` });
  const got = await post(NATIVE);
  expect([got.status, got.headers.location]).toEqual([307, '/transparent/main/v1/files/x?y=1']);
});

describe('errors say nothing of us (A113)', () => {
  const echo = (status: number) => ({
    status,
    body: { error: { message: `Incorrect API key provided: ${PROVIDER_KEY}`, type: 'invalid_request_error', param: null, code: 'invalid_api_key' } },
  });
  test.each(BOTH.flatMap((path) => [400, 401, 403, 404, 409, 422, 429, 500, 503].map((status) => ({ path, status }))))(
    '$status at $path',
    async ({ path, status }) => {
      // In transparent mode an error of the provider passes untouched, except one about our own credential.
      const ours = status === 401 || status === 403;
      bench.simulator.script(path === CHAT || ours ? echo(status) : { status });
      const got = await post(path);
      expect(got.status).toBe(ours || (status === 500 && path === CHAT) ? 502 : status);
      expect(`${JSON.stringify(got.headers)}${got.text}`).not.toContain(PROVIDER_KEY);
      expect(JSON.parse(got.text)).toMatchObject({ error: { message: expect.any(String) } });
      expect(got.text).not.toMatch(/127\.0\.0\.1|localhost|pepper/);
    },
  );
  test.each(BOTH)('a header that holds our credential goes no further than %s', async (path) => {
    bench.simulator.script({ headers: { 'x-echo': PROVIDER_KEY, 'openai-organization': PROVIDER_KEY } });
    const got = await post(path);
    expect([got.status, got.headers['x-echo'], got.headers['openai-organization']]).toEqual([200, undefined, undefined]);
  });
  test.each(BOTH)('a refused credential of ours at %s is never the client’s 401', async (path) => {
    bench.simulator.script(echo(401));
    const got = await post(path);
    expect(codeOf(got)).toBe('upstream_auth_failed');
    expect(got.headers['www-authenticate']).toBeUndefined();
  });
  test.each([
    ['/openai/main/v1/nowhere', 404],
    ['/openai/nowhere/v1/chat/completions', 404],
    ['/transparent/nowhere/v1/x', 404],
    ['/transparent/main/v1/nowhere', 403],
    ['/nowhere', 404],
  ])('%s', async (path, status) => {
    const got = await post(path);
    expect(got.status).toBe(status);
    expect(JSON.parse(got.text)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } });
  });
});

describe('the log (A111)', () => {
  test('one JSON object a line whatever callers write', async () => {
    const evil = '\u2028"}\u001b[31m{"level":"fatal"}';
    const before = bench.lines.length;
    await post(CHAT, { 'user-agent': Buffer.from(evil.replace('\u001b', '')).toString('latin1') }, chat(`${evil}\r\nx`));
    await watch.wire(`GET /nowhere%0a%22%7d HTTP/1.1\r\n${watch.head}Connection: close\r\n\r\n`);
    const lines = bench.logText().trimEnd().split('\n');
    expect(lines.length).toBe(bench.lines.length);
    expect(bench.lines.length).toBeGreaterThan(before);
    for (const line of bench.lines) expect(line.level).toMatch(/^(trace|debug|info|warn|error)$/);
    expect(bench.logText()).not.toContain('\u001b');
  });
});
test('A115: labels come from closed sets', async () => {
  const pool = new Pool(bench.url, { connections: 8, pipelining: 4 });
  const series = async (): Promise<number> => (await bench.gateway.metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  const paths = [(i: number) => `/nowhere/${i}`, (i: number) => `/openai/x${i}/v1/chat/completions`, (i: number) => `/transparent/main/v1/x${i}`, () => CHAT];
  /** Names nobody has, in every place that has one: of which another in each request. */
  const send = async (i: number): Promise<void> => {
    const headers = {
      authorization: `Bearer ${bench.key}`,
      'content-type': 'application/json',
      'user-agent': `agent-${i}`,
      'x-lpa-model': `m${i}`,
      'openai-organization': `tenant-${i}`,
    };
    const path = paths[i % paths.length]?.(i) ?? '';
    await (await pool.request({ method: 'POST', path, headers, body: chat(`model-${i}`) })).body.dump();
  };
  const some = (from: number, to: number): Promise<unknown> => Promise.all(Array.from({ length: to - from }, (_, n) => send(from + n)));
  await some(0, 8);
  const before = await series();
  for (let i = 8; i < 10_008; i += 100) await some(i, i + 100);
  expect((await series()) - before).toBeLessThanOrEqual(50);
  await pool.close();
});
