import { AzureOpenAI } from 'openai';
import { zodFunction, zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { AzureOpenAI as AzureOpenAI6 } from 'openai6';
import * as zod6 from 'openai6/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { all, chat, counting, lastSent, MODEL, sdks, thrown, user } from './support/conformance.ts';
import { type Bench, openBench } from './support/gateway.ts';

const Place = z.object({ city: z.string(), days: z.number().int() });
const kits = {
  'openai 7': { Azure: AzureOpenAI, zodFunction, zodResponseFormat, zodTextFormat },
  'openai 6': { ...zod6, Azure: AzureOpenAI6 } as unknown as { Azure: typeof AzureOpenAI } & Pick<
    typeof import('openai/helpers/zod'),
    'zodFunction' | 'zodResponseFormat' | 'zodTextFormat'
  >,
};
const PIXEL = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.each(['protocol', 'transparent'] as const)('an unmodified SDK in %s mode', (mode) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({
      sections: {
        retry: { attempts: 1 },
        models: [{ name: 'fast', targets: [{ instance: 'main', model: MODEL }] }],
      },
    });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each(sdks)('%s', (sdk, Sdk) => {
    const kit = kits[sdk];
    const base = () => (mode === 'protocol' ? `${bench.url}/openai/main/v1` : `${bench.url}/transparent/main/v1`);
    const client = (options: object = {}) => new Sdk({ baseURL: base(), apiKey: bench.key, maxRetries: 0, ...options });

    test('chat', async () => {
      const answer = await client().chat.completions.create(chat('Hello'));
      expect(answer.choices[0]?.message.content).toBe('You said: Hello');
    });

    test('a stream', async () => {
      const chunks = await all(await client().chat.completions.create({ ...chat('Hello'), stream: true, stream_options: { include_usage: true } }));
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('You said: Hello');
      expect(chunks.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    });

    test('the .stream() helper', async () => {
      const deltas: string[] = [];
      const stream = client().chat.completions.stream(chat('Hello'));
      stream.on('content', (delta) => deltas.push(delta));
      const final = await stream.finalChatCompletion();
      expect([deltas.join(''), final.choices[0]?.finish_reason]).toEqual(['You said: Hello', 'stop']);
    });

    test.each([false, true])('the runTools loop, streaming: %s', async (streaming) => {
      const inputs: unknown[] = [];
      const tool = kit.zodFunction({
        name: 'get_weather',
        parameters: Place,
        function: (input) => {
          inputs.push(input);
          return 'sunny';
        },
      });
      const body = { ...chat('call get_weather with {"city":"Oslo","days":2}'), tools: [tool] };
      const runner = streaming ? client().chat.completions.runTools({ ...body, stream: true }) : client().chat.completions.runTools(body);
      expect(await runner.finalContent()).toBe('The tool said: sunny');
      expect(inputs).toEqual([{ city: 'Oslo', days: 2 }]);
    });

    test('.parse() with a schema', async () => {
      const answer = await client().chat.completions.parse({ ...chat('a place'), response_format: kit.zodResponseFormat(Place, 'place') });
      expect(Place.parse(answer.choices[0]?.message.parsed)).toEqual(answer.choices[0]?.message.parsed);
    });

    test('vision', async () => {
      const content = [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url: PIXEL, detail: 'low' as const } },
      ];
      const answer = await client().chat.completions.create({ model: MODEL, messages: [{ role: 'user', content }] });
      expect(answer.choices[0]?.message.content).toBe('You said: What is this? [image]');
    });

    test('embeddings', async () => {
      const answer = await client().embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] });
      expect(answer.data.map(({ embedding }) => embedding.length)).toEqual([1536, 1536]);
      expect(Math.hypot(...(answer.data[0]?.embedding ?? []))).toBeCloseTo(1, 4);
    });

    test('responses, whole, streamed and parsed', async () => {
      const { responses } = client();
      expect((await responses.create({ model: MODEL, input: 'Hello' })).output_text).toBe('You said: Hello');
      expect((await responses.stream({ model: MODEL, input: 'Hello' }).finalResponse()).output_text).toBe('You said: Hello');
      const parsed = await responses.parse({ model: MODEL, input: 'a place', text: { format: kit.zodTextFormat(Place, 'place') } });
      expect(Place.parse(parsed.output_parsed)).toEqual(parsed.output_parsed);
    });

    test('errors are of the right class', async () => {
      const seen = async (options: object, body: object) => {
        const error = await thrown(client(options).chat.completions.create({ ...chat('x'), ...body, stream: false }));
        return [error.constructor, error.status, error.code];
      };
      expect(await seen({ apiKey: 'sk-wrong' }, {})).toEqual([Sdk.AuthenticationError, 401, 'invalid_api_key']);
      expect(await seen({}, { model: 'no-such-model' })).toEqual([Sdk.NotFoundError, 404, 'model_not_found']);
      expect(await seen({}, { temperature: 7 })).toEqual([Sdk.BadRequestError, 400, expect.anything()]);
      bench.simulator.script({ status: 429 });
      expect(await seen({}, {})).toEqual([Sdk.RateLimitError, 429, expect.anything()]);
      bench.simulator.script({ status: 503 });
      expect((await seen({}, {})).slice(0, 2)).toEqual([Sdk.InternalServerError, 503]);
      expect(await seen({ baseURL: 'http://127.0.0.1:1/v1' }, {})).toEqual([Sdk.APIConnectionError, undefined, undefined]);
      bench.simulator.script({ delayHead: 2_000 });
      expect(await seen({ timeout: 100 }, {})).toEqual([Sdk.APIConnectionTimeoutError, undefined, undefined]);
    });

    test('retries', async () => {
      bench.simulator.script({ status: 503, headers: { 'retry-after-ms': '5' }, times: 2 });
      const { fetch, retryCounts } = counting();
      const answer = await client({ fetch, maxRetries: 2 }).chat.completions.create(chat('Hello'));
      expect([answer.choices[0]?.message.content, retryCounts]).toEqual(['You said: Hello', ['0', '1', '2']]);
    });

    test('abort', async () => {
      const { promise: until, resolve: go } = Promise.withResolvers<void>();
      bench.simulator.script({ holdHead: until });
      const control = new AbortController();
      const waiting = thrown(client().chat.completions.create(chat('abort me'), { signal: control.signal }));
      await bench.simulator.waitForRequest((request) => request.body.includes('abort me'));
      control.abort();
      expect((await waiting).constructor).toBe(Sdk.APIUserAbortError);
      expect((await bench.simulator.waitForAbort()).progress).toBe('waiting');
      go();
    });
  });
});

describe.each(sdks)('the client for Azure of %s', (sdk, Sdk) => {
  const { Azure } = kits[sdk];
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ sections: { models: [{ name: 'my dep/1', targets: [{ instance: 'main', model: MODEL }] }] } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const options = () => ({ apiKey: bench.key, apiVersion: '2024-10-21', maxRetries: 0 });

  test('reaches every operation that has a deployments path, and those beside it', async () => {
    const azure = new Azure({ baseURL: `${bench.url}/openai/main`, ...options() });
    expect((await azure.chat.completions.create(chat('Hello'))).choices[0]?.message.content).toBe('You said: Hello');
    expect((await azure.embeddings.create({ model: 'text-embedding-3-small', input: 'a' })).data).toHaveLength(1);
    expect((await azure.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'a' })).choices[0]?.text).toBe('You wrote: a');
    expect((await azure.responses.create({ model: MODEL, input: 'Hello' })).output_text).toBe('You said: Hello');
    expect((await all(azure.models.list())).length).toBeGreaterThan(1);
    expect(new Set(bench.simulator.requests.map(({ path }) => path))).toEqual(
      new Set(['/v1/chat/completions', '/v1/embeddings', '/v1/completions', '/v1/responses', '/v1/models']),
    );
  });

  test('finds a deployment among the names of `models:`, a slash in it encoded or not', async () => {
    const azure = new Azure({ endpoint: bench.url, ...options() });
    const answer = await azure.chat.completions.create({ model: 'my dep/1', messages: user('Hello') });
    expect(answer.choices[0]?.message.content).toBe('You said: Hello');
    expect(lastSent(bench).model).toBe(MODEL);
  });

  test('takes the token of a token provider as a key', async () => {
    const azure = new Azure({ endpoint: bench.url, apiVersion: '2024-10-21', maxRetries: 0, azureADTokenProvider: async () => bench.key });
    expect((await azure.chat.completions.create({ model: 'my dep/1', messages: user('Hello') })).choices).toHaveLength(1);
  });

  test('is told of two names for one call', async () => {
    const azure = new Azure({ baseURL: `${bench.url}/openai/main`, deployment: 'gpt-4o', ...options() });
    const error = await thrown(azure.chat.completions.create(chat('Hello')));
    expect(error).toBeInstanceOf(Sdk.BadRequestError);
    expect([error.headers?.get('x-lpa-code'), error.param]).toEqual(['invalid_request', 'model']);
    expect(bench.simulator.requests).toEqual([]);
  });
});
