import { eventFrame, exceptionFrame } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { payloads } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';

// Each test is named after a defect that users reported of other gateways.
type Fields = Record<string, unknown>;
const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } });
const call = (id: string, name: string, input = '{}') => ({ id, type: 'function', function: { name, arguments: input } });
const user = (content: unknown) => ({ role: 'user', content });
const pdf = `data:application/pdf;base64,${Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64')}`;
const binary = { 'content-type': 'application/vnd.amazon.eventstream' };

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'bedrock', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const post = (path: string, body: Fields): Promise<Response> =>
  fetch(`${bench.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  });
const last = () => bench.simulator.requests.findLast(({ method }) => method === 'POST');
const sent = (): Fields => last()?.json() as Fields;
const turns = () => sent().messages as { role: string; content: Fields[] }[];

describe.each([
  ['Claude', CLAUDE],
  ['Nova', NOVA],
])('OpenAI clients to %s at Bedrock', (_family, model) => {
  const chat = (body: Fields = {}): Promise<Response> => post('/openai/main/v1/chat/completions', { model, messages: [user('Hello')], ...body });
  const ask = async (body: Fields = {}): Promise<{ status: number; json: Fields }> => {
    const answer = await chat(body);
    return { status: answer.status, json: (await answer.json()) as Fields };
  };
  const choice = (json: Fields): Fields => (json.choices as Fields[])[0] ?? {};

  test('1, 2. parallel results stand together in one user message, as results and not as text', async () => {
    const history = [user('go'), { role: 'assistant', content: null, tool_calls: [call('a', 'one'), call('b', 'two')] }];
    const results = ['b', 'a'].map((id) => ({ role: 'tool', tool_call_id: id, content: id }));
    expect((await ask({ messages: [...history, ...results], tools: [tool('one'), tool('two')] })).status).toBe(200);
    expect(turns().map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(
      turns()[2]
        ?.content.map((block) => (block.toolResult as Fields | undefined)?.toolUseId)
        .toSorted(),
    ).toEqual(['a', 'b']);
  });

  test('3, 4, 29. an exception within a stream is an error: no finish reason, no [DONE]', async () => {
    bench.simulator.script({ endWith: { after: 4, frame: exceptionFrame('modelStreamErrorException', { message: 'broken' }) }, delayChunk: 10 });
    const text = await (await chat({ stream: true, messages: [user('write 9 words')] })).text();
    expect(text).not.toContain('[DONE]');
    expect(text).not.toMatch(/"finish_reason":"/);
    expect(payloads(text).at(-1)).toMatchObject({ error: { code: 'upstream_bad_response', message: 'broken' } });
  });

  test('5. an exception that comes first is the status it stands for: throttling may be tried again', async () => {
    bench.simulator.script({ headers: binary, body: exceptionFrame('throttlingException', { message: 'Too many tokens' }) });
    const { status, json } = await ask({ stream: true });
    expect([status, (json.error as Fields).code]).toEqual([429, 'rate_limit_exceeded']);
  });

  test('4. a stream that breaks off is no success', async () => {
    bench.simulator.script({
      headers: binary,
      body: Buffer.concat([eventFrame('messageStart', { role: 'assistant' }), eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'a' } })]),
      delayChunk: 10,
    });
    const text = await (await chat({ stream: true })).text();
    expect(text).not.toContain('[DONE]');
    expect(text).toContain('upstream_stream_truncated');
  });

  test('6. prompt tokens hold what came from the cache and went into it', async () => {
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 122, cacheReadInputTokens: 100, cacheWriteInputTokens: 7 };
    bench.simulator.script({
      body: { output: { message: { role: 'assistant', content: [{ text: 'a' }] } }, stopReason: 'end_turn', usage, metrics: { latencyMs: 1 } },
    });
    expect((await ask()).json.usage).toMatchObject({
      prompt_tokens: 117,
      completion_tokens: 5,
      total_tokens: 122,
      prompt_tokens_details: { cached_tokens: 100 },
    });
  });

  test('9. tool_choice none calls no tool of the name none', async () => {
    const { status, json } = await ask({ messages: [user('call one')], tools: [tool('one')], tool_choice: 'none' });
    expect([status, choice(json).finish_reason]).toEqual([200, 'stop']);
    expect(JSON.stringify(sent())).not.toMatch(/"name":"none"/);
  });

  test('10, 11. a history of tools without tools, and empty arguments, are taken', async () => {
    const messages = [user('go'), { role: 'assistant', tool_calls: [call('a', 'one', '')] }, { role: 'tool', tool_call_id: 'a', content: 'x' }];
    expect((await ask({ messages })).status).toBe(200);
    expect((await ask({ messages, tools: [tool('one')] })).status).toBe(200);
    expect(turns()[1]?.content[0]?.toolUse).toMatchObject({ input: {} });
  });

  test('12. a call without arguments streams as {}', async () => {
    const text = await (await chat({ stream: true, messages: [user('call one')], tools: [tool('one')] })).text();
    const pieces = payloads(text).flatMap(
      (chunk) => ((choice(chunk).delta as Fields | undefined)?.tool_calls ?? []) as { function?: { arguments?: string } }[],
    );
    expect(pieces.map((piece) => piece.function?.arguments ?? '').join('')).toBe('{}');
    expect(text).toContain('[DONE]');
  });

  test('13. blank texts are left out', async () => {
    const parts = [
      { type: 'text', text: '' },
      { type: 'text', text: 'go' },
    ];
    const messages = [user(parts), { role: 'assistant', content: '', tool_calls: [call('a', 'one')] }, { role: 'tool', tool_call_id: 'a', content: '' }];
    expect((await ask({ messages, tools: [tool('one')] })).status).toBe(200);
    expect(
      turns()
        .flatMap(({ content }) => content)
        .filter(({ text }) => typeof text === 'string' && text.trim() === ''),
    ).toEqual([]);
  });

  test('21, 23. a colon in the id is encoded once and signed twice encoded; the key of the client stays here', async () => {
    expect((await ask()).status).toBe(200); // the stand-in computes the signature by itself
    expect(last()?.target).toBe(`/model/${encodeURIComponent(model)}/converse`);
    expect(last()?.header('authorization')).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(last()?.headers.flat().join('\n')).not.toContain(bench.key);
  });

  test('22. an error in JSON instead of a stream is that error', async () => {
    bench.simulator.script({ status: 429 });
    const { status, json } = await ask({ stream: true });
    expect([status, (json.error as Fields).code]).toEqual([429, 'rate_limit_exceeded']);
  });

  test('24. names of documents are valid and differ', async () => {
    const file = (filename: string) => ({ type: 'file', file: { filename, file_data: pdf } });
    const { status } = await ask({ messages: [user([{ type: 'text', text: 'read' }, file('a.b_c.pdf'), file('a.b_c.pdf'), file('ü')])] });
    expect(status).toBe(200);
    const names = turns()[0]?.content.flatMap((block) => (block.document === undefined ? [] : [String((block.document as Fields).name)])) ?? [];
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9 ()[\]-]+$/);
  });

  test('32. an effort is no reasoning_config of every model', async () => {
    expect((await ask({ reasoning_effort: 'high', max_completion_tokens: 9000 })).status).toBe(200);
    expect(JSON.stringify(sent())).not.toMatch(/"reasoning_config":"/);
  });

  test('36. an empty answer has content and a finish reason', async () => {
    bench.simulator.script({
      body: {
        output: { message: { role: 'assistant', content: [] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 1, outputTokens: 0, totalTokens: 1 },
        metrics: { latencyMs: 1 },
      },
    });
    const { json } = await ask();
    expect([choice(json).finish_reason, (choice(json).message as Fields).content ?? '']).toEqual(['stop', '']);
  });

  test.each(['malformed_model_output', 'model_context_window_exceeded', 'never_heard_of'])('16. stop reason %s raises nothing', async (stopReason) => {
    bench.simulator.script({
      body: {
        output: { message: { role: 'assistant', content: [{ text: 'a' }] } },
        stopReason,
        usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
        metrics: { latencyMs: 1 },
      },
    });
    const { status, json } = await ask();
    if (status === 200) expect(['stop', 'length', 'content_filter', 'tool_calls']).toContain(choice(json).finish_reason);
    else expect([status, stopReason]).toEqual([502, 'malformed_model_output']);
  });
});

describe('OpenAI clients to models of Anthropic at Bedrock', () => {
  const chat = (model: string, body: Fields): Promise<Response> =>
    post('/openai/main/v1/chat/completions', { model: `us.anthropic.${model}`, messages: [user('Hello')], max_completion_tokens: 9000, ...body });
  const SONNET = 'claude-sonnet-4-5-20250929-v1:0';

  test('8. parallel_tool_calls: false is kept without a choice and with one, has a type, and stays out with none', async () => {
    const asked = async (body: Fields): Promise<[number, unknown]> => {
      const { status } = await chat(SONNET, { tools: [tool('one')], parallel_tool_calls: false, ...body });
      return [status, (sent().additionalModelRequestFields as Fields | undefined)?.tool_choice];
    };
    expect(await asked({})).toEqual([200, { type: 'auto', disable_parallel_tool_use: true }]);
    expect(await asked({ tool_choice: 'required' })).toEqual([200, { type: 'any', disable_parallel_tool_use: true }]);
    expect(JSON.stringify(sent().toolConfig)).not.toContain('toolChoice');
    expect(await asked({ tool_choice: 'none' })).toEqual([200, undefined]);
  });

  test.each(['claude-opus-5-5', 'claude-opus-4-7'])('17, 18. neither sampling nor a budget reaches %s', async (model) => {
    const answer = await chat(model, { temperature: 0.5, top_p: 0.9, reasoning_effort: 'high' });
    expect([answer.status, sent().inferenceConfig]).toEqual([200, { maxTokens: 9000 }]);
    expect(JSON.stringify(sent())).not.toContain('budget_tokens');
    expect(answer.headers.get('x-lpa-fidelity')).toMatch(/temperature/);
  });

  test.each(['claude-sonnet-4-6', SONNET])('17. temperature and top_p do not meet, %s', async (model) => {
    expect((await chat(model, { temperature: 0.5, top_p: 0.9 })).status).toBe(200);
    expect(sent().inferenceConfig).toEqual({ maxTokens: 9000, temperature: 0.5 });
  });

  test.each(['claude-sonnet-4-6', SONNET, 'claude-opus-5-5'])('19. a forced tool and thinking do not meet, %s', async (model) => {
    for (const tool_choice of ['required', { type: 'function', function: { name: 'one' } }]) {
      const answer = await chat(model, { reasoning_effort: 'high', tools: [tool('one')], tool_choice });
      expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, expect.stringContaining('tool_choice')]);
    }
  });

  test('30, 35. the newer limit counts, and one that the model does not have is told and lowered', async () => {
    expect((await chat(SONNET, { max_tokens: 5, max_completion_tokens: 50 })).status).toBe(200);
    expect(sent().inferenceConfig).toEqual({ maxTokens: 50 });
    const answer = await chat(SONNET, { max_completion_tokens: 100_000 });
    expect([answer.status, sent().inferenceConfig, answer.headers.get('x-lpa-fidelity')]).toEqual([
      200,
      { maxTokens: 64_000 },
      'clamped=max_completion_tokens',
    ]);
  });
});

describe('Anthropic clients to Claude at Bedrock', () => {
  const tools = [{ name: 'one', input_schema: { type: 'object', properties: {} } }];
  const messages = (body: Fields): Promise<Response> =>
    post('/anthropic/main/v1/messages', { model: CLAUDE, max_tokens: 50, messages: [user('Hello')], ...body });

  test('20. betas that Bedrock refuses, and fields that only the vendor has, are told and not sent', async () => {
    const answer = await fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: {
        'x-api-key': bench.key,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'prompt-caching-scope-2026-01-05,interleaved-thinking-2025-05-14',
      },
      body: JSON.stringify({ model: CLAUDE, max_tokens: 50, messages: [user('Hello')], service_tier: 'auto', context_management: { edits: [] } }),
    });
    expect(answer.status).toBe(200);
    expect(sent()).toMatchObject({ anthropic_version: 'bedrock-2023-05-31', anthropic_beta: ['interleaved-thinking-2025-05-14'] });
    expect(Object.keys(sent())).not.toContain('service_tier');
    expect(answer.headers.get('x-lpa-fidelity')).toMatch(/context_management/);
  });

  test('20. a beta that Bedrock refuses takes its field along, which moves to the name that Bedrock has', async () => {
    const schema = { type: 'object', properties: {}, additionalProperties: false };
    const answer = await fetch(`${bench.url}/anthropic/main/v1/messages`, {
      method: 'POST',
      headers: {
        'x-api-key': bench.key,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'anthropic-beta': 'structured-outputs-2025-11-13',
      },
      body: JSON.stringify({ model: CLAUDE, max_tokens: 50, messages: [user('Hello')], output_format: { type: 'json_schema', schema } }),
    });
    expect([answer.status, sent().output_format, sent().output_config]).toEqual([200, undefined, { format: { type: 'json_schema', schema } }]);
    expect(sent().anthropic_beta).toBeUndefined();
  });

  test('25, 38. calls and results reach the model, also a result without content', async () => {
    const history = [
      user('go'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'one', input: {} }] },
      user([{ type: 'tool_result', tool_use_id: 'a' }]),
    ];
    expect((await messages({ messages: history, tools })).status).toBe(200);
    expect(turns()[1]?.content).toMatchObject([{ type: 'tool_use', id: 'a' }]);
    expect(turns()[2]?.content).toMatchObject([{ type: 'tool_result', tool_use_id: 'a' }]);
  });

  test('27. tokens are counted by the model, not by a profile across regions', async () => {
    const answer = await post('/anthropic/main/v1/messages/count_tokens', { model: CLAUDE, messages: [user('Hello')] });
    expect([answer.status, last()?.target]).toEqual([200, `/model/${encodeURIComponent(CLAUDE.slice('us.'.length))}/count-tokens`]);
    expect(((await answer.json()) as Fields).input_tokens).toBeGreaterThan(0);
  });

  test.each([
    [429, 'rate_limit_error'],
    [500, 'api_error'],
    [503, 'overloaded_error'],
  ])('37. status %i has a type that Anthropic has', async (status, type) => {
    bench.simulator.script({ status });
    expect(((await (await messages({})).json()) as { error: Fields }).error.type).toBe(type);
  });
});
