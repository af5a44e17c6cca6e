import { ContentFilterFinishReasonError, LengthFinishReasonError } from 'openai/error';
import type { ChatCompletionTool } from 'openai/resources/chat/completions';
import { describe, expect, test } from 'vitest';
import { key, sdks, useSimulator } from './support.ts';

const simulator = useSimulator({ now: () => 1_790_000_000_000 });
const model = 'gpt-4o-mini';
const user = (content: string) => [{ role: 'user' as const, content }];
const weather: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } }, required: ['city', 'days'] },
  },
};
const time: ChatCompletionTool = { type: 'function', function: { name: 'get_time', parameters: { type: 'object', properties: {} } } };
const city = {
  type: 'object',
  properties: { city: { type: 'string' }, country: { enum: ['FR', 'DE'] } },
  required: ['city', 'country'],
  additionalProperties: false,
};
const format = { type: 'json_schema' as const, json_schema: { name: 'place', strict: true, schema: city } };

describe.each(sdks)('chat with %s', (_name, Sdk) => {
  const client = () => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });

  test('a whole answer has every key, integer usage that adds up, and the id of its request', async () => {
    const answer = await client().chat.completions.create({ model, messages: user('Hello there') });
    expect(answer.choices).toEqual([
      { index: 0, message: { role: 'assistant', content: 'You said: Hello there', refusal: null, annotations: [] }, logprobs: null, finish_reason: 'stop' },
    ]);
    expect(answer).toMatchObject({ object: 'chat.completion', created: 1_790_000_000, model, service_tier: 'default' });
    const { prompt_tokens, completion_tokens, total_tokens } = answer.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    expect(answer._request_id).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test('a stream says what the whole answer says, with usage last', async () => {
    const whole = await client().chat.completions.create({ model, messages: user('Grüße 👋 an alle') });
    const chunks = [];
    for await (const chunk of await client().chat.completions.create({
      model,
      messages: user('Grüße 👋 an alle'),
      stream: true,
      stream_options: { include_usage: true },
    }))
      chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(whole.choices[0]?.message.content);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.filter((chunk) => typeof chunk.choices[0]?.finish_reason === 'string')).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1);
  });

  test('.stream() ends in the whole answer', async () => {
    const stream = client().chat.completions.stream({ model, messages: user('call get_weather and get_time'), tools: [weather, time] });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.finish_reason).toBe('tool_calls');
    const calls = final.choices[0]?.message.tool_calls ?? [];
    expect(calls.map((call) => (call.type === 'function' ? [call.function.name, call.function.arguments] : []))).toEqual([
      ['get_weather', '{"city":"text","days":2}'],
      ['get_time', '{}'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  test('runTools calls the tool with the arguments named and goes on with its result', async () => {
    const seen: unknown[] = [];
    const runner = client().chat.completions.runTools({
      model,
      messages: user('Please call get_weather with {"city":"Paris","days":3}'),
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'weather of a city',
            parameters: weather.type === 'function' ? (weather.function.parameters ?? {}) : {},
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
    expect(seen).toEqual([{ city: 'Paris', days: 3 }]);
  });

  test('parse reads an instance of the schema', async () => {
    const answer = await client().chat.completions.parse({ model, messages: user('a place'), response_format: format });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: 'text', country: 'FR' });
  });

  test('parse throws on length and on the content filter', async () => {
    const ask = (content: string, max_tokens: number) =>
      client().chat.completions.parse({ model, max_tokens, messages: user(content), response_format: format });
    const names = await Promise.all([ask('a place', 2), ask('trip the filter', 100)].map((one) => one.catch((error: Error) => error.constructor.name)));
    expect(names).toEqual([LengthFinishReasonError.name, ContentFilterFinishReasonError.name]);
  });

  test('a refusal is in its own member, whole and streamed', async () => {
    const whole = await client().chat.completions.create({ model, messages: user('please refuse') });
    expect(whole.choices[0]?.message).toMatchObject({ content: null, refusal: "I'm sorry, I can't help with that." });
    const streamed = await client()
      .chat.completions.stream({ model, messages: user('please refuse') })
      .finalMessage();
    expect([streamed.content, streamed.refusal]).toEqual([null, "I'm sorry, I can't help with that."]);
  });

  test('n choices differ and keep their index in a stream', async () => {
    const texts: string[] = [];
    for await (const chunk of await client().chat.completions.create({ model, n: 3, messages: user('x'), stream: true })) {
      for (const { index, delta } of chunk.choices) texts[index] = (texts[index] ?? '') + (delta.content ?? '');
    }
    expect(texts).toEqual(['You said: x', '(2) You said: x', '(3) You said: x']);
  });

  test('logprobs name every token with its bytes and alternatives', async () => {
    const answer = await client().chat.completions.create({ model, messages: user('hé'), logprobs: true, top_logprobs: 2 });
    const content = answer.choices[0]?.logprobs?.content ?? [];
    expect(content.map(({ token }) => token).join('')).toBe('You said: hé');
    for (const { token, bytes, top_logprobs } of content) {
      expect(Buffer.from(bytes ?? []).toString()).toBe(token);
      expect(top_logprobs).toHaveLength(2);
    }
  });

  test('max_tokens and stop end the text', async () => {
    const cut = await client().chat.completions.create({ model, messages: user('write 20 words'), max_tokens: 3 });
    expect([cut.choices[0]?.message.content, cut.choices[0]?.finish_reason, cut.usage?.completion_tokens]).toEqual(['word1 word2 word3', 'length', 3]);
    const stopped = await client().chat.completions.create({ model, messages: user('write 20 words'), stop: [' word3'] });
    expect([stopped.choices[0]?.message.content, stopped.choices[0]?.finish_reason]).toEqual(['word1 word2', 'stop']);
  });

  test('tool_choice none, required, named and allowed, and one call without parallel calls', async () => {
    const call = async (options: object) => {
      const body = { model, messages: user('call get_weather and get_time'), tools: [weather, time], ...options };
      const answer = await client().chat.completions.create({ ...body, stream: false });
      return (answer.choices[0]?.message.tool_calls ?? []).map((one) => (one.type === 'function' ? one.function.name : one.custom.name));
    };
    expect(await call({ tool_choice: 'none' })).toEqual([]);
    expect(await call({ messages: user('hi'), tool_choice: 'required' })).toEqual(['get_weather']);
    expect(await call({ messages: user('hi'), tool_choice: { type: 'function', function: { name: 'get_time' } } })).toEqual(['get_time']);
    const allowed = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_time' } }] } };
    expect(await call({ tool_choice: allowed })).toEqual(['get_time']);
    expect(await call({ parallel_tool_calls: false })).toEqual(['get_weather']);
    expect(await call({ messages: user('call note'), tools: [{ type: 'custom', custom: { name: 'note' } }] })).toEqual(['note']);
  });

  test('parts that are no text are named in the answer', async () => {
    const content = [
      { type: 'text' as const, text: 'look' },
      { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AA==' } },
      { type: 'input_audio' as const, input_audio: { data: 'AA==', format: 'wav' as const } },
    ];
    const answer = await client().chat.completions.create({ model, messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toBe('You said: look [image, audio]');
  });

  test('abort ends a stream at the simulator', async () => {
    simulator().script({ stall: { at: 400 } });
    const stream = await client().chat.completions.create({ model, messages: user('write 100 words'), stream: true });
    for await (const _ of stream) stream.controller.abort();
    const request = await simulator().waitForAbort();
    expect(request.progress).toBe('head');
    expect(request.bytesSent).toBeLessThanOrEqual(400);
  });

  test('reasoning spends tokens, and none when the effort is none', async () => {
    const spent = async (effort: 'none' | 'low') => {
      const answer = await client().chat.completions.create({ model: 'gpt-5.4', messages: user('x'), reasoning_effort: effort });
      return answer.usage?.completion_tokens_details?.reasoning_tokens;
    };
    expect([await spent('low'), await spent('none')]).toEqual([64, 0]);
  });
});
