import { randomBytes } from 'node:crypto';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, type Got, type Sent } from './support/raw.ts';
import { auditRecords, failAppends, type Kept } from './support/records.ts';

const gate = installed('gate', '@acme/auth-gate');
const FROM = 'x-forwarded-client-cert';
const START = Date.UTC(2026, 5, 1);
let now = START;
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
      server: { port: 0, trustedProxies: ['127.0.0.1'] },
      factor: { use: 'gate' },
      admin: { port: 0 },
    },
  });
});
afterAll(async () => {
  await bench.close();
  gate.remove();
});
type Headers = NonNullable<Sent['headers']>;
const send = (method: string, path: string, headers: Headers = {}, body?: object): Promise<Got> =>
  ask(bench.url, {
    method,
    path,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'x-forwarded-for': '203.0.113.9', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const login = async (): Promise<{ token: string; id: string; request: unknown }> => {
  const got = await send('POST', '/auth/login', {}, { api_key: bench.key });
  const token = String((JSON.parse(got.text) as { session_token?: unknown }).session_token);
  return { token, id: token.slice(5, 17), request: got.headers['x-request-id'] };
};
const by = (token: string): Headers => ({ 'x-session-token': token });
const call = (headers: Headers): Promise<Got> =>
  ask(bench.url, { path: '/openai/main/v1/chat/completions', headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
/** Records that came while something was done, those of calls left out. */
const during = async (act: () => Promise<unknown>): Promise<readonly Kept[]> => {
  const before = (await auditRecords(bench)).length;
  await act();
  return (await auditRecords(bench)).slice(before).filter(({ kind }) => kind !== 'call' && kind !== 'intent' && kind !== 'settle');
};
const WHO = { kind: 'access', principal: 'key:k1', strategy: 'api-key', credential: expect.stringMatching(/^[A-Za-z0-9]{12}$/) };

describe('sessions', () => {
  test('logging in, out, and the end of a session are recorded, once each and without a token', async () => {
    let first: Awaited<ReturnType<typeof login>> | undefined;
    const opened = await during(async () => {
      first = await login();
    });
    const { token = '', id, request } = first ?? {};
    expect(opened).toEqual([expect.objectContaining({ ...WHO, operation: 'login', target: id, request, address: '203.0.113.0/24' })]);
    let out: Got | undefined;
    const closed = await during(async () => {
      out = await send('POST', '/auth/logout', by(token));
      await send('POST', '/auth/logout', by(token));
    });
    expect(closed).toEqual([
      expect.objectContaining({ ...WHO, operation: 'logout', target: id, request: out?.headers['x-request-id'], address: '203.0.113.0/24' }),
    ]);
    const second = await login();
    const ended = await during(async () => {
      out = await send('DELETE', `/auth/sessions/${second.id}`, { 'x-api-key': bench.key });
      await send('DELETE', `/auth/sessions/${second.id}`, { 'x-api-key': bench.key });
    });
    expect(ended).toEqual([expect.objectContaining({ ...WHO, operation: 'session.end', target: second.id, request: out?.headers['x-request-id'] })]);
    const written = JSON.stringify(await auditRecords(bench));
    for (const secret of [token, second.token, bench.key]) expect(written).not.toContain(secret.slice(18));
  });
  test('a replaced token that is refreshed, or used later, is recorded with whose it was', async () => {
    const first = await login();
    await send('POST', '/auth/refresh', by(first.token));
    let got: Got | undefined;
    const refreshed = await during(async () => {
      got = await send('POST', '/auth/refresh', by(first.token));
    });
    const replay = { ...WHO, operation: 'session.replay', target: first.id };
    expect(refreshed.filter(({ kind }) => kind === 'access')).toEqual([expect.objectContaining({ ...replay, request: got?.headers['x-request-id'] })]);
    const second = await login();
    await send('POST', '/auth/refresh', by(second.token));
    now += 60_000;
    const used = await during(async () => {
      got = await call(by(second.token));
      await call(by(second.token));
    });
    expect(used.filter(({ kind }) => kind === 'access')).toEqual([
      expect.objectContaining({ ...replay, target: second.id, request: got?.headers['x-request-id'] }),
    ]);
  });
  test('a login that the audit log does not take gives no session', async () => {
    const sync = await openBench({ pluginRoots: [gate.root], plugins: ['@acme/auth-gate'], sections: { audit: { mode: 'sync' } } });
    const room = failAppends(sync);
    const got = await ask(sync.url, {
      method: 'POST',
      path: '/auth/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ api_key: sync.key }),
    });
    expect([got.status, got.headers['x-lpa-code']]).toEqual([503, 'overloaded']);
    expect(await sync.operation('sessions.list', {})).toEqual({ sessions: [] });
    room();
    await sync.close();
  }, 30_000);
});

describe('the second factor', () => {
  const withCode = (code: string): Headers => ({ [FROM]: 'two-ann', 'x-totp-code': code });
  const ANN = { principal: 'gate:two-ann', credential: 'two-ann', strategy: 'gate', address: '127.0.0.0/24' };
  test.each([
    ['', 'totp_required', 'factor_totp_required'],
    ['used', 'totp_used', 'factor_totp_used'],
    ['wrong', 'invalid_credentials', 'factor_invalid_credentials'],
    ['locked', 'invalid_credentials', 'factor_locked'],
  ])('a code that is "%s" is recorded by itself, with whose it was and the request', async (code, error, reason) => {
    const ids: unknown[] = [];
    const found = await during(async () => {
      for (let i = 0; i < 2; i++) ids.push((await call(withCode(code))).headers['x-request-id']);
    });
    expect(found).toEqual(ids.map((request) => expect.objectContaining({ kind: 'auth', code: error, reason, request, ...ANN })));
  });
  test('a backup code is recorded, a right code is not', async () => {
    let got: Got | undefined;
    const found = await during(async () => {
      await call(withCode('right'));
      got = await call(withCode('backup'));
    });
    expect(got?.status).toBe(200);
    expect(found).toEqual([
      expect.objectContaining({ kind: 'access', operation: 'factor', reason: 'backup-code', request: got?.headers['x-request-id'], ...ANN }),
    ]);
  });
});

test('two credentials are recorded with the network of the caller, not of the proxy, on every route', async () => {
  const two = { authorization: 'Bearer one', 'x-api-key': 'another' };
  const kept = await during(async () => {
    for (const path of ['/v1/models', '/transparent/main/v1/models', '/metrics', '/auth/sessions']) expect((await send('GET', path, two)).status).toBe(400);
    for (const path of ['/auth/logout', '/auth/refresh']) expect((await send('POST', path, two)).status).toBe(400);
    expect((await send('GET', '/v1/models', { authorization: 'Digest x', 'x-api-key': 'another' })).status).toBe(400);
    expect((await send('POST', '/auth/login', two, { api_key: bench.key })).status).toBe(400);
    expect((await send('POST', '/auth/login', { 'x-api-key': 'another' }, { api_key: bench.key })).status).toBe(400);
  });
  const count = kept.reduce((sum, record) => sum + Number(record.count), 0);
  expect([count, ...new Set(kept.map(({ kind, code, address }) => `${kind} ${code} ${address}`))]).toEqual([9, 'auth ambiguous_credentials 203.0.113.0/24']);
  const logged = bench.lines.filter(({ msg, code }) => msg === 'a credential was refused' && code === 'ambiguous_credentials');
  expect([logged.length, ...new Set(logged.map(({ address }) => address))]).toEqual([9, '203.0.113.9']);
});
test('one-time codes: enrolling, the code that completes it, a backup code, a lock and disabling are recorded, and none of their secrets', async () => {
  const sections = { keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } }, factor: { use: 'totp' }, admin: { port: 0 } };
  const totp = await openBench({ plugins: ['@llm-proxy-auth/factor-totp'], now: () => now, sections });
  const operate = async (name: string, body: object): Promise<Record<string, unknown>> => {
    const got = await fetch(`${totp.gateway.urls.admin}/admin/v1/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${totp.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await got.json()) as Record<string, unknown>;
  };
  const key = String((await totp.operation('keys.create', { name: 'ann', totp: true })).key);
  const { secret, backupCodes } = (await operate('totp.enroll', { key: 'key:ann' })) as { secret: string; backupCodes: string[] };
  const code = generateSync({ secret, epoch: Math.floor(now / 1_000) });
  const used = (sent: string): Promise<Got> =>
    ask(totp.url, {
      path: '/openai/main/v1/chat/completions',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-totp-code': sent },
      body: chat(SMALL),
    });
  expect([(await used(code)).status, (await used(backupCodes[0] ?? '')).status]).toEqual([200, 200]);
  for (let i = 0; i < 6; i++) await used('abc');
  await operate('totp.disable', { key: 'key:ann' });
  const records = (await auditRecords(totp)).filter(({ kind }) => kind === 'access' || kind === 'auth' || kind === 'admin');
  expect(records.map(({ kind, operation, reason, principal }) => [kind, operation ?? '', reason ?? '', principal])).toEqual([
    ['admin', 'totp.enroll', '', 'key:k1'],
    ['access', 'factor', 'first-code', 'key:ann'],
    ['access', 'factor', 'backup-code', 'key:ann'],
    ...Array.from({ length: 4 }, () => ['auth', '', 'factor_invalid_credentials', 'key:ann']),
    ...Array.from({ length: 2 }, () => ['auth', '', 'factor_locked', 'key:ann']),
    ['admin', 'totp.disable', '', 'key:k1'],
  ]);
  const written = JSON.stringify(records);
  for (const text of [secret, code, ...backupCodes]) expect(written).not.toContain(text);
  await totp.close();
});
