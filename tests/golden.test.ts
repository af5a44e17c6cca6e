import { eventFrame, exceptionFrame } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

/** The worked examples of the wire formats, from the bytes of one side to those of the other. */
const REQUEST = `{ "model": "MODEL", "max_completion_tokens": 2048, "reasoning_effort": "low", "parallel_tool_calls": false, "user": "u-1", "temperature": 0.4, "seed": 7,
  "messages": [ { "role": "system", "content": [ { "type": "text", "text": "Rules.", "prompt_cache_breakpoint": { "mode": "explicit" } } ] },
    { "role": "user", "content": [ { "type": "text", "text": "Compare" }, { "type": "image_url", "image_url": { "url": "data:image/jpg;base64,AAAA" } } ] },
    { "role": "assistant", "content": null, "tool_calls": [
        { "id": "functions.w:0", "type": "function", "function": { "name": "w", "arguments": "{\\"c\\":\\"Oslo\\"}" } },
        { "id": "call_2", "type": "function", "function": { "name": "now", "arguments": "" } } ] },
    { "role": "tool", "tool_call_id": "call_2", "content": "12:00" },
    { "role": "tool", "tool_call_id": "functions.w:0", "content": "" },
    { "role": "user", "content": "Go on" } ],
  "tools": [ { "type": "function", "function": { "name": "w", "parameters": { "type": "object", "properties": { "c": { "type": "string" } }, "additionalProperties": false } } },
             { "type": "function", "function": { "name": "now" } } ] }`;
const ID = 'functions_w_0-b76109';
const schema = { type: 'object', properties: { c: { type: 'string' } }, additionalProperties: false };
const NO_INPUT = { type: 'object', properties: {} };

const post = (bench: Bench, path: string, body: string): Promise<Response> =>
  fetch(`${bench.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body,
  });
const chat = (bench: Bench, model: string): Promise<Response> => post(bench, '/openai/main/v1/chat/completions', REQUEST.replace('MODEL', model));
const last = (bench: Bench) => bench.simulator.requests.findLast(({ method }) => method === 'POST');

describe('a chat completion for Claude at Bedrock', () => {
  const MODEL = 'us.anthropic.claude-opus-5-5';
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());

  test('is the body that Converse takes', async () => {
    const answer = await chat(bench, MODEL);
    expect([answer.status, last(bench)?.target]).toEqual([200, `/model/${MODEL}/converse`]);
    expect(answer.headers.get('x-lpa-fidelity')?.split(',').toSorted()).toEqual(
      ['emulated=messages[].content[]', 'emulated=messages[].tool_call_id', 'ignored=seed', 'ignored=temperature'].toSorted(),
    );
    expect(last(bench)?.json()).toEqual({
      system: [{ text: 'Rules.' }, { cachePoint: { type: 'default' } }],
      messages: [
        { role: 'user', content: [{ text: 'Compare' }, { image: { format: 'jpeg', source: { bytes: 'AAAA' } } }] },
        {
          role: 'assistant',
          content: [{ toolUse: { toolUseId: ID, name: 'w', input: { c: 'Oslo' } } }, { toolUse: { toolUseId: 'call_2', name: 'now', input: {} } }],
        },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: ID, content: [] } }, { toolResult: { toolUseId: 'call_2', content: [{ text: '12:00' }] } }, { text: 'Go on' }],
        },
      ],
      inferenceConfig: { maxTokens: 2048 },
      toolConfig: {
        tools: [{ toolSpec: { name: 'w', inputSchema: { json: schema } } }, { toolSpec: { name: 'now', inputSchema: { json: NO_INPUT } } }],
      },
      additionalModelRequestFields: {
        output_config: { effort: 'low' },
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        metadata: { user_id: 'u-1' },
      },
    });
  });
  test('is the same bytes every time, as caches and signatures need it', async () => {
    const sent = async (): Promise<string> => {
      await chat(bench, MODEL);
      return String(last(bench)?.body);
    };
    expect(await sent()).toBe(await sent());
  });

  const streaming = JSON.stringify({ model: MODEL, stream: true, stream_options: { include_usage: true }, messages: [{ role: 'user', content: 'x' }] });
  const event = (type: string, body: object): Buffer => eventFrame(type, body);
  const begun = [
    event('messageStart', { role: 'assistant' }),
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }),
    event('contentBlockStop', { contentBlockIndex: 0 }),
    event('contentBlockStart', { contentBlockIndex: 1, start: { toolUse: { toolUseId: 'tooluse_a', name: 'now' } } }),
    event('contentBlockStop', { contentBlockIndex: 1 }),
  ];
  const streamed = async (...frames: readonly Buffer[]): Promise<string> => {
    bench.simulator.script({ headers: { 'content-type': 'application/vnd.amazon.eventstream' }, body: Buffer.concat(frames), delayChunk: 10 });
    return (await post(bench, '/openai/main/v1/chat/completions', streaming)).text();
  };
  const choice = (delta: object, finish_reason: string | null = null) => [{ index: 0, delta, logprobs: null, finish_reason }];
  const said = [
    // Every recorded stream of OpenAI begins so, with a refusal of null.
    choice({ role: 'assistant', content: '', refusal: null }),
    choice({ content: 'Hi' }),
    choice({ tool_calls: [{ index: 0, id: 'tooluse_a', type: 'function', function: { name: 'now', arguments: '' } }] }),
    choice({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }),
  ];
  test('streams as chunks, with the usage behind the reason', async () => {
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 115, cacheReadInputTokens: 100, cacheWriteInputTokens: 0 };
    const text = await streamed(...begun, event('messageStop', { stopReason: 'tool_use' }), event('metadata', { usage, metrics: { latencyMs: 1 } }));
    const chunks = payloads(text);
    expect(chunks.map(({ choices }) => choices)).toEqual([...said, choice({}, 'tool_calls'), []]);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)?.usage).toMatchObject({
      prompt_tokens: 110,
      completion_tokens: 5,
      total_tokens: 115,
      prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 0 },
    });
    expect(new Set(chunks.map(({ id, model, object }) => `${String(id)} ${String(model)} ${String(object)}`)).size).toBe(1);
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  });
  test('that its provider ends behind the stop, without metadata, ends as it ended', async () => {
    const text = await streamed(...begun, event('messageStop', { stopReason: 'tool_use' }));
    expect(
      payloads(text)
        .map(({ choices }) => choices)
        .slice(0, 5),
    ).toEqual([...said, choice({}, 'tool_calls')]);
    expect([text.trimEnd().endsWith('data: [DONE]'), text.includes('"error"')]).toEqual([true, false]);
  });
  test('that ends with an exception is an error, without a reason and without [DONE]', async () => {
    const message = 'Too many tokens, please wait before trying again.';
    bench.simulator.script({ endWith: { after: 4, frame: exceptionFrame('throttlingException', { message }) }, delayChunk: 10 });
    const text = await (
      await post(bench, '/openai/main/v1/chat/completions', streaming.replace('"x"', '"write 9 words"').replace('opus-5-5', 'sonnet-4-6'))
    ).text();
    const [failure, ...before] = payloads(text).toReversed();
    // The type is OpenAI's own word for a rate limit; behind the head of a stream no header can carry our code, which stands in `code` instead of its own.
    expect([before.length > 0, failure?.error]).toEqual([true, { message, type: 'requests', param: null, code: 'upstream_rate_limited' }]);
    expect(before.every(({ choices }) => (choices as { finish_reason: unknown }[])[0]?.finish_reason === null)).toBe(true);
    expect(text).not.toContain('[DONE]');
  });
});

describe('a chat completion for Claude at Anthropic', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test('is the message that Anthropic takes', async () => {
    const content = [{ type: 'text', text: 'ok' }];
    // The stand-in looks into pictures, and this is none.
    bench.simulator.script({
      status: 200,
      body: {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-5-5',
        content,
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    });
    const answer = await chat(bench, 'claude-opus-5-5');
    expect(answer.status).toBe(200);
    const body = last(bench)?.json() as { messages: { content: { id?: string }[] }[] };
    const id = body.messages[1]?.content[0]?.id;
    expect(id).toMatch(/^functions_w_0-[0-9a-f]{6}$/);
    expect(body).toEqual({
      model: 'claude-opus-5-5',
      max_tokens: 2048,
      metadata: { user_id: 'u-1' },
      output_config: { effort: 'low' },
      system: [{ type: 'text', text: 'Rules.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Compare' },
            { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id, name: 'w', input: { c: 'Oslo' } },
            { type: 'tool_use', id: 'call_2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: id },
            { type: 'tool_result', tool_use_id: 'call_2', content: '12:00' },
            { type: 'text', text: 'Go on' },
          ],
        },
      ],
      tools: [
        { name: 'w', input_schema: schema },
        { name: 'now', input_schema: NO_INPUT },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
  });
});

describe.each([
  ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
  ['anthropic', 'claude-sonnet-4-5'],
] as const)('a chat completion as clients of several vendors write it, for Claude at %s', (vendor, model) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());
  const ask = (more: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${bench.url}/openai/main/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model, max_completion_tokens: 50, messages: [{ role: 'user', content: 'x' }], ...more }),
    });
  const one = { type: 'function', function: { name: 'now', parameters: NO_INPUT } };

  test('marks for the cache count by either name, on parts and on tools', async () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const answer = await ask({ messages: [{ role: 'user', content: [{ type: 'text', text: 'x', ...mark }] }], tools: [{ ...one, ...mark }] });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, null]);
    const sent = JSON.stringify(last(bench)?.json());
    expect(
      sent.match(vendor === 'bedrock' ? /"cachePoint":\{"type":"default","ttl":"1h"\}/g : /"cache_control":\{"type":"ephemeral","ttl":"1h"\}/g),
    ).toHaveLength(2);
  });
  test('a member of a tool that nobody knows is told', async () => {
    const answer = await ask({ tools: [{ ...one, cache_control: { type: 'forever' }, more: 1 }] });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=tools[].cache_control,ignored=tools[].more']);
  });
  test('what asks for nothing is nothing that could be lost', async () => {
    const idle = { frequency_penalty: 0, presence_penalty: 0, logit_bias: {}, store: false, logprobs: false };
    const answer = await ask(idle, { 'x-lpa-fidelity': 'reject' });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, null]);
    for (const asked of [{ frequency_penalty: 0.1 }, { logit_bias: { 50256: -100 } }, { store: true }])
      expect((await ask({ ...idle, ...asked }, { 'x-lpa-fidelity': 'reject' })).status, JSON.stringify(asked)).toBe(400);
  });
  test('of two results for one call the last counts', async () => {
    const call = { id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } };
    const results = ['first', 'last'].map((content) => ({ role: 'tool', tool_call_id: 'a', content }));
    const messages = [{ role: 'user', content: 'x' }, { role: 'assistant', content: null, tool_calls: [call] }, ...results];
    const answer = await ask({ messages, tools: [one] });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=messages[].content[]']);
    expect(JSON.stringify(last(bench)?.json())).toContain('last');
    expect(JSON.stringify(last(bench)?.json())).not.toContain('first');
  });
});

describe('a message of an Anthropic client for OpenAI', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  });
  afterAll(() => bench.close());

  test('streams its reasoning, text and call as blocks one behind the other', async () => {
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const usage = { prompt_tokens: 21, completion_tokens: 8, total_tokens: 29, prompt_tokens_details: { cached_tokens: 3 } };
    bench.simulator.script({
      headers: { 'content-type': 'text/event-stream' },
      body: [
        chunk({ role: 'assistant', reasoning_content: 'a' }),
        chunk({ content: 'b' }),
        chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] }),
        chunk({}, 'tool_calls'),
        `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
        'data: [DONE]\n\n',
      ].join(''),
    });
    const body = { model: 'gpt-4o-mini', max_tokens: 50, stream: true, thinking: { type: 'adaptive' }, messages: [{ role: 'user', content: 'x' }] };
    const events = payloads(await (await post(bench, '/anthropic/main/v1/messages', JSON.stringify(body))).text());
    expect(
      events.map(({ type, index, delta, content_block: block }) => [type, index, ...[(block ?? delta) as unknown].filter((one) => one !== undefined)]),
    ).toMatchObject([
      ['message_start', undefined],
      ['content_block_start', 0, { type: 'thinking', thinking: '', signature: '' }],
      ['content_block_delta', 0, { type: 'thinking_delta', thinking: 'a' }],
      ['content_block_stop', 0],
      ['content_block_start', 1, { type: 'text' }],
      ['content_block_delta', 1, { type: 'text_delta', text: 'b' }],
      ['content_block_stop', 1],
      ['content_block_start', 2, { type: 'tool_use', id: 'call_1', name: 'f', input: {} }],
      ['content_block_delta', 2, { type: 'input_json_delta', partial_json: '{"x":1}' }],
      ['content_block_stop', 2],
      ['message_delta', undefined, { stop_reason: 'tool_use' }],
      ['message_stop', undefined],
    ]);
    expect(events.at(-2)?.usage).toMatchObject({ input_tokens: 18, cache_read_input_tokens: 3, output_tokens: 8 });
  });
});
