import Anthropic, { APIError } from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { anthropicErrorEvent } from '../src/index.ts';
import { key, pdf, png, sdks, useAnthropic } from './anthropic-support.ts';

let clock = 1_790_000_000_000;
const simulator = useAnthropic({ now: () => clock });
const model = 'claude-sonnet-4-6';
const user = (content: Anthropic.MessageParam['content']): Anthropic.MessageParam[] => [{ role: 'user', content }];
const weather: Anthropic.Tool = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } }, required: ['city', 'days'] },
};
const time: Anthropic.Tool = { name: 'get_time', input_schema: { type: 'object', properties: {} } };
const place = {
  type: 'object',
  properties: { city: { type: 'string' }, country: { enum: ['FR', 'DE'] } },
  required: ['city', 'country'],
  additionalProperties: false,
};
const textOf = (message: Anthropic.Message): string => message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('');

describe.each(sdks)('messages with %s', (_name, Sdk) => {
  const client = (options: object = {}) => new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0, ...options });

  test('a whole answer has every member, and the id of its request', async () => {
    const answer = await client().messages.create({ model, max_tokens: 100, messages: user('Hello there') });
    expect(answer).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'You said: Hello there', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      container: null,
    });
    expect(answer.id).toMatch(/^msg_01[1-9A-Za-z]{22}$/);
    expect(answer.usage).toMatchObject({
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 4,
      output_tokens_details: { thinking_tokens: 0 },
    });
    expect(answer._request_id).toMatch(/^req_01[1-9A-Za-z]{22}$/);
  });

  test('a stream says what the whole answer says, in the order of the service', async () => {
    const whole = await client().messages.create({ model, max_tokens: 100, messages: user('Grüße 👋 an alle') });
    const types: string[] = [];
    let text = '';
    for await (const event of await client().messages.create({ model, max_tokens: 100, messages: user('Grüße 👋 an alle'), stream: true })) {
      types.push(event.type);
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
      if (event.type === 'message_delta') expect(event.usage.output_tokens).toBe(whole.usage.output_tokens);
    }
    expect(text).toBe(textOf(whole));
    expect([types.slice(0, 3), types.slice(-3)]).toEqual([
      ['message_start', 'content_block_start', 'content_block_delta'],
      ['content_block_stop', 'message_delta', 'message_stop'],
    ]);
    expect(simulator().requests.at(-1)?.progress).toBe('ended');
  });

  test('.stream() ends in the whole answer with both calls', async () => {
    const final = await client()
      .messages.stream({ model, max_tokens: 100, messages: user('call get_weather and get_time'), tools: [weather, time] })
      .finalMessage();
    expect(final.stop_reason).toBe('tool_use');
    expect(final.content.map((block) => (block.type === 'tool_use' ? [block.name, block.input] : []))).toEqual([
      ['get_weather', { city: 'text', days: 2 }],
      ['get_time', {}],
    ]);
  });

  test('a tool loop: the answer speaks of what the tool said', async () => {
    const messages = user('call get_weather with {"city":"Oslo","days":3}');
    const asked = await client().messages.create({ model, max_tokens: 100, messages, tools: [weather] });
    const [call] = asked.content;
    if (call?.type !== 'tool_use') throw new Error('No call');
    expect(call.input).toEqual({ city: 'Oslo', days: 3 });
    const answer = await client().messages.create({
      model,
      max_tokens: 100,
      messages: [
        ...messages,
        { role: 'assistant', content: asked.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'snow' }] },
      ],
      tools: [weather],
    });
    expect(textOf(answer)).toBe('The tool said: snow');
  });

  test.each([
    ['any', { type: 'any' as const }, ['get_weather']],
    ['one named', { type: 'tool' as const, name: 'get_time' }, ['get_time']],
    ['none', { type: 'none' as const }, []],
    ['one at a time', { type: 'auto' as const, disable_parallel_tool_use: true }, ['get_weather']],
  ])('tool choice %s', async (name, choice, called) => {
    const asked = name === 'one at a time' || name === 'none' ? 'call get_weather and get_time' : 'hello';
    const answer = await client().messages.create({ model, max_tokens: 100, messages: user(asked), tools: [weather, time], tool_choice: choice });
    expect(answer.content.flatMap((block) => (block.type === 'tool_use' ? [block.name] : []))).toEqual(called);
  });

  test('images and documents are seen', async () => {
    const answer = await client().messages.create({
      model,
      max_tokens: 100,
      messages: user([
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
        { type: 'text', text: 'What is this?' },
      ]),
    });
    expect(textOf(answer)).toBe('You said: What is this? [image, document]');
  });

  test('structured output fits its schema', async () => {
    const answer = await client().messages.create({
      model,
      max_tokens: 100,
      messages: user('Where?'),
      output_config: { format: { type: 'json_schema', schema: place } },
    });
    expect(JSON.parse(textOf(answer))).toEqual({ city: 'text', country: 'FR' });
  });

  test.each([
    ['max_tokens', { max_tokens: 3 }, 'write 9 words', 'word1 word2 word3', null],
    ['stop_sequence', { max_tokens: 50, stop_sequences: ['never', ' word3'] }, 'write 9 words', 'word1 word2', ' word3'],
    ['refusal', { max_tokens: 50 }, 'please refuse', '', null],
    ['max_tokens', { max_tokens: 0 }, 'hello', '', null],
  ])('stop reason %s', async (reason, options, asked, text, sequence) => {
    const answer = await client().messages.create({ model, messages: user(asked), ...options });
    expect([answer.stop_reason, textOf(answer), answer.stop_sequence]).toEqual([reason, text, sequence]);
    expect(answer.stop_details?.type).toBe(reason === 'refusal' ? 'refusal' : undefined);
  });

  test('count_tokens counts what messages counts', async () => {
    const prompt = { model, messages: user('How long is this?'), system: 'Be brief.', tools: [weather] };
    const { input_tokens: counted } = await client().messages.countTokens(prompt);
    const { usage } = await client().messages.create({ ...prompt, max_tokens: 10 });
    expect(counted).toBe(usage.input_tokens);
    expect(counted).toBeGreaterThan(20);
  });

  test('models: pages in both directions, one model, its alias', async () => {
    const first = await client().models.list({ limit: 4 });
    expect([first.data.length, first.has_more, first.first_id, first.last_id]).toEqual([4, true, first.data[0]?.id, first.data[3]?.id]);
    const ids: string[] = [];
    for await (const { id } of client().models.list({ limit: 5 })) ids.push(id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
    const before = await client().models.list({ limit: 2, before_id: ids[5] ?? '' });
    expect([before.data.map(({ id }) => id), before.has_more]).toEqual([ids.slice(3, 5), true]);
    const one = await client().models.retrieve('claude-haiku-4-5');
    expect(one).toMatchObject({ type: 'model', id: 'claude-haiku-4-5-20251001', display_name: 'Claude Haiku 4.5', max_tokens: 64_000 });
  });

  test('limits are told, and a script brings the class of each error', async () => {
    const { response } = await client()
      .messages.create({ model, max_tokens: 10, messages: user('hi') })
      .withResponse();
    expect(response.headers.get('anthropic-ratelimit-requests-remaining')).toBe('3999');
    expect(response.headers.get('anthropic-ratelimit-input-tokens-reset')).toBe('2026-09-21T14:13:21Z');
    expect(response.headers.get('anthropic-organization-id')).toMatch(/^[0-9-]{36}$/);
    for (const [status, name, type] of [
      [403, 'PermissionDeniedError', 'permission_error'],
      [429, 'RateLimitError', 'rate_limit_error'],
      [500, 'InternalServerError', 'api_error'],
    ] as const) {
      simulator().script({ status });
      const error = await client()
        .messages.create({ model, max_tokens: 10, messages: user('hi') })
        .catch((cause: unknown) => cause);
      expect((error as Error).constructor.name).toBe(name);
      expect(error).toMatchObject({ status, type });
      const { requestID, error: body } = error as { requestID: string; error: { request_id: string } };
      expect(body.request_id).toBe(requestID);
    }
  });

  test('529 and 429 are tried again', async () => {
    simulator().script({ status: 529, headers: { 'retry-after-ms': '1' } });
    simulator().script({ status: 429, headers: { 'retry-after-ms': '1' } });
    const answer = await client({ maxRetries: 2 }).messages.create({ model, max_tokens: 100, messages: user('again') });
    expect(textOf(answer)).toBe('You said: again');
    expect(simulator().requests.map(({ header }) => header('x-stainless-retry-count'))).toEqual(['0', '1', '2']);
  });

  test('an overload within a stream is an error of the stream', async () => {
    simulator().script({ endWith: { after: 4, frame: anthropicErrorEvent(529) } });
    let text = '';
    const stream = client().messages.stream({ model, max_tokens: 100, messages: user('Hello there') });
    stream.on('text', (piece) => {
      text += piece;
    });
    const error = await stream.finalMessage().catch((cause: unknown) => cause);
    expect(text).toBe('You');
    expect(error).toMatchObject({ error: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } });
    expect((error as Error).constructor.name).toBe('APIError');
  });

  test('a cut stream has no end', async () => {
    simulator().script({ cut: { at: 900, how: 'rst' } });
    await expect(
      client()
        .messages.stream({ model, max_tokens: 100, messages: user('write 90 words') })
        .finalMessage(),
    ).rejects.toThrow();
  });
});

describe('credentials and versions', () => {
  const create = (client: Anthropic, options: object = {}) => client.messages.create({ model, max_tokens: 10, messages: user('hi') }, options);

  test('the older SDK sends x-api-key and 2023-06-01, the newer a bearer token and 2026-10-21; both are accepted', async () => {
    for (const [, Sdk] of sdks) await create(new Sdk({ baseURL: simulator().url, apiKey: key, maxRetries: 0 }));
    const [newer, older] = simulator().requests;
    expect([newer?.header('authorization'), newer?.header('x-api-key'), newer?.header('anthropic-version')]).toEqual([
      `Bearer ${key}`,
      undefined,
      '2026-10-21',
    ]);
    expect([older?.header('authorization'), older?.header('x-api-key'), older?.header('anthropic-version')]).toEqual([undefined, key, '2023-06-01']);
  });

  test('x-api-key decides when both are there', async () => {
    const client = new Anthropic({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });
    const error = await create(client, { headers: { 'x-api-key': 'sk-ant-wrong' } }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 401, type: 'authentication_error' });
    await create(new Anthropic({ baseURL: simulator().url, apiKey: 'wrong', maxRetries: 0 }), { headers: { 'x-api-key': key } });
  });

  test('sampling is taken by the older version alone', async () => {
    const [, Older] = sdks[1];
    const old = new Older({ baseURL: simulator().url, apiKey: key, maxRetries: 0 });
    const params = { model, max_tokens: 10, messages: user('hi'), temperature: 0.5 };
    expect((await old.messages.create(params)).stop_reason).toBe('end_turn');
    await expect(new Anthropic({ baseURL: simulator().url, apiKey: key, maxRetries: 0 }).messages.create(params)).rejects.toMatchObject({ status: 400 });
  });
});

describe('the prompt cache', () => {
  const long = Array.from({ length: 1300 }, (_, index) => `fact${index}`).join(' ');
  const ask = (ttl: '5m' | '1h', question: string, text = long) =>
    new Anthropic({ baseURL: simulator().url, apiKey: key, maxRetries: 0 }).messages.create({
      model,
      max_tokens: 10,
      system: [{ type: 'text', text, cache_control: { type: 'ephemeral', ttl } }],
      messages: user(question),
    });

  test('writes, reads, forgets after five minutes and never counts a token twice', async () => {
    const first = (await ask('5m', 'one')).usage;
    expect(first.cache_creation_input_tokens).toBeGreaterThanOrEqual(1300);
    expect(first.cache_creation).toEqual({ ephemeral_5m_input_tokens: first.cache_creation_input_tokens, ephemeral_1h_input_tokens: 0 });
    const second = (await ask('5m', 'two')).usage;
    expect([second.cache_read_input_tokens, second.cache_creation_input_tokens]).toEqual([first.cache_creation_input_tokens, 0]);
    expect(second.input_tokens).toBe(first.input_tokens);
    clock += 301_000;
    expect((await ask('5m', 'three')).usage.cache_read_input_tokens).toBe(0);
  });

  test('an hour is an hour, another prefix is another, and what is too short is not kept', async () => {
    const text = `other ${long}`;
    expect((await ask('1h', 'one', text)).usage.cache_creation?.ephemeral_1h_input_tokens).toBeGreaterThan(1300);
    clock += 3_000_000;
    expect((await ask('1h', 'two', text)).usage.cache_read_input_tokens).toBeGreaterThan(1300);
    expect((await ask('5m', 'three', `again ${long}`)).usage.cache_read_input_tokens).toBe(0);
    expect((await ask('5m', 'one', 'short')).usage.cache_creation_input_tokens).toBe(0);
  });
});
