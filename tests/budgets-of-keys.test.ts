import { afterEach, describe, expect, test } from 'vitest';
import { completion } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const MODEL = 'gpt-4o-mini';
const MODES = { protocol: '/openai/main/v1/chat/completions', transparent: '/transparent/main/v1/chat/completions' } as const;
const HOUR = 3_600_000;
let now = Date.UTC(2026, 5, 3, 10);
const opened: Bench[] = [];
afterEach(async () => {
  for (const bench of opened.splice(0)) await bench.close();
});
const open = async (limit: object): Promise<Bench> => {
  const bench = await openBench({
    now: () => now,
    main: { prices: { [MODEL]: { input: 1, output: 2 } } },
    sections: { policies: [{ allow: {}, limits: [limit] }], retry: { attempts: 1 } },
  });
  opened.push(bench);
  return bench;
};
const body = (max_tokens: number): string => JSON.stringify({ model: MODEL, max_tokens, messages: [{ role: 'user', content: 'hi' }] });
const call = (bench: Bench, key: string, mode: keyof typeof MODES = 'protocol', most = 10): Promise<Got> =>
  ask(bench.url, { path: MODES[mode], headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: body(most) });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;

test('A024 rotation: the new key has what is left of the budget, the old one too within its grace, and is nothing after it', async () => {
  const bench = await open({ per: 'principal', budget: { usd: 0.01, window: 'month' } });
  const key = await bench.makeKey({ name: 'turning' });
  bench.simulator.script({ body: completion({}, { usage: { prompt_tokens: 1_000, completion_tokens: 4_500, total_tokens: 5_500 } }) });
  expect(answer(await call(bench, key, 'protocol', 4_500))).toBe('200 ');
  expect(answer(await call(bench, key))).toBe('429 budget_exceeded');
  const { key: fresh } = await bench.operation('keys.rotate', { key: 'turning', grace: '1h' });
  for (const mode of ['protocol', 'transparent'] as const) {
    expect(answer(await call(bench, String(fresh), mode))).toBe('429 budget_exceeded');
    expect(answer(await call(bench, key, mode))).toBe('429 budget_exceeded');
  }
  now += 2 * HOUR;
  expect(answer(await call(bench, key))).toBe('401 invalid_credentials');
  expect(answer(await call(bench, String(fresh)))).toBe('429 budget_exceeded');
  // Another key has its own.
  expect(answer(await call(bench, await bench.makeKey()))).toBe('200 ');
});

describe('A043 a model budget of 0 holds for administrators and for keys that are remembered', () => {
  test.each(['protocol', 'transparent'] as const)('%s mode', async (mode) => {
    const bench = await open({ per: 'model', budget: { usd: 0, window: 'day' } });
    const key = await bench.makeKey();
    for (const who of [bench.key, key, bench.key, key]) expect(answer(await call(bench, who, mode))).toBe('429 budget_exceeded');
    expect(bench.simulator.requests).toEqual([]);
  });
});

test('what a call would reserve is explained, and not taken', async () => {
  const bench = await open({ per: 'principal', tokens: '100000/min', budget: { usd: 0.01, window: 'day' } });
  const sent = body(100);
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'x-lpa-explain': '1' };
  const inputTokens = Math.ceil(sent.length / 4);
  const costUsd = (inputTokens + 200) / 1e6;
  for (const path of Object.values(MODES)) {
    const got = await ask(bench.url, { path, headers, body: sent });
    expect((JSON.parse(got.text) as { reservation: unknown }).reservation).toEqual({
      inputTokens,
      outputTokens: 100,
      costUsd,
      claims: [
        { key: expect.stringMatching(/\|tokens$/), amount: inputTokens + 100, limit: 100_000 },
        { key: expect.stringMatching(/\|budget$/), costUsd, limitUsd: 0.01, observed: false },
      ],
    });
  }
  // All of the budget is still there.
  expect(answer(await call(bench, bench.key, 'protocol', 4_950))).toBe('200 ');
});

test('limits in the words of another dialect, and nothing of the provider’s own beside them', async () => {
  const bench = await openBench({ vendor: 'anthropic', sections: { policies: [{ allow: {}, limits: [{ requests: '50/min', tokens: '90000/min' }] }] } });
  opened.push(bench);
  bench.simulator.script({
    headers: { 'anthropic-ratelimit-tokens-remaining': '7', 'anthropic-ratelimit-requests-limit': '8' },
    body: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-haiku-4-5',
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 2 },
    },
  });
  const sent = JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] });
  const got = await ask(bench.url, {
    path: '/anthropic/main/v1/messages',
    headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: sent,
  });
  expect(answer(got)).toBe('200 ');
  const told = Object.fromEntries(Object.entries(got.headers).filter(([name]) => /^anthropic-ratelimit-(?:tokens|requests)-(?:limit|remaining)$/.test(name)));
  expect(told).toEqual({
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-tokens-limit': '90000',
    'anthropic-ratelimit-tokens-remaining': String(90_000 - 100 - Math.ceil(sent.length / 4)),
  });
});
