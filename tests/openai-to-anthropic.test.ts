import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { type Message, type Params, PDF, PIXEL, place, sdks, time, user, weather } from './support/openai-client.ts';

const model = 'claude-sonnet-4-6';
describe('an unmodified OpenAI SDK to Anthropic', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const lastSent = (): Record<string, unknown> => bench.simulator.requests.at(-1)?.json() as Record<string, unknown>;

  describe.each(sdks)('%s', (_sdk, Sdk) => {
    const client = () => new Sdk({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const create = (more: Partial<Params>) => client().chat.completions.create({ model, messages: user('Hello'), ...more });

    test('chat, with a system message and a limit', async () => {
      const answer = await create({ messages: [{ role: 'system', content: 'Be kind.' }, ...user('Hello')], max_completion_tokens: 50 });
      expect(answer).toMatchObject({
        object: 'chat.completion',
        model,
        choices: [{ message: { role: 'assistant', content: 'You said: Hello' }, finish_reason: 'stop' }],
      });
      const { usage } = answer;
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
      expect(lastSent()).toMatchObject({ max_tokens: 50, system: [{ type: 'text', text: 'Be kind.' }] });
    });

    test('without a limit there is still one, as Anthropic wants it', async () => {
      await create({});
      expect(lastSent().max_tokens).toBeGreaterThan(1000);
    });

    test('a stream with usage', async () => {
      const stream = await client().chat.completions.create({ model, messages: user('Hello'), stream: true, stream_options: { include_usage: true } });
      let text = '';
      let last: OpenAI.Chat.ChatCompletionChunk | undefined;
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? '';
        last = chunk;
      }
      expect(text).toBe('You said: Hello');
      expect([last?.choices, (last?.usage?.total_tokens ?? 0) > 0]).toEqual([[], true]);
    });

    test.each([false, true])('two parallel tools and the loop, streamed: %s', async (streaming) => {
      const messages = user('call get_weather with {"city":"Oslo"} and get_time');
      const tools = [weather, time];
      const first = streaming
        ? (await client().chat.completions.stream({ model, messages, tools }).finalChatCompletion()).choices[0]
        : (await create({ messages, tools })).choices[0];
      expect(first?.finish_reason).toBe('tool_calls');
      const calls = (first?.message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call] : []));
      expect(calls.map(({ function: { name, arguments: input } }) => [name, JSON.parse(input)])).toEqual([
        ['get_weather', { city: 'Oslo' }],
        ['get_time', {}],
      ]);
      const results = calls.map(({ id }): Message => ({ role: 'tool', tool_call_id: id, content: 'snow' })).toReversed();
      const answer = await create({ messages: [...messages, { role: 'assistant', content: null, tool_calls: calls }, ...results], tools });
      expect(answer.choices[0]?.message.content).toBe('The tool said: snow\nsnow');
    });

    test('runTools', async () => {
      const seen: unknown[] = [];
      const runner = client().chat.completions.runTools({
        model,
        messages: user('call get_weather with {"city":"Oslo"}'),
        tools: [
          {
            type: 'function',
            function: {
              name: 'get_weather',
              description: 'weather',
              parameters: { type: 'object', properties: { city: { type: 'string' } } },
              parse: JSON.parse,
              function: (input: object) => {
                seen.push(input);
                return 'sunny';
              },
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe('The tool said: sunny');
      expect(seen).toEqual([{ city: 'Oslo' }]);
    });

    test('a forced tool, one at a time, and none', async () => {
      const forced = await create({ tools: [weather, time], tool_choice: { type: 'function', function: { name: 'get_time' } } });
      expect(forced.choices[0]?.message.tool_calls).toHaveLength(1);
      const one = await create({ messages: user('call get_weather and get_time'), tools: [weather, time], parallel_tool_calls: false });
      expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
      const none = await create({ messages: user('call get_time'), tools: [time], tool_choice: 'none' });
      expect(none.choices[0]?.message.content).toBe('You said: call get_time');
    });

    test('vision and a document', async () => {
      const content: OpenAI.Chat.ChatCompletionContentPart[] = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url: PIXEL } },
        { type: 'file', file: { filename: 'a.pdf', file_data: PDF } },
      ];
      const answer = await create({ messages: [{ role: 'user', content }] });
      expect(answer.choices[0]?.message.content).toBe('You said: What is this? [image, document]');
    });

    test('json_schema', async () => {
      const answer = await create({ response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } } });
      expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: 'text' });
    });

    test('reasoning, and a tool loop behind it', async () => {
      const messages = user('call get_time');
      const more = { tools: [time], reasoning_effort: 'high' as const, max_completion_tokens: 4000 };
      const first = await create({ ...more, messages });
      expect(first.usage?.completion_tokens_details?.reasoning_tokens).toBe(64);
      const message = first.choices[0]?.message;
      const calls = message?.tool_calls ?? [];
      if (message === undefined) throw new Error('No message');
      const answer = await create({ ...more, messages: [...messages, message, { role: 'tool', tool_call_id: calls[0]?.id ?? '', content: 'noon' }] });
      expect(answer.choices[0]?.message.content).toBe('The tool said: noon');
    });

    test.each([
      ['length', { max_completion_tokens: 2 }, 'write 9 words'],
      ['stop', { stop: [' word3'] }, 'write 9 words'],
      ['content_filter', {}, 'please refuse'],
    ])('finish reason %s', async (reason, more, asked) => {
      expect((await create({ ...more, messages: user(asked) })).choices[0]?.finish_reason).toBe(reason);
    });

    test('what Anthropic cannot take is told, not dropped in silence', async () => {
      const { response } = await client()
        .chat.completions.create({ model, messages: user('Hello'), logit_bias: { '1': 1 }, seed: 7, temperature: 0.4 })
        .withResponse();
      expect(response.headers.get('x-lpa-fidelity')).toMatch(/logit_bias/);
      expect(response.headers.get('x-lpa-fidelity')).toMatch(/seed/);
      expect(lastSent()).toMatchObject({ temperature: 0.4 });
    });

    test('what Anthropic says of its limits, in the headers of OpenAI', async () => {
      const limits = {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '7',
        'anthropic-ratelimit-requests-reset': new Date(Date.now() - 1000).toISOString(),
        'anthropic-ratelimit-tokens-reset': 'soon',
      };
      const told = (headers: Headers | undefined) => ['limit', 'remaining', 'reset'].map((name) => headers?.get(`x-ratelimit-${name}-requests`));
      for (const stream of [false, true]) {
        bench.simulator.script({ headers: limits });
        const { response } = await client()
          .chat.completions.create({ model, messages: user('Hello'), stream })
          .withResponse();
        await response.body?.cancel().catch(() => undefined);
        expect([...told(response.headers), response.headers.get('x-ratelimit-limit-tokens')]).toEqual(['50', '7', '0s', null]);
      }
      bench.simulator.script({ status: 429, headers: limits });
      const refused = (await create({}).catch((cause: unknown) => cause)) as { readonly headers?: Headers };
      expect(told(refused.headers)).toEqual(['50', '7', '0s']);
    });

    test('errors in the words of OpenAI', async () => {
      for (const [status, name] of [
        [429, 'RateLimitError'],
        [529, 'InternalServerError'],
      ] as const) {
        bench.simulator.script({ status });
        const error = await create({}).catch((cause: unknown) => cause);
        expect((error as Error).constructor.name).toBe(name);
      }
      const unknown = await create({ model: 'claude-none' }).catch((cause: unknown) => cause);
      expect(unknown).toMatchObject({ status: 404 });
    });
  });
});

describe('an account that is asked in the newer version of the API', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', main: { version: '2026-10-21' }, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test.each(sdks)('is spared the sampling that it refuses of every model: %s', async (_sdk, Sdk) => {
    const client = new Sdk({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const asked = { model: 'claude-sonnet-4-6', messages: user('Hello'), temperature: 0.4, top_p: 1 };
    const { data, response } = await client.chat.completions.create(asked).withResponse();
    expect(data.choices[0]?.message.content).toBe('You said: Hello');
    expect(response.headers.get('x-lpa-fidelity')).toContain('ignored=temperature');
    expect(bench.simulator.requests.at(-1)?.header('anthropic-version')).toBe('2026-10-21');
  });
});
