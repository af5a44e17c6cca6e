import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKey } from '../plugins/auth-api-key/src/key.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.close());

const BODY = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });
const json = { 'content-type': 'application/json' };
const chat = (key: string): Promise<Got> =>
  ask(bench.url, { path: '/openai/main/v1/chat/completions', headers: { ...json, authorization: `Bearer ${key}` }, body: BODY });
const login = (key: string): Promise<Got> => ask(bench.url, { path: '/auth/login', headers: json, body: JSON.stringify({ api_key: key }) });
const said = (got: Got) => [got.status, codeOf(got), got.headers['retry-after']];

test('A013 verify cost: who guesses keys is told to wait, at calls and at logging in, and good keys from there are served', async () => {
  for (let i = 0; i < 10; i++) expect(said(await (i % 2 === 0 ? chat : login)(newKey().key))).toEqual([401, 'invalid_credentials', undefined]);
  const wrong = newKey().key;
  for (const send of [chat, login, chat]) expect(said(await send(wrong))).toEqual([401, 'invalid_credentials', expect.stringMatching(/^(29|30)$/)]);
  expect((await chat(bench.key)).status).toBe(200);
  const fresh = await bench.makeKey();
  expect([(await chat(fresh)).status, (await login(fresh)).status]).toEqual([200, 200]);
});
