import { createHash } from 'node:crypto';
import { type AzureSimulator, recordedBytes, recordedPath, recordings } from '@llm-proxy-auth/simulators';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const said = [{ role: 'user' as const, content: 'write 9 words' }];
const VERSION = '2024-10-21';
const sdks = [
  ['openai 7', AzureOpenAI],
  ['openai 6', AzureOpenAI6 as unknown as typeof AzureOpenAI],
] as const;

let bench: Bench;
let simulator: AzureSimulator;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'azure',
    main: { deployments: { 'gpt-4o': 'chat-prod' }, aliases: true },
    sections: {
      retry: { attempts: 1 },
      models: [{ name: 'fast-chat', targets: [{ instance: 'main', model: 'gpt-4o' }] }],
      policies: [{ allow: { classes: ['inference', 'models', 'stateful'] } }],
    },
  });
  simulator = bench.simulator as AzureSimulator;
});
afterEach(() => simulator.clear());
afterAll(() => bench.close());
/** A `fetch` for an SDK that keeps the bytes of the last request and answer. */
const noting = () => {
  const seen = { up: '', down: '', target: '' };
  return {
    seen,
    fetch: async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const request = new Request(url, init);
      const body = Buffer.from(await request.arrayBuffer());
      seen.up = sha256(body);
      const { pathname, search } = new URL(request.url);
      seen.target = pathname.replace('/transparent/main', '') + search;
      const answer = await fetch(request.url, { method: request.method, headers: request.headers, ...(body.length === 0 ? {} : { body }) });
      const bytes = Buffer.from(await answer.arrayBuffer());
      seen.down = sha256(bytes);
      return new Response(bytes, answer);
    },
  };
};
/** The same request at the resource itself; ids and times of its answers differ, so it is scripted. */
const scripted = (text: string, type: string): void => void simulator.script({ status: 200, body: text, headers: { 'content-type': type } });

describe.each(sdks)('AzureOpenAI of %s in transparent mode', (_version, Client) => {
  const open = (fetch?: typeof globalThis.fetch) =>
    new Client({ endpoint: `${bench.url}/transparent/main`, apiKey: bench.key, apiVersion: VERSION, maxRetries: 0, ...(fetch === undefined ? {} : { fetch }) });

  test('whole and streamed, the bytes up and down are the same, and the version goes on as it was sent', async () => {
    for (const stream of [false, true]) {
      const { seen, fetch } = noting();
      const text = stream
        ? `data: {"id":"","choices":[],"prompt_filter_results":[]}\n\ndata: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n`
        : '{"id":"x",  "choices":[]}';
      scripted(text, stream ? 'text/event-stream' : 'application/json');
      const answer = await open(fetch).chat.completions.create({ model: 'gpt-4.1', messages: said, stream });
      if (stream) for await (const chunk of answer as AsyncIterable<unknown>) expect(chunk).toHaveProperty('choices');
      const arrived = simulator.requests.at(-1);
      expect([arrived?.sha256, seen.down]).toEqual([seen.up, sha256(Buffer.from(text))]);
      expect([arrived?.target, arrived?.target]).toEqual([seen.target, `/openai/deployments/gpt-4.1/chat/completions?api-version=${VERSION}`]);
    }
  });
  test('every surface of the SDK arrives with the key of the resource and none of the gateway', async () => {
    const client = open();
    const file = () => toFile(Buffer.from('{}\n'), 'a.jsonl');
    await client.embeddings.create({ model: 'text-embedding-3-small', input: 'a' });
    await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'a' });
    await client.images.generate({ model: 'gpt-image-1', prompt: 'a' });
    await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'a' });
    await client.audio.transcriptions.create({ model: 'whisper-1', file: await toFile(Buffer.from('RIFF'), 'a.wav') });
    const made = await client.files.create({ file: await file(), purpose: 'batch' });
    expect(await (await client.files.content(made.id)).text()).toBe('{}\n');
    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([made.id]);
    await client.files.delete(made.id);
    await client.models.list();
    for (const { headers, target } of simulator.requests) {
      const text = headers.flat().join('\n');
      expect([target, text.includes(bench.key), text.includes(PROVIDER_KEY), target.includes(`api-version=${VERSION}`)]).toEqual([target, false, true, true]);
    }
    expect(simulator.requests.length).toBe(10);
  });
  test('an error of Azure is Azure’s own', async () => {
    const error: unknown = await open()
      .chat.completions.create({ model: 'nowhere', messages: said })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ status: 404, code: 'DeploymentNotFound' });
  });
  test('a refusal of our key is not the caller’s 401', async () => {
    simulator.script({ status: 401 });
    const error: unknown = await open()
      .chat.completions.create({ model: 'gpt-4o', messages: said })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ status: 502, code: 'upstream_auth_failed' });
  });
});

describe('recordings', () => {
  test.each(
    recordings({ provider: 'azure_openai' })
      .filter(({ response }) => response.status !== 401)
      .map((one) => [one.file, one] as const),
  )('%s: the same up and down', async (_file, one) => {
    simulator.replay(one);
    // Odd spacing, so that anything written anew would differ.
    const body = Buffer.from(JSON.stringify(one.request.body ?? { model: 'm', input: 'hi' }, undefined, 3));
    const query = one.request.url.includes('?') ? `?${one.request.url.split('?')[1]}` : '';
    const answer = await fetch(`${bench.url}/transparent/main${recordedPath(one)}${query}`, {
      method: 'POST',
      headers: { 'api-key': bench.key, 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, sha256(Buffer.from(await answer.arrayBuffer()))]).toEqual([one.response.status, sha256(recordedBytes(one))]);
    expect(simulator.requests.at(-1)?.sha256).toBe(sha256(body));
  });
});

describe('deployments and models', () => {
  const azure = (key: string) => new AzureOpenAI({ endpoint: `${bench.url}/transparent/main`, apiKey: key, apiVersion: VERSION, maxRetries: 0 });
  const plain = (key: string) => new OpenAI({ baseURL: `${bench.url}/transparent/main/openai/v1`, apiKey: key, maxRetries: 0 });
  const protocol = (key: string) => new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: key, maxRetries: 0 });
  /** Status and code of one call. */
  const tried = async (client: OpenAI, model: string): Promise<unknown> => {
    scripted('{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}', 'application/json');
    const failure: unknown = await client.chat.completions.create({ model, messages: said }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    return failure === undefined ? 200 : (failure as { code?: unknown }).code;
  };
  const lastModel = (): unknown => (simulator.requests.at(-1)?.json() as { model: unknown } | undefined)?.model;

  test('a key for a model may use its deployment, in both modes, and no other', async () => {
    const key = await bench.makeKey({ models: ['gpt-4o'] });
    for (const client of [azure(key), plain(key)]) {
      expect(await tried(client, 'chat-prod')).toBe(200);
      expect(await tried(client, 'other-deployment')).toBe('model_not_allowed');
    }
    expect(await tried(protocol(key), 'gpt-4o')).toBe(200);
    expect(lastModel()).toBe('chat-prod');
    expect(await tried(protocol(key), 'chat-prod')).toBe('model_not_allowed');
  });
  test('a key for another name than the model’s does not reach it by its deployment', async () => {
    const key = await bench.makeKey({ models: ['chat-*'] });
    for (const client of [azure(key), plain(key)]) expect(await tried(client, 'chat-prod')).toBe('model_not_allowed');
  });
  test('a name of `models:` stands for the deployment of its model, in the path as in the body', async () => {
    const key = await bench.makeKey({ models: ['fast-chat'] });
    expect(await tried(azure(key), 'fast-chat')).toBe(200);
    expect(simulator.requests.at(-1)?.path).toBe('/openai/deployments/chat-prod/chat/completions');
    expect(await tried(plain(key), 'fast-chat')).toBe(200);
    expect(lastModel()).toBe('chat-prod');
  });
  test('a streamed and translated body names the deployment too', async () => {
    const stream = await protocol(bench.key)
      .chat.completions.create({ model: 'gpt-4o', messages: said, stream: true })
      .catch((cause: unknown) => cause);
    expect(stream).toMatchObject({ code: 'model_not_found' });
    expect(lastModel()).toBe('chat-prod');
  });
  test('the list of models is that of the deployments', async () => {
    expect((await protocol(bench.key).models.list()).data.map(({ id }) => id)).toEqual(['gpt-4o']);
  });
});

test('what is outside the table is 403, and control is closed', async () => {
  const headers = { 'api-key': bench.key, 'content-type': 'application/json' };
  for (const path of [
    '/openai/assistants',
    '/openai/v1/realtime/client_secrets',
    '/openai/fine_tuning/jobs',
    '/openai/v1/evals',
    '/openai/deployments/a/../../x',
  ]) {
    const answer = await fetch(`${bench.url}/transparent/main${path}?api-version=${VERSION}`, { method: 'POST', headers, body: '{}' });
    expect([path, answer.status]).toEqual([path, 403]);
  }
  expect(simulator.requests).toEqual([]);
});
