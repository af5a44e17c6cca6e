import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { anthropicSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { geminiClient } from './support/cells/gemini.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

type AnthropicSimulator = Awaited<ReturnType<typeof anthropicSimulator>>;
let bench: Bench;
let anthropic: AnthropicSimulator;
beforeAll(async () => {
  anthropic = await anthropicSimulator({ keys: [PROVIDER_KEY] });
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-gemini', '@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/provider-anthropic'],
    instances: { claude: { provider: 'anthropic', baseUrl: anthropic.url, insecureUpstream: true, apiKey: PROVIDER_KEY } },
    sections: {
      retry: { attempts: 1 },
      models: ['fast:1', 'acme/granite', 'acme/a/b:1'].map((name) => ({ name, targets: [{ instance: 'main', model: 'gpt-4.1-mini' }] })),
    },
  });
});
afterEach(() => {
  bench.simulator.clear();
  anthropic.clear();
});
afterAll(async () => {
  await bench.close();
  await anthropic.close();
});
const model = 'gpt-4o-mini';
const textOf = async (stream: AsyncGenerator<GenerateContentResponse>): Promise<string> => {
  let text = '';
  for await (const piece of stream) text += piece.text ?? '';
  return text;
};
const at = (instance: string): GoogleGenAI => new GoogleGenAI({ apiKey: bench.key, httpOptions: { baseUrl: `${bench.url}/gemini${instance}` } });
const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = { 'x-goog-api-key': bench.key }): Promise<Response> =>
  fetch(`${bench.url}/gemini${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const HELLO = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] };

describe.each([
  ['the Gemini API', false],
  ['Vertex AI', true],
] as const)('an unmodified GenAI SDK in the mode of %s', (_name, vertex) => {
  test('gets a whole answer', async () => {
    const answer = await geminiClient(bench, vertex).models.generateContent({ model, contents: 'Hello' });
    expect([answer.text, answer.candidates?.[0]?.finishReason]).toEqual(['You said: Hello', 'STOP']);
    expect(answer.usageMetadata?.totalTokenCount).toBeGreaterThan(0);
  });
  test('gets a stream', async () => {
    expect(await textOf(await geminiClient(bench, vertex).models.generateContentStream({ model, contents: 'Hello' }))).toBe('You said: Hello');
  });
  test('gets vectors', async () => {
    const { embeddings } = await geminiClient(bench, vertex).models.embedContent({ model: 'text-embedding-3-small', contents: ['one', 'two'] });
    expect(embeddings?.map(({ values }) => (values?.length ?? 0) > 0)).toEqual([true, true]);
  });
  test('is told what is wrong in its own words', async () => {
    const error = await geminiClient(bench, vertex)
      .models.generateContent({ model: 'no-such-model', contents: 'Hello' })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: 'ApiError', status: 404 });
    expect(JSON.parse((error as Error).message)).toMatchObject({ error: { code: 404, status: 'NOT_FOUND' } });
  });
});

test('a chat of the SDK calls a tool and brings its signature back to Claude', async () => {
  const chat = at('/claude').chats.create({
    model: 'claude-sonnet-4-6',
    config: {
      maxOutputTokens: 9000,
      thinkingConfig: { thinkingBudget: 2000, includeThoughts: true },
      tools: [{ functionDeclarations: [{ name: 'get_time', parametersJsonSchema: { type: 'object', properties: {} } }] }],
    },
  });
  const asked = await chat.sendMessage({ message: 'call get_time' });
  const [call] = asked.functionCalls ?? [];
  expect(call?.name).toBe('get_time');
  const answer = await chat.sendMessage({
    message: [{ functionResponse: { ...(call?.id === undefined ? {} : { id: call.id }), name: 'get_time', response: { output: 'noon' } } }],
  });
  expect(answer.text).toBe('The tool said: noon');
  expect(anthropic.requests.at(-1)?.body.toString()).toMatch(/"signature":"[^"]+"/);
});
test('tokens are counted by Claude', async () => {
  const { totalTokens } = await at('/claude').models.countTokens({ model: 'claude-sonnet-4-6', contents: 'Hello' });
  expect(totalTokens).toBeGreaterThan(0);
});
test('models are listed, and one is shown', async () => {
  const names: string[] = [];
  for await (const one of await at('/main').models.list()) names.push(one.name ?? '');
  expect(names).toContain(`models/${model}`);
  expect(await at('/main').models.get({ model })).toMatchObject({ name: `models/${model}` });
});
test('the name of a model chooses where no instance is named; what follows the last colon is the operation', async () => {
  expect((await at('').models.generateContent({ model: 'fast:1', contents: 'Hello' })).text).toBe('You said: Hello');
});
test.each(['v1beta1', 'v1beta1/projects/p/locations/l'])('below %s a model of another publisher has its publisher in its name', async (above) => {
  const answer = await post(`/${above}/publishers/acme/models/a/b:1:generateContent`, HELLO);
  expect(((await answer.json()) as GenerateContentResponse).candidates?.[0]?.content?.parts).toEqual([{ text: 'You said: Hello' }]);
});
test('an unmodified GenAI SDK in the mode of Vertex AI reaches models that have a slash in their name', async () => {
  const { models } = new GoogleGenAI({ vertexai: true, apiKey: bench.key, httpOptions: { baseUrl: `${bench.url}/gemini` } });
  const acme = 'acme/granite';
  expect((await models.generateContent({ model: acme, contents: 'Hello' })).text).toBe('You said: Hello');
  expect(await textOf(await models.generateContentStream({ model: acme, contents: 'Hello' }))).toBe('You said: Hello');
  expect(await models.get({ model: acme })).toMatchObject({ name: 'publishers/acme/models/granite' });
});
test('project and location of the path are ignored', async () => {
  const answer = await post(`/main/v1/projects/p/locations/l/publishers/google/models/${model}:generateContent`, HELLO);
  expect([answer.status, ((await answer.json()) as GenerateContentResponse).candidates?.[0]?.content?.parts]).toEqual([200, [{ text: 'You said: Hello' }]]);
});
test('a key in the query is no credential and goes nowhere', async () => {
  expect((await post(`/main/v1beta/models/${model}:generateContent?key=${bench.key}`, HELLO, {})).status).toBe(401);
  expect((await post(`/main/v1beta/models/${model}:generateContent?key=AIzaSomething`, HELLO)).status).toBe(200);
  expect(bench.simulator.requests.at(-1)?.path).not.toContain('AIza');
});

describe('without alt=sse a stream is one array', () => {
  const path = `/main/v1beta/models/${model}:streamGenerateContent`;
  test('of pieces', async () => {
    const answer = await post(path, HELLO);
    const pieces = (await answer.json()) as GenerateContentResponse[];
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flatMap(({ candidates }) => candidates?.[0]?.content?.parts?.map(({ text }) => text) ?? []).join('')).toBe('You said: Hello');
    expect(pieces.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });
  test('whose last element is an error when the provider is cut', async () => {
    bench.simulator.script({ cut: { at: 700, how: 'rst' } });
    const pieces = (await (await post(path, HELLO)).json()) as { readonly error?: { readonly code: number; readonly details: readonly unknown[] } }[];
    expect(pieces.at(-1)?.error).toMatchObject({ code: 502, details: [{ reason: 'UPSTREAM_STREAM_TRUNCATED' }] });
  });
});
test('a cut provider is an error that the SDK throws', async () => {
  bench.simulator.script({ cut: { at: 700, how: 'rst' } });
  const stream = await geminiClient(bench).models.generateContentStream({ model, contents: 'Hello' });
  await expect(textOf(stream)).rejects.toMatchObject({ name: 'ApiError', status: 502 });
});
test('a caller who may use certain models reaches no other by a member of the body', async () => {
  const key = await bench.makeKey({ models: ['text-embedding-3-small'] });
  const asked = (other: string) =>
    post(
      '/main/v1beta/models/text-embedding-3-small:batchEmbedContents',
      { requests: [{ model: `models/${other}`, content: { parts: [{ text: 'a' }] } }] },
      { 'x-goog-api-key': key },
    );
  expect((await asked('text-embedding-3-small')).status).toBe(200);
  expect((await asked('text-embedding-3-large')).status).toBe(403);
});

test.each([
  [
    'text-embedding-005',
    [
      {
        instances: [
          { content: 'one', task_type: 'CLUSTERING' },
          { content: 'two', task_type: 'CLUSTERING' },
        ],
        parameters: { outputDimensionality: 3 },
      },
    ],
  ],
  ['gemini-embedding-001', ['one', 'two'].map((content) => ({ instances: [{ content, task_type: 'CLUSTERING' }], parameters: { outputDimensionality: 3 } }))],
])('the GenAI SDK in the mode of the Gemini API gets vectors of %s at Vertex AI', async (embedding, sent) => {
  const vertex = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 } } });
  try {
    const config = { taskType: 'CLUSTERING', outputDimensionality: 3 };
    const { embeddings } = await geminiClient(vertex).models.embedContent({ model: embedding, contents: ['one', 'two'], config });
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([3, 3]);
    expect(vertex.simulator.requests.filter(({ method, path }) => method === 'POST' && path.includes(embedding)).map((one) => one.json())).toEqual(sent);
  } finally {
    await vertex.close();
  }
});
test('vectors of a Gemini model at Vertex AI are asked one by one, with the options where Vertex AI has them', async () => {
  const vertex = await openBench({ vendor: 'vertex', sections: { retry: { attempts: 1 } } });
  try {
    const request = (text: string) => ({ model: 'models/gemini-embedding-2', content: { role: 'user', parts: [{ text }] }, outputDimensionality: 3 });
    const answer = await fetch(`${vertex.url}/gemini/main/v1beta/models/gemini-embedding-2:batchEmbedContents`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': vertex.key },
      body: JSON.stringify({ requests: [request('one'), request('two')] }),
    });
    expect(((await answer.json()) as { embeddings: { values: unknown[] }[] }).embeddings.map(({ values }) => values.length)).toEqual([3, 3]);
    expect(vertex.simulator.requests.filter(({ path }) => path.endsWith(':embedContent')).map((one) => one.json())).toEqual(
      ['one', 'two'].map((text) => ({ content: { parts: [{ text }] }, embedContentConfig: { outputDimensionality: 3 } })),
    );
  } finally {
    await vertex.close();
  }
});
