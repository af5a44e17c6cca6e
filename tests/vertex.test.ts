import { exampleGoogleToken } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { genaiAt, HOME } from './support/vertex.ts';

type Fields = Record<string, unknown>;
let bench: Bench;
let second: string;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'vertex',
    main: { aliases: true },
    sections: {
      retry: { attempts: 1 },
      models: [{ name: 'fast-chat', targets: [{ instance: 'main', model: 'gemini-2.5-flash' }] }],
      policies: [
        {
          match: { principal: '*' },
          allow: { modes: ['protocol', 'transparent'], classes: ['inference', 'models', 'stateful'], instances: ['*'], models: ['*'] },
        },
      ],
    },
  });
  second = await bench.makeKey();
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const at = (
  path: string,
  init: { readonly key?: string; readonly method?: string; readonly body?: object; readonly headers?: Record<string, string> } = {},
): Promise<Response> =>
  fetch(`${bench.url}/transparent/main${path}`, {
    method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
    headers: { authorization: `Bearer ${init.key ?? bench.key}`, 'content-type': 'application/json', ...init.headers },
    body: init.body === undefined ? null : JSON.stringify(init.body),
  });
const status = async (answer: Promise<Response>): Promise<readonly [number, string | null]> => {
  const { status: code, headers, ...rest } = await answer;
  void rest;
  return [code, headers.get('x-lpa-code')];
};
const question = { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] };
const generate = (home = HOME, model = 'gemini-2.5-flash'): string => `/v1/${home}/publishers/google/models/${model}:generateContent`;

describe('project and location', () => {
  test('of a native path must be the instance’s', async () => {
    expect(await status(at(generate(), { body: question }))).toEqual([200, null]);
    expect(await status(at(generate('projects/other-project/locations/us-central1'), { body: question }))).toEqual([403, 'operation_not_allowed']);
    expect(await status(at(generate('projects/my-project/locations/global'), { body: question }))).toEqual([403, 'region_not_allowed']);
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('of a model’s whole name too', async () => {
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const ask = (model: string) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
    expect((await ask(`${HOME}/publishers/google/models/gemini-2.5-flash`)).choices[0]?.message.content).toBe('You said: Hello');
    for (const name of [`projects/other/locations/us-central1/publishers/google/models/gemini-2.5-flash`, '../../x', 'gemini?key=x'])
      await expect(ask(name)).rejects.toMatchObject({ status: expect.toBeOneOf([400, 403, 404]) });
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('of what a body names too, in both modes', async () => {
    const armor = { modelArmorConfig: { promptTemplateName: 'projects/other/locations/us-central1/templates/x' } };
    const store = { tools: [{ retrieval: { vertexAiSearch: { datastore: 'projects/other/locations/global/collections/c/dataStores/d' } } }] };
    await bench.own('77');
    const cache = { cachedContent: 'projects/other/locations/europe-west1/cachedContents/77' };
    const protocol = (body: object): Promise<Response> =>
      fetch(`${bench.url}/gemini/main/v1beta/models/gemini-2.5-flash:generateContent`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (const stranger of [armor, store, cache])
      for (const ask of [protocol, (body: object) => at(generate(), { body })])
        expect(await status(ask({ ...question, ...stranger })), JSON.stringify(stranger)).toEqual([403, 'operation_not_allowed']);
    const job = { displayName: 'x', model: 'projects/other/locations/us-central1/models/1', inputConfig: {}, outputConfig: {} };
    expect(await status(at(`/v1/${HOME}/batchPredictionJobs`, { body: job }))).toEqual([403, 'operation_not_allowed']);
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('of instances, raw predictions and contents to embed, and no other model stands there either', async () => {
    const publishers = `/v1/${HOME}/publishers`;
    const store = 'projects/other/locations/us-central1/ragCorpora/1';
    const embed = { instances: [{ content: 'Hello' }] };
    const claude = { anthropic_version: 'vertex-2023-10-16', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] };
    const mistral = { model: 'mistral-medium-3', messages: [{ role: 'user', content: 'Hello' }] };
    const calls = [
      [`${publishers}/google/models/text-embedding-005:predict`, embed],
      [`${publishers}/google/models/gemini-embedding-2:embedContent`, { content: { parts: [{ text: 'Hello' }] } }],
      [`${publishers}/anthropic/models/claude-haiku-4-5@20251001:rawPredict`, claude],
      [`${publishers}/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict`, { ...claude, stream: true }],
      [`${publishers}/mistralai/models/mistral-medium-3:rawPredict`, mistral],
      [`${publishers}/mistralai/models/mistral-medium-3:streamRawPredict`, { ...mistral, stream: true }],
    ] as const;
    const restricted = await bench.makeKey({ models: calls.map(([path]) => /models\/([^:]+):/.exec(path)?.[1] ?? '').concat('mistralai/mistral-medium-3') });
    for (const [path, body] of calls) {
      expect(await status(at(path, { body })), path).toEqual([200, null]);
      expect(await status(at(path, { body: { ...body, instances: [{ content: 'x', from: store }] } })), path).toEqual([403, 'operation_not_allowed']);
      const other = { body: { ...body, model: 'publishers/google/models/gemini-2.5-pro' }, key: restricted };
      expect(await status(at(path, other)), path).toEqual([403, 'model_not_allowed']);
    }
    expect(bench.simulator.requests).toHaveLength(calls.length);
    const predict = (body: object) => at(`${publishers}/google/models/text-embedding-005:predict`, { body, headers: { 'content-type': 'text/plain' } });
    expect(await status(predict(embed))).toEqual([415, 'unsupported_media_type']);
  });
  test('of what is embedded for clients of every mode', async () => {
    const ask = (model: string, verb: string, body: object): Promise<Response> =>
      fetch(`${bench.url}/gemini/main/v1beta/models/${model}:${verb}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const from = 'projects/other/locations/us-central1/ragCorpora/1';
    expect(await status(ask('text-embedding-005', 'predict', { instances: [{ content: 'x', from }] }))).toEqual([403, 'operation_not_allowed']);
    expect(await status(ask('gemini-embedding-2', 'embedContent', { content: { parts: [{ text: 'x' }], from } }))).toEqual([403, 'operation_not_allowed']);
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('written badly stop the start', async () => {
    for (const wrong of [{ project: '../p' }, { project: 'p@evil' }, { location: 'us-central1.evil.com#' }, { location: 'x/../y' }])
      await expect(openBench({ vendor: 'vertex', main: wrong })).rejects.toThrow(/instances\.main\.(project|location)/);
  });
});

describe('cached contents', () => {
  const words = { role: 'user', parts: [{ text: 'word '.repeat(60) }] };
  const make = async (key = bench.key): Promise<{ readonly name: string; readonly id: string }> => {
    const answer = await at(`/v1/${HOME}/cachedContents`, { key, body: { model: `${HOME}/publishers/google/models/gemini-2.5-flash`, contents: [words] } });
    const { name } = (await answer.json()) as { name: string };
    return { name, id: name.slice(name.lastIndexOf('/') + 1) };
  };
  test('are their maker’s: to read, to prolong, to continue and to delete, by the project’s name or number', async () => {
    const { name, id } = await make();
    expect(name).toMatch(/^projects\/\d+\//);
    expect(await status(at(`/v1/${HOME}/cachedContents/${id}`))).toEqual([200, null]);
    expect(await status(at(`/v1/${HOME}/cachedContents/${id}?updateMask=ttl`, { method: 'PATCH', body: { ttl: '900s' } }))).toEqual([200, null]);
    const chat = { model: 'google/gemini-2.5-flash', messages: [{ role: 'user', content: 'Hello' }], extra_body: { google: { cached_content: name } } };
    await at(`/v1/${HOME}/endpoints/openapi/chat/completions`, { body: chat });
    expect(bench.simulator.requests.at(-1)?.json()).toEqual(chat);
    for (const cachedContent of [name, `${HOME}/cachedContents/${id}`])
      expect(await status(at(generate(), { body: { ...question, cachedContent } }))).toEqual([200, null]);
    expect(await status(at(`/v1/${HOME}/cachedContents/${id}`, { method: 'DELETE' }))).toEqual([200, null]);
  });
  test('are nobody else’s, and a prompt cannot continue one in either spelling', async () => {
    const { name, id } = await make();
    bench.simulator.clear();
    expect((await status(at(`/v1/${HOME}/cachedContents/${id}`, { key: second })))[0]).toBe(404);
    expect((await status(at(`/v1/${HOME}/cachedContents/${id}`, { key: second, method: 'DELETE' })))[0]).toBe(404);
    const chat = { model: 'google/gemini-2.5-flash', messages: [{ role: 'user', content: 'Hello' }] };
    for (const named of [{ google: { cached_content: name } }, { extra_body: { google: { cached_content: name } } }])
      expect((await status(at(`/v1/${HOME}/endpoints/openapi/chat/completions`, { key: second, body: { ...chat, ...named } })))[0]).toBe(404);
    for (const member of ['cachedContent', 'cached_content'])
      expect((await status(at(generate(), { key: second, body: { ...question, [member]: name } })))[0], member).toBe(404);
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('are listed for nobody', async () => expect(await status(at(`/v1/${HOME}/cachedContents`))).toEqual([403, 'operation_not_allowed']));
  test('by the SDK', async () => {
    const ai = genaiAt(bench);
    const cache = await ai.caches.create({ model: 'gemini-2.5-flash', config: { contents: [words], ttl: '600s' } });
    const answer = await ai.models.generateContent({ model: 'gemini-2.5-flash', contents: 'Hello', config: { cachedContent: cache.name ?? '' } });
    expect(answer.usageMetadata?.cachedContentTokenCount).toBe(cache.usageMetadata?.totalTokenCount);
    await expect(genaiAt({ url: bench.url, key: second }).caches.get({ name: cache.name ?? '' })).rejects.toMatchObject({ status: 404 });
  });
});

describe('batch jobs', () => {
  test('are their maker’s', async () => {
    const body = {
      displayName: 'b',
      model: 'publishers/google/models/gemini-2.5-flash',
      inputConfig: { instancesFormat: 'jsonl' },
      outputConfig: { predictionsFormat: 'jsonl' },
    };
    const { name } = (await (await at(`/v1/${HOME}/batchPredictionJobs`, { body })).json()) as { name: string };
    const path = `/v1/${HOME}/batchPredictionJobs/${name.slice(name.lastIndexOf('/') + 1)}`;
    expect((await status(at(path)))[0]).toBe(200);
    expect((await status(at(path, { key: second })))[0]).toBe(404);
    expect((await status(at(`${path}:cancel`, { key: second, body: {} })))[0]).toBe(404);
    expect((await status(at(`${path}:cancel`, { body: {} })))[0]).toBe(200);
  });
});

describe('what a caller sends that would change who asks for what', () => {
  test('goes nowhere', async () => {
    const answer = await at(`${generate()}?alt=json`, { body: question, headers: { 'x-goog-user-project': 'theirs', 'x-http-method-override': 'DELETE' } });
    expect(answer.status).toBe(200);
    const arrived = bench.simulator.requests.at(-1);
    expect([arrived?.header('authorization'), arrived?.header('x-goog-user-project'), arrived?.header('x-http-method-override')]).toEqual([
      `Bearer ${exampleGoogleToken}`,
      undefined,
      undefined,
    ]);
    expect(await status(at(`${generate()}?$httpMethod=DELETE`, { body: question }))).toEqual([403, 'operation_not_allowed']);
    expect(await status(at(`${generate()}?access_token=x&alt=json`, { body: question }))).toEqual([200, null]);
    expect(bench.simulator.requests.at(-1)?.target).toBe(`${generate()}?alt=json`);
  });
});

describe('names of models', () => {
  test('of the configuration stand in native paths', async () => {
    expect((await status(at(generate(HOME, 'fast-chat'), { body: question })))[0]).toBe(200);
    expect(bench.simulator.requests.at(-1)?.path).toBe(generate());
  });
  test('are listed for every client', async () => {
    const headers = { authorization: `Bearer ${bench.key}` };
    const list = (await (await fetch(`${bench.url}/openai/main/v1/models`, { headers })).json()) as { data: { id: string }[] };
    const ids = list.data.map(({ id }) => id);
    for (const id of [
      'gemini-2.5-flash',
      'claude-haiku-4-5@20251001',
      'text-embedding-005',
      'meta/llama-4-maverick-17b-128e-instruct-maas',
      'mistralai/mistral-medium-3',
    ])
      expect(ids).toContain(id);
    expect(ids).not.toContain('timesfm');
  });
});

test('what there is not is 404 for every client', async () => {
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
  for (const [path, body] of [
    ['images/generations', { model: 'imagen-4', prompt: 'x' }],
    ['rerank', { model: 'semantic-ranker', query: 'x', documents: ['a'] }],
    ['embeddings', { model: 'claude-sonnet-4-6', input: 'x' }],
  ] as [string, Fields][]) {
    const answer = await fetch(`${bench.url}/openai/main/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect([path, answer.status, answer.headers.get('x-lpa-code')]).toEqual([path, 404, 'operation_not_supported']);
  }
});

test('the token is nowhere told', async () => {
  const answer = await at(generate(HOME, 'gemini-99'), { body: question });
  const told = bench.logText() + (await answer.text()) + JSON.stringify([...answer.headers]);
  expect(told).not.toContain(exampleGoogleToken);
});

test('a key for one model reaches no other vendor’s of that name', async () => {
  const key = await bench.makeKey({ name: 'one-model', models: ['gemini-2.5-flash'] });
  expect(await status(at(generate(), { key, body: question }))).toEqual([200, null]);
  for (const path of ['endpoints/gemini-2.5-flash:generateContent', 'publishers/meta/models/gemini-2.5-flash:rawPredict'])
    expect(await status(at(`/v1/${HOME}/${path}`, { key, body: question })), path).toEqual([403, 'model_not_allowed']);
});

test('no cache is continued by the chat of other publishers, where nobody tells whose it is', async () => {
  const chat = { model: 'meta/llama-4-maverick-17b-128e-instruct-maas', messages: [{ role: 'user', content: 'Hello' }] };
  const ask = (more: object): Promise<Response> =>
    fetch(`${bench.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...chat, ...more }),
    });
  expect(await status(ask({}))).toEqual([200, null]);
  const google = { cached_content: `${HOME}/cachedContents/77` };
  for (const more of [{ google }, { extra_body: { google } }]) expect(await status(ask(more))).toEqual([403, 'operation_not_allowed']);
  expect(bench.simulator.requests).toHaveLength(1);
});
