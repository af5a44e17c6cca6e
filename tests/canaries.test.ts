import { randomBytes } from 'node:crypto';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { afterEach, describe, expect, test } from 'vitest';
import { canary, sweepAll, sweepAnswers, sweepSent, sweepText, type Whose } from './support/canaries.ts';
import type { Crossing } from './support/crossings.ts';
import { KEY, openSite, type Site, serveSite } from './support/file-gateway.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { ROOT } from './support/process.ts';
import { ask, ask2 } from './support/raw.ts';
import { secretsOfConfiguration, secretsOfCrossing } from './support/secrets-seen.ts';
import { isUnswept, UNSWEPT } from './support/unswept.ts';

const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49'.repeat(2)}\n-----END PRIVATE KEY-----\n`;
const SECRETS: Readonly<Record<string, readonly [secret: string, whose: Whose]>> = {
  'an API key': ['lpa_caller-secret', 'caller'],
  'a one-time code': ['718293', 'caller'],
  'a key of the provider': ['sk-of-the-provider', 'provider'],
  'a private key': [PEM, 'provider'],
  'a pepper': ['pepper-secret+/of-ours', 'gateway'],
};
const crossing = (more: Partial<Crossing> = {}): Crossing => ({ gateway: true, target: '/x', headers: [], sent: '', status: 200, head: '', body: '', ...more });
const sent = (target: string) => [{ target, headers: [], body: Buffer.alloc(0) }] as never;

describe.each(Object.entries(SECRETS))('%s', (name, [secret, whose]) => {
  const line = name === 'a private key' ? (secret.split('\n')[1] ?? '') : secret;
  const isCode = /^\d+$/.test(secret);
  canary(secret, whose);
  test('is found in every form it is still one in', () => {
    const forms = [line, JSON.stringify({ secret })];
    if (!isCode) forms.push(encodeURIComponent(line), Buffer.from(line).toString('hex'));
    if (!isCode)
      for (const before of ['', 'a', 'ab'])
        forms.push(Buffer.from(`${before}${line}z`).toString('base64'), Buffer.from(`${before}${line}z`).toString('base64url'));
    for (const form of forms) expect(() => sweepText(`before ${form} after`, 'the log'), form).toThrow('the log');
    expect(() => sweepText('nothing of it: 1718293, 71829', 'the log')).not.toThrow();
  });
  test('stands in no error and no head of an answer, and what is no caller’s in no answer', () => {
    const body = `{"is":"${line}"}`;
    expect(() => sweepAnswers([crossing({ status: 401, body })])).toThrow('an answer 401');
    expect(() => sweepAnswers([crossing({ head: `x-of: ${line}` })])).toThrow('the head of an answer 200');
    if (whose === 'caller') sweepAnswers([crossing({ body })]);
    else expect(() => sweepAnswers([crossing({ body })])).toThrow('an answer 200');
    // A provider may say what it likes to the gateway.
    sweepAnswers([crossing({ gateway: false, status: 401, body })]);
  });
  test('is sent to the provider when it is the provider’s, and only then', () => {
    if (whose === 'provider') sweepSent(sent(`/?a=${line}`));
    else expect(() => sweepSent(sent(`/?a=${line}`))).toThrow('a request to the provider');
  });
  test('stands in no file that a gateway writes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lpa-swept-'));
    try {
      mkdirSync(join(folder, 'audit'));
      writeFileSync(join(folder, 'llm-proxy-auth.yaml'), line);
      sweepAll({ log: '', folder });
      writeFileSync(join(folder, 'audit', 'spilled.jsonl'), `\0${line}\0`);
      expect(() => sweepAll({ log: '', folder })).toThrow('spilled.jsonl');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each([
  ['a bearer', crossing({ headers: [['authorization', 'Bearer eyJhbGci.eyJzdWIi.c2lnbmVk']] }), ['eyJhbGci.eyJzdWIi.c2lnbmVk']],
  [
    'a password',
    crossing({ headers: [['authorization', `Basic ${btoa('ann:Correct-Horse-Battery-9zX')}`]] }),
    [btoa('ann:Correct-Horse-Battery-9zX'), 'Correct-Horse-Battery-9zX'],
  ],
  ['a dummy', crossing({ headers: [['x-api-key', 'unused']] }), []],
  ['a code', crossing({ headers: [['x-totp-code', '123456']] }), ['123456']],
  ['a signature, which is made anew each time', crossing({ headers: [['authorization', 'AWS4-HMAC-SHA256 Credential=x']] }), []],
  [
    'a login',
    crossing({ target: '/auth/login', sent: '{"api_key":"lpa_1","totp_code":"123456"}', body: '{"session_token":"lpas_1","expires_in":5}' }),
    ['lpa_1', '123456', 'lpas_1'],
  ],
  [
    'an enrolment',
    crossing({ target: '/admin/v1/totp.enroll', sent: '{"key":"key:ann"}', body: '{"secret":"JBSWY3DP","backupCodes":["A","B"]}' }),
    ['JBSWY3DP', 'A', 'B'],
  ],
  [
    'what is asked for a token',
    crossing({ gateway: false, headers: [['content-type', 'application/x-www-form-urlencoded']], sent: 'client_id=a&client_secret=b&assertion=c' }),
    ['b', 'c'],
  ],
])('what crosses a door is known: %s', (_name, crossed, secrets) => {
  expect(secretsOfCrossing(crossed).map(([secret]) => secret)).toEqual(secrets);
});
test('so is what stands in a configuration', () => {
  const configuration = {
    auth: [
      { use: 'api-key', pepper: 'p', keys: [{ name: 'ci', key: KEY }] },
      { use: 'oidc', issuers: [{ clientSecret: 's' }] },
    ],
    keyEncryption: { current: 'k1', keys: { k1: 'kek' } },
    instances: { main: { apiKey: 'a', credentials: { secretAccessKey: 'b', privateKey: '${file:/x}' } } },
    server: { tls: { key: './server.key' } },
  };
  expect(Object.fromEntries(secretsOfConfiguration(configuration))).toEqual({
    a: 'provider',
    b: 'provider',
    [KEY]: 'caller',
    p: 'gateway',
    s: 'gateway',
    kek: 'gateway',
  });
});

describe('R11 every suite is swept at level trace', () => {
  test('but for the files that are listed, each with a reason', () => {
    const files = globSync(['tests/**/*.ts', '{examples,packages,plugins}/*/test/**/*.ts'], { cwd: ROOT });
    expect(files.length).toBeGreaterThan(500);
    const found = files.filter((file) => !/(?:unswept|canaries\.test)\.ts$/.test(file) && isUnswept(readFileSync(join(ROOT, file), 'utf8')));
    expect(found.toSorted()).toEqual(Object.keys(UNSWEPT).toSorted());
  });
  test.each([
    ['await startGateway({ text });', true],
    ["run(['scripts/run.mjs', 'start'], env);", true],
    ["run(['scripts/run.mjs', 'start'], watched(folder));", false],
    ["await openBench({ sections: { log: { level: 'error' } } });", true],
    ['await openBench({ sections: { log: { content: true } } });', false],
  ])('%s: %s', (text, unswept) => expect(isUnswept(text)).toBe(unswept));
});

describe('A112', () => {
  let bench: Bench | undefined;
  let site: Site | undefined;
  afterEach(async () => {
    await bench?.close().catch(() => undefined);
    await site?.close().catch(() => undefined);
    bench = undefined;
    site = undefined;
  });
  const CHAT = '/openai/main/v1/chat/completions';
  const call = (at: Bench, body: object) => ({
    path: CHAT,
    headers: { authorization: `Bearer ${at.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }], ...body }),
  });
  const closed = (at: Bench): Promise<void> => {
    bench = undefined;
    return at.close();
  };

  test('keys, sessions, one-time codes, what they are made from and what is refused leave no trace', async () => {
    const now = Date.UTC(2026, 0, 1);
    const sections = {
      admin: { port: 0 },
      factor: { use: 'totp' },
      keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
      audit: { mode: 'sync' },
    };
    bench = await openBench({ now: () => now, plugins: ['@llm-proxy-auth/factor-totp'], sections });
    const at = bench;
    const { key } = (await at.operation('keys.create', { name: 'ann', totp: true })) as { key: string };
    const { secret } = (await at.operation('totp.enroll', { key: 'key:ann' })) as { secret: string };
    const post = async (path: string, headers: Readonly<Record<string, string>>, body: object = {}) => {
      const got = await ask(at.url, { path, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
      return { status: got.status, ...(JSON.parse(got.text) as { session_token?: string }) };
    };
    const epoch = now / 1_000;
    const login = await post('/auth/login', {}, { api_key: key, totp_code: generateSync({ secret, epoch: epoch - 30 }) });
    const session = await post('/auth/refresh', { 'x-session-token': login.session_token ?? '' });
    const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };
    const answers = [
      await post(CHAT, { 'x-session-token': session.session_token ?? '' }, hello),
      await post(CHAT, { authorization: `Bearer ${key}`, 'x-totp-code': generateSync({ secret, epoch }) }, hello),
      await post(CHAT, { authorization: `Bearer ${key}`, 'x-totp-code': '135790' }, hello),
      await post(CHAT, { authorization: `Bearer ${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}` }, hello),
      await post(CHAT, { authorization: 'Bearer 0123456789abcdef-somebody-else' }, hello),
      await post('/auth/login', {}, { api_key: 'another-0123456789abcdef-somebody-else' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 401, 401, 401]);
    await closed(at);
  });
  test('a gateway that logged a secret, and one that handed a key on, fail their suite', async () => {
    bench = await openBench();
    await ask(bench.url, call(bench, {}));
    // What a client writes into a prompt goes on as it is: here it stands for a gateway that hands its key on.
    await ask(bench.url, call(bench, { user: bench.key }));
    await expect(closed(bench)).rejects.toThrow('a request to the provider');
    bench = await openBench({ sections: { log: { level: 'trace', content: true } } });
    await ask(bench.url, call(bench, { user: PROVIDER_KEY }));
    await bench.line((line) => line.msg === 'content');
    expect(bench.logText()).not.toContain(PROVIDER_KEY);
  });
  test.each([
    ['HTTP/1.1', ask],
    ['HTTP/2', ask2],
  ] as const)('so does one whose answer shows a key, over %s', async (_name, over) => {
    bench = await openBench();
    // What a provider says to a caller of its own dialect passes, in a place the gateway looks at in no other way.
    bench.simulator.script({
      status: 200,
      body: { id: 'x', object: 'chat.completion', choices: [], shown: Buffer.from(`x${PROVIDER_KEY}`).toString('base64') },
    });
    expect((await over(bench.url, call(bench, {}))).status).toBe(200);
    await expect(closed(bench)).rejects.toThrow('an answer 200');
  });
  test('so does a process of its own that says its key, and what crosses its door is known', async () => {
    site = await openSite();
    const served = await serveSite(site);
    const token = 'lpas_nobody-has-0123456789abcdef';
    const answer = await fetch(`${served.url}${CHAT}`, { method: 'POST', headers: { 'x-session-token': token }, body: '{}' });
    expect(answer.status).toBe(401);
    served.kill('SIGTERM');
    await served.ended;
    const closing = site.close(`somewhere else: ${token}`);
    site = undefined;
    await expect(closing).rejects.toThrow('the log');
  });
});
