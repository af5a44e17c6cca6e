import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AzureSimulator, azureSimulator, expectations, recordedBytes, recordedPath, recordings } from '../src/index.ts';

const key = 'azure-simulator';
const deployments = {
  'chat-prod': 'gpt-4o',
  vectors: 'text-embedding-3-small',
  older: 'gpt-3.5-turbo-instruct',
  whisper: 'whisper-1',
  voice: 'tts-1',
  pictures: 'gpt-image-1',
};
let simulator: AzureSimulator;
let late: AzureSimulator;
beforeAll(async () => {
  simulator = await azureSimulator({ deployments });
  late = await azureSimulator({ filter: 'async' });
});
afterAll(() => Promise.all([simulator.close(), late.close()]));
const said = [{ role: 'user' as const, content: 'Hello' }];

describe.each([
  ['openai 7', AzureOpenAI],
  ['openai 6', AzureOpenAI6 as unknown as typeof AzureOpenAI],
])('AzureOpenAI of %s', (_version, Client) => {
  const client = (apiVersion = '2025-04-01-preview') => new Client({ endpoint: simulator.url, apiKey: key, apiVersion, maxRetries: 0 });
  test('chats with a deployment, whole and streamed', async () => {
    const whole = await client().chat.completions.create({ model: 'chat-prod', messages: said });
    expect([whole.choices[0]?.message.content, whole.model]).toEqual(['You said: Hello', 'gpt-4o']);
    expect(whole).toMatchObject({ prompt_filter_results: [{ prompt_index: 0 }], choices: [{ content_filter_results: { hate: { filtered: false } } }] });
    const chunks = [];
    for await (const chunk of await client().chat.completions.create({ model: 'chat-prod', messages: said, stream: true })) chunks.push(chunk);
    expect(chunks[0]).toMatchObject({ id: '', model: '', choices: [], prompt_filter_results: [{}] });
    expect(chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join('')).toBe('You said: Hello');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });
  test('reads vectors, completes, asks for responses', async () => {
    expect((await client().embeddings.create({ model: 'vectors', input: 'a' })).data[0]?.embedding).toHaveLength(1536);
    expect((await client().completions.create({ model: 'older', prompt: 'a' })).choices[0]?.text).toBe('You wrote: a');
    expect((await client().responses.create({ model: 'chat-prod', input: 'Hello' })).output_text).toBe('You said: Hello');
  });
  test('speaks, listens and draws', async () => {
    const speech = await client().audio.speech.create({ model: 'voice', voice: 'alloy', input: 'hi' });
    expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(0);
    const file = await toFile(Buffer.from('RIFF'), 'a.wav');
    expect((await client().audio.transcriptions.create({ model: 'whisper', file })).text).toEqual(expect.any(String));
    expect((await client().images.generate({ model: 'pictures', prompt: 'a house' })).data).toHaveLength(1);
  });
  test('keeps files and lists models', async () => {
    const made = await client().files.create({ file: await toFile(Buffer.from('{}\n'), 'a.jsonl'), purpose: 'batch' });
    expect(await (await client().files.content(made.id)).text()).toBe('{}\n');
    expect((await client().models.list()).data.length).toBeGreaterThan(10);
  });
  test('is told what was filtered', async () => {
    const answer = await client().chat.completions.create({ model: 'chat-prod', messages: [{ role: 'user', content: 'trip the filter' }] });
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'content_filter', content_filter_results: { violence: { filtered: true } } });
  });
});

test('a filter beside the model tells what it found in chunks without a delta, the last behind the end', async () => {
  const client = new OpenAI({ baseURL: `${late.url}/openai/v1`, apiKey: key, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'trip a late filter' }];
  const chunks: unknown[] = [];
  for await (const chunk of await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true })) chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => (chunk as { choices: readonly Record<string, unknown>[] }).choices);
  const at = choices.findIndex((choice) => choice.finish_reason === 'stop');
  expect(choices.slice(at + 1)).toMatchObject([{ finish_reason: 'content_filter', content_filter_results: { violence: { filtered: true } } }]);
  expect(choices[at + 1]).not.toHaveProperty('delta');
});

test('model inference names the model in the body', async () => {
  const path = '/models/chat/completions?api-version=2024-05-01-preview';
  const answer = await fetch(late.url + path, {
    method: 'POST',
    headers: { 'api-key': key, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'grok-4-1-fast-non-reasoning', messages: said }),
  });
  expect(await answer.json()).toMatchObject({ model: 'grok-4-1-fast-non-reasoning', choices: [{ message: { content: 'You said: Hello' } }] });
});

describe('recordings', () => {
  test.each(recordings({ provider: 'azure_openai' }).map((one) => [one.file, one] as const))('%s is replayed as it was', async (_file, one) => {
    late.replay(one);
    const answer = await fetch(late.url + recordedPath(one), { method: 'POST', headers: { 'api-key': key }, body: '{}' });
    expect([answer.status, Buffer.from(await answer.arrayBuffer()).equals(recordedBytes(one))]).toEqual([one.response.status, true]);
    expect(expectations(one).surface).toMatch(/^(chat|completions|embeddings|responses)$/);
    late.clear();
  });
});
