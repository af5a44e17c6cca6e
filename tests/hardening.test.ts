import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { type Oracle, oracle } from './support/oracle.ts';
import { answersIn, ask, codeOf, type Sent } from './support/raw.ts';

let bench: Bench;
let watch: Oracle;
beforeAll(async () => {
  bench = await openBench();
  watch = oracle(bench);
});
afterEach(() => watch.holds());
afterAll(() => bench.close());

const body = chat(SMALL);
const request = (target: string, { method = 'POST', head = watch.head, more = 'Connection: close\r\n', text = body, version = '1.1' } = {}): string =>
  `${method} ${target} HTTP/${version}\r\n${head}Content-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
const statuses = async (bytes: string): Promise<string[]> => answersIn(await watch.wire(bytes)).map((a) => `${a.status} ${a.code}`);
const untouched = (): void => expect(bench.simulator.requests).toEqual([]);
const NATIVE = '/transparent/main/v1/chat/completions';
const CHAT = '/openai/main/v1/chat/completions';
const BAD = '400 invalid_target';

describe('5.1 request target', () => {
  const targets: readonly (readonly [id: string, target: string, wanted: string])[] = [
    ['A056', '/transparent/main/v1/../../admin/x', BAD],
    ['A056', '/transparent/main/v1/./chat/completions', BAD],
    ['A056', '/transparent/main/%2e%2e/%2e%2e/admin/x', BAD],
    ['A056', '/transparent/main/%2E%2E/x', BAD],
    ['A056', '/transparent/main/.%2e/x', BAD],
    ['A056', '/transparent/main/%2e./x', BAD],
    ['A056', '/transparent/main/%252e%252e/x', BAD],
    ['A056', '/transparent/main/%25252e/x', BAD],
    ['A056', '/transparent/main/..;/x', BAD],
    ['A056', '/transparent/main/..;a=b/x', BAD],
    ['A056', '/transparent/main/%2e%2e;/x', BAD],
    ['A056', '/transparent/main/a%2f..%2fb', BAD],
    ['A056', '/transparent/main/%c0%ae%c0%ae/x', BAD],
    ['A056', '/transparent/main/%c0%af/x', BAD],
    ['5.1', '/transparent/main/%ff', BAD],
    ['5.1', '/transparent/main/%zz', BAD],
    ['5.1', '/transparent/main/%', BAD],
    ['A056', '/transparent/main/%u002e/x', BAD],
    ['A057', '//transparent/main/v1/chat/completions', BAD],
    ['A057', '/transparent//main/v1/chat/completions', BAD],
    ['A057', '/transparent/main//evil.com/x', BAD],
    ['A057', '/transparent/main/v1//chat/completions', BAD],
    ['A057', '/transparent/main/%2f%2fevil.com', BAD],
    ['A057', '/transparent/main/%5cevil.com', BAD],
    ['A057', '/transparent/main/v1\\chat', BAD],
    ['A057', '\\transparent\\main', '400 invalid_request'],
    ['5.1', '/transparent/main/x#frag', BAD],
    ['5.1', '/transparent/main/%00', BAD],
    ['5.1', '/transparent/main/a%0d%0ax', BAD],
    ['5.1', '/transparent/main/a%7f', BAD],
    ['5.1', '/transparent/main/caf\xe9', '400 invalid_request'],
    ['A057', '/transparent/op%2fen/x', '404 instance_not_found'],
    ['A056', '/transparent/%6dain/v1/nothing', '403 operation_not_allowed'],
    ['A058', '/transparent/main/@evil.com', '403 operation_not_allowed'],
    ['A058', '/transparent/main@evil.com/v1/chat/completions', '404 instance_not_found'],
    ['A058', '/transparent/main%40evil/v1/chat/completions', '404 instance_not_found'],
    ['A058', 'http://evil.example/transparent/main/v1/chat/completions', BAD],
    ['A058', 'HTTP://evil.example/', BAD],
    ['A058', 'http:/evil.example/x', '400 invalid_request'],
    ['A058', 'transparent/main/v1/chat/completions', '400 invalid_request'],
    ['A058', '*', BAD],
    ['5.1', `/${'a'.repeat(20_000)}`, BAD],
    ['A056', '/%61dmin/v1/operations', '404 unknown_route'],
    ['A056', '/openai/main/v1/../../../metrics', BAD],
  ];
  test.each(targets)('%s %s', async (_id, target, wanted) => {
    expect(await statuses(request(target))).toEqual([wanted]);
    untouched();
  });
  test.each(['/transparent/../../metrics', '/v1/%2e%2e/metrics', '/openai/main/..;/../metrics'])(
    'A056 %s without a credential is no way in',
    async (target) => {
      const [got] = await statuses(request(target, { method: 'GET', head: `Host: ${new URL(bench.url).host}\r\n` }));
      expect(got).toMatch(/^4\d\d /);
    },
  );
  test('A060: an encoded id keeps its bytes', async () => {
    const id = 'ft%3Agpt-4o-mini%3Aacme%3A%3A9';
    await watch.ask({ method: 'GET', path: `/transparent/main/v1/models/${id}?a=%2F&b=%252e`, headers: { authorization: `Bearer ${bench.key}` } });
    expect(bench.simulator.requests.map((r) => r.target)).toEqual([`/v1/models/${id}?a=%2F&b=%252e`]);
  });
  test.each([
    'key=canary-of-client&KEY=canary-of-client&%6bey=canary-of-client&k%65y',
    'api-key=canary-of-client&api_key=canary-of-client&%61pi-key=canary-of-client&X-Api-Key=canary-of-client&x-goog-api-key=canary-of-client',
    'access_token=canary-of-client&oauth_token=canary-of-client&subscription-key=canary-of-client&Ocp-Apim-Subscription-Key=canary-of-client',
    'authorization=Bearer+canary-of-client&x-session-token=canary-of-client&X-TOTP-Code=123456',
    'X-Amz-Credential=canary-of-client&X-Amz-Security-Token=canary-of-client&X-Amz-Signature=canary-of-client',
    '?key=canary-of-client&?%6bey=canary-of-client&%3f?x-api-key=canary-of-client',
    'q=lpa_0A1B2C3D4E5F_AAAAAAAAAAAAAAAAAAAA&whatever=%6cpas_AAAAAAAAAAAAAAAAAAAAAAAA',
  ])('a credential leaves the query in every spelling, the rest stays as it was sent: %s', async (query) => {
    await watch.ask({
      path: `${NATIVE}?a=%41&${query}&keys=1&api-version=2&c=100%&b=lpas`,
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body,
    });
    expect(bench.simulator.requests.map((r) => r.target)).toEqual(['/v1/chat/completions?a=%41&keys=1&api-version=2&c=100%&b=lpas']);
  });
});

describe('5.1 a credential of another form that the caller shows (A051)', () => {
  const key = `${'0123456789abcdef'.repeat(3)}${'b'.repeat(16)}`;
  const shown = (path: string): Sent => ({ path, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body });
  let written: Bench;
  beforeAll(async () => {
    written = await openBench({ sections: { auth: [{ use: 'api-key', keys: [{ name: 'written', key }] }] } });
  });
  afterAll(() => written.close());
  test('leaves the query whatever its parameter is called, and stands in no path', async () => {
    const asked = await ask(written.url, shown(`${NATIVE}?a=1&whatever=x${key}&more=%30${key.slice(1)}&b=100%`));
    expect(asked.status).toBe(200);
    expect(written.simulator.requests.map((r) => r.target)).toEqual(['/v1/chat/completions?a=1&b=100%']);
    expect(codeOf(await ask(written.url, shown(`/transparent/main/v1/models/${key}`)))).toBe('invalid_target');
    expect(written.simulator.requests).toHaveLength(1);
  });
});

describe('5.1 Host (A062)', () => {
  const auth = (): string => `Authorization: Bearer ${bench.key}\r\n`;
  test.each([
    ['a path', 'Host: a/b?c='],
    ['a fragment', 'Host: a#'],
    ['userinfo', 'Host: a@b'],
    ['empty', 'Host:'],
    ['too long', `Host: ${'a'.repeat(301)}`],
    ['a space inside', 'Host: a b'],
    ['a bad port', 'Host: a:99999999'],
    ['half an IPv6', 'Host: [::1'],
    ['two lines', 'Host: a\r\nHost: b'],
    ['two equal lines', 'Host: a\r\nHost: a'],
    ['none', 'X-Nothing: 1'],
  ])('%s', async (_name, host) => {
    for (const head of [`${host}\r\n`, `${host}\r\n${auth()}`]) {
      const got = await statuses(request(NATIVE, { head }));
      expect(got).toEqual(['400 invalid_request']);
    }
    untouched();
  });
  test('what is a host is never used for one', async () => {
    for (const host of ['evil.example', '[2001:db8::1]:8080', 'EVIL.example:1']) {
      expect(await statuses(request(NATIVE, { head: `Host: ${host}\r\n${auth()}`, more: 'Connection: close\r\n' }))).toEqual(['200 undefined']);
    }
    expect(new Set(bench.simulator.requests.map((r) => r.header('host')))).toEqual(new Set([new URL(bench.simulator.url).host]));
  });
});

describe('what opens nothing', () => {
  test.each([
    ['A064', 'X-Forwarded-Uri: /health'],
    ['A064', 'X-Original-URL: /health'],
    ['A064', 'X-Rewrite-URL: /health'],
    ['A064', 'X-Forwarded-Prefix: /health'],
    ['A065', 'User-Agent: kube-probe/1.30'],
    ['A065', 'User-Agent: GoogleHC/1.0'],
    ['A065', 'User-Agent: ELB-HealthChecker/2.0'],
    ['A054', 'X-Forwarded-For: 127.0.0.1'],
    ['A039', 'X-Service-Account: system:serviceaccount:ns:sa'],
    ['a cookie', 'Cookie: session=lpas_x'],
  ])('%s %s', async (_case, line) => {
    const head = `Host: ${new URL(bench.url).host}\r\n${line}\r\n`;
    expect(await statuses(request(CHAT, { head }))).toEqual(['401 missing_credentials']);
    expect(await statuses(request(NATIVE, { head }))).toEqual(['401 missing_credentials']);
    untouched();
  });
  const methods: readonly (readonly [method: string, target: string, wanted: readonly string[]])[] = [
    ['TRACE', CHAT, ['405 method_not_allowed']],
    ['PROPFIND', CHAT, ['405 method_not_allowed']],
    ['PUT', CHAT, ['405 method_not_allowed']],
    ['PATCH', NATIVE, ['403 operation_not_allowed']],
    ['TRACE', NATIVE, ['403 operation_not_allowed']],
    ['OPTIONS', '*', ['400 invalid_target', '400 invalid_request']],
    ['get', CHAT, ['400 invalid_request']],
    ['M'.repeat(1_024), CHAT, ['400 invalid_request']],
    ['G\xcbT', CHAT, ['400 invalid_request']],
    ['CONNECT', 'evil.example:443', ['426 upgrade_required']],
  ];
  test.each(methods)('A070 method %s on %s', async (method, target, wanted) => {
    const [got] = await statuses(request(target, { method }));
    expect(wanted).toContain(got);
    untouched();
  });
});

describe('5.1 smuggling (A076)', () => {
  const start = (): string => `POST ${NATIVE} HTTP/1.1\r\n${watch.head}Content-Type: application/json\r\n`;
  const good = (): string => request(NATIVE, { more: 'X-Second: 1\r\n' });
  test.each([
    ['length and chunks', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`],
    ['a list of lengths', `Content-Length: 5, 5\r\n\r\n{}`],
    ['a signed length', `Content-Length: +5\r\n\r\n{}`],
    ['a negative length', `Content-Length: -1\r\n\r\n{}`],
    ['a length in hex', `Content-Length: 0x5\r\n\r\n{}`],
    ['an unknown coding', `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['chunks and identity', `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['two codings', `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`],
    ['a space before the colon', `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a folded header', `X-A: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n`],
    ['a bare line feed', `X-A: 1\nContent-Length: 0\r\n\r\n`],
    ['a bare carriage return', `X-A: 1\rX-B: 2\r\nContent-Length: 0\r\n\r\n`],
    ['a negative chunk', `Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n`],
    ['a chunk with a sign', `Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n`],
    ['a chunk in 0x', `Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n`],
    ['a huge chunk', `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n`],
    ['a name that is none', `X@Y: 1\r\nContent-Length: 0\r\n\r\n`],
    ['a NUL in a value', `X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
  ])('%s: one 4xx, the connection ends, nothing goes out', async (_name, rest) => {
    const answers = answersIn(await watch.wire(start() + rest + good()));
    expect(answers.map((a) => `${a.status} ${a.code}`)).toEqual(['400 invalid_request']);
    expect(answers[0]?.close).toBe(true);
    expect(bench.simulator.requests.filter((r) => r.header('x-second') !== undefined)).toEqual([]);
  });
  test('a chunk extension of 1 MiB', async () => {
    const [got] = answersIn(await watch.wire(`${start()}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(1_048_576)}\r\n{}\r\n0\r\n\r\n`));
    expect([400, 413, 431]).toContain(got?.status);
    untouched();
  });
  test('64 KiB of headers are 431', async () => {
    const [got] = await statuses(`${start()}X-A: ${'a'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`);
    expect(got).toBe('431 headers_too_large');
    untouched();
  });
  test('two requests on one connection are two requests', async () => {
    expect(await statuses(request(NATIVE, { more: '' }) + request(NATIVE, { more: 'Connection: close\r\n' }))).toEqual(['200 undefined', '200 undefined']);
    expect(bench.simulator.requests).toHaveLength(2);
  });
});
