import Anthropic from '@anthropic-ai/sdk';
import { type BedrockSimulator, bedrockSimulator } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const OSS = 'openai.gpt-oss-120b';
const HAIKU = 'anthropic.claude-haiku-4-5';
const messages = [{ role: 'user' as const, content: 'Hello' }];
let simulator: BedrockSimulator;
let bench: Bench;
beforeAll(async () => {
  simulator = await bedrockSimulator({ mantle: true });
  bench = await openBench({
    vendor: 'bedrock',
    main: { baseUrl: simulator.url, endpoints: { mantle: true } },
    sections: { retry: { attempts: 1 }, policies: [{ match: {}, allow: { classes: ['inference', 'models', 'stateful'] } }] },
  });
});
afterAll(async () => {
  await bench.close();
  await simulator.close();
});
const openai = (path: string, apiKey = bench.key) => new OpenAI({ baseURL: `${bench.url}${path}`, apiKey, maxRetries: 0 });
const anthropic = (path: string) => new Anthropic({ baseURL: `${bench.url}${path}`, apiKey: bench.key, maxRetries: 0 });
const sent = () => simulator.requests.at(-1)?.path;

describe.each([
  ['protocol', '/openai/main/v1', '/anthropic/main'],
  ['transparent', '/transparent/main/v1', '/transparent/main/anthropic'],
])('bedrock-mantle in %s mode, signed for its own service', (_mode, own, claude) => {
  test('chat completions and responses of the OpenAI SDK, whole and streamed', async () => {
    const chat = await openai(own).chat.completions.create({ model: OSS, messages });
    expect([chat.choices[0]?.message.content, sent()]).toEqual(['You said: Hello', '/v1/chat/completions']);
    const stream = openai(own).chat.completions.stream({ model: OSS, messages });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe('You said: Hello');
    const answer = await openai(own).responses.create({ model: OSS, input: 'Hello' });
    expect([answer.output_text, sent()]).toEqual(['You said: Hello', '/v1/responses']);
  });
  test('messages and token counts of the Anthropic SDK, whole and streamed', async () => {
    const ask = { model: HAIKU, max_tokens: 100, messages };
    const whole = await anthropic(claude).messages.create(ask);
    expect([whole.content.at(-1), sent()]).toEqual([expect.objectContaining({ text: 'You said: Hello' }), '/anthropic/v1/messages']);
    expect((await anthropic(claude).messages.stream(ask).finalMessage()).stop_reason).toBe('end_turn');
    expect((await anthropic(claude).messages.countTokens({ model: HAIKU, messages })).input_tokens).toBeGreaterThan(0);
    expect(sent()).toBe('/anthropic/v1/messages/count_tokens');
  });
  test('the list of its models', async () => {
    const ids: string[] = [];
    for await (const { id } of openai(own).models.list()) ids.push(id);
    expect(ids).toContain(OSS);
  });
});

describe('bedrock-mantle between dialects and callers', () => {
  test('Claude for the OpenAI SDK, gpt-oss for the Anthropic SDK', async () => {
    const chat = await openai('/openai/main/v1').chat.completions.create({ model: HAIKU, messages, max_completion_tokens: 100 });
    expect([chat.choices[0]?.message.content, sent()]).toEqual(['You said: Hello', '/anthropic/v1/messages']);
    const answer = await anthropic('/anthropic/main').messages.create({ model: OSS, max_tokens: 100, messages });
    expect([answer.content.at(-1), sent()]).toEqual([expect.objectContaining({ text: 'You said: Hello' }), '/v1/chat/completions']);
  });
  test('a model at the wrong API is refused in the words of AWS', async () => {
    const refused = await openai('/transparent/main/v1')
      .chat.completions.create({ model: HAIKU, messages })
      .catch((cause: unknown) => cause);
    expect(refused).toMatchObject({ status: 400, message: expect.stringContaining("isn't supported on this route") });
  });
  test('a response belongs to who made it', async () => {
    const mine = openai('/transparent/main/v1');
    const { id } = await mine.responses.create({ model: OSS, input: 'Hello' });
    expect((await mine.responses.retrieve(id)).id).toBe(id);
    const theirs = openai('/transparent/main/v1', await bench.makeKey());
    await expect(theirs.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await expect(theirs.responses.delete(id)).rejects.toMatchObject({ status: 404 });
    await mine.responses.delete(id);
  });
  test("Bedrock's own API is not there", async () => {
    const answer = await fetch(`${bench.url}/transparent/main/model/${HAIKU}/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}` },
      body: '{}',
    });
    expect([answer.status, answer.headers.get('x-lpa-code'), typeof ((await answer.json()) as { error: { message: unknown } }).error.message]).toEqual([
      403,
      'operation_not_allowed',
      'string',
    ]);
  });
});
