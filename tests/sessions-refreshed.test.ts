import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat, SMALL } from './support/limited.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const PEPPER = 'pepper-0123456789abcdef0123456789abcdef';
/** What one knows is up to a second old; of this many in a row it is old for some. */
const ROUNDS = 12;

let now = START;
let here: Bench;
let there: Bench;
beforeAll(async () => {
  here = await openBench({ now: () => now });
  const store = { use: 'sqlite', path: join(here.folder, 'store.db') };
  there = await openBench({ now: () => now, keyName: 'k-there', sections: { store, auth: [{ use: 'api-key', pepper: PEPPER }] } });
});
afterEach(() => {
  now = START;
});
afterAll(async () => {
  await there.close();
  await here.close();
});

const json = { 'content-type': 'application/json' };
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`.trim();
const tokenOf = ({ text }: Got): string => String((JSON.parse(text) as { session_token?: string }).session_token);
const login = async (at: Bench): Promise<string> =>
  tokenOf(await ask(at.url, { method: 'POST', path: '/auth/login', headers: json, body: JSON.stringify({ api_key: here.key }) }));
const refresh = (at: Bench, token: string): Promise<Got> => ask(at.url, { method: 'POST', path: '/auth/refresh', headers: { 'x-session-token': token } });
const works = async (at: Bench, token: string): Promise<string> =>
  answer(await ask(at.url, { path: '/openai/main/v1/chat/completions', headers: { ...json, 'x-session-token': token }, body: chat(SMALL) }));
/** A session that both know. */
const known = async (): Promise<string> => {
  const token = await login(here);
  expect([await works(here, token), await works(there, token)]).toEqual(['200', '200']);
  return token;
};

describe('a session that is refreshed at one of two gateways', () => {
  test('is good at the other at once, and goes on at both', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const token = tokenOf(await refresh(here, await known()));
      expect([await works(there, token), await works(here, token)]).toEqual(['200', '200']);
    }
  });
  test('can be refreshed at the other at once, and back', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const second = tokenOf(await refresh(here, await known()));
      const got = await refresh(there, second);
      expect(answer(got)).toBe('200');
      const back = await refresh(here, tokenOf(got));
      expect(answer(back)).toBe('200');
      expect([await works(there, tokenOf(back)), await works(here, tokenOf(back))]).toEqual(['200', '200']);
    }
  });
  test('is refused by its old token at the other too, once that has looked at the store, and does not end for it', async () => {
    const first = await known();
    const second = tokenOf(await refresh(here, first));
    expect(await works(here, first)).toBe('401 invalid_credentials');
    await expect.poll(() => works(there, first), { interval: 100, timeout: 5_000 }).toBe('401 invalid_credentials');
    expect([await works(there, second), await works(here, second)]).toEqual(['200', '200']);
  });
  test('ends when the token that was replaced is used later at the other', async () => {
    const first = await known();
    const second = tokenOf(await refresh(here, first));
    expect(await works(there, second)).toBe('200');
    now += 60_000;
    expect(await works(there, first)).toBe('401 invalid_credentials');
    await expect.poll(() => works(there, second)).toBe('401 invalid_credentials');
    await expect.poll(() => works(here, second)).toBe('401 invalid_credentials');
  });
  test('ends when the token that was replaced is refreshed at the other', async () => {
    const first = await known();
    const second = tokenOf(await refresh(here, first));
    expect(await works(there, second)).toBe('200');
    expect(answer(await refresh(there, first))).toBe('401 invalid_credentials');
    await expect.poll(() => works(there, second)).toBe('401 invalid_credentials');
    await expect.poll(() => works(here, second)).toBe('401 invalid_credentials');
  });
});

test('a session that was used at one alone is not idle at the other', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const token = await known();
    now += 1.9 * HOUR;
    expect(await works(here, token)).toBe('200');
    const written = async (): Promise<string | undefined> => (await here.gateway.graph.store.get('sessions', token.slice(5, 17)))?.value.json;
    await expect.poll(written, { interval: 5 }).toContain(`"usedAt":${now}`);
    now += 0.2 * HOUR;
    expect(await works(there, token)).toBe('200');
  }
});
