import Anthropic from '@anthropic-ai/sdk';
import { anthropicErrorEvent } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callsOf, PDF, PIXEL, place, sdks, textOf, time, user, weather } from './support/anthropic-client.ts';
import { type Bench, openBench } from './support/gateway.ts';

const model = 'claude-sonnet-4-6';
const resultsFor = (answer: Anthropic.Message, text = 'snow'): Anthropic.MessageParam => ({
  role: 'user',
  content: callsOf(answer).map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: text })),
});
const thrown = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );

describe.each([
  ['protocol mode, bytes passing', 'anthropic', true],
  ['protocol mode, translated', 'anthropic', false],
  ['transparent mode', 'transparent', true],
] as const)('an unmodified Anthropic SDK to Anthropic in %s', (_title, mode, pass) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', pass, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  describe.each(sdks)('%s', (_sdk, Sdk) => {
    const client = (options: object = {}) => new Sdk({ baseURL: `${bench.url}/${mode}/main`, apiKey: bench.key, maxRetries: 0, ...options });
    const create = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>, options: object = {}) =>
      client(options).messages.create({ model, max_tokens: 200, messages: user('Hello'), ...more });
    const streamed = (more: Partial<Anthropic.MessageCreateParamsNonStreaming>) =>
      client().messages.stream({ model, max_tokens: 200, messages: user('Hello'), ...more });

    test('text, with the key swapped and nothing of ours sent on', async () => {
      const answer = await create({ system: 'Be kind.' });
      expect([textOf(answer), answer.stop_reason, answer.model]).toEqual(['You said: Hello', 'end_turn', model]);
      const sent = bench.simulator.requests.at(-1);
      expect(sent?.header('x-api-key')).toMatch(/^sk-provider-canary/);
      expect(sent?.headers.flat().join('\n')).not.toContain(bench.key);
    });

    test('a stream, by events and by the helper', async () => {
      const types: string[] = [];
      for await (const event of await client().messages.create({ model, max_tokens: 200, messages: user('Hello'), stream: true })) types.push(event.type);
      expect([types[0], types.at(-1)]).toEqual(['message_start', 'message_stop']);
      const final = await streamed({}).finalMessage();
      expect([textOf(final), final.stop_reason]).toEqual(['You said: Hello', 'end_turn']);
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
        const next = await create({ messages: [...messages, { role: 'assistant', content: answer.content }, resultsFor(answer)], tools });
        expect(textOf(next)).toBe('The tool said: snow\nsnow');
      }
    });

    test('a forced tool', async () => {
      const answer = await create({ tools: [weather, time], tool_choice: { type: 'tool', name: 'get_time' } });
      expect(callsOf(answer).map(({ name }) => name)).toEqual(['get_time']);
    });

    test('an image and a document', async () => {
      const content: Anthropic.ContentBlockParam[] = [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        { type: 'document', title: 'a.pdf', source: { type: 'base64', media_type: 'application/pdf', data: PDF } },
        { type: 'text', text: 'What is this?' },
      ];
      expect(textOf(await create({ messages: user(content) }))).toBe('You said: What is this? [image, document]');
    });

    test('structured output', async () => {
      const answer = await create({ output_config: { format: { type: 'json_schema', schema: place } } });
      expect(JSON.parse(textOf(answer))).toEqual({ city: 'text' });
    });

    test('thinking with its signature through a tool loop: the stand-in refuses one that is not its own', async () => {
      const messages = user('call get_time');
      const more = { max_tokens: 2000, tools: [time], thinking: { type: 'enabled' as const, budget_tokens: 1024 } };
      for (const answer of [await create({ ...more, messages }), await streamed({ ...more, messages }).finalMessage()]) {
        expect(answer.content.map(({ type }) => type)).toEqual(['thinking', 'tool_use']);
        const next = await create({ ...more, messages: [...messages, { role: 'assistant', content: answer.content }, resultsFor(answer)] });
        expect(textOf(next)).toBe('The tool said: snow');
        const content = answer.content.map((block) => (block.type === 'thinking' ? { ...block, signature: 'AAAA' } : block));
        expect(await thrown(create({ ...more, messages: [...messages, { role: 'assistant', content }, resultsFor(answer)] }))).toMatchObject({ status: 400 });
      }
    });

    test('thinking bound to the conversation survives two turns', async () => {
      const messages: Anthropic.MessageParam[] = user('call get_time');
      const newest = { model: 'claude-opus-5-5', max_tokens: 2000, tools: [time], system: 'Be kind.' };
      const first = await create({ ...newest, messages });
      messages.push({ role: 'assistant', content: first.content }, resultsFor(first));
      const second = await create({ ...newest, messages });
      messages.push({ role: 'assistant', content: second.content }, ...user('And now?'));
      expect(textOf(await create({ ...newest, messages }))).toBe('You said: And now?');
    });

    test('cache usage', async () => {
      const text = Array.from({ length: 1300 }, (_, index) => `${mode}${pass}${Sdk === Anthropic ? 1 : 0}fact${index}`).join(' ');
      const system: Anthropic.TextBlockParam[] = [{ type: 'text', text, cache_control: { type: 'ephemeral' } }];
      const first = await create({ system });
      const second = await streamed({ system }).finalMessage();
      expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(1300);
      expect([second.usage.cache_read_input_tokens, second.usage.input_tokens]).toEqual([first.usage.cache_creation_input_tokens, first.usage.input_tokens]);
    });

    test.each([
      ['max_tokens', { max_tokens: 2 }, 'write 9 words'],
      ['stop_sequence', { stop_sequences: [' word3'] }, 'write 9 words'],
      ['refusal', {}, 'please refuse'],
    ])('stop reason %s', async (reason, more, asked) => {
      const answer = await create({ ...more, messages: user(asked) });
      expect([answer.stop_reason, answer.stop_sequence]).toEqual([reason, reason === 'stop_sequence' ? ' word3' : null]);
    });

    test('errors of the service keep class, type and sentence', async () => {
      const unknown = await thrown(create({ model: 'claude-none' }));
      expect((unknown as Error).constructor.name).toBe('NotFoundError');
      expect(unknown).toMatchObject({ status: 404, error: { type: 'error', error: { type: 'not_found_error', message: 'model: claude-none' } } });
      expect(await thrown(create({ max_tokens: 200_001 }, { timeout: 60_000 }))).toMatchObject({
        status: 400,
        error: { error: { type: 'invalid_request_error' } },
      });
    });

    // In protocol mode the status is that of the gateway's own code.
    test('an overload is tried again by the SDK and has the type of the service', async () => {
      bench.simulator.script({ status: 529, headers: { 'retry-after-ms': '1' } });
      expect(textOf(await create({}, { maxRetries: 1 }))).toBe('You said: Hello');
      bench.simulator.script({ status: 529 });
      expect(await thrown(create({}))).toMatchObject({ status: mode === 'transparent' ? 529 : 503, error: { error: { type: 'overloaded_error' } } });
    });

    test('an overload within a stream is an error of the stream, not its end', async () => {
      bench.simulator.script({ endWith: { after: 4, frame: anthropicErrorEvent(529) } });
      expect(await thrown(streamed({}).finalMessage())).toMatchObject({ error: { error: { type: 'overloaded_error' } } });
    });

    test('a cut is no clean end', async () => {
      bench.simulator.script({ cut: { at: 900, how: 'rst' } });
      expect(await thrown(streamed({ messages: user('write 90 words') }).finalMessage())).toBeInstanceOf(Error);
    });

    test('token counts and models', async () => {
      const { input_tokens: counted } = await client().messages.countTokens({ model, messages: user('Hello'), tools: [weather] });
      expect(counted).toBe((await create({ tools: [weather] })).usage.input_tokens);
      const ids: string[] = [];
      for await (const { id } of client().models.list({ limit: 1000 })) ids.push(id);
      expect(ids).toContain(model);
      expect((await client().models.retrieve(model)).id).toBe(model);
    });

    // Whose shape a transparent path has is told only to those who are known.
    test('a wrong key of ours is refused as the SDK expects it', async () => {
      const error = await thrown(create({}, { apiKey: 'lpa_wrong' }));
      expect((error as Error).constructor.name).toBe('AuthenticationError');
      expect(error).toMatchObject({ status: 401, error: { ...(mode === 'transparent' ? {} : { type: 'error' }), error: { type: 'authentication_error' } } });
    });
  });
});
