import { openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const MODEL = 'BAAI/bge-reranker-base';
const documents = ['Berlin is a city', 'Paris is the capital of France', { text: 'Horses and cows' }];
const asked = { model: MODEL, query: 'capital of France', documents };

let ranker: Simulator;
beforeAll(async () => {
  ranker = await openaiSimulator({ keys: [PROVIDER_KEY], rerankModels: [MODEL] });
});
afterAll(() => ranker.close());

describe.each([true, false])('rerank at a server that speaks the API, bytes pass: %s', (pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({
      pass,
      vendor: 'anthropic',
      plugins: ['@llm-proxy-auth/provider-openai'],
      instances: { ranker: { provider: 'openai', baseUrl: ranker.url, insecureUpstream: true, apiKey: PROVIDER_KEY } },
      sections: { models: [{ name: 'best', targets: [{ instance: 'ranker', model: MODEL }] }] },
    });
  });
  afterAll(() => bench.close());
  const post = (path: string, body: object, headers: object = {}): Promise<Response> =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const tokens = async (): Promise<number> => {
    const text = await (await fetch(`${bench.url}/metrics`, { headers: { authorization: `Bearer ${bench.key}` } })).text();
    return Number(/llm_proxy_tokens_total\{instance="ranker",type="input"\} (\d+)/.exec(text)?.[1] ?? 0);
  };

  test.each(['/openai/ranker/rerank', '/openai/ranker/v1/rerank', '/protocol/ranker/v1/rerank'])(
    '%s puts documents in order and counts what it took',
    async (path) => {
      const before = await tokens();
      const answer = await post(path, { ...asked, top_n: 2 });
      const body = (await answer.json()) as { results: { index: number; document: unknown }[]; usage: { prompt_tokens: number } };
      expect(answer.status).toBe(200);
      expect(body).toMatchObject({ id: expect.stringMatching(/^rerank-/), model: MODEL, results: [{ index: 1 }, { index: expect.any(Number) }] });
      expect(ranker.requests.at(-1)?.json()).toEqual({ ...asked, top_n: 2 });
      expect((await tokens()) - before).toBe(body.usage.prompt_tokens);
      expect(body.usage.prompt_tokens).toBeGreaterThan(0);
    },
  );
  test('a name of `models:` reaches its target and stands in the answer', async () => {
    const answer = await post('/v1/rerank', { ...asked, model: 'best' });
    expect(await answer.json()).toMatchObject({ model: pass ? MODEL : 'best' });
    expect([answer.headers.get('x-lpa-model'), answer.headers.get('x-lpa-upstream-model')]).toEqual(['best', MODEL]);
    expect(ranker.requests.at(-1)?.json()).toMatchObject({ model: MODEL });
  });
  test('a provider without it is 404, an unknown model what the server says', async () => {
    const none = await post('/openai/main/v1/rerank', asked);
    expect([none.status, none.headers.get('x-lpa-code')]).toEqual([404, 'operation_not_supported']);
    const unknown = await post('/openai/ranker/v1/rerank', { ...asked, model: 'none' });
    expect([unknown.status, ((await unknown.json()) as { error: { code: unknown } }).error.code]).toEqual([404, 'model_not_found']);
    const empty = await post('/openai/ranker/v1/rerank', { ...asked, documents: [] });
    expect([empty.status, ((await empty.json()) as { error: { param: unknown } }).error.param]).toEqual([400, 'documents']);
  });
  test('transparent mode has it, and a key for other models has it nowhere', async () => {
    const before = await tokens();
    const answer = await post('/transparent/ranker/v1/rerank', asked);
    expect([answer.status, ((await answer.json()) as { results: unknown[] }).results.length]).toEqual([200, 3]);
    expect(await tokens()).toBeGreaterThan(before);
    const key = await bench.makeKey({ models: ['other-*'] });
    for (const path of ['/openai/ranker/v1/rerank', '/transparent/ranker/v1/rerank']) {
      const refused = await post(path, asked, { authorization: `Bearer ${key}` });
      expect([refused.status, refused.headers.get('x-lpa-code')]).toEqual([403, 'model_not_allowed']);
    }
  });
});
