import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { type Params, user } from './support/openai-client.ts';

// What Claude wants of tools and of the conversation about them, said by clients of other vendors.
type Fields = Readonly<Record<string, unknown>>;
const forms = [
  { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  { type: 'object', properties: { postcode: { type: 'string' } }, required: ['postcode'] },
];
const find: OpenAI.Chat.ChatCompletionTool = { type: 'function', function: { name: 'find', parameters: { anyOf: forms } } };
const call = (id: string, name = 'find', input = '{"city":"Oslo"}') => ({ id, type: 'function', function: { name, arguments: input } }) as const;
const asked = (...calls: ReturnType<typeof call>[]): OpenAI.Chat.ChatCompletionMessageParam => ({ role: 'assistant', tool_calls: calls });
const result = (id: string): OpenAI.Chat.ChatCompletionMessageParam => ({ role: 'tool', tool_call_id: id, content: 'found' });

// What is wrong with the calls of a conversation and their results, for vendors that take none such.
const unpaired: readonly (readonly [string, OpenAI.Chat.ChatCompletionMessageParam[]])[] = [
  ['a result without its call', [...user('Hi'), result('a')]],
  ['a result of another call', [...user('Hi'), asked(call('a')), result('a'), result('b')]],
  ['a call without its result', [...user('Hi'), asked(call('a'), call('b')), result('a'), ...user('And?')]],
  ['a call at the end', [...user('Hi'), asked(call('a'))]],
];

describe.each([
  ['Anthropic', 'anthropic', {}, 'claude-sonnet-4-6'],
  ['Bedrock by Converse', 'bedrock', {}, 'us.anthropic.claude-sonnet-4-6'],
  ['Bedrock by InvokeModel', 'bedrock', { api: 'anthropic-invoke' }, 'us.anthropic.claude-sonnet-4-6'],
] as const)('OpenAI clients to Claude: %s', (name, vendor, main, model) => {
  let bench: Bench;
  let client: OpenAI;
  beforeAll(async () => {
    bench = await openBench({ vendor, main, sections: { retry: { attempts: 1 } } });
    client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const sent = (): string => JSON.stringify(bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json());
  const forced: Params = { model, tools: [find], tool_choice: { type: 'function', function: { name: 'find' } }, messages: user('Where?') };

  test('input that is one of several objects is asked for in a member, and given as the tool wants it', async () => {
    const { data, response } = await client.chat.completions.create(forced).withResponse();
    expect(sent()).toContain(`{"type":"object","properties":{"input":{"anyOf":${JSON.stringify(forms)}}},"required":["input"],"additionalProperties":false}`);
    const [one] = data.choices[0]?.message.tool_calls ?? [];
    expect(one?.type === 'function' ? Object.keys(JSON.parse(one.function.arguments) as Fields) : one).toEqual(['city']);
    expect(response.headers.get('x-lpa-fidelity')).toContain('emulated=tools[].function.parameters');
  });
  test('the same in a stream, and back in the next turn', async () => {
    const stream = await client.chat.completions.create({ ...forced, stream: true });
    let input = '';
    for await (const chunk of stream) for (const one of chunk.choices[0]?.delta.tool_calls ?? []) input += one.function?.arguments ?? '';
    expect(Object.keys(JSON.parse(input) as Fields)).toEqual(['city']);
    await client.chat.completions.create({ model, tools: [find], messages: [...user('Where?'), asked(call('a', 'find', input)), result('a')] });
    expect(sent()).toContain(`"input":{"input":${input}}`);
  });
  test('a schema that is one of its definitions is that one', async () => {
    const parameters = { $ref: '#/$defs/Place', $defs: { Place: forms[0] } };
    await client.chat.completions.create({ model, tools: [{ type: 'function', function: { name: 'find', parameters } }], messages: user('Where?') });
    expect(sent()).toContain(JSON.stringify({ $defs: parameters.$defs, ...forms[0] }));
  });
  test.skipIf(name === 'Bedrock by Converse')('sound is refused, because the question would be another without it', async () => {
    const content = [{ type: 'text', text: 'Who speaks?' } as const, { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } } as const];
    const failed = client.chat.completions.create({ model, messages: [{ role: 'user', content }] });
    await expect(failed).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'messages[].content[]' });
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test.each(unpaired)('%s is refused here, in the words of the client', async (_what, messages) => {
    const failed = client.chat.completions.create({ model, tools: [find], messages });
    await expect(failed).rejects.toMatchObject({ status: 400, code: 'invalid_request', type: 'invalid_request_error', param: 'messages[].tool_call_id' });
    expect(bench.simulator.requests).toHaveLength(0);
  });
});

describe('clients of other vendors to Gemini', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'vertex', plugins: ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse'] });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const model = 'gemini-2.5-flash';

  test.each(unpaired)('%s is refused here, in the words of OpenAI', async (_what, messages) => {
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    const failed = client.chat.completions.create({ model, tools: [find], messages });
    await expect(failed).rejects.toMatchObject({ status: 400, code: 'invalid_request', type: 'invalid_request_error', param: 'messages[].tool_call_id' });
    expect(bench.simulator.requests).toHaveLength(0);
  });
  test('two calls and one result are refused in the forms of Anthropic and AWS', async () => {
    const calls = ['a', 'b'];
    const anthropic = await post('/anthropic/main/v1/messages', {
      model,
      max_tokens: 50,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: calls.map((id) => ({ type: 'tool_use', id, name: 'find', input: {} })) },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] },
      ],
    });
    const aws = await post(`/converse/main/model/${model}/converse`, {
      messages: [
        { role: 'user', content: [{ text: 'Hi' }] },
        { role: 'assistant', content: calls.map((toolUseId) => ({ toolUse: { toolUseId, name: 'find', input: {} } })) },
        { role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: 'x' }] } }] },
      ],
    });
    expect([anthropic.status, ((await anthropic.json()) as { error: Fields }).error.type]).toEqual([400, 'invalid_request_error']);
    expect([aws.status, aws.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationException']);
    for (const answer of [anthropic, aws]) expect(answer.headers.get('x-lpa-code')).toBe('invalid_request');
    expect(bench.simulator.requests).toHaveLength(0);
  });
});

describe.each(['openai', 'azure'] as const)('clients of other vendors to %s', (vendor) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor, plugins: ['anthropic', 'converse', 'gemini'].map((name) => `@llm-proxy-auth/dialect-${name}`) });
  });
  afterAll(() => bench.close());
  test('a call without its result is refused in the form of each, and a client of OpenAI is told what the vendor says', async () => {
    const post = (path: string, body: object): Promise<Response> =>
      fetch(bench.url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const model = 'gpt-4o';
    const answers = [
      await post('/anthropic/main/v1/messages', {
        model,
        max_tokens: 50,
        messages: [...user('Hi'), { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'find', input: {} }] }, ...user('And?')],
      }),
      await post(`/converse/main/model/${model}/converse`, {
        messages: [
          { role: 'user', content: [{ text: 'Hi' }] },
          { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'find', input: {} } }] },
          { role: 'user', content: [{ text: 'And?' }] },
        ],
      }),
      await post(`/gemini/main/v1beta/models/${model}:generateContent`, {
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ functionCall: { name: 'find', args: {} } }] },
          { role: 'user', parts: [{ text: 'And?' }] },
        ],
      }),
    ];
    expect(answers.map(({ status, headers }) => [status, headers.get('x-lpa-code')])).toEqual(answers.map(() => [400, 'invalid_request']));
    expect(bench.simulator.requests).toHaveLength(0);
    const own = await post('/openai/main/v1/chat/completions', { model, tools: [find], messages: [...user('Hi'), asked(call('a')), ...user('And?')] });
    expect([own.status, own.headers.get('x-lpa-code'), bench.simulator.requests.length]).toEqual([400, 'upstream_rejected', 1]);
  });
});

describe('clients of AWS and Google to Claude', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'anthropic', plugins: ['@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/dialect-gemini'] });
  });
  afterAll(() => bench.close());
  test('an orphan is refused in the form of each', async () => {
    const aws = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${bench.url}/converse/main`,
      token: async () => ({ token: bench.key }),
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    const failed = aws.send(
      new ConverseCommand({
        modelId: 'claude-sonnet-4-6',
        messages: [{ role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: 'x' }] } }] }],
      }),
    );
    await expect(failed).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    const gemini = await fetch(`${bench.url}/gemini/main/v1beta/models/claude-sonnet-4-6:generateContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': bench.key, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ role: 'user', parts: [{ functionResponse: { name: 'find', response: { output: 'x' } } }] }] }),
    });
    expect([gemini.status, gemini.headers.get('x-lpa-code'), ((await gemini.json()) as { error: Fields }).error.status]).toEqual([
      400,
      'invalid_request',
      'INVALID_ARGUMENT',
    ]);
    expect(bench.simulator.requests).toHaveLength(0);
  });
});

describe('Anthropic clients to Bedrock', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ vendor: 'bedrock', plugins: ['@llm-proxy-auth/dialect-anthropic'], sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const claude = 'us.anthropic.claude-sonnet-4-6';
  const nova = 'us.amazon.nova-lite-v1:0';
  const post = (body: Fields, path = '/v1/messages'): Promise<Response> =>
    fetch(`${bench.url}/anthropic/main${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ ...(path === '/v1/messages' ? { max_tokens: 100 } : {}), messages: user('Hi'), ...body }),
    });
  const sent = (): Fields => bench.simulator.requests.findLast(({ method }) => method === 'POST')?.json() as Fields;
  const search = { type: 'web_search_20250305', name: 'web_search' };
  const own = { name: 'f', input_schema: { type: 'object' } };

  test.each([claude, nova])('a tool that Anthropic runs is refused, forced or not, unless none may be called: %s', async (model) => {
    for (const choice of [undefined, { type: 'tool', name: 'web_search' }]) {
      const answer = await post({ model, tools: [search, own], ...(choice === undefined ? {} : { tool_choice: choice }) });
      expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'unsupported_parameter']);
      expect(await answer.text()).toContain('web_search_20250305');
    }
    expect(bench.simulator.requests).toHaveLength(0);
    const answer = await post({ model, tools: [search, own], tool_choice: { type: 'none' } });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')?.split(',').includes('ignored=tools')]).toEqual([200, true]);
  });
  test('a tool that nobody gave is still for the provider to refuse', async () => {
    expect((await post({ model: claude, tools: [own], tool_choice: { type: 'tool', name: 'g' } })).status).toBe(400);
    expect(sent().tool_choice).toEqual({ type: 'tool', name: 'g' });
  });
  test('a hint on the whole request stands on its last block, as the vendor itself would put it', async () => {
    const hint = { type: 'ephemeral', ttl: '1h' };
    const answer = await post({ model: claude, cache_control: hint });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'emulated=cache_control']);
    expect(sent().messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: hint }] }]);
    expect(sent()).not.toHaveProperty('cache_control');
    const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };
    const full = await post({ model: claude, cache_control: hint, system: [marked, marked, marked, marked] });
    expect([full.status, full.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=cache_control']);
  });
  test('a hint on the whole request is a cache point behind its last block, where the model has a cache', async () => {
    const hint = { type: 'ephemeral' };
    const point = { cachePoint: { type: 'default' } };
    const answer = await post({ model: nova, cache_control: hint });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, 'emulated=cache_control']);
    expect(sent().messages).toEqual([{ role: 'user', content: [{ text: 'Hi' }, point] }]);
    const marked = { type: 'text', text: 'x', cache_control: hint };
    const full = await post({ model: nova, cache_control: hint, system: [marked, marked, marked, marked] });
    expect([full.status, full.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=cache_control']);
    expect(sent().messages).toEqual([{ role: 'user', content: [{ text: 'Hi' }] }]);
    const without = await post({ model: 'meta.llama3-8b-instruct-v1:0', cache_control: hint });
    expect([without.status, without.headers.get('x-lpa-fidelity')]).toEqual([200, 'ignored=cache_control']);
    expect(JSON.stringify(sent())).not.toContain('cachePoint');
  });
  test('a model that counts no tokens is 404, at which clients count themselves', async () => {
    const answer = await post({ model: nova }, '/v1/messages/count_tokens');
    expect([answer.status, answer.headers.get('x-lpa-code'), answer.headers.get('x-lpa-fidelity')]).toEqual([404, 'operation_not_supported', null]);
  });
});
