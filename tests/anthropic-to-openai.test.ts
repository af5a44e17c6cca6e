import type Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callsOf, PDF, PIXEL, place, sdks, textOf, time, user, weather } from './support/anthropic-client.ts';
import { type Bench, openBench } from './support/gateway.ts';

const model = 'gpt-4o-mini';

describe('an unmodified Anthropic SDK to OpenAI', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const lastSent = (): Record<string, unknown> => bench.simulator.requests.at(-1)?.json() as Record<string, unknown>;

  describe.each(sdks)('%s', (_sdk, Sdk) => {
    const client = () => new Sdk({ baseURL: `${bench.url}/anthropic/main`, apiKey: bench.key, maxRetries: 0 });
    const create = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client().messages.create({ model, max_tokens: 200, messages: user('Hello'), ...more });
    const streamed = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client().messages.stream({ model, max_tokens: 200, messages: user('Hello'), ...more });

    test('text, whole and streamed', async () => {
      for (const answer of [await create({ system: 'Be kind.' }), await streamed({ system: 'Be kind.' }).finalMessage()]) {
        expect(answer).toMatchObject({ type: 'message', role: 'assistant', model, stop_reason: 'end_turn', stop_sequence: null });
        expect(textOf(answer)).toBe('You said: Hello');
        expect(answer.usage.input_tokens).toBeGreaterThan(0);
        expect(answer.usage.output_tokens).toBeGreaterThan(0);
      }
      expect(lastSent()).toMatchObject({ messages: [{ content: expect.anything() }, { role: 'user' }] });
    });

    test('thinking that the model shows to nobody is told, unless the client wants none shown', async () => {
      const told = async (display?: 'omitted'): Promise<string> => {
        const thinking = { type: 'enabled' as const, budget_tokens: 2000, ...(display === undefined ? {} : { display }) };
        const { response } = await client()
          .messages.create({ model, max_tokens: 3000, messages: user('Hello'), thinking })
          .withResponse();
        return response.headers.get('x-lpa-fidelity') ?? '';
      };
      expect((await told()).split(',')).toContain('ignored=thinking.display');
      expect(await told('omitted')).not.toContain('display');
    });

    test('a stream has the events of Anthropic in their order', async () => {
      const types: string[] = [];
      for await (const event of await client().messages.create({ model, max_tokens: 200, messages: user('Hello'), stream: true })) types.push(event.type);
      expect(types.filter((type) => type !== 'content_block_delta')).toEqual([
        'message_start',
        'content_block_start',
        'content_block_stop',
        'message_delta',
        'message_stop',
      ]);
    });

    test('two parallel tools and the loop, whole and streamed', async () => {
      const messages = user('call get_weather with {"city":"Oslo"} and get_time');
      const tools = [weather, time];
      for (const answer of [await create({ messages, tools }), await streamed({ messages, tools }).finalMessage()]) {
        expect(answer.stop_reason).toBe('tool_use');
        expect(callsOf(answer).map(({ name, input }) => [name, input])).toEqual([
          ['get_weather', { city: 'Oslo' }],
          ['get_time', {}],
        ]);
        const content = callsOf(answer).map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'snow' }));
        const next = await create({ messages: [...messages, { role: 'assistant', content: answer.content }, { role: 'user', content }], tools });
        expect(textOf(next)).toBe('The tool said: snow');
      }
    });

    test.each([
      ['any', { type: 'any' as const }, ['get_weather']],
      ['one named', { type: 'tool' as const, name: 'get_time' }, ['get_time']],
      ['none', { type: 'none' as const }, []],
    ])('tool choice %s', async (_name, choice, called) => {
      const answer = await create({ tools: [weather, time], tool_choice: choice });
      expect(callsOf(answer).map(({ name }) => name)).toEqual(called);
    });

    test('an image and a document', async () => {
      const content: Anthropic.ContentBlockParam[] = [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
        { type: 'text', text: 'What is this?' },
      ];
      expect(textOf(await create({ messages: user(content) }))).toBe('You said: What is this? [image, file]');
    });

    test('structured output', async () => {
      const answer = await create({ output_config: { format: { type: 'json_schema', schema: place } } });
      expect(JSON.parse(textOf(answer))).toEqual({ city: 'text' });
    });

    test.each([
      ['max_tokens', { max_tokens: 2 }, 'write 9 words'],
      ['end_turn', {}, 'write 9 words'],
      ['refusal', {}, 'trip the filter'],
    ])('stop reason %s', async (reason, more, asked) => {
      expect((await create({ ...more, messages: user(asked) })).stop_reason).toBe(reason);
    });

    test('reasoning is counted, and its effort goes along', async () => {
      const answer = await create({ model: 'gpt-5.1', max_tokens: 2000, output_config: { effort: 'high' } });
      expect([textOf(answer), answer.usage.output_tokens > 64]).toEqual(['You said: Hello', true]);
      expect(lastSent()).toMatchObject({ model: 'gpt-5.1', reasoning_effort: 'high', max_completion_tokens: 2000 });
    });

    test('what OpenAI says of its limits, in the headers of Anthropic', async () => {
      bench.simulator.script({
        headers: { 'x-ratelimit-limit-tokens': '90', 'x-ratelimit-remaining-tokens': '60', 'x-ratelimit-reset-tokens': '1m30s' },
      });
      const { response } = await client()
        .messages.create({ model, max_tokens: 200, messages: user('Hello') })
        .withResponse();
      const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => response.headers.get(`anthropic-ratelimit-tokens-${name}`));
      expect([limit, remaining, Date.parse(reset ?? '') > Date.now()]).toEqual(['90', '60', true]);
    });
    test('errors in the words of Anthropic', async () => {
      const unknown = await create({ model: 'gpt-none' }).catch((cause: unknown) => cause);
      expect((unknown as Error).constructor.name).toBe('NotFoundError');
      expect(unknown).toMatchObject({ status: 404, error: { type: 'error', error: { type: 'not_found_error' } } });
      bench.simulator.script({ status: 429, headers: { 'retry-after': '1' } });
      const limited = await create({}).catch((cause: unknown) => cause);
      expect((limited as Error).constructor.name).toBe('RateLimitError');
      expect(limited).toMatchObject({ error: { error: { type: 'rate_limit_error' } } });
    });

    test('models are listed in the form of Anthropic, and tokens are counted by the input of a response', async () => {
      const ids: string[] = [];
      for await (const { id } of client().models.list()) ids.push(id);
      expect(ids).toContain(model);
      const tools = [
        { name: 'get_weather', description: 'Weather of a city.', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } },
      ];
      const count = async (more: object = {}): Promise<number> =>
        (await client().messages.countTokens({ model, messages: user('Hello'), ...more })).input_tokens;
      const plain = await count();
      expect(plain).toBeGreaterThan(0);
      expect(await count({ system: 'Be brief and kind, and tell nobody.' })).toBeGreaterThan(plain);
      const { data, response } = await client()
        .messages.countTokens({ model, messages: user('Hello'), tools, thinking: { type: 'enabled', budget_tokens: 2000 } })
        .withResponse();
      expect([data.input_tokens >= plain, response.headers.get('x-lpa-fidelity')]).toEqual([true, null]);
      const last = bench.simulator.requests.at(-1);
      expect([last?.path, Object.keys(last?.json() as object).toSorted()]).toEqual(['/v1/responses/input_tokens', ['input', 'model', 'tools']]);
    });
  });
});
