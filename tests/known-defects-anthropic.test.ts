import { anthropicErrorEvent } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways.
type Fields = Record<string, unknown>;
const model = 'claude-sonnet-4-6';
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } });
const call = (id: string, name: string, input = '{}') => ({ id, type: 'function', function: { name, arguments: input } });
const user = (content: unknown) => ({ role: 'user', content });
const sse = (...events: readonly Fields[]): string => events.map((event) => `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`).join('');
const message = (content: readonly Fields[], more: Fields = {}): Fields => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model,
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 7, output_tokens: 5 },
  ...more,
});
const streamOf = (usage: Fields, ...inner: readonly Fields[]): string =>
  sse(
    { type: 'message_start', message: message([], { stop_reason: null, usage: { ...usage, output_tokens: 1 } }) },
    { type: 'ping' },
    ...inner,
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: 'message_stop' },
  );
const block = (index: number, start: Fields, ...deltas: readonly Fields[]): Fields[] => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

const asking = (bench: () => Bench, path: string) => ({
  post: (body: Fields): Promise<Response> =>
    fetch(`${bench().url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench().key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify(body),
    }),
  sent: (): Fields =>
    bench()
      .simulator.requests.findLast(({ method }) => method === 'POST')
      ?.json() as Fields,
});

describe('OpenAI clients to Anthropic', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const { post, sent } = asking(() => bench, '/openai/main/v1/chat/completions');
  const ask = async (body: Fields): Promise<{ status: number; headers: Headers; json: Fields }> => {
    const answer = await post({ model, messages: [user('Hello')], ...body });
    return { status: answer.status, headers: answer.headers, json: (await answer.json()) as Fields };
  };
  const streamed = async (body: Fields = {}): Promise<string> => (await post({ model, messages: [user('Hello')], stream: true, ...body })).text();
  const choice = (json: Fields): Fields => (json.choices as Fields[])[0] ?? {};
  const said = (json: Fields): Fields => choice(json).message as Fields;
  const answerWith = (body: Fields | string): void =>
    void bench.simulator.script(typeof body === 'string' ? { body, headers: { 'content-type': 'text/event-stream' } } : { body });

  test('1, 2. parallel results stand together in one user message, as results and not as text', async () => {
    const history = [user('go'), { role: 'assistant', content: null, tool_calls: [call('a', 'one'), call('b', 'two')] }];
    const results = ['b', 'a'].map((id) => ({ role: 'tool', tool_call_id: id, content: id }));
    expect((await ask({ messages: [...history, ...results], tools: [tool('one'), tool('two')] })).status).toBe(200);
    const messages = sent().messages as { role: string; content: Fields[] }[];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[2]?.content.map(({ type, tool_use_id }) => [type, tool_use_id])).toEqual([
      ['tool_result', 'a'],
      ['tool_result', 'b'],
    ]);
  });

  test('3, 29. an error within a stream is an error: no finish reason of its name, no [DONE]', async () => {
    bench.simulator.script({ endWith: { after: 5, frame: anthropicErrorEvent(529) }, delayChunk: 10 });
    const text = await streamed({ messages: [user('write 9 words')] });
    expect(text).not.toContain('[DONE]');
    expect(text).not.toMatch(/"finish_reason":"/);
    expect(payloads(text).at(-1)).toMatchObject({ error: { code: 'upstream_overloaded', message: 'Overloaded' } });
  });

  test('4. a stream that breaks off is no success, and nothing is invented', async () => {
    bench.simulator.script({ endWith: { after: 5, frame: '' }, delayChunk: 10 });
    const text = await streamed({ messages: [user('write 9 words')], stream_options: { include_usage: true } });
    expect(text).not.toContain('[DONE]');
    expect(text).not.toMatch(/"finish_reason":"|"total_tokens"/);
    expect(payloads(text).at(-1)).toMatchObject({ error: { code: 'upstream_stream_truncated' } });
  });

  test('6. prompt tokens hold what came from the cache and went into it, whole and streamed', async () => {
    answerWith(message([{ type: 'text', text: 'a' }]));
    const usage = { prompt_tokens: 117, completion_tokens: 5, total_tokens: 122, prompt_tokens_details: { cached_tokens: 100 } };
    expect((await ask({})).json.usage).toMatchObject(usage);
    answerWith(
      streamOf(
        { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 7 },
        ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'a' }),
      ),
    );
    expect(payloads(await streamed({ stream_options: { include_usage: true } })).at(-1)?.usage).toMatchObject(usage);
  });

  test('8. parallel_tool_calls: false alone forces nothing and is kept; with none it is left out', async () => {
    await ask({ tools: [tool('one')], parallel_tool_calls: false });
    expect(sent().tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect((await ask({ tools: [tool('one')], parallel_tool_calls: false, tool_choice: 'none' })).status).toBe(200);
    expect(sent().tool_choice).toEqual({ type: 'none' });
  });

  test('10. a history of tools without tools in the request is taken', async () => {
    const messages = [user('go'), { role: 'assistant', tool_calls: [call('a', 'one')] }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    expect((await ask({ messages })).status).toBe(200);
  });

  test('11. empty arguments are an empty object', async () => {
    const messages = [user('go'), { role: 'assistant', tool_calls: [call('a', 'one', '')] }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    expect((await ask({ messages, tools: [tool('one')] })).status).toBe(200);
    expect((sent().messages as { content: Fields[] }[])[1]?.content).toMatchObject([{ type: 'tool_use', input: {} }]);
  });

  test('12. a call without arguments streams as {}', async () => {
    const text = await streamed({ messages: [user('call one')], tools: [tool('one')] });
    const pieces = payloads(text).flatMap(
      (chunk) => ((choice(chunk).delta as Fields | undefined)?.tool_calls ?? []) as { function?: { arguments?: string } }[],
    );
    expect(pieces.map((piece) => piece.function?.arguments ?? '').join('')).toBe('{}');
  });

  test('13. blank texts are left out', async () => {
    const parts = [
      { type: 'text', text: '' },
      { type: 'text', text: ' ' },
      { type: 'text', text: 'go' },
    ];
    const messages = [user(parts), { role: 'assistant', content: '', tool_calls: [call('a', 'one')] }, { role: 'tool', tool_call_id: 'a', content: '' }];
    expect((await ask({ messages, tools: [tool('one')] })).status).toBe(200);
    const [first, second] = sent().messages as { content: { type: string; text?: string }[] }[];
    expect(first?.content.map(({ text }) => text?.trim())).toEqual(['go']);
    expect(second?.content.map(({ type }) => type)).toEqual(['tool_use']);
  });

  test('14. thinking is no content; Responses carries it, and its signature comes back as it was', async () => {
    const thought = block(
      0,
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking: 'hm' },
      { type: 'signature_delta', signature: 'AAAA' },
    );
    const body = streamOf({ input_tokens: 1 }, ...thought, ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'so' }));
    answerWith(body);
    const deltas = payloads(await streamed()).map((chunk) => (choice(chunk).delta ?? {}) as { content?: string });
    expect(deltas.map(({ content }) => content ?? '').join('')).toBe('so');
    answerWith(
      message([
        { type: 'thinking', thinking: 'hm', signature: 'AAAA' },
        { type: 'text', text: 'so' },
      ]),
    );
    const responses = asking(() => bench, '/openai/main/v1/responses');
    const first = { model, include: ['reasoning.encrypted_content'], input: 'Hello' };
    const { output } = (await (await responses.post(first)).json()) as { output: Fields[] };
    expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    answerWith(message([{ type: 'text', text: 'yes' }]));
    await responses.post({ ...first, input: [user('Hello'), ...output, user('And?')] });
    expect((sent().messages as { content: Fields[] }[])[1]?.content[0]).toEqual({ type: 'thinking', thinking: 'hm', signature: 'AAAA' });
  });

  test('15. all texts are there, with nothing between them', async () => {
    answerWith(
      message([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    );
    expect(said((await ask({})).json).content).toBe('ab');
  });

  test.each([
    ['model_context_window_exceeded', 'length'],
    ['pause_turn', 'stop'],
    ['never_heard_of', 'stop'],
  ])('16. stop reason %s is %s', async (reason, finish) => {
    answerWith(message([{ type: 'text', text: 'a' }], { stop_reason: reason }));
    const { status, json } = await ask({});
    expect([status, choice(json).finish_reason]).toEqual([200, finish]);
  });

  test('17. sampling that the model refuses is told, not sent', async () => {
    const { status, headers } = await ask({ model: 'claude-opus-4-8', temperature: 0.5, top_p: 0.9 });
    expect([status, sent().temperature, sent().top_p]).toEqual([200, undefined, undefined]);
    expect(headers.get('x-lpa-fidelity')).toMatch(/temperature/);
  });

  test('18. a model that only thinks adaptively is not given a budget', async () => {
    expect((await ask({ model: 'claude-opus-4-8', reasoning_effort: 'high' })).status).toBe(200);
    expect(JSON.stringify(sent())).not.toContain('budget_tokens');
  });

  test.each(['claude-sonnet-4-6', 'claude-sonnet-4-5', 'claude-opus-5-5'])('19. a forced tool and thinking do not meet, %s', async (name) => {
    const { status, json } = await ask({ model: name, reasoning_effort: 'high', tools: [tool('one')], tool_choice: 'required', max_completion_tokens: 9000 });
    expect([status, JSON.stringify(json).includes('error')]).toEqual([200, false]);
  });

  test('28. nothing is sent that nobody asked for', async () => {
    await ask({});
    expect(Object.keys(sent()).toSorted()).toEqual(['max_tokens', 'messages', 'model']);
    expect(bench.simulator.requests.at(-1)?.header('anthropic-beta')).toBeUndefined();
  });

  test('30. one stop word, the newer limit, and an image by its address', async () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const { status } = await ask({ stop: 'END', max_tokens: 5, max_completion_tokens: 50, messages: [user([{ type: 'text', text: 'see' }, image])] });
    expect([status, sent().stop_sequences, sent().max_tokens]).toEqual([200, ['END'], 50]);
    expect((sent().messages as { content: Fields[] }[])[0]?.content[1]).toMatchObject({
      type: 'image',
      source: { type: 'url', url: 'https://example.com/a.png' },
    });
  });

  test('31. no usage that was not asked for, one role, nothing for a ping', async () => {
    const chunks = payloads(await streamed());
    expect(chunks.some(({ usage }) => usage !== undefined && usage !== null)).toBe(false);
    expect(chunks.filter((chunk) => (choice(chunk).delta as Fields).role !== undefined)).toHaveLength(1);
    const idle = chunks.filter((chunk) => Object.keys(choice(chunk).delta as Fields).length === 0 && choice(chunk).finish_reason === null);
    expect(idle).toEqual([]);
  });

  test('33. a missing limit is a useful one, never 0', async () => {
    await ask({});
    expect(sent().max_tokens).toBeGreaterThanOrEqual(4096);
  });

  test('34. an error is OpenAI’s object, not Anthropic’s inside it', async () => {
    const { status, json } = await ask({ model: 'claude-none' });
    expect([status, Object.keys(json), Object.keys(json.error as Fields).toSorted()]).toEqual([404, ['error'], ['code', 'message', 'param', 'type']]);
    expect(json.error).toMatchObject({ message: expect.stringContaining('claude-none'), type: 'invalid_request_error' });
  });

  test('36. an empty answer has content and a finish reason', async () => {
    answerWith(message([]));
    const { json } = await ask({});
    expect([choice(json).finish_reason, said(json).content ?? '']).toEqual(['stop', '']);
  });
});

describe('Anthropic clients to OpenAI', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const { post, sent } = asking(() => bench, '/anthropic/main/v1/messages');
  const base = { model: 'gpt-4o-mini', max_tokens: 50, messages: [user('Hello')] };

  test('7. cached tokens are counted once', async () => {
    const usage = { prompt_tokens: 110, completion_tokens: 5, total_tokens: 115, prompt_tokens_details: { cached_tokens: 100 } };
    const whole = {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'gpt-4o-mini',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
      usage,
    };
    bench.simulator.script({ body: whole });
    expect(((await (await post(base)).json()) as Fields).usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 100, output_tokens: 5 });
  });

  test('26. one message_start, blocks of the right kind, and the first words of each', async () => {
    const tools = [{ name: 'one', input_schema: { type: 'object', properties: {} } }];
    for (const [asked, kinds] of [
      ['write 3 words', ['text']],
      ['call one', ['tool_use']],
    ] as const) {
      const events = payloads(await (await post({ ...base, messages: [user(asked)], tools, stream: true })).text());
      expect(events.filter(({ type }) => type === 'message_start')).toHaveLength(1);
      const starts = events.filter(({ type }) => type === 'content_block_start');
      expect(starts.map((event) => (event.content_block as Fields).type)).toEqual(kinds);
      const text = events.map((event) => (event.delta as { text?: string } | undefined)?.text ?? '').join('');
      expect(text).toBe(asked === 'call one' ? '' : 'word1 word2 word3');
    }
  });

  test.each([
    [500, 'api_error'],
    [503, 'overloaded_error'],
    [429, 'rate_limit_error'],
    [400, 'invalid_request_error'],
  ])('37. status %i has a type that Anthropic has', async (status, type) => {
    bench.simulator.script({ status });
    expect(((await (await post(base)).json()) as { error: Fields }).error.type).toBe(type);
  });

  test('38. a result without content is taken', async () => {
    const tools = [{ name: 'one', input_schema: { type: 'object', properties: {} } }];
    const history = [
      user('go'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'one', input: {} }] },
      user([{ type: 'tool_result', tool_use_id: 'a' }]),
    ];
    expect((await post({ ...base, messages: history, tools })).status).toBe(200);
    expect(sent().messages).toMatchObject([{ role: 'user' }, { role: 'assistant' }, { role: 'tool', tool_call_id: 'a' }]);
  });
});

describe('Anthropic clients to Anthropic', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', pass: false, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const { post } = asking(() => bench, '/anthropic/main/v1/messages');

  test('14. a signature that comes in pieces is one', async () => {
    const pieces = ['AA', 'BB', 'CC'].map((signature) => ({ type: 'signature_delta', signature }));
    const body = streamOf(
      { input_tokens: 1 },
      ...block(0, { type: 'thinking', thinking: '', signature: '' }, { type: 'thinking_delta', thinking: 'hm' }, ...pieces),
      ...block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'so' }),
    );
    bench.simulator.script({ body, headers: { 'content-type': 'text/event-stream' } });
    const events = payloads(await (await post({ model, max_tokens: 50, messages: [user('Hello')], stream: true })).text());
    const signatures = events.flatMap((event) => {
      const { signature } = (event.delta ?? {}) as { signature?: string };
      return signature === undefined ? [] : [signature];
    });
    // The vendor's SDK keeps the last piece alone, so there must be one.
    expect(signatures).toEqual(['AABBCC']);
  });

  test('35. a large limit without a stream is for the vendor to say', async () => {
    expect((await post({ model, max_tokens: 128_000, messages: [user('Hello')] })).status).toBe(200);
  });
});
