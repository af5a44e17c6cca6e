import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { BIG, chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got, type Sent } from './support/raw.ts';

const START = Date.UTC(2026, 5, 1);
let now = START;
let bench: Bench;
/** A key that another gateway made: right in form, unknown here. */
let foreign = '';
beforeAll(async () => {
  const other = await openBench();
  foreign = other.key;
  await other.close();
  bench = await openBench({
    now: () => now,
    instances: { second: { provider: 'openai', apiKey: 'sk-unused', baseUrl: 'http://127.0.0.1:9/v1', insecureUpstream: true } },
    sections: {
      admin: { port: 0 },
      models: [
        { name: 'dear', targets: [{ instance: 'main', model: BIG }] },
        { name: 'far', targets: [{ instance: 'second', model: SMALL }] },
      ],
    },
  });
});
afterEach(() => {
  bench.simulator.clear();
  now = START;
});
afterAll(() => bench.close());

const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;
const [PATH] = PATHS;
const send = (headers: Sent['headers'], path: string = PATH, body = chat(SMALL)): Promise<Got> =>
  ask(bench.url, { path, headers: { 'content-type': 'application/json', ...headers }, body });
const withKey = (key: string, path?: string, body?: string): Promise<Got> => send({ authorization: `Bearer ${key}` }, path, body);
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
/** What of an answer may tell one refusal from another: all but its date and id. */
const shown = ({ status, headers, text }: Got) => {
  const { date: _, 'x-request-id': __, ...rest } = headers;
  return { status, headers: rest, text };
};
/** `type` and `code` of an error in the words of whoever is meant to read it. */
const words = ({ text }: Got): unknown[] => {
  const { error } = JSON.parse(text) as { error: { type: string; code: string } };
  return [error.type, error.code];
};
const changed = (key: string, at: number): string => `${key.slice(0, at)}${key[at] === 'A' ? 'B' : 'A'}${key.slice(at + 1)}`;

describe('an error of transparent mode before the caller is known', () => {
  const NATIVE = '/v1/chat/completions';
  test('has the words of the vendor whose path it is, and is the same whether or not there is such an instance', async () => {
    const [there, provider, missing] = [
      await withKey(foreign, `/transparent/main${NATIVE}`),
      await withKey(foreign, `/transparent/openai${NATIVE}`),
      await withKey(foreign, `/transparent/nothing${NATIVE}`),
    ];
    expect([answer(there), words(there)]).toEqual(['401 invalid_credentials', ['invalid_request_error', 'invalid_api_key']]);
    expect(shown(provider)).toEqual(shown(there));
    expect(shown(missing)).toEqual(shown(there));
  });
  test('is plain where no vendor known here has the path, at every instance', async () => {
    const [there, missing] = [await withKey(foreign, '/transparent/main/no/such/path'), await withKey(foreign, '/transparent/nothing/no/such/path')];
    expect(words(there).at(-1)).toBe('invalid_credentials');
    expect(shown(missing)).toEqual(shown(there));
  });
  test('a caller who is known learns in the same words that there is no such instance', async () => {
    const got = await withKey(bench.key, `/transparent/nothing${NATIVE}`);
    expect([answer(got), words(got)]).toEqual(['404 instance_not_found', ['invalid_request_error', 'instance_not_found']]);
  });
});

describe.each(PATHS)('who is refused at %s', (path) => {
  const bad: readonly (readonly [name: string, make: () => Promise<string> | string])[] = [
    ['a key of another gateway', () => foreign],
    ['a wrong checksum', () => changed(bench.key, bench.key.length - 1)],
    ['a wrong character of the secret', () => changed(bench.key, 30)],
    ['a wrong id', () => changed(bench.key, 6)],
    ['another prefix', () => bench.key.replace('lpa_', 'lpb_')],
    ['a lower-case key', () => bench.key.toLowerCase()],
    ['a key cut short', () => bench.key.slice(0, -1)],
    ['a key and more', () => `${bench.key}x`],
    ['no key at all', () => 'x'],
    ['SQL', () => `'OR_1=1--`],
    ['a wildcard', () => '%'],
    ['8 KiB', () => 'k'.repeat(8_192)],
    ['a session', () => bench.key.replace('lpa_', 'lpas_')],
    [
      'a revoked key',
      async () => {
        const key = await bench.makeKey({ name: `revoked-${path.length}` });
        await bench.operation('keys.revoke', { key: `revoked-${path.length}` });
        return key;
      },
    ],
    ['a key of later', async () => String((await bench.operation('keys.create', { name: `later-${path.length}`, notBefore: '1h' })).key)],
    [
      'an expired key',
      async () => {
        const key = await bench.makeKey({ expires: '1h' });
        now += 3_600_001;
        return key;
      },
    ],
  ];
  test.each(bad)('%s: the same 401 as any other, and nothing goes out', async (_name, make) => {
    const key = await make();
    const [wrong, usual] = [await withKey(key, path), await withKey(changed(bench.key, 40), path)];
    expect(answer(wrong)).toBe('401 invalid_credentials');
    expect(shown(wrong)).toEqual(shown(usual));
    expect(wrong.text).not.toContain(key.slice(0, 20));
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a right key passes after all those', async () => {
    expect((await withKey(bench.key, path)).status).toBe(200);
  });
  test('nobody: 401 with its own code and the challenge', async () => {
    const got = await send({}, path);
    expect(answer(got)).toBe('401 missing_credentials');
    expect(got.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('an unknown scheme is a wrong credential', async () => {
    expect(answer(await send({ authorization: `Digest ${bench.key}` }, path))).toBe('401 invalid_credentials');
    expect(answer(await send({ authorization: `Basic ${btoa(`user:${bench.key}`)}` }, path))).toBe('401 invalid_credentials');
  });
  test('below a known prefix an unknown path is 401 too: what exists is told after authentication', async () => {
    expect(answer(await send({}, `${path.split('/', 2).join('/')}/nowhere/at/all`))).toBe('401 missing_credentials');
    expect((await withKey(bench.key, `${path.split('/', 2).join('/')}/nowhere/at/all`)).status).toBe(404);
  });
});

describe('where the key stands', () => {
  test.each([
    ['bearer', (key: string) => ({ authorization: `bearer ${key}` })],
    ['BEARER', (key: string) => ({ authorization: `BEARER ${key}` })],
    ['x-api-key', (key: string) => ({ 'x-api-key': key })],
    ['api-key', (key: string) => ({ 'api-key': key })],
    ['x-goog-api-key', (key: string) => ({ 'X-Goog-Api-Key': key })],
    ['two slots, one value', (key: string) => ({ authorization: `Bearer ${key}`, 'x-api-key': key })],
    ["beside an SDK's dummy signature", (key: string) => ({ authorization: 'AWS4-HMAC-SHA256 Credential=AKIA1/x, Signature=y', 'x-api-key': key })],
    [
      'beside a signature that looks like ours where nobody verifies signatures',
      (key: string) => ({ authorization: 'AWS4-HMAC-SHA256 Credential=LPAK1/x, Signature=y', 'x-api-key': key }),
    ],
    ['beside the other kind of signature', (key: string) => ({ authorization: 'Signature version="1",keyId="LPAK1",signature="y"', 'x-api-key': key })],
  ])('%s passes', async (_name, headers) => {
    expect((await send(headers(bench.key))).status).toBe(200);
    const [captured] = bench.simulator.requests;
    expect(JSON.stringify(captured?.headers)).not.toContain(bench.key);
  });
  test.each([
    ['two slots, two values', () => ({ authorization: `Bearer ${bench.key}`, 'x-api-key': foreign })],
    ['two slots, the good one in the other', () => ({ authorization: `Bearer ${foreign}`, 'x-api-key': bench.key })],
    ['one slot twice', () => ({ 'x-api-key': [bench.key, foreign] })],
    ['one slot twice, one value', () => ({ 'x-api-key': [bench.key, bench.key] })],
    ['two lines of authorization', () => ({ authorization: [`Bearer ${bench.key}`, `Bearer ${bench.key}`] })],
    ['a list in one line', () => ({ 'x-api-key': `${bench.key}, ${foreign}` })],
    ['an unknown scheme beside a key', () => ({ authorization: 'Digest x', 'x-api-key': bench.key })],
  ])('%s is ambiguous', async (_name, headers) => {
    expect(answer(await send(headers() as Sent['headers']))).toBe('400 ambiguous_credentials');
    expect(bench.simulator.requests).toEqual([]);
  });
  test.each(['AWS4-HMAC-SHA256 Credential=LPAK1/x, Signature=y', 'Signature keyId="LPAK1",signature="y"'])(
    '%s alone is no credential where nobody verifies signatures',
    async (authorization) => {
      expect(answer(await send({ authorization }))).toBe('401 missing_credentials');
    },
  );
  test.each([
    ['the query', `${PATH}?key=`],
    ['the query, encoded', `${PATH}?%6bey=`],
  ])('in %s it is never read', async (_name, path) => {
    expect(answer(await send({}, path + bench.key))).toBe('401 missing_credentials');
  });
  test.each(['x_api_key', 'X-Api_Key', 'api_key', 'x-service-account', 'x-amzn-oidc-data'])('%s is no slot', async (name) => {
    expect(answer(await send({ [name]: bench.key }))).toBe('401 missing_credentials');
  });
});

describe('A020: what a key may', () => {
  test('a restriction of each kind refuses with its own code, and nothing goes out', async () => {
    const key = await bench.makeKey({ models: [SMALL], instances: ['main'], modes: ['protocol'], cidr: ['127.0.0.0/8'] });
    const cases: readonly (readonly [path: string, body: string, wanted: string])[] = [
      ['/openai/second/v1/chat/completions', chat(SMALL), '403 instance_not_allowed'],
      [PATH, chat(BIG), '403 model_not_allowed'],
      [PATH, chat(SMALL.toUpperCase()), '403 model_not_allowed'],
      ['/v1/chat/completions', chat('dear'), '403 model_not_allowed'],
      ['/v1/chat/completions', chat('far'), '403 instance_not_allowed'],
      [PATHS[1], chat(SMALL), '403 mode_not_allowed'],
      ['/openai/main/v1/files', '', '403 operation_not_allowed'],
    ];
    for (const [path, body, wanted] of cases) {
      const got = await ask(bench.url, {
        method: body === '' ? 'GET' : 'POST',
        path,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body,
      });
      expect(answer(got), path).toBe(wanted);
    }
    expect(bench.simulator.requests).toEqual([]);
    expect((await withKey(key)).status).toBe(200);
  });
  test('an address outside its range is refused', async () => {
    const key = await bench.makeKey({ cidr: ['10.0.0.0/8', '2001:db8::/32'] });
    expect(answer(await withKey(key))).toBe('403 address_not_allowed');
    expect(bench.simulator.requests).toEqual([]);
  });
});

describe('the life of a key', () => {
  test('revocation holds at once, although the key was just used', async () => {
    const key = await bench.makeKey({ name: 'short-lived' });
    for (const path of PATHS) expect((await withKey(key, path)).status).toBe(200);
    await bench.operation('keys.revoke', { key: 'short-lived' });
    for (const path of PATHS) expect(answer(await withKey(key, path))).toBe('401 invalid_credentials');
    expect(bench.simulator.requests).toHaveLength(2);
  });
  test('a remembered key ends when it expires', async () => {
    const key = await bench.makeKey({ expires: '10m' });
    expect((await withKey(key)).status).toBe(200);
    now += 599_999;
    expect((await withKey(key)).status).toBe(200);
    now += 2;
    expect(answer(await withKey(key))).toBe('401 invalid_credentials');
  });
  test('rotation: the old key until its grace ends, the new one at once', async () => {
    const old = await bench.makeKey({ name: 'turning' });
    expect((await withKey(old)).status).toBe(200);
    const fresh = String((await bench.operation('keys.rotate', { key: 'turning', grace: '1h' })).key);
    expect((await withKey(fresh)).status).toBe(200);
    expect((await withKey(old)).status).toBe(200);
    now += 3_600_001;
    expect(answer(await withKey(old))).toBe('401 invalid_credentials');
    expect((await withKey(fresh)).status).toBe(200);
  });
  test('no key stands in the log, and none in the answers', async () => {
    const got = await withKey(foreign);
    expect(got.text + bench.logText()).not.toContain(foreign);
    expect(bench.logText()).not.toContain(bench.key);
  });
});
