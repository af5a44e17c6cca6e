import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSync } from 'otplib';
import { afterEach, describe, expect, test } from 'vitest';
import { configuration, type Shell, shell } from './support/command-line.ts';
import { KEY, openSite, serveSite } from './support/file-gateway.ts';
import { type Bench, openBench, type Wanted } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const KEK = randomBytes(32).toString('base64');
const SECTIONS = { keyEncryption: { current: 'k1', keys: { k1: KEK } }, factor: { use: 'totp' } };
const START = Date.parse('2026-01-01T00:00:00Z');
const PATH = '/openai/main/v1/chat/completions';
interface Enrolled {
  readonly secret: string;
  readonly backupCodes: readonly string[];
}
const codeAt = ({ secret }: Pick<Enrolled, 'secret'>, now: number): string => generateSync({ secret, epoch: Math.floor(now / 1000) });

const opened: Bench[] = [];
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});
const open = async (clock: { now: number }, more: Wanted = {}): Promise<Bench> => {
  const bench = await openBench({ ...more, plugins: ['@llm-proxy-auth/factor-totp'], now: () => clock.now, sections: { ...SECTIONS, ...more.sections } });
  opened.push(bench);
  return bench;
};
const enrolled = async (bench: Bench, key: string): Promise<Enrolled> => (await bench.operation('totp.enroll', { key })) as unknown as Enrolled;
const make = async (bench: Bench, input: object): Promise<{ readonly id: string; readonly key: string }> =>
  (await bench.operation('keys.create', input)) as unknown as { id: string; key: string };
const call = (bench: Pick<Bench, 'url'>, key: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> =>
  ask(bench.url, { path: PATH, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers }, body: chat(SMALL) });
const answer = (got: Got): string => [got.status, codeOf(got), got.headers['retry-after']].filter((part) => part !== undefined && part !== '').join(' ');

test('a key made with totp needs a code once each; others need none; a backup code and rotation', async () => {
  const clock = { now: START };
  const bench = await open(clock);
  const { key } = await make(bench, { name: 'ann', totp: true });
  expect(answer(await call(bench, key))).toBe('401 totp_required');
  const secrets = await enrolled(bench, 'key:ann');
  const code = codeAt(secrets, clock.now);
  expect(answer(await call(bench, key, { 'x-totp-code': code }))).toBe('200');
  expect(answer(await call(bench, key, { 'x-totp-code': code }))).toBe('401 totp_used');
  expect(answer(await call(bench, key))).toBe('401 totp_required');
  const rotated = (await bench.operation('keys.rotate', { key: 'ann' })) as { key?: unknown };
  clock.now += 30_000;
  expect(answer(await call(bench, String(rotated.key), { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('200');
  expect(answer(await call(bench, key, { 'x-totp-code': secrets.backupCodes[0] ?? '' }))).toBe('200');
  expect(answer(await call(bench, bench.key))).toBe('200');
  for (const { headers } of bench.simulator.requests) expect(Object.keys(headers)).not.toContain('x-totp-code');
});

test('what is enrolled by the id of a key goes on when the key is rotated, and a code is good once for both', async () => {
  const clock = { now: START };
  const bench = await open(clock);
  const { id, key } = await make(bench, { name: 'ann', totp: true });
  const secrets = await enrolled(bench, id);
  const code = { 'x-totp-code': codeAt(secrets, clock.now) };
  expect(answer(await call(bench, key, code))).toBe('200');
  const rotated = (await bench.operation('keys.rotate', { key: id, grace: '1h' })) as { id: string; key: string };
  expect(answer(await call(bench, rotated.key, code))).toBe('401 totp_used');
  clock.now += 30_000;
  expect(answer(await call(bench, rotated.key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('200');
  await expect(bench.operation('totp.enroll', { key: rotated.id })).rejects.toMatchObject({ code: 'invalid_request' });
  clock.now += 3_600_000;
  expect(answer(await call(bench, key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('401 invalid_credentials');
  expect(answer(await call(bench, rotated.key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('200');
  await bench.operation('totp.disable', { key: rotated.id });
  expect(answer(await call(bench, rotated.key, { 'x-totp-code': codeAt(secrets, clock.now + 30_000) }))).toBe('401 totp_required');
});

test('A032 brute force: five wrong codes lock, whatever address and agent are claimed, and none by a session beside the key; a lock answers as a wrong key', async () => {
  const clock = { now: START };
  const bench = await open(clock, { sections: { server: { port: 0, trustedProxies: ['127.0.0.1'] } } });
  const { key } = await make(bench, { name: 'ann', totp: true });
  const secrets = await enrolled(bench, 'key:ann');
  const right = codeAt(secrets, clock.now);
  const guess = (turn: number): string => String((Number(right) + 17 * turn + 1) % 1_000_000).padStart(6, '0');
  const guesses = [];
  for (let turn = 0; turn < 200; turn += 1)
    guesses.push(answer(await call(bench, key, { 'x-totp-code': guess(turn), 'x-forwarded-for': `198.51.100.${turn}`, 'user-agent': `agent ${turn}` })));
  expect(guesses.slice(0, 4)).toEqual(Array(4).fill('401 invalid_credentials'));
  expect(new Set(guesses.slice(4))).toEqual(new Set(['401 invalid_credentials 30']));
  expect(answer(await call(bench, key, { 'x-totp-code': right, 'x-session-token': `lpas_${'A'.repeat(43)}` }))).toBe('400 ambiguous_credentials');
  const [locked, unknown] = [await call(bench, key, { 'x-totp-code': right }), await call(bench, `${key.slice(0, -7)}AAAAAAA`)];
  expect(answer(locked)).toBe('401 invalid_credentials 30');
  expect(locked.text.replaceAll(/req_[\w-]+/g, '')).toBe(unknown.text.replaceAll(/req_[\w-]+/g, ''));
  expect(bench.simulator.requests).toEqual([]);
  clock.now += 60_000;
  expect(answer(await call(bench, key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('200');
}, 60_000);

test('F33 2FA lookup error: with and without a code the answer is 503, and other keys are served', async () => {
  const clock = { now: START };
  const bench = await open(clock);
  const { key } = await make(bench, { name: 'ann', totp: true });
  const secrets = await enrolled(bench, 'key:ann');
  const space = '@llm-proxy-auth/factor-totp:enrolments';
  const row = await bench.gateway.graph.store.get(space, 'key:ann');
  await bench.gateway.graph.store.commit([{ space, key: 'key:ann', expect: row?.version ?? 0, value: { json: '{"damaged":true}' } }]);
  expect(answer(await call(bench, key))).toBe('503 auth_unavailable 1');
  expect(answer(await call(bench, key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('503 auth_unavailable 1');
  expect(answer(await call(bench, bench.key))).toBe('200');
  expect(bench.simulator.requests).toHaveLength(1);
});

test('A027 stored form: keys, one-time secrets and backup codes that were used stand nowhere in the files of the store', async () => {
  const clock = { now: START };
  const bench = await open(clock);
  const { key } = await make(bench, { name: 'ann', totp: true });
  const secrets = await enrolled(bench, 'key:ann');
  expect(answer(await call(bench, key, { 'x-totp-code': codeAt(secrets, clock.now) }))).toBe('200');
  expect(answer(await call(bench, key, { 'x-totp-code': secrets.backupCodes[0] ?? '' }))).toBe('200');
  const kept = readdirSync(bench.folder)
    .filter((name) => name.startsWith('store.db'))
    .map((name) => readFileSync(join(bench.folder, name), 'latin1'))
    .join('\n');
  expect(kept).toContain('key:ann');
  const codes = secrets.backupCodes.flatMap((code) => [code, code.replace('-', '')]);
  for (const clear of [key, key.slice(-49), bench.key, secrets.secret, Buffer.from(secrets.secret).toString('base64'), KEK, ...codes])
    expect(kept).not.toContain(clear);
});

test('A024 rotation: a budget that is used up is used up for the new key too, and the old one ends with its grace', async () => {
  const clock = { now: START };
  const bench = await open(clock, {
    main: { prices: { [SMALL]: { input: 0, output: 100_000 } } },
    sections: { policies: [{ match: {}, allow: {}, limits: [{ per: 'principal', budget: { usd: 1, window: 'day' } }] }] },
  });
  const body = chat(SMALL, { max_tokens: 10 });
  const spend = async (key: string): Promise<string> =>
    answer(await ask(bench.url, { path: PATH, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body })).replace(/ \d+$/, '');
  const { key } = await make(bench, { name: 'ci' });
  expect([await spend(key), await spend(key)]).toEqual(['200', '429 budget_exceeded']);
  const rotated = String(((await bench.operation('keys.rotate', { key: 'ci', grace: '1h' })) as { key?: unknown }).key);
  expect([await spend(rotated), await spend(key)]).toEqual(['429 budget_exceeded', '429 budget_exceeded']);
  clock.now += 3_600_000;
  expect([await spend(key), await spend(rotated)]).toEqual(['401 invalid_credentials', '429 budget_exceeded']);
});

test('keys of a Kubernetes Secret are callers by the names of its members, in every slot', async () => {
  const seed = `bdrk_${'0123456789abcdef'.repeat(4)}`;
  const other = 'fedcba98'.repeat(8);
  const bench = await openBench({
    env: { API_KEY_CI: seed, API_KEY_ANN: other, API_KEYS: 'not one of them' },
    sections: {
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: { env: 'API_KEY_*' } }],
      policies: [{ match: { principal: 'key:ci' }, allow: {} }],
    },
  });
  opened.push(bench);
  const body = chat(SMALL);
  const status = async (headers: Record<string, string>) =>
    (await ask(bench.url, { path: PATH, headers: { 'content-type': 'application/json', ...headers }, body })).status;
  expect(await status({ authorization: `Bearer ${seed}` })).toBe(200);
  expect(await status({ 'x-api-key': seed })).toBe(200);
  expect(await status({ authorization: `Bearer ${other}` })).toBe(403);
  expect(await status({ authorization: `Bearer ${seed.slice(0, -1)}0` })).toBe(401);
});

test('A030 replay in window (R10): two processes over one SQLite file, one code in sequence, then one twenty times at once', async () => {
  const site = await openSite();
  const { plugins } = site.settings() as { plugins: readonly string[] };
  site.write(
    site.settings({
      ...SECTIONS,
      plugins: [...plugins, '@llm-proxy-auth/factor-totp'],
      admin: { port: 0 },
      auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: [{ name: 'admin', key: KEY, scopes: ['admin'] }] }],
    }),
  );
  const [one, other] = [await serveSite(site), await serveSite(site)];
  try {
    const [, admin = ''] = await one.says(/"listener":"admin","url":"([^"]+)"/);
    const operate = async <T>(name: string, input: object): Promise<T> => {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
      const got = await fetch(`${admin}/admin/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(input) });
      expect(got.status, name).toBe(200);
      return (await got.json()) as T;
    };
    const { key } = await operate<{ key: string }>('keys.create', { name: 'ann', totp: true });
    const secrets = await operate<Enrolled>('totp.enroll', { key: 'key:ann' });
    const now = Date.now();
    const early = { 'x-totp-code': codeAt(secrets, now - 30_000) };
    const inTurn = [answer(await call(one, key, early)), answer(await call(other, key, early)), answer(await call(one, key, early))];
    // The step before this one may have passed meanwhile; then its code is wrong, not used.
    if (Math.floor(now / 30_000) === Math.floor(Date.now() / 30_000)) expect(inTurn).toEqual(['200', '401 totp_used', '401 totp_used']);
    const late = { 'x-totp-code': codeAt(secrets, Date.now() + 30_000) };
    const results = await Promise.all(Array.from({ length: 20 }, (_, turn) => call(turn % 2 === 0 ? one : other, key, late)));
    expect(results.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(results.map(answer))).toEqual(new Set(['200', '401 totp_used']));
  } finally {
    for (const served of [one, other]) served.kill('SIGKILL');
    await Promise.all([one.ended, other.ended]);
    await site.close();
  }
}, 60_000);

describe('the command line', () => {
  const within = async (f: (at: Shell) => Promise<void>): Promise<void> => {
    const at = shell();
    const { plugins } = JSON.parse(configuration()) as { plugins: readonly string[] };
    at.write(
      'llm-proxy-auth.yaml',
      configuration({
        ...SECTIONS,
        plugins: [...plugins, '@llm-proxy-auth/auth-basic', '@llm-proxy-auth/factor-totp'],
        auth: [{ use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef', keys: [{ name: 'written', key: KEY }] }, { use: 'basic' }],
      }),
    );
    try {
      await f(at);
    } finally {
      at.remove();
    }
  };
  test('enrols by id as JSON, shows a QR code to people, and confirms with words in order', () =>
    within(async (at) => {
      const created = JSON.parse((await at.run(['keys', 'create', '--name', 'ann', '--totp', '--json'])).out) as { id: string; totp: boolean };
      expect(created.totp).toBe(true);
      const made = JSON.parse((await at.run(['totp', 'enroll', created.id, '--json'])).out) as Enrolled & { uri: string };
      expect(Object.keys(made)).toEqual(['secret', 'uri', 'backupCodes']);
      await at.run(['keys', 'create', '--name', 'bob']);
      const shown = await at.run(['totp', 'enroll', 'key:bob']);
      expect(shown.out).toMatch(/^[█▀▄ ]{30,}\n/);
      expect(shown.out).toMatch(/^secret: [A-Z2-7]{32}$/m);
      const verified = await at.run(['totp', 'verify', created.id, codeAt(made, Date.now())]);
      expect([verified.code, verified.out]).toEqual([0, `key: ${created.id}\nstatus: active\n`]);
      expect((await at.run(['totp', 'verify', created.id, '000000', 'more'])).code).toBe(2);
      expect((await at.run(['totp', 'enroll', 'ann'])).code).toBe(2);
      expect(JSON.parse((await at.run(['totp', 'codes', created.id, '--json'])).out)).toMatchObject({ backupCodes: expect.any(Array) });
      expect((await at.run(['totp', 'disable', created.id])).code).toBe(0);
    }));
  test.each(['key:nobody', 'user:nobody', 'nobodysKey012'])('enrols nobody who is not there: %s', (subject) =>
    within(async (at) => {
      const refused = await at.run(['totp', 'enroll', subject]);
      expect([refused.code, refused.out]).toEqual([1, '']);
      expect(refused.err).toMatch(new RegExp(`^invalid_request: There is no ${subject} `));
      expect((await at.run(['totp', 'disable', subject])).err).toContain('There is no enrolment');
    }),
  );
  test('enrols whom the configuration names, users, and people of a directory of which no list is kept', () =>
    within(async (at) => {
      expect((await at.run(['users', 'add', '--name', 'carol'])).code).toBe(0);
      for (const subject of ['key:written', 'user:carol', 'oidc:corp:ann'])
        expect([subject, (await at.run(['totp', 'enroll', subject])).code]).toEqual([subject, 0]);
    }));
  test('imports keys from a file', () =>
    within(async (at) => {
      const hash = '$2b$10$abcdefghijklmnopqrstuuBTZyEG0zUS0B3g0Fg0mL2PqJ4r5K8yW';
      at.write('keys.json', `{"name":"old","hash":"${hash}"}\n`);
      const { code, out, err } = await at.run(['keys', 'import', 'keys.json', '--json']);
      expect([code, err]).toEqual([0, '']);
      expect(JSON.parse(out)).toMatchObject({ imported: [{ name: 'old', legacy: true, status: 'active' }] });
      expect(out).not.toContain(hash);
      expect((await at.run(['keys', 'import', 'absent.json'])).code).toBe(2);
    }));
});
