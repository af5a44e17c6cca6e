import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const NOW = Date.UTC(2026, 5, 3, 22, 30);
const MODEL = 'gpt-4o-mini';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    now: () => NOW,
    plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/dialect-converse'],
    sections: { policies: [{ match: {}, allow: {}, limits: [{ per: 'principal', requests: '1/min' }] }] },
  });
});
afterAll(() => bench.close());

const CALLS = {
  openai: ['/openai/main/v1/chat/completions', { model: MODEL, messages: [{ role: 'user', content: 'hi' }] }],
  anthropic: ['/anthropic/main/v1/messages', { model: MODEL, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }],
  gemini: [`/gemini/main/v1beta/models/${MODEL}:generateContent`, { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }],
  converse: [`/converse/main/model/${MODEL}/converse`, { messages: [{ role: 'user', content: [{ text: 'hi' }] }] }],
} as const;
const called = async (dialect: keyof typeof CALLS, key: string): Promise<Got> => {
  const [path, body] = CALLS[dialect];
  return ask(bench.url, { path, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
};
/** What an answer says about limits. */
const limitsOf = ({ headers }: Got): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /ratelimit|rate-limit|retry-after$|errortype/.test(name)));

// A minute that is used up counts, less and less, in the one that follows. Google's and Amazon's APIs have no headers for what is left: nothing is invented there.
test.each([
  [
    'openai',
    { 'x-ratelimit-limit-requests': '1', 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '2m0s' },
    { 'retry-after': '120' },
    { error: { type: 'requests', code: 'rate_limit_exceeded' } },
  ],
  [
    'anthropic',
    {
      'anthropic-ratelimit-requests-limit': '1',
      'anthropic-ratelimit-requests-remaining': '0',
      'anthropic-ratelimit-requests-reset': new Date(NOW + 120_000).toISOString().replace('.000', ''),
    },
    { 'retry-after': '120' },
    { type: 'error', error: { type: 'rate_limit_error' } },
  ],
  [
    'gemini',
    {},
    { 'retry-after': '120' },
    { error: { code: 429, status: 'RESOURCE_EXHAUSTED', details: expect.arrayContaining([expect.objectContaining({ retryDelay: '120s' })]) } },
  ],
  ['converse', {}, { 'retry-after': '120', 'x-amzn-errortype': 'ThrottlingException' }, { message: expect.stringContaining('') }],
] as const)('a limit is told as %s clients read it, before and at its end', async (dialect, left, wait, body) => {
  const key = await bench.makeKey();
  const first = await called(dialect, key);
  expect([first.status, limitsOf(first)]).toEqual([200, left]);
  const second = await called(dialect, key);
  expect([second.status, codeOf(second)]).toEqual([429, 'rate_limit_exceeded']);
  expect(limitsOf(second)).toEqual({ ...left, ...wait });
  expect(JSON.parse(second.text)).toMatchObject(body);
});
