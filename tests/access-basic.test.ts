import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got, type Sent } from './support/raw.ts';

let bench: Bench;
let password = '';
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/auth-basic', '@llm-proxy-auth/factor-totp'],
    sections: {
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'basic' }],
      keyEncryption: { current: 'k1', keys: { k1: '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff' } },
      factor: { use: 'totp' },
    },
  });
  password = String((await bench.operation('users.add', { name: 'alice', models: [SMALL] })).password);
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const basic = (text: string): string => Buffer.from(text).toString('base64');
const sent = (headers: Sent['headers'], path = '/openai/main/v1/chat/completions', model = SMALL): Sent => ({
  path,
  headers: { 'content-type': 'application/json', ...headers },
  body: chat(model),
});
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const asAlice = (): Sent['headers'] => ({ authorization: `Basic ${basic(`alice:${password}`)}` });
/** RFC 6238 with SHA-1, six digits and 30 s, as apps compute it. */
const codeOfNow = (base32: string): string => {
  const bits = [...base32].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(step).digest();
  const at = (digest.at(-1) ?? 0) & 0xf;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
};

describe('a user with a password', () => {
  test('comes in as user:<name>, whatever the case of the scheme, and stays within the rights', async () => {
    for (const scheme of ['Basic', 'basic', 'BASIC']) {
      expect(answer(await ask(bench.url, sent({ authorization: `${scheme} ${basic(`alice:${password}`)}` })))).toBe('200');
      expect(bench.lines.findLast((line) => line.msg === 'request')?.principal).toBe('user:alice');
    }
    expect(answer(await ask(bench.url, sent(asAlice(), undefined, 'gpt-4o')))).toBe('403 model_not_allowed');
  });
  test('A051 nothing of the password reaches the provider, in either mode', async () => {
    for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions']) {
      bench.simulator.clear();
      expect(answer(await ask(bench.url, sent(asAlice(), path)))).toBe('200');
      const [captured] = bench.simulator.requests;
      const authorizations = captured?.headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
      expect(authorizations).toEqual([`Bearer ${PROVIDER_KEY}`]);
      expect(JSON.stringify(captured?.headers)).not.toContain(basic(`alice:${password}`));
    }
    expect(bench.logText()).not.toContain(password);
    expect(bench.logText()).not.toContain(basic(`alice:${password}`));
  });
  test('A018 a password beside a key, and two lines of it, are ambiguous', async () => {
    expect(answer(await ask(bench.url, sent({ ...asAlice(), 'x-api-key': bench.key })))).toBe('400 ambiguous_credentials');
    const { authorization = '' } = asAlice() as Record<string, string>;
    expect(answer(await ask(bench.url, sent({ authorization: [authorization, authorization] })))).toBe('400 ambiguous_credentials');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A011 injected names get the answer of a wrong password, which both schemes are named in', async () => {
    const wrong = await ask(bench.url, sent({ authorization: `Basic ${basic('alice:wrong-password')}` }));
    expect(answer(wrong)).toBe('401 invalid_credentials');
    expect(wrong.headers['www-authenticate']).toContain('Basic realm="llm-proxy-auth", charset="UTF-8"');
    for (const text of ["' OR 1=1--:x", '"; DROP TABLE users:x', '%:%', '_:_', '😀:x', `${'x'.repeat(6000)}:x`, 'no colon', 'a\0b:c']) {
      const got = await ask(bench.url, sent({ authorization: `Basic ${basic(text)}` }));
      expect(answer(got)).toBe('401 invalid_credentials');
      expect(got.text).toBe(wrong.text);
    }
    expect(bench.simulator.requests).toEqual([]);
  });
  test.each(['bob', 'nobody'])('a lock of %s answers as a wrong password does, with the time to wait', async (name) => {
    const now = Date.now();
    const at = await openBench({
      now: () => now,
      plugins: ['@llm-proxy-auth/auth-basic'],
      sections: { auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }, { use: 'basic' }] },
    });
    try {
      await at.operation('users.add', { name: 'bob' });
      const guess = (i: number) => ask(at.url, sent({ authorization: `Basic ${basic(`${name}:wrong password ${i}`)}` }));
      const wrong = await guess(0);
      expect([answer(wrong), wrong.headers['retry-after']]).toEqual(['401 invalid_credentials', undefined]);
      for (let i = 1; i < 10; i++) await guess(i);
      for (const i of [10, 11, 11]) {
        const locked = await guess(i);
        expect([answer(locked), locked.text, locked.headers['www-authenticate']]).toEqual([answer(wrong), wrong.text, wrong.headers['www-authenticate']]);
        expect(Number(locked.headers['retry-after'])).toBeGreaterThan(20);
      }
    } finally {
      await at.close();
    }
  });
  test('with totp needs a one-time code beside the password, and the password first', async () => {
    const made = await bench.operation('users.add', { name: 'carol', totp: true });
    const asCarol = { authorization: `Basic ${basic(`carol:${String(made.password)}`)}` };
    expect(answer(await ask(bench.url, sent(asCarol)))).toBe('401 totp_required');
    const { secret } = await bench.operation('totp.enroll', { key: 'user:carol' });
    const code = codeOfNow(String(secret));
    const wrong = { authorization: `Basic ${basic('carol:wrong-password')}` };
    expect(answer(await ask(bench.url, sent({ ...wrong, 'x-totp-code': code })))).toBe('401 invalid_credentials');
    expect(answer(await ask(bench.url, sent({ ...asCarol, 'x-totp-code': code })))).toBe('200');
    expect(answer(await ask(bench.url, sent({ ...asCarol, 'x-totp-code': code })))).toBe('401 totp_used');
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('logs in by name and password, with a code, for a session that needs neither and ends with the password', async () => {
    const made = await bench.operation('users.add', { name: 'dave', totp: true });
    const asDave = { authorization: `Basic ${basic(`dave:${String(made.password)}`)}` };
    const { secret } = await bench.operation('totp.enroll', { key: 'user:dave' });
    const login = (headers: Sent['headers'], body: object): Promise<Got> =>
      ask(bench.url, { method: 'POST', path: '/auth/login', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
    expect(answer(await login(asDave, {}))).toBe('401 totp_required');
    const totp_code = codeOfNow(String(secret));
    expect(answer(await login({ authorization: `Basic ${basic('dave:wrong-password')}` }, { totp_code }))).toBe('401 invalid_credentials');
    const got = JSON.parse((await login(asDave, { totp_code })).text) as Record<string, unknown>;
    expect(got.user).toBe('user:dave');
    const session = { 'x-session-token': String(got.session_token) };
    for (let i = 0; i < 2; i++) expect(answer(await ask(bench.url, sent(session)))).toBe('200');
    // A name and password in the head are what it was opened with; a key or a session there is not.
    for (const head of [session, { authorization: `Bearer ${bench.key}` }, { 'x-api-key': bench.key }, {}])
      expect(answer(await login(head, {}))).toBe('400 invalid_request');
    expect(answer(await login(asDave, { api_key: bench.key }))).toBe('400 ambiguous_credentials');
    for (const api_key of [null, '', 7]) expect(answer(await login(asDave, { api_key }))).toBe('400 invalid_request');
    await bench.operation('users.password', { name: 'dave' });
    expect(answer(await ask(bench.url, sent(session)))).toBe('401 invalid_credentials');
  });
  test('is led by no page of another origin, for which a browser would send the password by itself', async () => {
    const foreign = { ...asAlice(), origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(answer(await ask(bench.url, sent(foreign)))).toBe('403 address_not_allowed');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('is out as soon as removed, also where the password was remembered', async () => {
    const made = await bench.operation('users.add', { name: 'bob' });
    const asBob = { authorization: `Basic ${basic(`bob:${String(made.password)}`)}` };
    expect(answer(await ask(bench.url, sent(asBob)))).toBe('200');
    await bench.operation('users.remove', { name: 'bob' });
    expect(answer(await ask(bench.url, sent(asBob)))).toBe('401 invalid_credentials');
  });
});
