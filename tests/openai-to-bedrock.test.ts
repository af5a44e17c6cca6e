import { type BedrockSimulator, exceptionFrame } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BEDROCK_PROFILE, type Bench, openBench } from './support/gateway.ts';
import { type Message, type Params, PDF, PIXEL, place, time, user, weather } from './support/openai-client.ts';

const SONNET = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
const NEWEST = 'us.anthropic.claude-opus-5-5';
const NOVA = 'us.amazon.nova-2-lite-v1:0';
const OSS = 'openai.gpt-oss-20b-1:0';
const ARN = `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/${BEDROCK_PROFILE}`;
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'bedrock', sections: { retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());
const client = () => new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
const lastSent = (): Record<string, unknown> => bench.simulator.requests.at(-1)?.json() as Record<string, unknown>;
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (cause: unknown) => cause,
  );

describe.each([
  ['Claude Sonnet 4.5', SONNET],
  ['Claude Opus 5.5', NEWEST],
  ['Nova 2 Lite', NOVA],
  ['gpt-oss', OSS],
  ['an application inference profile', ARN],
])('an unmodified OpenAI SDK to Bedrock: %s', (_name, model) => {
  const create = (more: Partial<Params>) => client().chat.completions.create({ model, messages: user('Hello'), ...more });

  test('chat, with a system message and a limit', async () => {
    const answer = await create({ messages: [{ role: 'system', content: 'Be kind.' }, ...user('Hello')], max_completion_tokens: 500 });
    expect(answer).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'You said: Hello' }, finish_reason: 'stop' }],
    });
    const { usage } = answer;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
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

  test.each([false, true])('two parallel tools and the loop, results in another order, streamed: %s', async (streaming) => {
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
    const results = calls.map(({ id, function: { name } }): Message => ({ role: 'tool', tool_call_id: id, content: `${name} fine` })).toReversed();
    const more: Message[] = [...messages, { role: 'assistant', content: null, tool_calls: calls }, ...results];
    const answer = await create({ messages: more, tools });
    expect(answer.choices[0]?.message.content).toMatch(/^The tool said: /);
  });

  test('finish reason length', async () => {
    expect((await create({ messages: user('write 900 words'), max_completion_tokens: 100 })).choices[0]?.finish_reason).toBe('length');
  });

  test('errors in the words of OpenAI', async () => {
    for (const [status, name] of [
      [429, 'RateLimitError'],
      [503, 'InternalServerError'],
      [400, 'BadRequestError'],
    ] as const) {
      bench.simulator.script({ status });
      expect(((await failure(create({}))) as Error).constructor.name).toBe(name);
    }
  });

  test('nobody but Bedrock sees a signature, and Bedrock sees no key of the gateway', async () => {
    await create({});
    const sent = bench.simulator.requests.at(-1);
    expect(sent?.header('authorization')).toMatch(/^AWS4-HMAC-SHA256 /);
    expect(JSON.stringify(sent?.headers)).not.toContain(bench.key);
  });
});

describe.each([
  ['Claude Sonnet 4.5', SONNET],
  ['Nova 2 Lite', NOVA],
])('%s by the OpenAI SDK', (_name, model) => {
  const create = (more: Partial<Params>) => client().chat.completions.create({ model, messages: user('Hello'), ...more });

  test('a forced tool', async () => {
    const forced = await create({ tools: [weather, time], tool_choice: { type: 'function', function: { name: 'get_time' } } });
    expect(forced.choices[0]?.message.tool_calls).toHaveLength(1);
    const required = await create({ tools: [weather], tool_choice: 'required' });
    expect(required.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('vision and a document', async () => {
    const content: OpenAI.Chat.ChatCompletionContentPart[] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: PIXEL } },
      { type: 'file', file: { filename: 'a.v1.pdf', file_data: PDF } },
      { type: 'file', file: { filename: 'a.v1.pdf', file_data: PDF } },
    ];
    const answer = await create({ messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toBe('You said: What is this? [image, document, document]');
  });

  test('json_schema', async () => {
    const answer = await create({ response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } } });
    if (model === NOVA) {
      // It keeps to no schema: the answer is the input of a tool that it must call.
      expect(bench.simulator.requests.at(-1)?.json()).toMatchObject({ toolConfig: { toolChoice: { tool: { name: 'json_answer' } } } });
      expect(bench.simulator.requests.at(-1)?.json()).not.toHaveProperty('outputConfig');
    }
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: 'text' });
    expect([answer.choices[0]?.finish_reason, answer.choices[0]?.message.tool_calls]).toEqual(['stop', undefined]);
    let streamed = '';
    const format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: place } } as const;
    for await (const { choices } of await client().chat.completions.create({ model, messages: user('Hello'), response_format: format, stream: true }))
      streamed += choices[0]?.delta.content ?? '';
    expect(JSON.parse(streamed)).toEqual({ city: 'text' });
  });

  test('a tool history after the tools are gone', async () => {
    const messages = user('call get_time');
    const [call] = (await create({ messages, tools: [time] })).choices[0]?.message.tool_calls ?? [];
    if (call === undefined) throw new Error('no call');
    const answer = await create({
      messages: [
        ...messages,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: call.id, content: 'noon' },
        ...user('Thanks'),
      ],
    });
    expect(answer.choices[0]?.finish_reason).toBe('stop');
  });

  test('ids of calls that Bedrock does not take come back as they were', async () => {
    const id = 'functions.get_time:0';
    const call = { id, type: 'function' as const, function: { name: 'get_time', arguments: '' } };
    const answer = await create({
      messages: [...user('call get_time'), { role: 'assistant', content: null, tool_calls: [call] }, { role: 'tool', tool_call_id: id, content: 'noon' }],
      tools: [time],
    });
    expect(answer.choices[0]?.message.content).toBe('The tool said: noon');
  });

  test('two user messages in a row, and blank texts between them', async () => {
    const answer = await create({ messages: [...user('One.'), { role: 'user', content: [{ type: 'text', text: ' ' }] }, ...user('Hello')] });
    expect(answer.choices[0]?.message.content).toContain('Hello');
  });
});

describe('thinking at Bedrock for the OpenAI SDK', () => {
  test('Responses carry it sealed, where a client asks for that', async () => {
    const tools = [{ type: 'function' as const, name: 'get_time', strict: false, parameters: { type: 'object', properties: {} } }];
    const asking = { model: SONNET, store: false, include: ['reasoning.encrypted_content' as const], reasoning: { effort: 'high' as const }, tools };
    const question = { role: 'user' as const, content: 'call get_time' };
    const { output } = await client().responses.create({ ...asking, input: [question], max_output_tokens: 40_000 });
    const [reasoning, call] = output;
    if (reasoning?.type !== 'reasoning' || call?.type !== 'function_call') throw new Error('no reasoning and call');
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'noon' };
    const answer = await client().responses.create({ ...asking, input: [question, reasoning, call, result], max_output_tokens: 40_000 });
    expect([answer.output_text, JSON.stringify(lastSent().messages).includes('"signature":"Eq')]).toEqual(['The tool said: noon', true]);
  });
  test('how much of an answer was thinking is not told, which Converse does not say', async () => {
    const asked = { model: SONNET, messages: user('Hello'), reasoning_effort: 'high' as const, max_completion_tokens: 40_000 };
    const { choices, usage } = await client().chat.completions.create(asked);
    expect(choices[0]?.message).toHaveProperty('thinking_blocks');
    expect([(usage?.completion_tokens ?? 0) > 0, usage?.completion_tokens_details]).toEqual([true, undefined]);
  });
  test.each([SONNET, NEWEST])('%s: a reasoning loop of two turns with tools', async (model) => {
    const messages = user('call get_time');
    const more = { model, tools: [time], reasoning_effort: 'high' as const, max_completion_tokens: 40_000 };
    const first = await client().chat.completions.create({ ...more, messages });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('No message');
    const [call] = message.tool_calls ?? [];
    const answer = await client().chat.completions.create({
      ...more,
      messages: [...messages, message, { role: 'tool', tool_call_id: call?.id ?? '', content: 'noon' }],
    });
    expect(answer.choices[0]?.message.content).toBe('The tool said: noon');
    expect(JSON.stringify(lastSent().messages)).toContain('"signature":"Eq');
  });

  test('a client that drops what it does not know gets on too', async () => {
    const messages = user('call get_time');
    const more = { model: NEWEST, tools: [time], reasoning_effort: 'high' as const, max_completion_tokens: 40_000 };
    const [call] = (await client().chat.completions.create({ ...more, messages })).choices[0]?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('no call');
    const { name, arguments: input } = call.function;
    const plain: Message = { role: 'assistant', content: null, tool_calls: [{ id: call.id, type: 'function', function: { name, arguments: input } }] };
    const answer = await client().chat.completions.create({
      ...more,
      messages: [...messages, plain, { role: 'tool', tool_call_id: call.id, content: 'noon' }],
    });
    expect(answer.choices[0]?.message.content).toBe('The tool said: noon');
  });

  test('a picture that is said to be another is sent as what it is, and a spoken answer is refused', async () => {
    const mislabelled = PIXEL.replace('image/png', 'image/jpeg');
    const content: OpenAI.Chat.ChatCompletionContentPart[] = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: mislabelled } },
    ];
    const { data, response } = await client()
      .chat.completions.create({ model: SONNET, messages: [{ role: 'user', content }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('You said: What is this? [image]');
    expect(response.headers.get('x-lpa-fidelity')).toContain('emulated=messages[].content[]');
    const refusal = client().chat.completions.create({
      model: SONNET,
      messages: user('Hello'),
      modalities: ['text', 'audio'],
      audio: { voice: 'alloy', format: 'mp3' },
    });
    await expect(refusal).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'modalities' });
  });

  test('top_k, which clients of several vendors send, reaches the models that take it and is told of the others', async () => {
    const asked = { max_completion_tokens: 50, top_k: 4 };
    const at = async (model: string) => {
      const { response } = await client()
        .chat.completions.create({ ...asked, messages: user('Hello'), model })
        .withResponse();
      return [lastSent().additionalModelRequestFields, response.headers.get('x-lpa-fidelity')];
    };
    expect(await at(SONNET)).toEqual([{ top_k: 4 }, null]);
    expect(await at(NOVA)).toEqual([{ inferenceConfig: { topK: 4 } }, null]);
    expect(await at(NEWEST)).toEqual([undefined, 'ignored=top_k']);
  });
  test('what the newest models refuse is not sent, and told', async () => {
    const { response } = await client()
      .chat.completions.create({ model: NEWEST, messages: user('Hello'), temperature: 0.2, tools: [time], tool_choice: 'required' })
      .withResponse();
    expect(response.headers.get('x-lpa-fidelity')).toMatch(/temperature/);
    expect(lastSent()).not.toHaveProperty('inferenceConfig.temperature');
  });
});

describe('streams of Bedrock that go wrong, for the OpenAI SDK', () => {
  const read = async (): Promise<string> => {
    const stream = await client().chat.completions.create({ model: SONNET, messages: user('write 90 words'), stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    return text;
  };
  const whole = Array.from({ length: 90 }, (_, at) => `word${at + 1}`).join(' ');

  test('an exception behind some text is an error and no clean end', async () => {
    bench.simulator.script({ delayChunk: 5, endWith: { after: 6, frame: exceptionFrame('throttlingException', { message: 'Too many tokens.' }) } });
    expect(await failure(read())).toBeInstanceOf(OpenAI.APIError);
  });

  test('an exception as the first event is a status', async () => {
    bench.simulator.script({ endWith: { after: 0, frame: exceptionFrame('throttlingException', { message: 'Too many tokens.' }) } });
    expect(await failure(read())).toBeInstanceOf(OpenAI.RateLimitError);
  });

  test('an end without the last events is an error', async () => {
    bench.simulator.script({ cut: { at: 1500, how: 'fin' } });
    expect(await failure(read())).toBeDefined();
  });

  test.each([1, 7, 64])('pieces of %i bytes read the same', async (size) => {
    bench.simulator.script({ rechunk: { size } });
    expect(await read()).toBe(whole);
  });

  test('a JSON error in place of a stream is told as it is', async () => {
    const simulator = bench.simulator as BedrockSimulator;
    simulator.script({ status: 400, body: { message: 'Input is too long for requested model.' } });
    expect(await failure(read())).toMatchObject({ status: 400, code: 'context_length_exceeded' });
  });
});

describe('embeddings at Bedrock for the OpenAI SDK', () => {
  test.each([
    ['amazon.titan-embed-text-v2:0', { dimensions: 256 }, 256],
    ['amazon.titan-embed-text-v1', {}, 1536],
    ['cohere.embed-english-v3', {}, 1024],
    ['amazon.nova-2-multimodal-embeddings-v1:0', { dimensions: 384 }, 384],
  ])('%s: several texts, in order, with usage', async (model, more, size) => {
    const ask = (input: string[]) => client().embeddings.create({ model, input, ...more });
    const { data, usage } = await ask(['one', 'two words', 'three']);
    expect(data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
      [0, size],
      [1, size],
      [2, size],
    ]);
    expect(usage.prompt_tokens).toBe(4);
    const [alone] = (await ask(['two words'])).data;
    expect(data[1]?.embedding).toEqual(alone?.embedding);
  });
});

describe('rerank at Bedrock in the form of Cohere and Jina', () => {
  const documents = ['Berlin is a city', { title: 'France', text: 'Paris is the capital' }, 'Horses'];
  const ask = (body: object, path = '/openai/main/v1/rerank') =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'capital of France', documents, ...body }),
    });
  const cohere = 'cohere.rerank-v3-5:0';
  const amazon = 'amazon.rerank-v1:0';

  test.each([
    [cohere, 'emulated=documents'],
    [amazon, 'emulated=top_n,emulated=documents'],
  ])('%s: the best first, as many as asked for, with their documents, counted', async (model, told) => {
    const answer = await ask({ model, top_n: 1, return_documents: true });
    expect([answer.status, answer.headers.get('x-lpa-fidelity')]).toEqual([200, told]);
    expect(await answer.json()).toEqual({
      id: expect.stringMatching(/^rerank-/),
      model,
      results: [{ index: 1, relevance_score: expect.any(Number), document: documents[1] }],
      usage: { prompt_tokens: expect.any(Number), total_tokens: expect.any(Number) },
    });
    expect(lastSent().documents).toEqual(['Berlin is a city', 'title: France\ntext: Paris is the capital', 'Horses']);
  });
  test('what a model has no member for is told', async () => {
    expect((await ask({ model: cohere, documents: ['a'], max_tokens_per_doc: 64, rank_fields: ['title'] })).headers.get('x-lpa-fidelity')).toBe(
      'ignored=rank_fields',
    );
    expect(lastSent()).toEqual({ api_version: 2, query: 'capital of France', documents: ['a'], max_tokens_per_doc: 64 });
    expect((await ask({ model: amazon, documents: ['a'], max_tokens_per_doc: 64 })).headers.get('x-lpa-fidelity')).toBe('ignored=max_tokens_per_doc');
    await ask({ model: cohere, rank_fields: ['text', 'none'] });
    expect(lastSent().documents).toEqual(['Berlin is a city', 'text: Paris is the capital', 'Horses']);
  });
  test('a model that ranks nothing has no such operation, and errors of AWS are in the words of OpenAI', async () => {
    const none = await ask({ model: NOVA });
    expect([none.status, none.headers.get('x-lpa-code')]).toEqual([404, 'operation_not_supported']);
    bench.simulator.script({ status: 429 });
    const limited = await ask({ model: cohere });
    expect([limited.status, ((await limited.json()) as { error: { code: unknown } }).error.code]).toEqual([429, 'rate_limit_exceeded']);
  });
  test('transparent mode passes it as it is and reads what it took', async () => {
    const path = `/transparent/main/model/${encodeURIComponent(cohere)}/invoke`;
    const answer = await ask({ api_version: 2, documents: ['a', 'capital'] }, path);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        results: [
          { index: 1, relevance_score: 1 },
          { index: 0, relevance_score: 0 },
        ],
      },
    ]);
  });
});
