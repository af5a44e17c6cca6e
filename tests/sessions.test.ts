import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { tokenForm } from '@llm-proxy-auth/plugin/issued';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, ask2, codeOf, type Got, type Sent } from './support/raw.ts';

const gate = installed('gate', '@acme/auth-gate');
const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
let now = START;
const opened: Bench[] = [];
const open = async (sections: object = {}, wanted: Wanted = {}): Promise<Bench> => {
  const bench = await openBench({
    pluginRoots: [gate.root],
    plugins: ['@acme/auth-gate'],
    now: () => now,
    ...wanted,
    sections: { admin: { port: 0 }, ...sections },
  });
  opened.push(bench);
  return bench;
};
let bench: Bench;
beforeAll(async () => {
  bench = await open();
});
afterEach(() => {
  now = START;
  bench.simulator.clear();
});
afterAll(async () => {
  for (const each of opened) await each.close();
  gate.remove();
});

type Headers = NonNullable<Sent['headers']>;
const send = (at: Bench, method: string, path: string, headers: Headers = {}, body?: unknown): Promise<Got> =>
  ask(at.url, {
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const json = (got: Got): Record<string, unknown> => JSON.parse(got.text) as Record<string, unknown>;
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const login = (api_key: string, more: object = {}, at = bench, headers: Headers = {}): Promise<Got> =>
  send(at, 'POST', '/auth/login', headers, { api_key, ...more });
const tokenOf = async (key: string, at = bench): Promise<string> => String(json(await login(key, {}, at)).session_token);
const by = (token: string): Headers => ({ 'x-session-token': token });
const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;
const call = (headers: Headers, at = bench, path: string = PATHS[0]): Promise<Got> =>
  ask(at.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const works = async (token: string, at = bench): Promise<string> => answer(await call(by(token), at));
const idOf = (token: string): string => token.slice(5, 17);
const list = async (headers: Headers): Promise<Record<string, unknown>[]> =>
  json(await send(bench, 'GET', '/auth/sessions', headers)).sessions as Record<string, unknown>[];
const revoke = (headers: Headers, id: string): Promise<Got> => send(bench, 'DELETE', `/auth/sessions/${id}`, headers);
const refresh = (token: string, at = bench): Promise<Got> => send(at, 'POST', '/auth/refresh', by(token));

describe('logging in', () => {
  test('gives a token that is good where a key is, and goes no further; the store has its hash alone', async () => {
    const got = await login(bench.key);
    const { session_token: token, ...rest } = json(got);
    expect([got.status, got.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(token).toMatch(/^lpas_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(rest).toEqual({ expires_at: '2026-06-01T12:00:00.000Z', expires_in: 43_200, user: 'key:k1', message: 'Login successful' });
    for (const path of PATHS)
      for (const headers of [by(String(token)), { authorization: `Bearer ${token}` }, { ...by(String(token)), authorization: `Bearer ${token}` }])
        expect((await call(headers, bench, path)).status).toBe(200);
    expect((await ask2(bench.url, { path: PATHS[0], headers: { 'content-type': 'application/json', ...by(String(token)) }, body: chat(SMALL) })).status).toBe(
      200,
    );
    expect(bench.lines.findLast((line) => line.msg === 'request')?.principal).toBe('key:k1');
    for (const { headers } of bench.simulator.requests) expect(JSON.stringify(headers)).not.toContain('lpas_');
    const rows = await bench.gateway.graph.store.list('sessions', undefined, 100);
    const row = rows.find(({ key }) => key === idOf(String(token)));
    expect(row?.value.json).toContain(createHash('sha256').update(String(token)).digest('base64url'));
    expect(JSON.stringify(rows)).not.toContain(String(token).slice(18));
    expect(bench.logText()).not.toContain(String(token));
  });
  test.each([
    ['no body', '', '400 invalid_request'],
    ['no key', {}, '400 invalid_request'],
    ['a key that is a number', { api_key: 1 }, '400 invalid_request'],
    ['an empty key', { api_key: '' }, '400 invalid_request'],
    ['a member that nobody reads', { api_key: 'x', remember: true }, '400 invalid_request'],
    ['a list', [], '400 invalid_request'],
    ['no JSON', '{', '400 invalid_json'],
    ['a key twice, however it is spelt', '{"api_key":"a","api\\u005fkey":"b"}', '400 invalid_request'],
    ['more than 4 KiB', { api_key: 'k'.repeat(4_096) }, '413 body_too_large'],
  ])('%s', async (_name, body, expected) => {
    expect(answer(await send(bench, 'POST', '/auth/login', {}, body))).toBe(expected);
  });
  test.each(["' OR 1=1--", '"; DROP TABLE sessions', '%', '_', 'a\u0000b', '😀', 'k'.repeat(4_000)])('A011 %j as the key is a wrong key', async (key) => {
    const [got, wrong] = [await login(key), await login('lpa_wrong')];
    expect([got.status, got.text]).toEqual([401, wrong.text]);
  });
  test.each(["'OR_1=1--", '%', '_', '😀', 'k'.repeat(8_192), 'lpas_0A1B2C3D4E5F_x'])('A011 %j as a session is a wrong session', async (token) => {
    const [got, wrong] = [await call(by(Buffer.from(token).toString('latin1'))), await call(by('lpas_x'))];
    expect([got.status, codeOf(got), got.text]).toEqual([401, 'invalid_credentials', wrong.text]);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a wrong key is refused as everywhere, and a session is no key', async () => {
    expect(answer(await login(`${bench.key}x`))).toBe('401 invalid_credentials');
    expect(answer(await login(await tokenOf(bench.key)))).toBe('401 invalid_credentials');
  });
  test('a credential in the head beside another in the body is ambiguous, and the same one is one', async () => {
    const other = await bench.makeKey({ name: 'beside' });
    const beside: readonly Headers[] = [
      by(await tokenOf(bench.key)),
      { 'x-api-key': bench.key },
      { authorization: `Bearer ${bench.key}` },
      { authorization: `Basic ${Buffer.from(`user:${other}`).toString('base64')}` },
      { authorization: `Digest ${other}` },
    ];
    for (const headers of beside) {
      expect(answer(await login(other, {}, bench, headers))).toBe('400 ambiguous_credentials');
      expect(answer(await login('wrong', {}, bench, headers))).toBe('400 ambiguous_credentials');
    }
    for (const headers of [{ 'x-api-key': other }, { authorization: `Bearer ${other}` }])
      expect(json(await login(other, {}, bench, headers)).user).toBe('key:beside');
    expect(answer(await login('wrong', {}, bench, { 'x-api-key': 'wrong' }))).toBe('401 invalid_credentials');
  });
  test('only by POST; nothing else is below /auth', async () => {
    const get = await send(bench, 'GET', '/auth/login');
    expect([answer(get), get.headers.allow]).toEqual(['405 method_not_allowed', 'POST']);
    expect(answer(await send(bench, 'GET', '/auth/nothing'))).toBe('404 unknown_route');
  });
  test('addresses of the key hold for its sessions and for logging in', async () => {
    const at = await open({ server: { port: 0, trustedProxies: ['127.0.0.1'] } });
    const key = await at.makeKey({ cidr: ['10.0.0.0/8'] });
    expect(answer(await login(key, {}, at, { 'x-forwarded-for': '11.0.0.1' }))).toBe('403 address_not_allowed');
    const token = String(json(await login(key, {}, at, { 'x-forwarded-for': '10.0.0.1' })).session_token);
    expect(answer(await call({ ...by(token), 'x-forwarded-for': '10.0.0.1' }, at))).toBe('200');
    expect(answer(await call({ ...by(token), 'x-forwarded-for': '11.0.0.1' }, at))).toBe('403 address_not_allowed');
  });
  test('without authentication there are none', async () => {
    expect(answer(await login('x', {}, await open({ auth: 'none' })))).toBe('404 unknown_route');
  });
});

describe('with a second factor', () => {
  let at: Bench;
  beforeAll(async () => {
    at = await open({ factor: { use: 'gate', require: 'always' } });
  });
  test('a code is asked for once: the session has done it', async () => {
    expect(answer(await login(at.key, {}, at))).toBe('401 totp_required');
    expect(answer(await login(at.key, { totp_code: 'wrong' }, at))).toBe('401 invalid_credentials');
    expect(answer(await login(at.key, { totp_code: 'used' }, at))).toBe('401 totp_used');
    expect(answer(await login(at.key, {}, at, { 'x-totp-code': 'right' }))).toBe('200');
    const token = String(json(await login(at.key, { totp_code: 'right' }, at)).session_token);
    expect([await works(token, at), await works(token, at)]).toEqual(['200', '200']);
    expect(answer(await call({ authorization: `Bearer ${at.key}` }, at))).toBe('401 totp_required');
  });
});

describe('a session opened without a second factor, once one is asked for', () => {
  const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
  const WRITTEN = '00112233445566778899aabbccddeeff00112233445566778899aabbccddee01';
  const same = (auth: object, more: object = {}): Promise<Bench> =>
    open({ store: { use: 'sqlite', path: join(bench.folder, 'store.db') }, auth: [auth], ...more }, { keyName: `k-${opened.length}` });
  const asked = (auth: object, require: string): Promise<Bench> => same(auth, { factor: { use: 'gate', require } });
  const answers = async (token: string, at: Bench): Promise<Record<string, string>> => ({
    'a call': await works(token, at),
    'a transparent call': answer(await call(by(token), at, PATHS[1])),
    metrics: answer(await send(at, 'GET', '/metrics', by(token))),
    administration: answer(
      await ask(at.gateway.urls.admin ?? '', { path: '/admin/v1/keys.list', headers: { ...by(token), 'content-type': 'application/json' }, body: '{}' }),
    ),
    sessions: answer(await send(at, 'GET', '/auth/sessions', by(token))),
    refresh: answer(await refresh(token, at)),
  });
  const everywhere = (what: string) => ({ 'a call': what, 'a transparent call': what, metrics: what, administration: what, sessions: what, refresh: what });
  test('of everybody: it is 401 everywhere, and one that was opened with a code is not', async () => {
    const key = await bench.makeKey({ name: 'before-always', scopes: ['metrics', 'admin'] });
    const token = await tokenOf(key);
    expect(await works(token)).toBe('200');
    const at = await asked({ use: 'api-key', pepper: PEPPER }, 'always');
    expect(await answers(token, at)).toEqual(everywhere('401 totp_required'));
    expect(at.simulator.requests).toEqual([]);
    const done = String(json(await login(key, { totp_code: 'right' }, at)).session_token);
    expect(await answers(done, at)).toEqual(everywhere('200'));
  });
  test('of its key: the same, also when it is refreshed meanwhile', async () => {
    const auth = (totp: boolean) => ({ use: 'api-key', pepper: PEPPER, keys: [{ name: 'written', key: WRITTEN, scopes: ['metrics', 'admin'], totp }] });
    const before = await same(auth(false));
    const token = String(json(await refresh(await tokenOf(WRITTEN, before), before)).session_token);
    expect(await works(token, before)).toBe('200');
    expect(await answers(token, await asked(auth(true), 'per-key'))).toEqual(everywhere('401 totp_required'));
  });
});

describe('the life of a session', () => {
  test('it ends after ttl, whatever was refreshed', async () => {
    const at = await open({ sessions: { ttl: '3h', idle: '2h' } });
    const token = await tokenOf(at.key, at);
    now += 1.5 * HOUR;
    const got = json(await refresh(token, at));
    expect(got.expires_at).toBe('2026-06-01T03:00:00.000Z');
    now += HOUR;
    expect(await works(String(got.session_token), at)).toBe('200');
    now += HOUR;
    expect(await works(String(got.session_token), at)).toBe('401 invalid_credentials');
  });
  test('it ends when nobody uses it', async () => {
    const token = await tokenOf(bench.key);
    for (let i = 0; i < 3; i++) {
      now += HOUR;
      expect(await works(token)).toBe('200');
      const written = START + (i + 1) * HOUR;
      await expect.poll(async () => (await bench.gateway.graph.store.get('sessions', idOf(token)))?.value.json).toContain(`"usedAt":${written}`);
    }
    now += 2 * HOUR;
    expect(await works(token)).toBe('401 invalid_credentials');
  });
  test('one that is used all the time goes on, however short idle is', async () => {
    const at = await open({ sessions: { ttl: '3h', idle: '10s' } });
    const token = await tokenOf(at.key, at);
    expect(await works(token, at)).toBe('200');
    for (let i = 0; i < 20; i++) {
      now += 4_000;
      expect(await works(token, at)).toBe('200');
      // The use is written while the next call is on its way.
      await expect.poll(async () => (await at.gateway.graph.store.get('sessions', idOf(token)))?.value.json).toContain(`"usedAt":${now}`);
    }
    now += 11_000;
    expect(await works(token, at)).toBe('401 invalid_credentials');
  });
  test('it ends with its key', async () => {
    const key = await bench.makeKey({ name: 'short', expires: '1h' });
    const got = json(await login(key));
    expect(got.expires_in).toBe(3_600);
    now += HOUR;
    expect(await works(String(got.session_token))).toBe('401 invalid_credentials');
  });
  test('a refresh gives another token and the old one is nobody', async () => {
    const first = await tokenOf(bench.key);
    expect(await works(first)).toBe('200');
    const got = await refresh(first);
    const second = String(json(got).session_token);
    expect([got.status, idOf(second) === idOf(first), second === first]).toEqual([200, true, false]);
    expect([await works(first), await works(second)]).toEqual(['401 invalid_credentials', '200']);
  });
  test('a replaced token that is refreshed ends the session for whoever holds it', async () => {
    const first = await tokenOf(bench.key);
    const second = String(json(await refresh(first)).session_token);
    expect(answer(await refresh(first))).toBe('401 invalid_credentials');
    expect([await works(second), answer(await refresh(second))]).toEqual(['401 invalid_credentials', '401 invalid_credentials']);
  });
  test('a replaced token that is used later ends it too', async () => {
    const first = await tokenOf(bench.key);
    const second = String(json(await refresh(first)).session_token);
    expect([await works(first), await works(second)]).toEqual(['401 invalid_credentials', '200']);
    now += 60_000;
    expect([await works(first), await works(second)]).toEqual(['401 invalid_credentials', '401 invalid_credentials']);
  });
  test('a token that was replaced however often ends it too', async () => {
    const first = await tokenOf(bench.key);
    let last = first;
    for (let i = 0; i < 60; i++) last = String(json(await refresh(last)).session_token);
    expect(await works(last)).toBe('200');
    expect([await works(first), await works(last)]).toEqual(['401 invalid_credentials', '401 invalid_credentials']);
  });
  test("a stranger's token for the same id ends nothing", async () => {
    const token = await tokenOf(bench.key);
    const forged = tokenForm('lpas_').make(idOf(token)).token;
    expect([answer(await refresh(forged)), await works(forged), await works(token)]).toEqual(['401 invalid_credentials', '401 invalid_credentials', '200']);
  });
  test('of twenty refreshes at once one wins', async () => {
    const first = await tokenOf(bench.key);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await refresh(first)).status));
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1);
    expect(statuses.every((status) => status === 200 || status === 401)).toBe(true);
  });
  test('logging out ends it, and again changes nothing', async () => {
    const token = await tokenOf(bench.key);
    const out = () => send(bench, 'POST', '/auth/logout', { authorization: `Bearer ${token}` });
    expect([(await out()).status, await works(token), (await out()).status]).toEqual([200, '401 invalid_credentials', 200]);
    expect(answer(await send(bench, 'POST', '/auth/logout'))).toBe('401 missing_credentials');
    expect((await send(bench, 'POST', '/auth/logout', by('lpas_nothing'))).status).toBe(200);
  });
});

test('of one owner there are 256 at most: one more ends the one that was used longest ago', async () => {
  const [key, others] = [await bench.makeKey({ name: 'many' }), await tokenOf(await bench.makeKey({ name: 'few' }))];
  const first = await tokenOf(key);
  for (let i = 0; i < 255; i++) {
    now += 1_000;
    await tokenOf(key);
  }
  expect(await works(first)).toBe('200');
  // What was opened a moment ago is known to the process as soon as it has asked the store.
  const again = async (): Promise<number> => {
    now += 1_000;
    await tokenOf(key);
    return (await list({ authorization: `Bearer ${key}` })).length;
  };
  await expect.poll(again, { timeout: 10_000, interval: 300 }).toBe(256);
  expect(await works(first)).toBe('401 invalid_credentials');
  expect(await works(others)).toBe('200');
});
describe('whose sessions there are', () => {
  test('A026 each sees and ends its own alone, and no list has a token', async () => {
    const [one, seven] = [await bench.makeKey({ name: 'k-one' }), await bench.makeKey({ name: 'k-seven' })];
    const [mine, theirs] = [await tokenOf(one), await tokenOf(seven)];
    for (const headers of [by(mine), { 'x-api-key': one }]) {
      const rows = await list(headers);
      expect(rows.map(({ id }) => id)).toEqual([idOf(mine)]);
      expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'created_at', 'expires_at', 'last_used_at', 'current']);
      expect(rows[0]?.current).toBe('x-session-token' in headers);
    }
    expect(answer(await revoke(by(theirs), idOf(mine)))).toBe('404 session_not_found');
    expect(answer(await revoke(by(theirs), 'nothing'))).toBe('404 session_not_found');
    expect(await works(mine)).toBe('200');
    expect(answer(await revoke({ 'x-api-key': one }, idOf(mine)))).toBe('200');
    expect([await works(mine), await works(theirs)]).toEqual(['401 invalid_credentials', '200']);
    expect(answer(await revoke(by(theirs), idOf(theirs)))).toBe('200');
    expect(await works(theirs)).toBe('401 invalid_credentials');
  });
  test('nobody without a credential; every 401 names the schemes there are', async () => {
    const key = { authorization: `Bearer ${bench.key}` };
    const refusals: readonly (readonly [Promise<Got>, string])[] = [
      [send(bench, 'GET', '/auth/sessions'), '401 missing_credentials'],
      [revoke({}, 'x'), '401 missing_credentials'],
      [refresh('lpas_x'), '401 invalid_credentials'],
      [send(bench, 'POST', '/auth/refresh'), '401 missing_credentials'],
      [send(bench, 'POST', '/auth/refresh', key), '401 invalid_credentials'],
      [send(bench, 'POST', '/auth/logout'), '401 missing_credentials'],
      [login('nobody'), '401 invalid_credentials'],
    ];
    for (const [asked, wanted] of refusals) {
      const got = await asked;
      expect([answer(got), got.headers['www-authenticate']]).toEqual([wanted, expect.stringContaining('Bearer realm=')]);
    }
  });
  test('administration lists and ends them', async () => {
    const key = await bench.makeKey({ name: 'admined' });
    const [a, b, c] = [await tokenOf(key), await tokenOf(key), await tokenOf(key)];
    const { sessions } = (await bench.operation('sessions.list', { principal: 'key:admined' })) as { sessions: { id: string }[] };
    expect(sessions.map(({ id }) => id).sort()).toEqual([a, b, c].map(idOf).sort());
    expect(JSON.stringify(sessions)).not.toContain('token');
    expect([await works(a), await works(b)]).toEqual(['200', '200']);
    expect(await bench.operation('sessions.revoke', { session: idOf(a) })).toEqual({ revoked: [idOf(a)] });
    expect([await works(a), await works(b)]).toEqual(['401 invalid_credentials', '200']);
    await bench.operation('sessions.revoke', { session: 'key:admined' });
    expect([await works(b), await works(c)]).toEqual(['401 invalid_credentials', '401 invalid_credentials']);
    await expect(bench.operation('sessions.revoke', { session: 'key:admined' })).rejects.toMatchObject({ code: 'session_not_found' });
    const scoped = await bench.makeKey({ scopes: ['keys'] });
    const got = await ask(bench.gateway.urls.admin ?? '', {
      path: '/admin/v1/sessions.list',
      headers: { 'x-api-key': scoped, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(answer(got)).toBe('403 scope_required');
  });
});

describe('A028 a dead key has no live sessions', () => {
  test.each([
    ['revoked', async (name: string) => void (await bench.operation('keys.revoke', { key: name }))],
    [
      'expired',
      async () => {
        now += HOUR;
      },
    ],
    [
      'deleted',
      async (name: string) => {
        const { store } = bench.gateway.graph;
        const space = '@llm-proxy-auth/auth-api-key:keys';
        const row = (await store.list(space, undefined, 500)).find(({ value }) => value.json.includes(`"name":"${name}"`));
        expect(await store.commit([{ space, key: row?.key ?? '', expect: row?.version ?? 0 }])).toBe(true);
      },
    ],
  ])('A028 %s: 401 within five seconds, never 500', async (how, kill) => {
    const name = `dead-${how}`;
    const token = await tokenOf(await bench.makeKey({ name, expires: '1h' }));
    expect(await works(token)).toBe('200');
    await kill(name);
    if (how === 'deleted') await expect.poll(() => works(token), { timeout: 5_000, interval: 100 }).toBe('401 invalid_credentials');
    else expect(await works(token)).toBe('401 invalid_credentials');
    expect(answer(await refresh(token))).toBe('401 invalid_credentials');
    expect(answer(await send(bench, 'GET', '/auth/sessions', by(token)))).toBe('401 invalid_credentials');
    expect((await send(bench, 'POST', '/auth/logout', by(token))).status).toBe(200);
  });
});

test('A028 a key of the configuration that gets another value: its sessions end, and come back with the value before alone', async () => {
  const store = { use: 'sqlite', path: join(bench.folder, 'store.db') };
  const [first, second] = ['a1'.repeat(32), 'b2'.repeat(32)];
  let serial = 0;
  const withValue = (key: string): Promise<Bench> =>
    open({ store, auth: [{ use: 'api-key', pepper: PEPPER, keys: [{ name: 'w', key }] }] }, { keyName: `k-value-${++serial}` });
  const before = await withValue(first);
  const token = await tokenOf(first, before);
  expect(await works(token, await withValue(first))).toBe('200');
  expect(await works(token, await withValue(second))).toBe('401 invalid_credentials');
  expect(await works(token, before)).toBe('200');
});

test('A028 another gateway on the same store takes the session, and refuses it within five seconds of its end', async () => {
  const other = await open(
    { store: { use: 'sqlite', path: join(bench.folder, 'store.db') }, auth: [{ use: 'api-key', pepper: PEPPER }] },
    { keyName: 'k-other' },
  );
  const [first, second] = [await tokenOf(bench.key), await tokenOf(bench.key)];
  expect([await works(first, other), await works(second, other)]).toEqual(['200', '200']);
  expect((await send(bench, 'POST', '/auth/logout', by(first))).status).toBe(200);
  const renewed = String(json(await refresh(second)).session_token);
  for (const dead of [first, second]) await expect.poll(() => works(dead, other), { timeout: 5_000, interval: 100 }).toBe('401 invalid_credentials');
  expect(await works(renewed, other)).toBe('200');
});
