import type { ChatRequest, Part } from '@llm-proxy-auth/plugin';
import { recording } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { watsonxDialect } from '../src/dialect/dialect.ts';
import { callOf, event, eventsOf, type Fields, generation, noted, plain, readStream, readWhole, surfaceOf, written } from './wire.ts';

const user = (...parts: Part[]): ChatRequest => ({ turns: [{ role: 'user', parts }], tools: [], choices: 1 });
const text = (said: string): Part => ({ kind: 'text', text: said });
const told = (request: ChatRequest, wanted: Parameters<typeof written>[1] = {}): { readonly body: Fields; readonly notes: readonly string[] } => {
  const ledger = noted();
  const body = written(request, { ...wanted, ledger });
  return { body, notes: ledger.notes.map(({ kind, param }) => `${kind}=${param}`) };
};
const refused = (request: ChatRequest): unknown => {
  try {
    return written(request);
  } catch (failure) {
    return failure;
  }
};

describe('a request', () => {
  it('has everything that text/chat knows, under its name', () => {
    const { body, notes } = told({
      turns: [
        { role: 'system', parts: [text('Be brief.'), text('Be true.')] },
        { role: 'user', name: 'ann', parts: [text('What?'), { kind: 'image', media: { base64: 'AAAA', type: 'image/png' }, detail: 'low' }] },
        { role: 'assistant', parts: [text('Sum.'), { kind: 'toolCall', id: 'c1', name: 'sum', input: { json: '{"a":1}' } }] },
        { role: 'user', parts: [{ kind: 'toolResult', id: 'c1', name: 'sum', parts: [text('3')], failed: false }, text('Go on')] },
      ],
      tools: [{ kind: 'function', name: 'sum', description: 'adds', schema: { type: 'object' } }],
      toolChoice: 'required',
      maxTokens: 9,
      stop: ['END'],
      output: { schema: { type: 'object' }, name: 'x', strict: true },
      sampling: { temperature: 0.5, topP: 0.9, seed: 7, frequencyPenalty: 0.1, presencePenalty: 0.2, logitBias: { '5': -1 } },
      reasoning: { effort: 'low' },
      choices: 2,
      logprobs: 3,
      rest: { from: 'openai.chat', fields: { time_limit: 9000, guided_choice: ['a'], store: true } },
    });
    expect(body).toEqual({
      model_id: 'model-1',
      messages: [
        { role: 'system', content: 'Be brief.\n\nBe true.' },
        {
          role: 'user',
          name: 'ann',
          content: [
            { type: 'text', text: 'What?' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } },
          ],
        },
        { role: 'assistant', content: 'Sum.', tool_calls: [{ id: 'c1', type: 'function', function: { name: 'sum', arguments: '{"a":1}' } }] },
        { role: 'tool', tool_call_id: 'c1', content: '3' },
        { role: 'user', content: 'Go on' },
      ],
      tools: [{ type: 'function', function: { name: 'sum', description: 'adds', parameters: { type: 'object' } } }],
      tool_choice_option: 'required',
      max_completion_tokens: 9,
      stop: ['END'],
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
      temperature: 0.5,
      top_p: 0.9,
      seed: 7,
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      logit_bias: { '5': -1 },
      reasoning_effort: 'low',
      n: 2,
      logprobs: true,
      top_logprobs: 3,
      time_limit: 9000,
      guided_choice: ['a'],
    });
    expect(notes).toEqual(['emulated=turns.parts']);
  });
  it('without a limit asks for the most that the model can, and never for both ways of choosing', () => {
    const tools = [{ kind: 'function' as const, name: 'f', schema: {} }];
    expect(told(user(text('x'))).body.max_completion_tokens).toBe(0);
    expect(told({ ...user(text('x')), tools }).body).toMatchObject({ tool_choice_option: 'auto' });
    const named = told({ ...user(text('x')), tools, toolChoice: { name: 'f' } }).body;
    expect([named.tool_choice, named.tool_choice_option]).toEqual([{ type: 'function', function: { name: 'f' } }, undefined]);
  });
  it.each([
    [{ effort: 'minimal' }, { reasoning_effort: 'low' }, ['clamped=reasoning.effort']],
    [{ effort: 'xhigh' }, { reasoning_effort: 'high' }, ['clamped=reasoning.effort']],
    [{ effort: 'medium' }, { reasoning_effort: 'medium' }, []],
    [{ budget: 20_000 }, { reasoning_effort: 'high' }, ['emulated=reasoning.budget']],
    [{ budget: 1_024 }, { reasoning_effort: 'low' }, ['emulated=reasoning.budget']],
    [{ off: true }, { reasoning_effort: 'low', include_reasoning: false }, ['emulated=reasoning.off']],
    [{ effort: 'none' }, { reasoning_effort: 'low', include_reasoning: false }, ['emulated=reasoning.effort']],
    [{ off: false }, {}, ['defaulted=reasoning.off']],
    [{ off: false, summary: 'auto' }, { include_reasoning: true }, ['defaulted=reasoning.off']],
    [{ off: false, effort: 'high' }, { reasoning_effort: 'high' }, []],
    [{ budget: 9_000, effort: 'low' }, { reasoning_effort: 'low' }, ['ignored=reasoning.budget']],
  ])('that thinks %j', (reasoning, expected, notes) => {
    const made = told({ ...user(text('x')), reasoning });
    expect([made.body, made.notes]).toEqual([expect.objectContaining(expected), notes]);
  });
  it('to a deployment names no model, and its system message goes along as context', () => {
    const made = told(
      {
        turns: [
          { role: 'system', parts: [text('Be brief.')] },
          { role: 'user', parts: [text('x')] },
        ],
        tools: [],
        choices: 1,
      },
      { profile: 'deployment' },
    );
    expect(made.body).toEqual({ messages: [{ role: 'user', content: 'x' }], context: 'Be brief.', max_completion_tokens: 0 });
    expect(made.notes).toEqual(['emulated=turns.role']);
  });
  it('has a key for what does not stream alone', () => {
    const request = { ...user(text('x')), rest: { from: 'openai.chat', fields: { crypto: { key_ref: 'k' } } } };
    expect([told(request).body.crypto, told(request, { stream: true }).body.crypto]).toEqual([{ key_ref: 'k' }, undefined]);
  });
  it.each<readonly [string, Part, string]>([
    ['an image by its URL', { kind: 'image', media: { url: 'https://example.com/a.png' } }, 'turns.parts.media'],
    ['a stored image', { kind: 'image', media: { file: 'f' } }, 'turns.parts.media'],
    ['audio in another format', { kind: 'audio', media: { base64: 'AA', type: 'audio/flac' } }, 'turns.parts.media'],
    ['a document', { kind: 'document', media: { base64: 'AA', type: 'application/pdf' } }, 'turns.parts.document'],
  ])('with %s is refused by name', (_name, part, param) => {
    expect(refused(user(part))).toMatchObject({ code: 'unsupported_parameter', param });
  });
  it('with a tool of free text, one of another vendor or a search is refused', () => {
    expect(refused({ ...user(text('x')), tools: [{ kind: 'custom', name: 'f' }] })).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
    const server = { kind: 'server' as const, origin: { dialect: 'acme', payload: { json: '{}' } } };
    expect(refused({ ...user(text('x')), tools: [server] })).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
    expect(refused({ ...user(text('x')), webSearch: {} })).toMatchObject({ code: 'unsupported_parameter', param: 'webSearch' });
    expect(told({ ...user(text('x')), tools: [server], toolChoice: 'none' })).toMatchObject({
      body: expect.not.objectContaining({ tools: expect.anything() }),
      notes: ['ignored=tools'],
    });
  });
});

const chunk = (choices: readonly object[], more: object = {}): Fields => ({ id: 'c', model_id: 'm', created: 5, choices, ...more });
const END = event(9, chunk([], { usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } }));
const delta = (d: object, finish_reason: string | null = null, index = 0): string => event(1, chunk([{ index, finish_reason, delta: d }]));
const opening = (index: number, name = 'sum'): object => ({ tool_calls: [{ index, id: `t${index}`, type: 'function', function: { name, arguments: '' } }] });
const piece = (index: number, input: string | object): object => ({ tool_calls: [{ index, function: { name: '', arguments: input } }] });

describe('an answer', () => {
  it('that a time limit ended was cut at a length, which the ledger says', () => {
    const ledger = noted();
    const reply = readWhole({ choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'time_limit' }] }, { ledger });
    expect([reply.choices[0]?.finish, ledger.notes.map(({ param }) => param)]).toEqual(['length', ['choices.finish']]);
  });
  it.each(['cancelled', 'error'])('that was broken off with %s is no answer, whole or streamed', (reason) => {
    expect(() => readWhole({ choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: reason }] })).toThrow(
      expect.objectContaining({ code: 'upstream_bad_response' }),
    );
    expect(eventsOf([Buffer.from(delta({ content: 'x' }) + delta({}, reason) + END)]).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'upstream_bad_response' },
    });
  });
  it.each([
    ['content_filter', 'filter', []],
    ['something_new', 'stop', ['emulated choices.finish']],
  ])('that ends with %s ends with %s, and a reason that nobody knows is told', (reason, finish, told) => {
    const ledger = noted();
    const reply = readWhole({ choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: reason }] }, { ledger });
    expect([reply.choices[0]?.finish, ledger.notes.map(({ kind, param }) => `${kind} ${param}`)]).toEqual([finish, told]);
  });
  it('under 200 that is an error is one', () => {
    expect(() => readWhole({ errors: [{ code: 'model_not_supported', message: 'no' }], status_code: 404 })).toThrow(
      expect.objectContaining({ code: 'model_not_found', status: 404 }),
    );
  });
  it('tells of parameters that were taken otherwise', () => {
    const ledger = noted();
    const warnings = [
      { message: 'set to 10m', id: 'time_limit_out_of_range', additional_properties: { parameter: 'time_limit', new_value: 600_000 } },
      { message: 'a licence', id: 'disclaimer_warning' },
    ];
    readWhole({ choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }], system: { warnings } }, { ledger });
    expect(ledger.notes.map(({ kind, param }) => `${kind}=${param}`)).toEqual(['clamped=rest.fields.time_limit']);
  });
});

describe('a stream', () => {
  it('of calls has their names once, whatever stands in the fragments that go on', () => {
    const reply = readStream(
      delta(opening(0)) + delta(piece(0, '{"a":')) + delta(piece(0, '1}')) + delta(opening(1, 'mul')) + delta(piece(1, '{}'), 'tool_calls') + END,
    );
    expect(reply.choices[0]?.parts).toEqual([
      { kind: 'toolCall', id: 't0', name: 'sum', input: { json: '{"a":1}' } },
      { kind: 'toolCall', id: 't1', name: 'mul', input: { json: '{}' } },
    ]);
  });
  it('of several choices keeps the calls of each apart, which count from 0 in each', () => {
    const two = (index: number, input: string, last: string | null) => delta(piece(0, input), last, index);
    const reply = readStream(
      delta(opening(0), null, 0) + delta(opening(0, 'mul'), null, 1) + two(0, '{"a":1}', 'tool_calls') + two(1, '{"b":2}', 'tool_calls') + END,
    );
    expect(reply.choices.map(({ parts }) => parts[0])).toMatchObject([
      { name: 'sum', input: { json: '{"a":1}' } },
      { name: 'mul', input: { json: '{"b":2}' } },
    ]);
  });
  it('whose arguments were written as text twice is read as they were meant, in one fragment or many', () => {
    const twice = JSON.stringify('{"a": 1}');
    for (const cut of [0, 1, 5, twice.length]) {
      const reply = readStream(delta(opening(0)) + delta(piece(0, twice.slice(0, cut))) + delta(piece(0, twice.slice(cut)), 'tool_calls') + END);
      expect(reply.choices[0]?.parts[0], `cut at ${cut}`).toMatchObject({ input: { json: '{"a": 1}' } });
    }
  });
  it('goes on behind an empty reason, and has arguments that are the object itself', () => {
    const reply = readStream(delta({ content: 'Hi' }, '') + delta({ content: ' you' }, '') + delta(opening(0)) + delta(piece(0, { a: 1 }), 'tool_calls') + END);
    expect(reply.choices[0]?.parts).toMatchObject([{ text: 'Hi you' }, { kind: 'toolCall', input: { json: '{"a":1}' } }]);
    expect(eventsOf([Buffer.from(delta({ content: 'x' }, '') + END)]).at(-1)).toMatchObject({ error: { code: 'upstream_stream_truncated' } });
    const made = { id: 'c', type: 'function', function: { name: 'f', arguments: { a: 1 } } };
    const whole = readWhole({ choices: [{ index: 0, message: { role: 'assistant', tool_calls: [made] }, finish_reason: 'tool_calls' }] });
    expect(whole).toMatchObject({ choices: [{ parts: [{ input: { json: '{"a":1}' } }] }] });
  });
  it('shows what the model thinks as thinking', () => {
    const reply = readStream(delta({ reasoning_content: 'be' }) + delta({ reasoning_content: 'cause' }) + delta({ content: 'Yes' }, 'stop') + END);
    expect(reply.choices[0]?.parts).toEqual([
      { kind: 'thinking', text: 'because', redacted: false },
      { kind: 'text', text: 'Yes' },
    ]);
  });
  it('that counts on the way counts as much as it says last', () => {
    const counted = (content: string, completion_tokens: number, reason: string | null) =>
      event(1, chunk([{ index: 0, finish_reason: reason, delta: { content } }], { usage: { prompt_tokens: 3, completion_tokens } }));
    expect(readStream(counted('a', 1, null) + counted('b', 2, 'stop') + END).usage).toMatchObject({ input: 3, output: 4, estimated: false });
    const none = event(9, chunk([], { usage: {} }));
    expect(readStream(counted('a', 1, null) + counted('b', 2, 'stop') + none).usage).toMatchObject({ input: 3, output: 2, estimated: false });
    expect(readStream(delta({ content: 'a' }, 'stop') + none).usage).toMatchObject({ output: 0, estimated: true });
  });
  it('is no end where its usage came before every choice had one, nor where [DONE] does', () => {
    for (const end of [END, 'data: [DONE]\n\n'])
      expect(eventsOf([Buffer.from(delta({ content: 'x' }) + end)]).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_stream_truncated' } });
    expect(eventsOf([Buffer.from(`${delta({ content: 'x' }, 'stop')}data: [DONE]\n\n`)]).at(-1)?.type).toBe('end');
  });
  it.each([
    [
      'the envelope of errors',
      'event: error\ndata: {"errors":[{"code":"rate_limit_reached_requests","message":"slow down"}],"trace":"t","status_code":429}\n\n',
      'upstream_rate_limited',
      429,
    ],
    ['bare words', 'event: error\ndata: error\n\n', 'upstream_bad_response', 502],
    ['an error in an event of another name', 'data: {"errors":[{"code":"internal_error","message":"x"}],"status_code":500}\n\n', 'upstream_bad_response', 502],
    ['what is no JSON', 'data: {"id"\n\n', 'upstream_bad_response', 502],
    ['a list', 'data: []\n\n', 'upstream_bad_response', 502],
  ])('ends with an error for %s, and nothing after it is told', (_name, wire, code, status) => {
    const events = eventsOf([Buffer.from(delta({ content: 'x' }) + wire + delta({ content: 'y' }, 'stop') + END)]);
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code, status } });
    expect(events.some((e) => e.type === 'delta' && e.text === 'y')).toBe(false);
  });
  it('recorded with an error at its beginning is one, although text follows', () => {
    const body = recording('watsonx/text-chat-stream-stream-exception-llama-54aeae.json').response.body ?? '';
    expect(eventsOf([Buffer.from(body)]).map(({ type }) => type)).toEqual(['error']);
  });
});

describe('errors', () => {
  const readError = (status: number, body: string) => watsonxDialect.readError({ status, headers: [], body: Buffer.from(body) });
  const errors = (code: string, message = 'no'): string => JSON.stringify({ errors: [{ code, message, more_info: 'https://x' }], trace: 't' });
  it.each([
    [403, errors('token_quota_reached'), 'upstream_rate_limited', 429, false],
    [429, errors('token_quota_reached'), 'upstream_rate_limited', 429, false],
    [429, errors('rate_limit_reached_requests'), 'upstream_rate_limited', 429, undefined],
    [403, errors('authorization_rejected'), 'upstream_rejected', 403, undefined],
    [404, errors('model_not_supported'), 'model_not_found', 404, undefined],
    [404, errors('project_not_found'), 'model_not_found', 404, undefined],
    [400, errors('json_validation_error'), 'invalid_request', 400, undefined],
    [400, errors('invalid_input_argument', 'the number of input tokens 9 cannot exceed the max sequence length 8'), 'context_length_exceeded', 400, undefined],
    [503, errors('downstream_request_failed'), 'upstream_overloaded', 503, undefined],
    [500, errors('internal_error'), 'upstream_bad_response', 502, undefined],
    [504, '<html></html>', 'upstream_timeout', 504, undefined],
    [400, '{"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."}', 'invalid_request', 400, undefined],
    [404, '{"error":{"code":"model_not_found","message":"x"}}', 'model_not_found', 404, undefined],
  ])('%i %s', (status, body, code, shown, retry) => {
    expect(readError(status, body)).toMatchObject({ code, status: shown, retry });
  });
  it('keep nothing secret: tokens, ids of accounts', () => {
    const read = readError(403, errors('x', 'IBMid-270000ABCD with eyJraWQiOiIyMDI.eyJ.sig may not use crn:v1:bluemix:public:a/1:: Bearer abc'));
    expect(JSON.stringify(read)).not.toMatch(/IBMid-2|eyJraWQ|bluemix|abc/);
  });
});
describe('generations', () => {
  const surface = generation;
  it('say the prompt, the parameters that their surface has, and no stop sequence in the text', () => {
    const ledger = noted();
    const request: ChatRequest = {
      ...user(text('Say hi')),
      maxTokens: 16,
      stop: ['\n'],
      sampling: { temperature: 0, topK: 5, seed: 3 },
      rest: { from: 'openai.completions', fields: { min_new_tokens: 2, best_of: 1 } },
    };
    expect(written(request, { ledger }, surface)).toEqual({
      model_id: 'model-1',
      input: 'Say hi',
      parameters: {
        decoding_method: 'greedy',
        max_new_tokens: 16,
        top_k: 5,
        random_seed: 3,
        stop_sequences: ['\n'],
        include_stop_sequence: false,
        min_new_tokens: 2,
      },
    });
  });
  it.each([
    [{ choices: 2 }, 'choices'],
    [{ logprobs: 0 }, 'logprobs'],
  ])('are refused for what they do not give: %o', (more, param) =>
    expect(() => written({ ...user(text('x')), ...more }, {}, surface)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param })),
  );
  it('are sampled where a temperature is asked for', () => {
    expect(written({ ...user(text('x')), sampling: { temperature: 0.7 } }, {}, surface).parameters).toEqual({ decoding_method: 'sample', temperature: 0.7 });
  });
  it('that stream count the input of the first event and the output of the last', () => {
    const body = recording('watsonx/text-generation-stream-plain-granite-1-06d6a9.json').response.body ?? '';
    const reply = readStream(`${body}\n`, {}, surface);
    expect([reply.choices[0]?.parts, reply.usage.input, reply.usage.output]).toEqual([[{ kind: 'text', text: '4000km' }], 68, 3]);
    expect(eventsOf([Buffer.from(body.slice(0, 700))], {}, surface).at(-1)?.type).toBe('error');
  });
});

describe('rerank and embeddings', () => {
  const rerank = surfaceOf('rerank');
  const request = {
    query: 'q',
    documents: [{ text: 'a' }, { fields: { title: 't', body: 'b', n: 1 } }],
    topN: 1,
    returnDocuments: true,
    rankFields: ['title', 'n'],
  };
  it('objects are ranked as the text of the fields wanted, and come back as they were', () => {
    const made = (rerank.provider as NonNullable<typeof rerank.provider>).write(request as never, callOf(rerank));
    expect(plain(made.body)).toMatchObject({ inputs: [{ text: 'a' }, { text: 't\n1' }], query: 'q', parameters: { return_options: { top_n: 1 } } });
    const reply = {
      status: 200,
      headers: [],
      body: Buffer.from('{"model_id":"m","results":[{"index":0,"score":-2},{"index":1,"score":3}],"input_token_count":4}'),
    };
    expect((rerank.provider as NonNullable<typeof rerank.provider>).read(reply, callOf(rerank), made.memo as never)).toMatchObject({
      results: [
        { index: 1, score: 3, document: request.documents[1] },
        { index: 0, score: -2, document: request.documents[0] },
      ],
      usage: { input: 4 },
    });
  });
  it('token ids and another length of vectors are refused by name', () => {
    const embeddings = surfaceOf('embeddings');
    const write = (r: object) => () => (embeddings.provider as NonNullable<typeof embeddings.provider>).write(r as never, callOf(embeddings));
    expect(write({ inputs: [{ tokens: [1] }], encoding: 'float' })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'inputs' }));
    expect(write({ inputs: [{ text: 'a' }], encoding: 'float', dimensions: 8 })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'dimensions' }),
    );
  });
});
