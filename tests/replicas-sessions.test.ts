import { randomBytes } from 'node:crypto';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openReplicas, type Replica, type Replicas, WITHOUT_SERVICES } from './support/replicas.ts';

const POSTGRES = process.env.TEST_POSTGRES_URL;
test.skipIf(POSTGRES !== undefined)(`sessions of two processes are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

/** A code is right for as long as the machine takes. */
const CLOCK = Date.now();
/** What a revocation may take to be seen by the others, ms. */
const EVERYWHERE = { timeout: 5000, interval: 200 };
const said = ({ status, code }: Answer): string => [status, code].filter((part) => part !== undefined).join(' ');

describe.runIf(POSTGRES !== undefined)('two gateway processes on one PostgreSQL', () => {
  let all: Replicas;
  let here: Replica;
  let there: Replica;
  beforeAll(async () => {
    all = await openReplicas(POSTGRES ?? '', {
      plugins: ['@llm-proxy-auth/factor-totp'],
      keyEncryption: { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } },
      factor: { use: 'totp' },
      clock: CLOCK,
    });
    [here, there] = await Promise.all([all.start(), all.start()]);
  });
  afterAll(() => all.close());

  const newKey = (name: string, more: object = {}) => here.operate<{ key: string }>('keys.create', { name, ...more });
  const login = (at: Replica, api_key: string, totp_code?: string): Promise<Answer> =>
    at.post('/auth/login', {}, { api_key, ...(totp_code === undefined ? {} : { totp_code }) });
  const tokenOf = ({ body }: Answer): string => (body as { session_token: string }).session_token;
  const by = (token: string) => ({ 'x-session-token': token });
  /** A key with a secret for codes, and its code now. */
  const enrolled = async (name: string) => {
    const { key } = await newKey(name, { totp: true });
    const { secret } = await here.operate<{ secret: string }>('totp.enroll', { key: `key:${name}` });
    return { key, code: () => generateSync({ secret, epoch: CLOCK / 1000 }) };
  };
  const tally = (answers: readonly Answer[]): Readonly<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const answer of answers) counts[said(answer)] = (counts[said(answer)] ?? 0) + 1;
    return counts;
  };

  test('A030 replay in window: of 20 calls with one code on both exactly one is served', async () => {
    const { key, code } = await enrolled('calls');
    const headers = { authorization: `Bearer ${key}`, 'x-totp-code': code() };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? here : there).chatBy(headers)));
    expect(tally(answers)).toEqual({ '200': 1, '401 totp_used': 19 });
    expect(said(await here.chatBy(headers))).toBe('401 totp_used');
  });

  test('A030 replay in window: of 20 logins with one code on both exactly one has a session, good on both', async () => {
    const { key, code } = await enrolled('logins');
    const now = code();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => login(n % 2 === 0 ? here : there, key, now)));
    expect(tally(answers)).toEqual({ '200': 1, '401 totp_used': 19 });
    const token = tokenOf(answers.find(({ status }) => status === 200) ?? (answers[0] as Answer));
    expect([said(await here.chatBy(by(token))), said(await there.chatBy(by(token)))]).toEqual(['200', '200']);
  });

  test('A023 A028 a session dies with its key: at once on the replica that was asked, within 5 s on the other', async () => {
    const { key } = await newKey('dying');
    const token = tokenOf(await login(there, key));
    expect([said(await here.chatBy(by(token))), said(await there.chatBy(by(token)))]).toEqual(['200', '200']);
    await here.operate('keys.revoke', { key: 'dying' });
    expect(said(await here.chatBy(by(token)))).toBe('401 invalid_credentials');
    await expect.poll(async () => said(await there.chatBy(by(token))), EVERYWHERE).toBe('401 invalid_credentials');
    expect(said(await there.post('/auth/refresh', by(token), {}))).toBe('401 invalid_credentials');
  });

  test('A023 a session that was ended at one is dead at the other within 5 s, and the key goes on', async () => {
    const { key } = await newKey('leaving');
    const token = tokenOf(await login(here, key));
    expect(said(await there.chatBy(by(token)))).toBe('200');
    await here.post('/auth/logout', by(token), {});
    expect(said(await here.chatBy(by(token)))).toBe('401 invalid_credentials');
    await expect.poll(async () => said(await there.chatBy(by(token))), EVERYWHERE).toBe('401 invalid_credentials');
    expect(said(await there.chat(key))).toBe('200');
  });

  test('A023 a session that is refreshed at one is good and can be refreshed at the other at once', async () => {
    const { key } = await newKey('refreshing');
    const refresh = (at: Replica, token: string): Promise<Answer> => at.post('/auth/refresh', by(token), {});
    for (let round = 0; round < 6; round++) {
      const first = tokenOf(await login(here, key));
      expect([said(await here.chatBy(by(first))), said(await there.chatBy(by(first)))]).toEqual(['200', '200']);
      const second = tokenOf(await refresh(here, first));
      expect([said(await there.chatBy(by(second))), said(await here.chatBy(by(second)))]).toEqual(['200', '200']);
      const third = tokenOf(await refresh(there, second));
      const got = await refresh(here, third);
      expect(said(got)).toBe('200');
      expect([said(await there.chatBy(by(tokenOf(got)))), said(await here.chatBy(by(tokenOf(got))))]).toEqual(['200', '200']);
    }
  });
});
