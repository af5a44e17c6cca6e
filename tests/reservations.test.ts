import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const house = installed('crowd', '@acme/auth-crowd');
const MODEL = 'gpt-4o-mini';
const MODES = { protocol: '/openai/main/v1', transparent: '/transparent/main/v1' } as const;
const modes = ['protocol', 'transparent'] as const;
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@acme/auth-crowd', '@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/dialect-converse'],
    pluginRoots: [house.root],
    main: { prices: { '*': { input: 1, output: 2 } } },
    sections: {
      auth: [{ use: 'crowd' }, { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }],
      policies: [
        { name: 'tokens', match: { principal: 'crowd:tokens-*' }, allow: {}, limits: [{ per: 'principal', tokens: '40000/min' }] },
        { name: 'day', match: { principal: 'crowd:day-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 0.01, window: 'day' } }] },
        { name: 'wide', match: { principal: 'crowd:wide-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 10, window: 'day' } }] },
      ],
    },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(async () => {
  await bench.close();
  house.remove();
});

const FORM = 'multipart/form-data; boundary=b';
const form = (fields: Readonly<Record<string, string>>): string =>
  `${Object.entries(fields)
    .map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
    .join('')}--b--\r\n`;
const send = (who: string, path: string, body: string, type = 'application/json'): Promise<Got> =>
  ask(bench.url, { path, headers: { authorization: `Bearer crowd.${who}`, 'content-type': type }, body });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
const TEXT = { id: 'cmpl-1', object: 'text_completion', created: 1, model: MODEL, choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: 'stop' }] };
const fifty = <T>(one: T): readonly T[] => Array.from({ length: 50 }, () => one);
const completion = (more: object): string => JSON.stringify({ model: 'gpt-3.5-turbo-instruct', max_tokens: 1_000, prompt: 'a', ...more });

describe.each(modes)('%s mode', (mode) => {
  const at = MODES[mode];
  test.each([
    ['a list of prompts', '/completions', completion({ prompt: fifty('a') })],
    ['a list of prompts in tokens', '/completions', completion({ prompt: fifty([1, 2]) })],
    ['the best of many', '/completions', completion({ best_of: 50 })],
    ['both', '/completions', completion({ prompt: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], n: 6 })],
    ['a number in quotes', '/completions', completion({ n: '50' })],
    ['choices', '/chat/completions', JSON.stringify({ model: MODEL, max_tokens: 1_000, n: 50, messages: [{ role: 'user', content: 'a' }] })],
    ['images', '/images/generations', JSON.stringify({ model: 'gpt-image-1', n: 10, prompt: 'a' })],
    ['edited images', '/images/edits', JSON.stringify({ model: 'gpt-image-1', n: 10, prompt: 'a', images: [{ image_url: 'https://a.example/b.png' }] })],
  ])('A131 %s: each answer is reserved', async (name, path, body) => {
    const got = await send(`tokens-${mode}-${name.replaceAll(' ', '-')}`, at + path, body);
    expect([answer(got), got.headers['x-should-retry']]).toEqual(['429 rate_limit_exceeded', 'false']);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('A131 images of a form: each is reserved', async () => {
    const got = await send(`tokens-form-${mode}`, `${at}/images/edits`, form({ model: 'gpt-image-1', n: '10', prompt: 'a' }), FORM);
    expect(answer(got)).toBe('429 rate_limit_exceeded');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('one prompt is one, in tokens or however long', async () => {
    bench.simulator.script({ body: TEXT, times: 2 });
    expect(answer(await send(`tokens-flat-${mode}`, `${at}/completions`, completion({ prompt: fifty(1) })))).toBe('200 ');
    expect(answer(await send(`tokens-long-${mode}`, `${at}/completions`, completion({ prompt: 'a'.repeat(20_000) })))).toBe('200 ');
  });
  test('A131 a list of prompts spends no more than the budget has', async () => {
    const body = completion({ prompt: Array.from({ length: 500 }, () => 'a') });
    const got = await Promise.all(fifty(0).map(() => send(`day-list-${mode}`, `${at}/completions`, body)));
    expect(new Set(got.map(answer))).toEqual(new Set(['429 budget_exceeded']));
    expect(bench.simulator.requests).toEqual([]);
  });

  const USAGE = { input_tokens: 10, output_tokens: 41_600, total_tokens: 41_610 };
  const image = JSON.stringify({ model: 'gpt-image-1', prompt: 'a' });
  const sound = form({ model: 'gpt-4o-transcribe', 'file"; filename="a.wav': 'RIFF' });
  const speech = JSON.stringify({ model: 'gpt-4o-mini-tts', input: 'a', voice: 'alloy', stream_format: 'sse' });
  const spoken = `data: {"type":"speech.audio.delta","audio":"AA=="}\n\ndata: ${JSON.stringify({ type: 'speech.audio.done', usage: USAGE })}\n\n`;
  test.each([
    ['images', '/images/generations', image, undefined, { body: { created: 1, data: [{ b64_json: 'AA==' }], usage: USAGE } }],
    ['transcriptions', '/audio/transcriptions', sound, FORM, { body: { text: 'a', usage: { type: 'tokens', ...USAGE } } }],
    ['speech', '/audio/speech', speech, undefined, { headers: { 'content-type': 'text/event-stream' }, body: spoken }],
    [
      'compact',
      '/responses/compact',
      JSON.stringify({ model: MODEL, input: 'a' }),
      undefined,
      { body: { id: 'resp_1', object: 'response.compaction', created_at: 1, output: [], usage: USAGE } },
    ],
  ] as const)('what an answer that passes says of its usage is booked: %s', async (name, path, body, type, reply) => {
    const who = `wide-${name}-${mode}`;
    bench.simulator.script(reply);
    const got = await send(who, at + path, body, type);
    expect(got.status).toBe(200);
    const line = await bench.line((l) => l.principal === `crowd:${who}`);
    expect(line).toMatchObject({ inputTokens: 10, outputTokens: 41_600 });
    expect(line.costUsd).toBeCloseTo((10 + 2 * 41_600) / 1e6, 9);
  });
});

test.each([
  ['camel', 'generationConfig', 'candidateCount', 'maxOutputTokens'],
  ['snake', 'generation_config', 'candidate_count', 'max_output_tokens'],
])('A131 both spellings of Gemini bound an answer: %s', async (name, config, count, most) => {
  const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'a' }] }], [config]: { [count]: 8, [most]: 8_000 } });
  const got = await ask(bench.url, {
    path: `/gemini/main/v1beta/models/${MODEL}:generateContent`,
    headers: { authorization: `Bearer crowd.tokens-${name}`, 'content-type': 'application/json' },
    body,
  });
  expect(got.status).toBe(429);
  expect(bench.simulator.requests).toEqual([]);
});
test('A131 a body whose bounds nobody here can read does not pass a limit', async () => {
  const path = `${MODES.transparent}/completions`;
  const headers = { authorization: 'Bearer crowd.tokens-odd', 'content-type': 'application/json' };
  const packed = await ask(bench.url, { path, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipSync(completion({ n: 50 })) });
  expect(answer(packed)).toBe('415 unsupported_media_type');
  const loose = await ask(bench.url, { path, headers, body: completion({ n: 50 }).replace('}', ',}') });
  expect(answer(loose)).toBe('400 invalid_json');
  expect(bench.simulator.requests).toEqual([]);
});
