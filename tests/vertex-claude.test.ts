import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anthropic } from './support/cells/anthropic.ts';
import { converse } from './support/cells/converse.ts';
import { gemini } from './support/cells/gemini.ts';
import { openai } from './support/cells/openai.ts';
import type { Question } from './support/cells/speaker.ts';
import { type Bench, openBench } from './support/gateway.ts';

const CLAUDE = 'claude-sonnet-4-5@20250929';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'vertex', plugins: ['@llm-proxy-auth/dialect-converse'], sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

describe.each([
  ['openai', openai],
  ['anthropic', anthropic],
  ['converse', converse],
  ['gemini', gemini],
])('Claude on Vertex by the SDK of %s', (_name, speaker) => {
  const ask = (question: Omit<Question, 'model'>) => speaker.ask(bench, { model: CLAUDE, ...question });
  const verb = (): string | undefined => bench.simulator.requests.at(-1)?.path.replace(/^.*\//, '');

  test('says what it is asked, whole and streamed', async () => {
    const whole = await ask({ text: 'Hello' });
    expect([whole.text, whole.stop, verb()]).toEqual(['You said: Hello', 'end', `${CLAUDE}:rawPredict`]);
    const streamed = await ask({ text: 'Hello', stream: true });
    expect([streamed.text, streamed.stop, verb()]).toEqual(['You said: Hello', 'end', `${CLAUDE}:streamRawPredict`]);
    expect(bench.simulator.requests.at(-1)?.json()).toMatchObject({ anthropic_version: 'vertex-2023-10-16', stream: true });
  });
  test('calls tools, parallel ones too, and takes their results', async () => {
    const tools = ['get_weather', 'get_time'];
    const asked = await ask({ text: 'call get_weather with {"city":"Oslo"} and get_time', tools });
    expect(asked.calls.map(({ name }) => name)).toEqual(tools);
    const answer = await ask({ text: '', tools, before: asked.after, results: asked.calls.map(({ id, name }) => ({ id, text: `of ${name}` })) });
    expect(answer.text).toBe('The tool said: of get_weather\nof get_time');
  });
  test('thinks, and gets its thinking back with the results', async () => {
    const more = { tools: ['get_time'], thinking: true };
    const asked = await ask({ ...more, text: 'call get_time' });
    const answer = await ask({ ...more, text: '', before: asked.after, results: asked.calls.map(({ id }) => ({ id, text: 'noon' })) });
    expect(answer.text).toBe('The tool said: noon');
    expect(bench.simulator.requests.at(-1)?.body.toString('utf8')).toMatch(/"type":"thinking","thinking":"[^"]*","signature":"[^"]+"/);
  });
  test('is told to be slower in the client’s own words', async () => {
    bench.simulator.script({ status: 429 });
    const error = await ask({ text: 'Hello' }).catch((cause: unknown) => cause);
    expect(speaker.failure(error).status).toBe(429);
  });
});

test('a format under its old name is asked for under the new one', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
  const ask = (model: string): Promise<Response> =>
    fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, max_tokens: 50, output_format: { type: 'json_schema', schema }, messages: [{ role: 'user', content: 'Hello' }] }),
    });
  expect((await ask('claude-sonnet-4-6')).status).toBe(200);
  expect(bench.simulator.requests.at(-1)?.json()).toMatchObject({ output_config: { format: { type: 'json_schema', schema } } });
  const older = await ask(CLAUDE);
  expect([older.status, older.headers.get('x-lpa-fidelity')]).toEqual([200, expect.stringContaining('output_format')]);
});
