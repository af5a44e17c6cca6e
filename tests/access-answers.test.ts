import { randomBytes } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, type Got } from './support/raw.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const PATH = '/openai/main/v1/chat/completions';
const clock = { now: START };
const KEK = randomBytes(32).toString('base64');
const UNKNOWN = 'lpa_0A1B2C3D4E5F_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3iCQxf';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-basic', '@llm-proxy-auth/auth-sigv4', '@llm-proxy-auth/factor-totp'],
    now: () => clock.now,
    sections: {
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'basic' }, { use: 'sigv4' }],
      keyEncryption: { current: 'k1', keys: { k1: KEK } },
      factor: { use: 'totp' },
    },
  });
});
afterAll(() => bench.close());

const call = (headers: Readonly<Record<string, string>>): Promise<Got> =>
  ask(bench.url, { path: PATH, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const make = async (input: object): Promise<string> => String((await bench.operation('keys.create', input)).key);
/** All of an answer but what differs each time. */
const whole = ({ status, headers, text }: Got): unknown => {
  const { date: _, 'x-request-id': __, ...same } = headers;
  return [status, same, text.replaceAll(/req_[\w-]+/g, '')];
};
const basic = (name: string, password: unknown): string => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

describe('A017 state: what is good no more, or not yet, is answered as what never was', () => {
  const states: readonly (readonly [string, () => Promise<string>])[] = [
    ['expired', () => make({ name: 'expired', expires: '1h' })],
    ['not yet valid', () => make({ name: 'early', notBefore: '3h' })],
    [
      'revoked',
      async () => {
        const key = await make({ name: 'revoked' });
        await bench.operation('keys.revoke', { key: 'revoked' });
        return key;
      },
    ],
    [
      'rotated, its grace over',
      async () => {
        const key = await make({ name: 'rotated' });
        await bench.operation('keys.rotate', { key: 'rotated', grace: '1h' });
        return key;
      },
    ],
  ];
  test.each(states)('A017 state: a key that is %s', async (_name, made) => {
    const key = await made();
    clock.now += 2 * 3_600_000;
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }]) {
      const unknown = 'authorization' in headers ? { authorization: `Bearer ${UNKNOWN}` } : { 'x-api-key': UNKNOWN };
      expect(whole(await call(headers))).toEqual(whole(await call(unknown)));
    }
    expect((await call({ 'x-api-key': key })).status).toBe(401);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A017 state: a disabled owner', async () => {
    const { password } = await bench.operation('users.add', { name: 'gone' });
    await bench.operation('users.remove', { name: 'gone' });
    const got = await call({ authorization: basic('gone', password) });
    expect(got.status).toBe(401);
    expect(whole(got)).toEqual(whole(await call({ authorization: basic('nobody', password) })));
  });
});

describe('A011 injection: what is written where a credential belongs is text and nothing more', () => {
  /** Without a space: what looks like two keys in one header is `ambiguous_credentials`. */
  const TEXTS: readonly (readonly [string, string])[] = [
    ['a condition', "'OR/**/1=1--"],
    ['a statement', '";DROP/**/TABLE/**/rows;--'],
    ['any', '%'],
    ['any one', '_'],
    ['letters with accents', '\u00e9\u00f1'],
    ['an emoji', '\u00f0\u009f\u0098\u0080'],
    ['8 KiB', 'k'.repeat(8_192)],
  ];
  const rows = async (): Promise<unknown> => [
    ((await bench.operation('keys.list', {})).keys as unknown[]).length,
    ((await bench.operation('users.list', {})).users as unknown[]).length,
    (await bench.operation('sessions.list', {})).sessions,
  ];
  test.each(TEXTS)('A011 %s in each slot', async (_name, text) => {
    const before = await rows();
    const wrong = whole(await call({ 'x-api-key': UNKNOWN }));
    for (const headers of [
      { 'x-api-key': text },
      { 'api-key': text },
      { 'x-goog-api-key': text },
      { authorization: `Bearer ${text}` },
      { 'x-session-token': text },
    ])
      expect(whole(await call(headers as Record<string, string>)), Object.keys(headers)[0]).toEqual(wrong);
    expect(await rows()).toEqual(before);
    expect(bench.simulator.requests).toEqual([]);
  });
  test.each(TEXTS)('A011 %s as the code of a second factor', async (what, text) => {
    const name = what.replaceAll(' ', '-');
    const key = await make({ name, totp: true });
    await bench.operation('totp.enroll', { key: `key:${name}` });
    const [got, wrong] = [await call({ 'x-api-key': key, 'x-totp-code': text }), await call({ 'x-api-key': key, 'x-totp-code': '000001' })];
    expect([got.status, whole(got)]).toEqual([401, whole(wrong)]);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A011 no error of a database stands in the log', () => {
    expect(bench.logText()).not.toMatch(/SQL|sqlite|syntax error|near "/i);
  });
});

test('A027 stored form: nothing that lets in stands in the files of the store, nor in a copy of them', async () => {
  const key = await make({ name: 'stored' });
  const login = async (): Promise<string> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${bench.url}/auth/login`, { method: 'POST', headers, body: JSON.stringify({ api_key: key }) });
    return ((await answer.json()) as { session_token: string }).session_token;
  };
  const first = await login();
  const refreshed = await fetch(`${bench.url}/auth/refresh`, { method: 'POST', headers: { 'x-session-token': first } });
  const { session_token: second } = (await refreshed.json()) as { session_token: string };
  expect((await call({ 'x-session-token': second })).status).toBe(200);
  const { password } = await bench.operation('users.add', { name: 'kept' });
  expect((await call({ authorization: basic('kept', password) })).status).toBe(200);
  const pair = await bench.operation('signing-keys.create', { name: 'kept' });
  const coded = await make({ name: 'kept-coded', totp: true });
  const { secret, backupCodes } = (await bench.operation('totp.enroll', { key: 'key:kept-coded' })) as unknown as { secret: string; backupCodes: string[] };
  const code = generateSync({ secret, epoch: Math.floor(clock.now / 1000) });
  expect((await call({ 'x-api-key': coded, 'x-totp-code': code })).status).toBe(200);
  await bench.gateway.audit.flush();
  const files = readdirSync(bench.folder).filter((name) => name.startsWith('store.db'));
  for (const name of files) copyFileSync(join(bench.folder, name), join(bench.folder, `backup-${name}`));
  const kept = readdirSync(bench.folder)
    .filter((name) => name.includes('store.db'))
    .map((name) => readFileSync(join(bench.folder, name), 'latin1'))
    .join('\n');
  expect(kept).toContain('kept-coded');
  const clear = [first, second, key, coded, String(password), String(pair.secret), secret, KEK, ...backupCodes].flatMap((text) => [text, text.slice(-20)]);
  for (const text of clear) expect(kept.includes(text), text.slice(0, 6)).toBe(false);
});
