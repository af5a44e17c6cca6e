import { tokenForm } from '@llm-proxy-auth/plugin/issued';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got, namesIn, wire } from './support/raw.ts';

const gate = installed('gate', '@acme/auth-gate');
const FROM = 'x-forwarded-client-cert';
let now = Date.UTC(2026, 5, 1);
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    pluginRoots: [gate.root],
    plugins: ['@acme/auth-gate'],
    now: () => now,
    sections: {
      auth: [
        { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' },
        { use: 'gate', from: FROM },
      ],
      factor: { use: 'gate' },
      server: { port: 0, trustedProxies: ['127.0.0.1'] },
    },
  });
});
afterEach(() => {
  now += 10_000;
  bench.simulator.clear();
});
afterAll(async () => {
  await bench.close();
  gate.remove();
});
const PATH = '/openai/main/v1/chat/completions';
const call = (headers: Readonly<Record<string, string | readonly string[]>>, path = PATH): Promise<Got> =>
  ask(bench.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const lineOf = (got: Got) => bench.lines.find(({ msg, request }) => msg === 'a credential was refused' && request === got.headers['x-request-id']);

describe('the log line of a refused credential', () => {
  test('says who decided, why, from where and of which request, and nothing of the credential', async () => {
    const key = await bench.makeKey({ name: 'gone' });
    const id = key.slice(4, 16);
    const login = await ask(bench.url, { path: '/auth/login', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ api_key: key }) });
    const { session_token: session } = JSON.parse(login.text) as { session_token: string };
    const forged = tokenForm('lpa_').make(id).token;
    const forgedLine = await call({ 'x-api-key': forged });
    expect(lineOf(forgedLine)).toMatchObject({ strategy: 'api-key', reason: 'wrong_secret' });
    // Whoever does not hold it may have read its id anywhere.
    expect(lineOf(forgedLine)).not.toHaveProperty('credential');
    await bench.operation('keys.revoke', { key: 'gone' });
    const cases = [
      [{ authorization: `Bearer ${key}` }, { strategy: 'api-key', reason: 'revoked', code: 'invalid_credentials', credential: id }],
      [{ 'x-session-token': session }, { strategy: 'session', reason: 'credential_gone', code: 'invalid_credentials', credential: id }],
      [{ 'x-api-key': 'a-stranger-to-everybody' }, { strategy: 'none', reason: 'unknown', code: 'invalid_credentials' }],
      [{ 'x-session-token': 'lpas_x' }, { strategy: 'session', reason: 'malformed', code: 'invalid_credentials' }],
      [{ authorization: 'Digest secret-of-a-digest' }, { strategy: 'none', reason: 'unknown_scheme', code: 'invalid_credentials' }],
      [{}, { strategy: 'none', reason: 'missing', code: 'missing_credentials' }],
      [{ [FROM]: 'two-ann' }, { strategy: 'gate', reason: 'factor_totp_required', code: 'totp_required', principal: 'gate:two-ann', credential: 'two-ann' }],
      [
        { [FROM]: 'two-ann', 'x-totp-code': 'wrong' },
        { strategy: 'gate', reason: 'factor_invalid_credentials', principal: 'gate:two-ann' },
      ],
    ] as const;
    for (const [headers, expected] of cases) {
      const got = await call(headers);
      expect(got.status).toBe(401);
      expect(lineOf(got)).toMatchObject({ level: 'warn', address: '127.0.0.1', ...expected });
    }
    for (const secret of [key, key.slice(17), session, session.slice(18), forged, 'a-stranger-to-everybody', 'secret-of-a-digest'])
      expect(bench.logText()).not.toContain(secret);
  });
  test('no more than ten lines a second from one address; the others are counted', async () => {
    const before = bench.lines.length;
    await Promise.all(Array.from({ length: 40 }, (_, i) => call({ 'x-api-key': `wrong-${i}` })));
    now += 1_000;
    await call({ 'x-api-key': 'wrong' });
    const after = bench.lines.slice(before);
    expect(after.filter(({ msg }) => msg === 'a credential was refused')).toHaveLength(11);
    expect(after.find(({ suppressed }) => suppressed !== undefined)).toMatchObject({ suppressed: 30, addresses: 1 });
    expect(bench.simulator.requests).toEqual([]);
  });
});

describe('what lets nobody in', () => {
  const PROTECTED = [PATH, '/transparent/main/v1/chat/completions', '/metrics', '/auth/sessions'] as const;
  const without = (path: string, headers: Readonly<Record<string, string>>): Promise<Got> =>
    ask(bench.url, { method: path === '/metrics' || path === '/auth/sessions' ? 'GET' : 'POST', path, headers });
  test.each(PROTECTED)('A064 %s: a path of a proxy in front is not looked at', async (path) => {
    for (const name of ['x-forwarded-uri', 'x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-forwarded-prefix'])
      for (const value of ['/health', '/ready', '/auth/login', '/']) expect(answer(await without(path, { [name]: value }))).toBe('401 missing_credentials');
  });
  test.each(PROTECTED)('A065 %s: probes of load balancers are nobody', async (path) => {
    for (const agent of ['kube-probe/1.31', 'GoogleHC/1.0', 'ELB-HealthChecker/2.0', 'Prometheus/2.0'])
      expect(answer(await without(path, { 'user-agent': agent }))).toBe('401 missing_credentials');
  });
  test.each(['a/b?c=', 'a#', 'a@b', '', 'h'.repeat(300), '[::1', 'a b', '/health'])('A062 Host %j: 400 or 401, never 2xx', async (host) => {
    for (const path of PROTECTED) {
      const said = await wire(bench.url, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      expect(said).toMatch(/^HTTP\/1\.1 (?:400|401|405|404) /);
    }
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A062 an IPv6 host is a host', async () => {
    expect(await wire(bench.url, `GET /metrics HTTP/1.1\r\nHost: [::1]:8080\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
  });
  test('A018 two credentials are 400 and nothing goes out', async () => {
    const other = await bench.makeKey();
    for (const headers of [
      { 'x-api-key': bench.key, authorization: `Bearer ${other}` },
      { 'x-api-key': [bench.key, bench.key] },
      { 'x-api-key': `${bench.key}, ${other}` },
      { 'x-session-token': 'lpas_x', 'x-api-key': bench.key },
    ])
      expect(answer(await call(headers))).toBe('400 ambiguous_credentials');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A051 whichever slot it stands in, the provider gets its own credential once and none of the caller', async () => {
    const slots = [
      { authorization: `Bearer ${bench.key}` },
      { 'x-api-key': bench.key },
      { 'api-key': bench.key },
      { 'x-goog-api-key': bench.key },
      { 'x-api-key': bench.key, cookie: `a=${bench.key}`, 'proxy-authorization': `Bearer ${bench.key}`, [FROM]: 'mesh', 'x-totp-code': '123456' },
    ];
    for (const path of [PATH, '/transparent/main/v1/chat/completions']) for (const headers of slots) expect((await call(headers, path)).status).toBe(200);
    expect(bench.simulator.requests).toHaveLength(10);
    for (const { headers } of bench.simulator.requests) {
      expect(JSON.stringify(headers)).not.toContain(bench.key.slice(4, 30));
      expect(namesIn(headers).filter((name) => /cookie|proxy|totp|client-cert|api-key/.test(name))).toEqual([]);
      expect(namesIn(headers).filter((name) => name === 'authorization')).toHaveLength(1);
    }
  });
  test('A103 administration is not on the data port, for an administrator either', async () => {
    for (const path of ['/admin/v1/operations', '/admin/v1/keys.list', '/console'])
      for (const method of ['GET', 'POST']) {
        const got = await ask(bench.url, { method, path, headers: { 'x-api-key': bench.key, 'x-http-method-override': 'GET' } });
        expect(answer(got)).toBe('404 unknown_route');
      }
  });
});

describe('A106 a configuration that would let everybody in does not start', () => {
  test.each([
    ['an unknown strategy', { auth: [{ use: 'nobody' }] }, 'unknown_kind'],
    ['a misspelt key', { auth_enabeld: false }, 'unknown_key'],
    ['an empty list', { auth: [] }, 'wrong_value'],
    ['no list', { auth: undefined }, 'auth_missing'],
    ['none for everybody', { auth: 'none', server: { port: 0, host: '0.0.0.0' } }, 'auth_exposed'],
    ['an unknown second factor', { factor: { use: 'nobody' } }, 'unknown_kind'],
    ['a misspelt second factor', { factor: { use: 'gate', require: 'allways' } }, 'wrong_value'],
  ])('A106 %s', async (_name, sections, code) => {
    const refused: unknown = await openBench({ pluginRoots: [gate.root], plugins: ['@acme/auth-gate'], sections }).catch((error: unknown) => error);
    expect((refused as { problems: { code: string }[] }).problems.map((p) => p.code)).toContain(code);
  });
  test('A105 an empty pepper does not start either, and is named', async () => {
    for (const pepper of ['', 'short']) {
      const refused: unknown = await openBench({ sections: { auth: [{ use: 'api-key', pepper }] } }).catch((error: unknown) => error);
      expect(String((refused as Error).message)).toContain('auth[0]');
    }
  });
});
