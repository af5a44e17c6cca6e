import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got, namesIn } from './support/raw.ts';

const gate = installed('gate', '@acme/auth-gate');
const FROM = 'x-forwarded-client-cert';
const opened: Bench[] = [];
const open = async (sections: object, env: NonNullable<Wanted['env']> = {}): Promise<Bench> => {
  const bench = await openBench({
    pluginRoots: [gate.root],
    plugins: ['@acme/auth-gate'],
    env,
    sections: {
      auth: [
        { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' },
        { use: 'gate', from: FROM },
      ],
      server: { port: 0, trustedProxies: ['127.0.0.1'] },
      admin: { port: 0 },
      ...sections,
    },
  });
  opened.push(bench);
  return bench;
};
afterAll(async () => {
  for (const bench of opened) await bench.close();
  gate.remove();
});
const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;
const call = (bench: Bench, headers: Readonly<Record<string, string | readonly string[]>>, path: string = PATHS[0]): Promise<Got> =>
  ask(bench.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const answer = (got: Got): string => [got.status, codeOf(got), got.headers['retry-after']].filter((part) => part !== undefined && part !== '').join(' ');
const TWO = { [FROM]: 'two-ann' };
const withCode = (code: string | readonly string[]) => ({ ...TWO, 'x-totp-code': code });

describe('a caller whose credential asks for it', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await open({ factor: { use: 'gate' } });
  });
  afterEach(() => bench.simulator.clear());

  test.each(PATHS)('%s: without a code nothing goes out; each request needs its own, and it goes no further', async (path) => {
    expect(answer(await call(bench, TWO, path))).toBe('401 totp_required');
    expect(bench.simulator.requests).toEqual([]);
    expect(answer(await call(bench, withCode('right'), path))).toBe('200');
    expect(answer(await call(bench, TWO, path))).toBe('401 totp_required');
    expect(answer(await call(bench, withCode(''), path))).toBe('401 totp_required');
    expect(bench.simulator.requests).toHaveLength(1);
    expect(namesIn(bench.simulator.requests[0]?.headers ?? [['x-totp-code', '']]).filter((name) => name.includes('totp'))).toEqual([]);
  });
  test.each([
    ['used', '401 totp_used'],
    ['wrong', '401 invalid_credentials'],
    ['locked', '401 invalid_credentials 30'],
    ['away', '503 auth_unavailable 2'],
    ['broken', '503 auth_unavailable 1'],
  ])('a code that is %s: %s', async (code, expected) => {
    expect(answer(await call(bench, withCode(code)))).toBe(expected);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a lock answers as a wrong credential does, but for the time to wait', async () => {
    const [locked, wrong] = [await call(bench, withCode('locked')), await call(bench, { authorization: 'Bearer wrong' })];
    expect(locked.text).toBe(wrong.text);
    expect(locked.headers['www-authenticate']).toBe(wrong.headers['www-authenticate']);
  });
  test('two codes are 400', async () => {
    expect(answer(await call(bench, withCode(['right', 'right'])))).toBe('400 ambiguous_credentials');
  });
  test('who needs none is not asked, and a code does not repair a wrong credential', async () => {
    expect(answer(await call(bench, { authorization: `Bearer ${bench.key}` }))).toBe('200');
    expect(answer(await call(bench, { authorization: 'Bearer wrong', 'x-totp-code': 'right' }))).toBe('401 invalid_credentials');
  });
  test('metrics and administration ask for it too', async () => {
    const metrics = (headers: Record<string, string>) => ask(bench.url, { method: 'GET', path: '/metrics', headers });
    expect([answer(await metrics(TWO)), answer(await metrics({ ...TWO, 'x-totp-code': 'right' }))]).toEqual(['401 totp_required', '200']);
    const list = (headers: Record<string, string>) =>
      ask(bench.gateway.urls.admin ?? '', { path: '/admin/v1/keys.list', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
    expect([answer(await list(TWO)), answer(await list({ ...TWO, 'x-totp-code': 'wrong' })), answer(await list({ ...TWO, 'x-totp-code': 'right' }))]).toEqual([
      '401 totp_required',
      '401 invalid_credentials',
      '200',
    ]);
  });
});

describe('who is asked', () => {
  const key = (bench: Bench) => ({ authorization: `Bearer ${bench.key}` });
  test('always: everybody', async () => {
    const bench = await open({ factor: { use: 'gate', require: 'always' } });
    expect(answer(await call(bench, key(bench)))).toBe('401 totp_required');
    expect(answer(await call(bench, { ...key(bench), 'x-totp-code': 'right' }))).toBe('200');
  });
  test('off: nobody', async () => {
    const bench = await open({ factor: { use: 'gate', require: 'off' } });
    expect(answer(await call(bench, TWO))).toBe('200');
  });
  test('without the section whoever needs it is refused, with a code too', async () => {
    const bench = await open({});
    expect(answer(await call(bench, withCode('right')))).toBe('401 invalid_credentials');
    expect(answer(await call(bench, key(bench)))).toBe('200');
  });
  test('REQUIRE_2FA=true is stronger than the file, false never weakens it', async () => {
    const strong = await open({ factor: { use: 'gate', require: 'off' } }, { REQUIRE_2FA: 'true' });
    expect(answer(await call(strong, key(strong)))).toBe('401 totp_required');
    const kept = await open({ factor: { use: 'gate', require: 'always' } }, { REQUIRE_2FA: 'false' });
    expect(answer(await call(kept, key(kept)))).toBe('401 totp_required');
    await expect(open({}, { REQUIRE_2FA: 'true' })).rejects.toMatchObject({ problems: [{ code: 'factor_unavailable' }] });
    await expect(open({ factor: { use: 'gate' } }, { REQUIRE_2FA: 'yes' })).rejects.toMatchObject({ problems: [{ code: 'wrong_value' }] });
  });
});

test('a key that is revoked as compromised while its second factor is asked for makes no call', async () => {
  const bench = await open({ factor: { use: 'gate', require: 'always' } });
  const { id, key } = (await bench.operation('keys.create', { name: 'lost', scopes: [] })) as { readonly id: string; readonly key: string };
  const asked = new Promise<() => void>((resolve) => subscribe('acme-gate', (go) => resolve(go as () => void)));
  const answered = call(bench, { authorization: `Bearer ${key}`, 'x-totp-code': 'late' });
  const go = await asked;
  await bench.operation('keys.revoke', { key: id, reason: 'compromised' });
  go();
  const refused = await answered;
  expect([answer(refused), refused.headers['www-authenticate']]).toEqual(['401 invalid_credentials', 'Bearer realm="llm-proxy-auth"']);
  expect(bench.simulator.requests).toEqual([]);
});

test('the addresses of a key come before its second factor: a code from elsewhere is not looked at', async () => {
  const bench = await open({ factor: { use: 'gate', require: 'always' } });
  const key = await bench.makeKey({ cidr: ['10.0.0.0/8'], scopes: ['metrics', 'admin'] });
  const json = { 'content-type': 'application/json' };
  const login = (headers: Readonly<Record<string, string>>, totp_code: string) =>
    ask(bench.url, { path: '/auth/login', headers: { ...json, ...headers }, body: JSON.stringify({ api_key: key, totp_code }) });
  const [inside, outside] = [{ 'x-forwarded-for': '10.0.0.1' }, { 'x-forwarded-for': '11.0.0.1' }];
  const { session_token: token } = JSON.parse((await login(inside, 'right')).text) as { session_token: string };
  const everywhere = async (headers: Readonly<Record<string, string>>): Promise<string[]> =>
    [
      ...(await Promise.all(PATHS.map((path) => call(bench, headers, path)))),
      await ask(bench.url, { method: 'GET', path: '/metrics', headers }),
      await ask(bench.gateway.urls.admin ?? '', { path: '/admin/v1/keys.list', headers: { ...json, ...headers }, body: '{}' }),
      await ask(bench.url, { method: 'GET', path: '/auth/sessions', headers }),
    ].map(answer);
  for (const code of ['locked', 'right', '']) {
    const headers = { ...outside, 'x-api-key': key, ...(code === '' ? {} : { 'x-totp-code': code }) };
    expect(await everywhere(headers), code).toEqual(Array(5).fill('403 address_not_allowed'));
    if (code !== '') expect(answer(await login(outside, code)), code).toBe('403 address_not_allowed');
  }
  const line = bench.lines.findLast(({ msg }) => msg === 'a credential was refused');
  expect(line).toMatchObject({
    address: '11.0.0.1',
    strategy: 'api-key',
    reason: 'address',
    code: 'address_not_allowed',
    principal: expect.stringMatching(/^key:/),
  });
  expect(await everywhere({ ...outside, 'x-session-token': token })).toEqual(Array(5).fill('403 address_not_allowed'));
  expect(answer(await ask(bench.url, { path: '/auth/refresh', headers: { ...outside, 'x-session-token': token } }))).toBe('403 address_not_allowed');
  expect(await everywhere({ ...inside, 'x-api-key': key, 'x-totp-code': 'locked' })).toEqual(Array(5).fill('401 invalid_credentials 30'));
  expect(await everywhere({ ...inside, 'x-api-key': key, 'x-totp-code': 'right' })).toEqual(Array(5).fill('200'));
});

describe('keys under which secrets are kept', () => {
  const key = (encoding: 'hex' | 'base64' | 'base64url'): string => randomBytes(32).toString(encoding);
  const withKeys = (keyEncryption: object) => open({ factor: { use: 'gate' }, keyEncryption });
  test.each([
    ['empty', '', 'empty_secret'],
    ['short', randomBytes(16).toString('hex'), 'wrong_value'],
    ['a word', 'correct horse battery staple', 'wrong_value'],
    ['long', randomBytes(48).toString('base64'), 'wrong_value'],
    ['one byte over and over', '00'.repeat(32), 'wrong_value'],
    ['a variable that is not set', '${UNSET}', 'variable_missing'],
  ])('A105 %s: the gateway does not start, names the setting and no value', async (_name, value, code) => {
    const refused: unknown = await withKeys({ current: 'k1', keys: { k1: value } }).catch((error: unknown) => error);
    const { problems, message } = refused as { problems: { path: string; code: string }[]; message: string };
    expect(problems.map((p) => [p.path, p.code])).toEqual([['keyEncryption.keys.k1', code]]);
    if (value.length > 8 && !value.startsWith('$')) expect(message).not.toContain(value);
  });
  test('a current key that is not there', async () => {
    await expect(withKeys({ current: 'k2', keys: { k1: key('hex') } })).rejects.toMatchObject({
      problems: [{ path: 'keyEncryption.current', code: 'unknown_name' }],
    });
  });
  test('what one plugin keeps opens at its place alone, under every key that is still configured', async () => {
    const [k1, k2] = [key('base64'), key('hex')];
    const before = await withKeys({ current: 'k1', keys: { k1 } });
    const { text } = await before.operation('gate.keep', { plain: 'seed' });
    expect(text).toMatch(/^e1\.k1\.[A-Za-z0-9_-]+$/);
    expect((await before.operation('gate.keep', { plain: 'seed' })).text).not.toBe(text);
    expect(await before.operation('gate.keep', { text })).toEqual({ plain: 'seed', current: true });
    expect((await before.operation('gate.keep', { text, place: 'elsewhere' })).plain).toBeUndefined();
    for (const forged of [
      `${text}A`,
      String(text).replace('e1.k1', 'e1.k2'),
      String(text).replace('e1.', 'e2.'),
      `${text}.x`,
      String(text).slice(0, -4),
      'e1.k1.',
    ])
      expect((await before.operation('gate.keep', { text: forged })).plain).toBeUndefined();
    const after = await withKeys({ current: 'k2', keys: { k1, k2 } });
    expect(await after.operation('gate.keep', { text })).toEqual({ plain: 'seed', current: false });
    expect((await after.operation('gate.keep', { plain: 'seed' })).text).toMatch(/^e1\.k2\./);
    const without = await withKeys({ current: 'k2', keys: { k2 } });
    expect((await without.operation('gate.keep', { text })).plain).toBeUndefined();
    const swapped = await withKeys({ current: 'k1', keys: { k1: k2, k2: k1 } });
    expect((await swapped.operation('gate.keep', { text })).plain).toBeUndefined();
  });
});
