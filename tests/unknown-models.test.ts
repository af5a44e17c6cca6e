import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Bench, openBench, type VENDORS } from './support/gateway.ts';

/** A name that no data file knows, of no family that one knows. */
const NEW = 'tomorrow-9-large';
const chat = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: NEW,
  model_id: NEW,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.', refusal: null }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const content = [{ type: 'TEXT', text: 'Hi.' }];
/** What each vendor would answer with. */
const ANSWERS: Readonly<Record<keyof typeof VENDORS, object>> = {
  openai: chat,
  azure: chat,
  watsonx: chat,
  anthropic: {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: NEW,
    content: [{ type: 'text', text: 'Hi.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 2 },
  },
  bedrock: {
    output: { message: { role: 'assistant', content: [{ text: 'Hi.' }] } },
    stopReason: 'end_turn',
    metrics: { latencyMs: 1 },
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
  },
  vertex: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Hi.' }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: NEW,
    responseId: 'r',
  },
  oci: {
    modelId: NEW,
    modelVersion: '1',
    chatResponse: {
      apiFormat: 'GENERIC',
      timeCreated: '2026-11-23T00:00:00.000Z',
      choices: [{ index: 0, message: { role: 'ASSISTANT', content }, finishReason: 'stop' }],
      usage: { promptTokens: 3, completionTokens: 2, totalTokens: 5 },
    },
  },
};
let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

test('no data file knows it', () => {
  const folders = ['plugins', 'packages'].flatMap((room) => readdirSync(new URL(`../${room}/`, import.meta.url)).map((name) => `../${room}/${name}/src/`));
  const files = folders
    .map((folder) => new URL(folder, import.meta.url))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => new URL(path, folder)))
    .filter(({ pathname }) => /\/(?:facts|families)\.json$/.test(pathname));
  expect(files.length).toBeGreaterThan(7);
  for (const file of files) expect(readFileSync(file, 'utf8'), file.pathname).not.toContain('tomorrow');
});
test.each(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[])('%s is asked for a model that no data file knows, by every client', async (vendor) => {
  const dialects = ['anthropic', 'converse', 'gemini'].map((name) => `@llm-proxy-auth/dialect-${name}`);
  bench = await openBench({ vendor, plugins: dialects, sections: { retry: { attempts: 1 } } });
  const { url, key, simulator } = bench;
  const messages = [{ role: 'user', content: 'Hello' }];
  const asked = [
    ['/openai/main/v1/chat/completions', { model: NEW, max_tokens: 50, temperature: 0.5, messages }],
    ['/anthropic/main/v1/messages', { model: NEW, max_tokens: 50, messages }],
    [`/gemini/main/v1beta/models/${NEW}:generateContent`, { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }],
    [`/converse/main/model/${NEW}/converse`, { messages: [{ role: 'user', content: [{ text: 'Hello' }] }] }],
  ] as const;
  for (const [path, body] of asked) {
    simulator.script({ status: 200, body: ANSWERS[vendor] });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([path, answer.status, (await answer.text()).includes('Hi.')]).toEqual([path, 200, true]);
    const request = simulator.requests.at(-1);
    expect(`${request?.target} ${request?.body}`).toContain(NEW);
  }
});
