import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

// A success that holds no answer is none (wire/openai-azure.md 1.6): bytes pass only when they are what the operation answers.
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-anthropic'],
    sections: { retry: { attempts: 1 }, policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
});
afterAll(() => bench.close());

const JSON_HEAD = { 'content-type': 'application/json' };
const HTML = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' };
const CUT_TEXT = { status: 200, headers: { 'content-type': 'text/plain' }, body: '{"id":"c","data":[' };
const CUT = { status: 200, headers: JSON_HEAD, body: '{"id":"c","data":[' };
const FAILED = { status: 200, headers: JSON_HEAD, body: '{"error":{"message":"boom"}}' };
const EMPTY = { status: 200, headers: JSON_HEAD, body: '' };
const PAGE_OF_JSON = { status: 200, headers: { 'content-type': 'text/html' }, body: '<script>{"a":1}' };
type Rule = Parameters<Bench['simulator']['script']>[0];
type Fields = Readonly<Record<string, unknown>>;
const send = (path: string, body: Fields | FormData): Promise<Response> =>
  fetch(`${bench.url}/openai/main/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }) },
    body: body instanceof FormData ? body : JSON.stringify(body),
  });
const asked = async (rule: Rule, path: string, body: Fields | FormData): Promise<readonly [number, string | null]> => {
  bench.simulator.script(rule);
  const answer = await send(path, body);
  await answer.text();
  return [answer.status, answer.headers.get('x-lpa-code')];
};
const recording = (fields: Readonly<Record<string, string>>): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('file', new Blob(['RIFF']), 'a.wav');
  return form;
};
const CHAT = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] };
const SPEECH = { model: 'gpt-4o-mini-tts', input: 'hi', voice: 'alloy' };
const JSON_OPERATIONS: readonly (readonly [string, Fields])[] = [
  ['/chat/completions', CHAT],
  ['/embeddings', { model: 'text-embedding-3-small', input: 'a' }],
  ['/responses', { model: 'gpt-4o-mini', input: 'hi' }],
  ['/responses/compact', { model: 'gpt-4o-mini', input: 'hi' }],
  ['/images/generations', { model: 'gpt-image-1', prompt: 'a fish' }],
  ['/moderations', { model: 'omni-moderation-latest', input: 'a' }],
];

describe.each(JSON_OPERATIONS)('%s', (path, body) => {
  test.each([
    ['a page', HTML],
    ['a page that ends as JSON does', PAGE_OF_JSON],
    ['cut JSON that says it is text', CUT_TEXT],
    ['cut JSON', CUT],
    ['an error under 200', FAILED],
    ['nothing', EMPTY],
    ['204', { status: 204, headers: {}, body: '' }],
  ])('%s is a bad answer', async (_title, rule) => {
    expect(await asked(rule, path, body)).toEqual([502, expect.stringMatching(/^upstream_/)]);
  });
  test('an object under another name passes as JSON', async () => {
    bench.simulator.script({ status: 200, headers: { 'content-type': 'text/plain' }, body: '{"id":"c","data":[],"choices":[]}' });
    const answer = await send(path, body);
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'application/json', '{"id":"c","data":[],"choices":[]}']);
  });
  test('an object behind empty lines, which servers send while they work, passes', async () => {
    const text = '\n\n{"id":"c","data":[],"choices":[]}';
    bench.simulator.script({ status: 200, headers: JSON_HEAD, body: text, stall: { at: 2, until: setTimeout(100) } });
    const answer = await send(path, body);
    expect([answer.status, await answer.text()]).toEqual([200, text]);
  });
});

test('a page of a provider of Messages is a bad answer', async () => {
  const other = await openBench({ vendor: 'anthropic', plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  other.simulator.script(HTML);
  const answer = await fetch(`${other.url}/anthropic/main/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': other.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] }),
  });
  expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([502, 'upstream_bad_response']);
  await other.close();
});
test('a bad answer is asked again', async () => {
  const again = await openBench({ random: () => 0 });
  again.simulator.script(HTML);
  const answer = await fetch(`${again.url}/openai/main/v1/moderations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${again.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'omni-moderation-latest', input: 'a' }),
  });
  expect([answer.status, again.simulator.requests.length]).toEqual([200, 2]);
  await again.close();
});

describe('what is no JSON', () => {
  test.each([
    ['a page', HTML],
    ['an error under 200', FAILED],
    ['JSON', { status: 200, headers: JSON_HEAD, body: '{"a":1}' }],
  ])('%s is nothing spoken', async (_title, rule) => {
    expect(await asked(rule, '/audio/speech', SPEECH)).toEqual([502, expect.stringMatching(/^upstream_/)]);
  });
  test.each([
    ['a page', HTML],
    ['an error under 200', FAILED],
    ['cut JSON', CUT],
  ])('%s is nothing written down', async (_title, rule) => {
    expect(await asked(rule, '/audio/transcriptions', recording({ model: 'whisper-1' }))).toEqual([502, expect.stringMatching(/^upstream_/)]);
  });
  test('text that was written down passes', async () => {
    expect(await asked({ headers: { 'content-type': 'text/plain' }, body: '1\n00:00\n' }, '/audio/transcriptions', recording({ model: 'whisper-1' }))).toEqual([
      200,
      null,
    ]);
  });
});

describe('speech as events', () => {
  const event = (type: string, more: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const DELTA = event('speech.audio.delta', { audio: 'AA==' });
  const DONE = event('speech.audio.done', { usage: { input_tokens: 3, output_tokens: 1, total_tokens: 4 } });
  const ERROR = event('error', { error: { message: 'x', type: 'server_error', code: null, param: null } });
  const spoken = async (body: string, more: Rule = {}): Promise<readonly [number, string]> => {
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body, ...more });
    const answer = await send('/audio/speech', { ...SPEECH, stream_format: 'sse' });
    return [answer.status, await answer.text()];
  };
  test('a whole one passes as it is', async () => {
    expect(await spoken(DELTA + DONE)).toEqual([200, DELTA + DONE]);
  });
  test('one without its last event ends with an error', async () => {
    const [status, text] = await spoken(DELTA);
    expect([status, text.startsWith(DELTA), text.includes('upstream_stream_truncated')]).toEqual([200, true, true]);
  });
  test('of one that is cut no half event passes', async () => {
    const [status, text] = await spoken(DELTA + DELTA.slice(0, 30));
    expect([status, text.split('event: speech.audio.delta').length, text.includes('upstream_stream_truncated')]).toEqual([200, 2, true]);
  });
  test('one whose connection breaks ends with an error', async () => {
    const [status, text] = await spoken(DELTA + DONE, { cut: { at: DELTA.length + 9, how: 'rst' } });
    expect([status, text.includes('upstream_stream_truncated')]).toEqual([200, true]);
  });
  test('one that begins with an error has its status', async () => {
    const [status] = await spoken(ERROR);
    expect(status).toBeGreaterThanOrEqual(500);
  });
});

describe('written down as a stream by a model that has none', () => {
  test('is the JSON that the model answers, asked once', async () => {
    const before = bench.simulator.requests.length;
    const answer = await send('/audio/transcriptions', recording({ model: 'whisper-1', stream: 'true' }));
    expect([answer.status, await answer.json(), bench.simulator.requests.length - before]).toEqual([
      200,
      expect.objectContaining({ text: expect.any(String) }),
      1,
    ]);
  });
  test('others stream, and end with an error when they are cut', async () => {
    const body = 'event: transcript.text.delta\ndata: {"type":"transcript.text.delta","delta":"h"}\n\n';
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body });
    const answer = await send('/audio/transcriptions', recording({ model: 'gpt-4o-transcribe', stream: 'true' }));
    expect([answer.status, (await answer.text()).includes('upstream_stream_truncated')]).toEqual([200, true]);
  });
});

describe('vectors', () => {
  const floats = [0.5, -2, 0.25];
  const base64 = Buffer.from(Float32Array.from(floats).buffer).toString('base64');
  const answerWith = (embedding: unknown): string =>
    JSON.stringify({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding }],
      model: 'e',
      usage: { prompt_tokens: 1, total_tokens: 1 },
      extra: 1,
    });
  const embedded = async (given: unknown, asked: Fields): Promise<readonly [string, unknown]> => {
    bench.simulator.script({ headers: JSON_HEAD, body: answerWith(given) });
    const text = await (await send('/embeddings', { model: 'text-embedding-3-small', input: 'say "encoding_format": "base64"', ...asked })).text();
    return [text, (JSON.parse(text) as { data: readonly { embedding: unknown }[] }).data[0]?.embedding];
  };
  test.each([
    ['floats for base64', floats, { encoding_format: 'base64' }, base64],
    ['base64 for floats', base64, { encoding_format: 'float' }, floats],
    ['base64 for nothing said', base64, {}, floats],
  ])('%s become what was asked for', async (_title, given, asked, wanted) => {
    expect((await embedded(given, asked))[1]).toEqual(wanted);
  });
  test.each([
    ['floats', floats, {}],
    ['base64', base64, { encoding_format: 'base64' }],
  ])('%s that were asked for pass as they are', async (_title, given, asked) => {
    expect((await embedded(given, asked))[0]).toBe(answerWith(given));
  });
});

describe('limits of the account', () => {
  const limits = { 'x-ratelimit-limit-tokens': '1000', 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '20ms' };
  test.each([false, true])('come with the refusal that they caused (stream: %s)', async (stream) => {
    const body = JSON.stringify({ error: { message: 'm', type: 'tokens', param: null, code: 'rate_limit_exceeded' } });
    bench.simulator.script({ status: 429, headers: { ...JSON_HEAD, ...limits, 'x-other': '1' }, body });
    const answer = await send('/chat/completions', { ...CHAT, stream });
    await answer.text();
    expect([answer.status, Object.fromEntries(answer.headers)]).toEqual([429, expect.objectContaining(limits)]);
    expect(answer.headers.has('x-other')).toBe(false);
  });
});
