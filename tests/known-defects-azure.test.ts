import type { AzureSimulator } from '@llm-proxy-auth/simulators';
import OpenAI, { toFile } from 'openai';
import OpenAI6 from 'openai6';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways.
type Fields = Record<string, unknown>;
const messages = [{ role: 'user' as const, content: 'Hello' }];
const COHERE = 'Cohere-embed-v3-english';

let bench: Bench;
let simulator: AzureSimulator;
beforeAll(async () => {
  bench = await openBench({
    vendor: 'azure',
    plugins: ['@llm-proxy-auth/dialect-anthropic'],
    instances: (url) => ({
      dated: { provider: 'azure', endpoint: url, apiVersion: '2025-04-01-preview', apiKey: PROVIDER_KEY, insecureUpstream: true },
      older: { provider: 'azure', endpoint: url, apiVersion: '2023-05-15', apiKey: PROVIDER_KEY, insecureUpstream: true },
      ga: { provider: 'azure', endpoint: url, apiVersion: '2024-10-21', apiKey: PROVIDER_KEY, insecureUpstream: true },
      inference: { provider: 'azure', endpoint: `${url}/models`, apiKey: PROVIDER_KEY, insecureUpstream: true },
      front: { provider: 'azure', endpoint: `${url}/apim/llm`, apiKey: PROVIDER_KEY, apiKeyHeader: 'ocp-apim-subscription-key', insecureUpstream: true },
      nobody: {
        provider: 'azure',
        endpoint: url,
        credentials: { type: 'workload-identity', tenantId: 't', clientId: 'c', tokenFile: '/nowhere/token' },
        insecureUpstream: true,
      },
    }),
    sections: { retry: { attempts: 1 } },
  });
  simulator = bench.simulator as AzureSimulator;
});
afterEach(() => simulator.clear());
afterAll(() => bench.close());

const client = (instance = 'main', Sdk: typeof OpenAI = OpenAI): OpenAI =>
  new Sdk({ baseURL: `${bench.url}/openai/${instance}/v1`, apiKey: bench.key, maxRetries: 0 });
const post = (body: Fields, path = 'chat/completions', instance = 'main'): Promise<Response> =>
  fetch(`${bench.url}/openai/${instance}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', ...body }),
  });
const streamed = async (body: Fields = {}): Promise<{ readonly text: string; readonly chunks: readonly Fields[] }> => {
  const text = await (await post({ messages, stream: true, ...body })).text();
  return { text, chunks: payloads(text) as readonly Fields[] };
};
/** The latest body that reached Azure. */
const sent = (): Fields => (simulator.requests.at(-1)?.json() ?? {}) as Fields;
const choicesOf = (chunk: Fields): readonly Fields[] => chunk.choices as readonly Fields[];
const chunk = (choice: object | undefined, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o', choices: choice === undefined ? [] : [{ index: 0, ...choice }], ...more })}\n\n`;
const opening = chunk({ delta: { role: 'assistant', content: 'a' }, finish_reason: null });
const ending = chunk({ delta: {}, finish_reason: 'stop' });
const script = (text: string, more: object = {}): void =>
  void simulator.script({ status: 200, body: text, headers: { 'content-type': 'text/event-stream' }, ...more });
const thrown = async (work: PromiseLike<unknown>): Promise<Fields> => {
  try {
    await work;
  } catch (cause) {
    return cause as Fields;
  }
  throw new Error('the call succeeded');
};

describe('filters', () => {
  test('LangChain, LlamaIndex, Pydantic AI: the first chunk has no choice, and clients that look at choices[0] crash', async () => {
    for (const { choices } of (await streamed()).chunks) expect(choices).toHaveLength(1);
    const { chunks } = await streamed({ stream_options: { include_usage: true } });
    expect(chunks.filter((one) => choicesOf(one).length === 0)).toMatchObject([{ usage: { total_tokens: expect.any(Number) } }]);
    expect(chunks.findLast((one) => choicesOf(one).length > 0)).toMatchObject({ prompt_filter_results: [{ prompt_index: 0 }] });
  });
  test('uezo: chunks of a filter that is late have no delta, and come behind the end', async () => {
    const late = (reason: string | null): string =>
      `data: ${JSON.stringify({ id: '', object: '', created: 0, model: '', choices: [{ index: 0, finish_reason: reason, content_filter_results: { hate: { filtered: reason !== null } } }] })}\n\n`;
    script(`${opening}${late(null)}${ending}${late('content_filter')}data: [DONE]\n\n`);
    const { chunks, text } = await streamed();
    for (const one of chunks) for (const choice of choicesOf(one)) expect([one.id, typeof choice.delta]).toEqual(['c', 'object']);
    expect(chunks.flatMap((one) => choicesOf(one).flatMap(({ finish_reason: reason }) => reason ?? []))).toEqual(['content_filter']);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });
  test('llmgateway: a prompt that the filter does not let in is the caller’s error, and nothing against the resource', async () => {
    for (let i = 0; i < 6; i++) {
      const error = await thrown(client().chat.completions.create({ model: 'gpt-4o', messages: [{ role: 'user', content: 'a forbidden prompt' }] }));
      expect(error).toMatchObject({
        status: 400,
        code: 'content_filter',
        type: 'invalid_request_error',
        error: { innererror: { code: 'ResponsibleAIPolicyViolation' } },
      });
    }
    expect(simulator.requests).toHaveLength(6);
    expect((await client().chat.completions.create({ model: 'gpt-4o', messages })).choices[0]?.message.content).toBe('You said: Hello');
  });
  test('the same for a stream: a status, not an event', async () => {
    expect((await post({ messages: [{ role: 'user', content: 'a forbidden prompt' }], stream: true })).status).toBe(400);
  });
  test('Bifrost: what comes behind response.failed holds the reason, and is kept', async () => {
    const response = { id: 'resp_1', object: 'response', status: 'failed', output: [], error: { code: 'server_error', message: 'failed' } };
    const frame = (type: string, more: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
    script(
      [
        frame('response.created', { sequence_number: 0, response: { ...response, status: 'in_progress', error: null } }),
        frame('response.output_text.delta', { sequence_number: 1, item_id: 'm', output_index: 0, content_index: 0, delta: 'a' }),
        frame('response.failed', { sequence_number: 2, response }),
        frame('error', { sequence_number: 3, code: 'content_filter', message: 'The response was filtered.', param: null }),
      ].join(''),
    );
    const text = await (await post({ input: 'Hello', stream: true }, 'responses')).text();
    expect(text.indexOf('"content_filter"')).toBeGreaterThan(text.indexOf('response.failed'));
  });
  test('evalscope: an error under status 200 is an error', async () => {
    const body = { error: { message: 'The response was filtered', type: null, param: 'prompt', code: 'content_filter', status: 400 } };
    simulator.script({ body });
    expect(await thrown(client().chat.completions.create({ model: 'gpt-4o', messages }))).toMatchObject({ status: 400, code: 'content_filter' });
  });
});

describe('streams', () => {
  test('OmniRoute: an error among the chunks is no empty success', async () => {
    const frame = 'data: {"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}\n\n';
    simulator.script({ endWith: { after: 4, frame }, delayChunk: 10 });
    const { text } = await streamed();
    expect(text).not.toContain('[DONE]');
    expect(text).not.toMatch(/"finish_reason":"/);
    expect(payloads(text).at(-1)).toMatchObject({ error: { message: expect.any(String) } });
  });
  test.each(['', ending.slice(0, 20)])('any-llm and others: a stream that breaks off ends with an error (%j)', async (tail) => {
    script(opening + tail, { delayChunk: 5 });
    const { text } = await streamed();
    expect(text).not.toContain('[DONE]');
    expect(payloads(text).at(-1)).toMatchObject({ error: { code: expect.stringMatching(/^upstream_(?:stream_truncated|bad_response)$/) } });
  });
  test('OmniRoute, Portkey, ATOM: usage is counted in whatever chunk it comes', async () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 };
    for (const last of [chunk({ delta: {} }, { usage }), chunk(undefined, { usage })]) {
      script(`${opening}${ending}${last}data: [DONE]\n\n`);
      const { chunks } = await streamed({ stream_options: { include_usage: true } });
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage });
    }
  });
  test('apfel, quotio, gittensor: usage that nobody asked for is not shown', async () => {
    const { text } = await streamed();
    expect(text).not.toContain('"usage"');
    expect(sent().stream_options).toEqual({ include_usage: true });
  });
  test('griptape: an older version is not asked for usage, which it refuses', async () => {
    const answer = await post(
      { messages: [{ role: 'developer', content: 'be brief' }, ...messages], stream: true, max_completion_tokens: 50 },
      'chat/completions',
      'older',
    );
    expect([answer.status, (await answer.text()).endsWith('data: [DONE]\n\n')]).toEqual([200, true]);
    const { stream_options, max_tokens, messages: turns } = sent();
    expect([stream_options, max_tokens, (turns as Fields[])[0]?.role]).toEqual([undefined, 50, 'system']);
  });
});

/** Without what the stand-in says of its limits by itself. */
const NO_LIMITS = Object.fromEntries(
  ['limit', 'remaining', 'reset', 'renewalperiod'].flatMap((what) => ['requests', 'tokens'].map((of) => [`x-ratelimit-${what}-${of}`, undefined])),
);

describe('errors', () => {
  test('LiteLLM: the text of an error is Azure’s, without the gateway’s own words around it', async () => {
    simulator.script({ status: 429, times: 9, headers: { 'retry-after': '1' } });
    const error = await thrown(client().chat.completions.create({ model: 'gpt-4o', messages }));
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(String((error.error as Fields).message)).toMatch(/^Requests to the ChatCompletions_Create Operation/);
  });
  test('ayunis, openai-python: a limit that says only when its tokens are back is told as a wait', async () => {
    const limit = { status: 429, body: { error: { code: '429', message: 'Too many requests.' } }, headers: { ...NO_LIMITS, 'x-ratelimit-reset-tokens': '55' } };
    simulator.script({ ...limit, times: 9 });
    const answer = await post({ messages });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '55']);
  });
  test('a wait of a day is told, and that trying again is useless', async () => {
    simulator.script({ status: 429, times: 9, body: { error: { code: '429', message: 'Please retry after 86400 seconds.' } } });
    const answer = await post({ messages });
    expect([answer.headers.get('retry-after'), answer.headers.get('x-should-retry')]).toEqual(['86400', 'false']);
  });
  test('a deployment that is none is a model that is none', async () => {
    expect(await thrown(client().chat.completions.create({ model: 'nowhere', messages }))).toBeInstanceOf(OpenAI.NotFoundError);
    expect(await thrown(client('dated').chat.completions.create({ model: 'nowhere', messages }))).toMatchObject({ status: 404, code: 'model_not_found' });
  });
  test('the address of the resource is in no error', async () => {
    simulator.script({ status: 400, body: { error: { code: 'BadRequest', message: 'Call https://acme.openai.azure.com/openai/deployments/secret failed' } } });
    expect(await (await post({ messages })).text()).not.toContain('acme');
  });
});

describe('requests', () => {
  test('LiteLLM: models that reason are sent no temperature, whatever dialect asks', async () => {
    const answer = await fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'gpt-5', max_tokens: 500, temperature: 0.2, messages }),
    });
    expect(answer.status).toBe(200);
    expect(sent()).not.toHaveProperty('temperature');
    expect(answer.headers.get('x-lpa-fidelity')).toContain('temperature');
  });
  test('Envoy: a deployment is one segment of the path, whatever its name', async () => {
    await thrown(client('dated').chat.completions.create({ model: 'my dep/1?x#y', messages }));
    expect(simulator.requests.at(-1)?.target).toBe('/openai/deployments/my%20dep%2F1%3Fx%23y/chat/completions?api-version=2025-04-01-preview');
  });
  test('Envoy: chat goes through v1 without a version, responses beside the deployments', async () => {
    await client().chat.completions.create({ model: 'gpt-4o', messages });
    await client('dated').responses.create({ model: 'gpt-4o', input: 'Hello' });
    expect(simulator.requests.map(({ target }) => target)).toEqual(['/openai/v1/chat/completions', '/openai/responses?api-version=2025-04-01-preview']);
  });
  test.each(['older', 'ga', 'inference'])('what has no Responses answers them through chat: %s', async (instance) => {
    const input = { model: 'gpt-4o', instructions: 'Be brief.', input: 'Hello' };
    const response = await client(instance).responses.create(input);
    expect([response.status, response.output_text]).toEqual(['completed', 'You said: Hello']);
    expect(simulator.requests.at(-1)?.path).toMatch(/\/chat\/completions$/);
    expect((await client(instance).responses.stream(input).finalResponse()).output_text).toBe('You said: Hello');
    expect(await thrown(client(instance).responses.create({ ...input, previous_response_id: 'resp_1' }))).toMatchObject({
      status: 400,
      param: 'previous_response_id',
    });
  });
  test('an effort that another dialect asks for does not reach a version that refuses it', async () => {
    const answer = await fetch(`${bench.url}/anthropic/ga/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'gpt-5', max_tokens: 5000, thinking: { type: 'enabled', budget_tokens: 2000 }, messages }),
    });
    expect([answer.status, sent().reasoning_effort]).toEqual([200, undefined]);
    expect(answer.headers.get('x-lpa-fidelity')).toContain('ignored=thinking');
  });
  test('Portkey: any host and prefix will do, and API Management gets its own header', async () => {
    await thrown(client('front').chat.completions.create({ model: 'gpt-4o', messages }));
    const last = simulator.requests.at(-1);
    expect([last?.path, last?.header('ocp-apim-subscription-key'), last?.header('api-key')]).toEqual([
      '/apim/llm/openai/v1/chat/completions',
      PROVIDER_KEY,
      undefined,
    ]);
  });
  test('Portkey: without a token nothing is sent, least of all "Bearer undefined"', async () => {
    expect(await thrown(client('nobody').chat.completions.create({ model: 'gpt-4o', messages }))).toMatchObject({ status: 503 });
    expect(simulator.requests).toEqual([]);
  });
  test('Portkey: forms keep their boundary, with the model of the path', async () => {
    const file = await toFile(Buffer.alloc(2_000, 7), 'a.wav');
    expect((await client('dated').audio.transcriptions.create({ file, model: 'whisper-1' })).text).toContain('2000 bytes');
    const last = simulator.requests.at(-1);
    expect(last?.header('content-type')).toMatch(/^multipart\/form-data; boundary=/);
    expect(last?.path).toBe('/openai/deployments/whisper-1/audio/transcriptions');
  });
  test.each([
    ['openai 7', OpenAI],
    ['openai 6', OpenAI6 as unknown as typeof OpenAI],
  ])('LiteLLM: vectors of others’ models are base64 when that was asked for (%s)', async (_version, Sdk) => {
    const asked = { model: COHERE, input: ['a', 'b'] };
    const [first] = (await client('main', Sdk).embeddings.create(asked)).data;
    const [plain] = (await client('main', Sdk).embeddings.create({ ...asked, encoding_format: 'float' })).data;
    expect(first?.embedding).toHaveLength(1024);
    for (const [i, value] of (plain?.embedding ?? []).entries()) expect(first?.embedding[i]).toBeCloseTo(value, 6);
  });
});
