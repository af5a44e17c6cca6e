import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { answersIn, ask, codeOf, type Got, type Sent, wire } from './support/raw.ts';

const CHAT = '/openai/main/v1/chat/completions';
const NATIVE = '/transparent/main/v1/chat/completions';
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
const post = (bench: Bench, headers: Sent['headers'], path = CHAT): Promise<Got> =>
  ask(bench.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const keyed = (bench: Bench, headers: Sent['headers'] = {}, path = CHAT): Promise<Got> =>
  post(bench, { authorization: `Bearer ${bench.key}`, ...headers }, path);

describe('auth: none', () => {
  let open: Bench;
  let port = '';
  beforeAll(async () => {
    open = await openBench({ sections: { auth: 'none' } });
    port = new URL(open.url).port;
  });
  afterEach(() => open.simulator.clear());
  afterAll(() => open.close());

  test('serves this machine and says so in the log', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST']) expect((await post(open, { host: `${name}:${port}` })).status, name).toBe(200);
    expect(open.lines.some((line) => line.level === 'warn' && String(line.msg).includes('auth: none'))).toBe(true);
  });
  test.each([
    ['a foreign name', () => ({ host: `evil.example:${port}` })],
    ['a name that resolves here', () => ({ host: `localtest.me:${port}` })],
    ['a name that begins like ours', () => ({ host: `localhost.evil.example:${port}` })],
    ['another loopback address', () => ({ host: `127.0.0.2:${port}` })],
    ['no port', () => ({ host: '127.0.0.1' })],
    ['another port', () => ({ host: '127.0.0.1:1' })],
    ['a page elsewhere', () => ({ origin: 'https://evil.example' })],
    ['a page without an origin', () => ({ origin: 'null' })],
    ['a page of another port', () => ({ origin: 'http://127.0.0.1:1' })],
    ['a page that only begins like ours', () => ({ origin: `http://127.0.0.1:${port}.evil.example` })],
    ['a request across sites', () => ({ 'sec-fetch-site': 'cross-site' })],
  ])('%s is refused in both modes', async (_name, headers) => {
    for (const path of [CHAT, NATIVE]) expect(answer(await post(open, headers(), path))).toBe('403 address_not_allowed');
    expect(open.simulator.requests).toEqual([]);
  });
  test('a page of its own is served', async () => {
    expect((await post(open, { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
  test.each(['0.0.0.0', '::', '192.0.2.1'])('it does not start on %s', async (host) => {
    await expect(openBench({ sections: { auth: 'none', server: { host, port: 0 } } })).rejects.toMatchObject({ name: 'ConfigurationError' });
  });
});

describe('the address of a caller', () => {
  const CIDR = ['203.0.113.0/24'];
  const rows: readonly (readonly [name: string, trusted: readonly string[], forwarded: string | readonly string[], inside: boolean])[] = [
    ['nobody is trusted: the header is not read', [], '203.0.113.7', false],
    ['a trusted peer says who called', ['127.0.0.0/8'], '203.0.113.7', true],
    ['the left-most is what the caller wrote', ['127.0.0.0/8'], '203.0.113.7, 198.51.100.1', false],
    ['the right-most that is not trusted counts', ['127.0.0.0/8', '10.0.0.0/8'], '198.51.100.1, 203.0.113.7, 10.0.0.1', true],
    ['two lines are one list', ['127.0.0.0/8'], ['203.0.113.7', '198.51.100.1'], false],
    ['with a port', ['127.0.0.0/8'], '203.0.113.7:4711', true],
    ['mapped to IPv6', ['127.0.0.0/8'], '::ffff:203.0.113.7', true],
    ['unknown', ['127.0.0.0/8'], 'unknown', false],
    ['unknown before a trusted one', ['127.0.0.0/8', '203.0.113.0/24'], 'unknown, 203.0.113.7', true],
    ['unknown behind the good one', ['127.0.0.0/8'], '203.0.113.7, unknown', false],
    ['only trusted ones: the peer', ['127.0.0.0/8', '203.0.113.0/24'], '203.0.113.7', false],
    ['fifty hops in front', ['127.0.0.0/8'], `${'203.0.113.7, '.repeat(50)}198.51.100.1`, false],
    ['empty', ['127.0.0.0/8'], '', false],
  ];
  test.each(rows)('%s', async (_name, trustedProxies, forwarded, inside) => {
    const bench = await openBench({ sections: { server: { port: 0, trustedProxies } } });
    try {
      const key = await bench.makeKey({ cidr: CIDR });
      for (const path of [CHAT, NATIVE]) {
        const got = await post(bench, { authorization: `Bearer ${key}`, 'x-forwarded-for': forwarded }, path);
        expect(answer(got)).toBe(inside ? '200 ' : '403 address_not_allowed');
      }
      for (const name of ['x_forwarded_for', 'forwarded', 'x-real-ip', 'x-client-ip']) {
        const value = name === 'forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
        expect(answer(await post(bench, { authorization: `Bearer ${key}`, [name]: value })), name).toBe('403 address_not_allowed');
      }
      const sent = bench.simulator.requests.flatMap((r) => r.headers.map(([header]) => header.toLowerCase().replaceAll('_', '-')));
      expect(sent.filter((header) => /forwarded|real-ip/.test(header))).toEqual([]);
    } finally {
      await bench.close();
    }
  });
});

describe('A101: a browser', () => {
  const PAGE = 'https://app.example.com';
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, content-type' };
  const allowance = (got: Got) => Object.keys(got.headers).filter((name) => name.startsWith('access-control-'));
  test('CORS is off unless it is written: no page gets an allowance', async () => {
    const bench = await openBench();
    try {
      for (const origin of [PAGE, 'null', bench.url]) {
        for (const path of [CHAT, NATIVE, '/health', '/metrics', '/nowhere', '/v1/models', '/auth/login', '/auth/sessions']) {
          expect(allowance(await ask(bench.url, { method: 'OPTIONS', path, headers: { origin, ...preflight } })), path).toEqual([]);
        }
        bench.simulator.script({ headers: { 'access-control-allow-origin': '*' } });
        expect(allowance(await keyed(bench, { origin }, NATIVE))).toEqual([]);
      }
    } finally {
      await bench.close();
    }
  });
  test('exact origins only, never a star', async () => {
    const bench = await openBench({ sections: { server: { port: 0, cors: { origins: [PAGE] } } } });
    try {
      const ok = await ask(bench.url, { method: 'OPTIONS', path: CHAT, headers: { origin: PAGE, ...preflight } });
      expect([ok.status, ok.headers['access-control-allow-origin'], ok.headers.vary]).toEqual([204, PAGE, 'origin']);
      for (const origin of ['https://app.example.com.evil', 'https://APP.example.com', 'http://app.example.com', `${PAGE}:8443`, `${PAGE}/`, 'null', '*']) {
        expect(allowance(await ask(bench.url, { method: 'OPTIONS', path: CHAT, headers: { origin, ...preflight } })), origin).toEqual([]);
        expect(allowance(await keyed(bench, { origin })), origin).toEqual([]);
      }
      expect((await keyed(bench, { origin: PAGE })).headers['access-control-allow-origin']).toBe(PAGE);
      const refused = await post(bench, { origin: PAGE });
      expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, PAGE]);
      const login = (origin: string) =>
        ask(bench.url, { path: '/auth/login', headers: { origin, 'content-type': 'application/json' }, body: JSON.stringify({ api_key: bench.key }) });
      const before = await ask(bench.url, { method: 'OPTIONS', path: '/auth/sessions/abc', headers: { origin: PAGE, ...preflight } });
      expect([before.status, before.headers['access-control-allow-origin']]).toEqual([204, PAGE]);
      const inside = await login(PAGE);
      expect([inside.status, inside.headers['access-control-allow-origin'], inside.headers['set-cookie']]).toEqual([200, PAGE, undefined]);
      expect(inside.headers['access-control-allow-credentials']).toBeUndefined();
      expect(allowance(await login('https://evil.example.com'))).toEqual([]);
      for (const path of ['/metrics', '/health', '/ready', '/nowhere'])
        expect(allowance(await ask(bench.url, { method: 'GET', path, headers: { origin: PAGE } })), path).toEqual([]);
    } finally {
      await bench.close();
    }
  });
});

describe('what stands beside the calls', () => {
  let bench: Bench;
  let plain = '';
  let keeper = '';
  beforeAll(async () => {
    bench = await openBench({ sections: { admin: { port: 0 } } });
    plain = await bench.makeKey();
    keeper = await bench.makeKey({ name: 'keeper', scopes: ['keys'], models: [SMALL] });
  });
  afterAll(() => bench.close());
  const adminUrl = (): string => bench.gateway.urls.admin ?? '';
  const admin = (key: string, operation: string, input: object = {}): Promise<Got> =>
    ask(adminUrl(), {
      path: `/admin/v1/${operation}`,
      headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(input),
    });
  const get = (url: string, path: string, key = ''): Promise<Got> =>
    ask(url, { method: 'GET', path, headers: key === '' ? {} : { authorization: `Bearer ${key}` } });

  test('A102 /metrics: with the scope on the main listener, without on the ops one', async () => {
    expect(answer(await get(bench.url, '/metrics'))).toBe('401 missing_credentials');
    expect(answer(await get(bench.url, '/metrics', 'x'))).toBe('401 invalid_credentials');
    expect(answer(await get(bench.url, '/metrics', plain))).toBe('403 scope_required');
    expect((await get(bench.url, '/metrics', await bench.makeKey({ scopes: ['metrics'] }))).text).toContain('llm_proxy_requests_total');
    expect((await get(bench.gateway.urls.ops, '/metrics')).text).toContain('llm_proxy_requests_total');
    expect(new URL(bench.gateway.urls.ops).hostname).toBe('127.0.0.1');
  });
  test('A102 without a credential: name, liveness and readiness, and nothing else', async () => {
    for (const path of ['/', '/health', '/ready']) expect((await get(bench.url, path)).status, path).toBe(200);
    expect((await get(bench.url, '/')).text).not.toMatch(/\d+\.\d+\.\d+/);
    for (const path of ['/docs', '/debug/pprof', '/openapi.json', '/admin/v1/operations', '/admin', '/console', '/favicon.ico', '/.env']) {
      expect(answer(await get(bench.url, path)), path).toBe('404 unknown_route');
      expect(answer(await get(bench.url, path, bench.key)), path).toBe('404 unknown_route');
    }
    for (const path of ['/v1/chat/completions', '/admin/v1/operations', '/metrics/../v1/models']) {
      expect([400, 404], path).toContain((await get(bench.gateway.urls.ops, path)).status);
    }
  });
  test('A103 the admin listener asks for a credential before it tells what exists', async () => {
    for (const path of ['/admin/v1/operations', '/admin/v1/nowhere', '/admin/v1/keys.list']) {
      expect(answer(await get(adminUrl(), path))).toBe('401 missing_credentials');
      expect(answer(await get(adminUrl(), path, 'x'))).toBe('401 invalid_credentials');
    }
    expect(answer(await admin(plain, 'keys.list'))).toBe('403 scope_required');
    expect(answer(await get(adminUrl(), '/admin/v1/operations', plain))).toBe('403 scope_required');
    const { operations } = JSON.parse((await get(adminUrl(), '/admin/v1/operations', bench.key)).text) as { operations: { name: string }[] };
    const keys = ['keys.create', 'keys.import', 'keys.list', 'keys.revoke', 'keys.rotate', 'keys.show'];
    expect(operations.map((o) => o.name).toSorted()).toEqual(['audit.export', 'audit.verify', ...keys, 'sessions.list', 'sessions.revoke', 'usage.list']);
  });
  test('A103 an operation over the admin API; a method by header or another verb does nothing', async () => {
    const made = await admin(bench.key, 'keys.create', { name: 'over-admin', models: [SMALL] });
    expect(made.status, made.text).toBe(200);
    const { key } = JSON.parse(made.text) as { key: string };
    expect((await post(bench, { authorization: `Bearer ${key}` })).status).toBe(200);
    const sent: Sent = { method: 'GET', path: '/admin/v1/keys.list', headers: { authorization: `Bearer ${bench.key}`, 'x-http-method-override': 'POST' } };
    expect([404, 405]).toContain((await ask(adminUrl(), sent)).status);
    expect(answer(await admin(bench.key, 'keys.create', { name: 'x', admin: true }))).toBe('400 invalid_request');
    expect(JSON.stringify(await bench.operation('keys.list', {}))).toContain('over-admin');
  });
  test('whoever makes keys gives no more than it has', async () => {
    for (const more of [
      {},
      { models: ['*'] },
      { models: [SMALL], scopes: ['admin'] },
      { models: [SMALL], scopes: ['keys', 'metrics'] },
      { models: ['gpt-*'] },
    ]) {
      expect(answer(await admin(keeper, 'keys.create', { name: 'too-much', ...more })), JSON.stringify(more)).toMatch(
        /^403 (model_not_allowed|scope_required)$/,
      );
    }
    expect(JSON.stringify(await bench.operation('keys.list', {}))).not.toContain('too-much');
    expect((await admin(keeper, 'keys.create', { name: 'just-right', models: [SMALL], scopes: ['keys'] })).status).toBe(200);
  });
  test('x-lpa-explain: with the scope only, and the provider is not called', async () => {
    bench.simulator.clear();
    const explainer = await bench.makeKey({ scopes: ['explain'], models: [SMALL] });
    expect(answer(await post(bench, { authorization: `Bearer ${plain}`, 'x-lpa-explain': '1' }))).toBe('403 scope_required');
    const got = await post(bench, { authorization: `Bearer ${explainer}`, 'x-lpa-explain': '1' });
    expect(got.status).toBe(200);
    const told = JSON.parse(got.text) as { principal: string; route: object; targets: { instance: string; request: { body: string } }[] };
    expect(told).toMatchObject({ principal: expect.stringMatching(/^key:/), route: { mode: 'protocol', surface: 'chat' }, targets: [{ instance: 'main' }] });
    expect(JSON.parse(told.targets[0]?.request.body ?? '')).toMatchObject({ model: SMALL });
    expect(got.text).not.toMatch(/sk-provider|lpa_/);
    const forbidden = await ask(bench.url, {
      path: CHAT,
      headers: { authorization: `Bearer ${explainer}`, 'content-type': 'application/json', 'x-lpa-explain': '1' },
      body: chat('gpt-4o'),
    });
    expect(answer(forbidden)).toBe('403 model_not_allowed');
    expect(bench.simulator.requests).toEqual([]);
  });
  describe('x-lpa-explain in transparent mode', () => {
    const FORM = Buffer.from('--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n\xff\xfe\r\n--b--\r\n', 'latin1');
    const explained = (key: string, path: string, body?: string | Uint8Array, more: Record<string, string> = {}) =>
      ask(bench.url, {
        method: body === undefined ? 'GET' : 'POST',
        path,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-lpa-explain': '1', ...more },
        ...(body === undefined ? {} : { body }),
      });
    test('needs the scope, shows the native request, and the provider is not called', async () => {
      bench.simulator.clear();
      const explainer = await bench.makeKey({ scopes: ['explain'], models: [SMALL] });
      expect(answer(await explained(plain, NATIVE, chat(SMALL)))).toBe('403 scope_required');
      const got = await explained(explainer, `${NATIVE}?x=1`, chat(SMALL));
      expect(got.status).toBe(200);
      const told = JSON.parse(got.text) as { targets: { request: object }[] };
      expect(told).toMatchObject({
        route: { mode: 'transparent', class: 'inference' },
        principal: expect.stringMatching(/^key:/),
        model: SMALL,
        targets: [{ instance: 'main', request: { method: 'POST', url: `${bench.simulator.url}/chat/completions?x=1`, body: chat(SMALL) } }],
      });
      expect(got.text).not.toMatch(/sk-provider|lpa_/);
      expect(answer(await explained(explainer, NATIVE, chat('gpt-4o')))).toBe('403 model_not_allowed');
      expect(bench.simulator.requests).toEqual([]);
    });
    test('no secret of the gateway is shown, wherever the caller wrote it', async () => {
      bench.simulator.clear();
      const explainer = await bench.makeKey({ scopes: ['explain'] });
      const got = await explained(explainer, NATIVE, chat(SMALL, { user: PROVIDER_KEY }), { 'x-guess': PROVIDER_KEY });
      expect(got.status).toBe(200);
      expect(got.text).toContain('[secret]');
      expect(got.text).not.toContain(PROVIDER_KEY);
    });
    test.each([
      ['a body that is no text', '/transparent/main/v1/audio/transcriptions', FORM, { bytes: FORM.length }, 'multipart/form-data; boundary=b'],
      ['no body', '/transparent/main/v1/models', undefined, { method: 'GET' }, 'application/json'],
    ])('%s', async (_name, path, body, request, type) => {
      bench.simulator.clear();
      const explainer = await bench.makeKey({ scopes: ['explain'] });
      const got = await explained(explainer, path, body, { 'content-type': type });
      expect(got.status, got.text).toBe(200);
      expect(JSON.parse(got.text)).toMatchObject({ targets: [{ request }] });
      expect(bench.simulator.requests).toEqual([]);
    });
    test('a list of models in protocol mode is not fetched for it', async () => {
      bench.simulator.clear();
      const explainer = await bench.makeKey({ scopes: ['explain'] });
      const got = await explained(explainer, '/openai/main/v1/models');
      expect(JSON.parse(got.text)).toMatchObject({ route: { mode: 'protocol', operation: 'models' }, targets: [] });
      expect(answer(await explained(plain, '/openai/main/v1/models'))).toBe('403 scope_required');
      expect(bench.simulator.requests).toEqual([]);
    });
  });
  test('Upgrade and CONNECT are 426', async () => {
    const { host } = new URL(bench.url);
    const got = await Promise.all([
      wire(bench.url, `GET ${CHAT} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
      wire(bench.url, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    ]);
    expect(got.flatMap(answersIn).map((a) => `${a.status} ${a.code}`)).toEqual(['426 upgrade_required', '426 upgrade_required']);
  });
});
