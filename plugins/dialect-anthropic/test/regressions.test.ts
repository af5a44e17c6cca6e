import { type ChatEvent, type ChatReply, type ChatRequest, collect, type Part, type Tool, type Turn } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { answered, eventsOf, type Fields, payloads, read, sse, streamed, written } from './support.ts';

/** What other gateways get wrong; each name says what broke there. */
const text = (value: string): Part => ({ kind: 'text', text: value });
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts });
const assistant = (...parts: readonly Part[]): Turn => ({ role: 'assistant', parts });
const call = (id: string, json = '{}'): Part => ({ kind: 'toolCall', id, name: 'f', input: { json } });
const result = (id: string): Part => ({ kind: 'toolResult', id, parts: [text('done')], failed: false });
const TOOL: Tool = { kind: 'function', name: 'f', schema: { type: 'object', properties: {} } };
const plain = (more: Partial<ChatRequest> = {}): ChatRequest => ({ turns: [user(text('Hello'))], tools: [], choices: 1, maxTokens: 2000, ...more });
const bodyOf = (more: Partial<ChatRequest>, model = 'claude-opus-5-5'): Fields => written(plain(more), { model }).body;
const paramsOf = (more: Partial<ChatRequest>, model = 'claude-opus-5-5'): readonly string[] => written(plain(more), { model }).notes.map(({ param }) => param);
const contents = (body: Fields): readonly (readonly Fields[])[] =>
  (body.messages as readonly { readonly content: readonly Fields[] }[]).map(({ content }) => content);

const START: Fields = {
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'm',
    content: [],
    usage: { input_tokens: 4, cache_read_input_tokens: 2048, cache_creation_input_tokens: 7, output_tokens: 1 },
  },
};
const block = (index: number, content_block: Fields): Fields => ({ type: 'content_block_start', index, content_block });
const delta = (index: number, one: Fields): Fields => ({ type: 'content_block_delta', index, delta: one });
const stop = (index: number): Fields => ({ type: 'content_block_stop', index });
const END: readonly Fields[] = [
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
];
const stream = (...events: readonly Fields[]): readonly ChatEvent[] => eventsOf([sse([START, ...events])]);

describe('requests', () => {
  it('parallel results stand in one user message', () => {
    const turns = [user(text('Go')), assistant(call('a'), call('b')), user(result('a')), user(result('b')), user(text('And?'))];
    const [, , third, ...more] = contents(bodyOf({ turns, tools: [TOOL] }));
    expect(more).toEqual([]);
    expect(third?.map(({ type }) => type)).toEqual(['tool_result', 'tool_result', 'text']);
  });
  it('one call at a time is asked for without a choice, and not with none', () => {
    expect(bodyOf({ tools: [TOOL], parallelTools: false }).tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(bodyOf({ tools: [TOOL], toolChoice: 'none', parallelTools: false }).tool_choice).toEqual({ type: 'none' });
    expect(bodyOf({ parallelTools: false }).tool_choice).toBeUndefined();
  });
  it('empty arguments are an empty object, and what is no JSON does not kill the session', () => {
    const turns = [user(text('Go')), assistant(call('a', ''), call('b', 'half {')), user(result('a'), result('b'))];
    const [, second] = contents(bodyOf({ turns, tools: [TOOL] }));
    expect(second?.map(({ input }) => input)).toEqual([{}, { input: 'half {' }]);
    expect(paramsOf({ turns, tools: [TOOL] })).toContain('turns.parts.input');
  });
  it('a failure without a word is a result without one, which is told', () => {
    const said = (parts: readonly Part[]) => {
      const turns = [user(text('Go')), assistant(call('a')), user({ kind: 'toolResult', id: 'a', parts, failed: true })];
      return [contents(bodyOf({ turns, tools: [TOOL] }))[2], paramsOf({ turns, tools: [TOOL] }).includes('turns.parts.failed')];
    };
    expect(said([text(' ')])).toEqual([[{ type: 'tool_result', tool_use_id: 'a' }], true]);
    expect(said([text('no')])).toEqual([[{ type: 'tool_result', tool_use_id: 'a', content: 'no', is_error: true }], false]);
  });
  it('blank texts are not sent', () => {
    const turns = [user(text('Hello')), assistant(text('  ')), user({ kind: 'text', text: ' ', cache: {} }, text('More'))];
    expect(contents(bodyOf({ turns }))).toEqual([
      [
        { type: 'text', text: 'Hello' },
        { type: 'text', text: 'More' },
      ],
    ]);
    expect(paramsOf({ turns })).toContain('turns.parts.text');
  });
  it('a blank text that joins its neighbour is told', () => {
    const asked = (...texts: readonly string[]) => ({ turns: [user(...texts.map((one) => text(one)))] });
    expect(contents(bodyOf(asked('a', '\n', 'b')))).toEqual([
      [
        { type: 'text', text: 'a\n' },
        { type: 'text', text: 'b' },
      ],
    ]);
    expect(paramsOf(asked('a', '\n', 'b'))).toContain('turns.parts.text');
    expect(paramsOf(asked('a', '', 'b'))).not.toContain('turns.parts.text');
  });
  it('sampling is not sent to models that refuse it, and as far as older ones take it', () => {
    const sampling = { temperature: 1.7, topP: 0.5, topK: 3 };
    expect(bodyOf({ sampling }, 'claude-opus-4-7')).not.toHaveProperty('temperature');
    expect(paramsOf({ sampling }, 'claude-opus-4-7')).toEqual(expect.arrayContaining(['sampling.temperature', 'sampling.topP', 'sampling.topK']));
    expect(bodyOf({ sampling }, 'claude-sonnet-4-5')).toMatchObject({ temperature: 1, top_k: 3 });
    expect(bodyOf({ sampling }, 'claude-sonnet-4-5')).not.toHaveProperty('top_p');
  });
  it('a loop whose thinking is gone goes on without a budget, which would be refused', () => {
    const signed = (dialect: string): Part => ({
      kind: 'thinking',
      text: 'Hm.',
      redacted: false,
      origin: { dialect, payload: { json: '{"type":"thinking"}' } },
    });
    const loop = (...said: readonly Part[]): Partial<ChatRequest> => ({
      turns: [user(text('Go')), assistant(...said, call('a')), user(result('a'))],
      tools: [TOOL],
      reasoning: { effort: 'high' },
      maxTokens: 9000,
    });
    for (const lost of [loop(), loop(text('So.')), loop(signed('converse'))]) {
      expect(bodyOf(lost, 'claude-sonnet-4-5')).not.toHaveProperty('thinking');
      expect(paramsOf(lost, 'claude-sonnet-4-5')).toContain('reasoning');
    }
    expect(bodyOf(loop(signed('anthropic')), 'claude-sonnet-4-5')).toMatchObject({ thinking: { type: 'enabled' } });
    expect(paramsOf(loop(signed('anthropic')), 'claude-sonnet-4-5')).not.toContain('reasoning');
    expect(bodyOf(loop(), 'claude-opus-4-7')).toMatchObject({ thinking: { type: 'adaptive' } });
  });
  it('a budget is an effort where the model thinks adaptively, and never more than the answer', () => {
    expect(bodyOf({ reasoning: { budget: 4000 } }, 'claude-opus-4-7')).toMatchObject({ thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } });
    expect(bodyOf({ reasoning: { budget: 4000 } }, 'claude-sonnet-4-5').thinking).toEqual({ type: 'enabled', budget_tokens: 1999 });
    expect(bodyOf({ reasoning: { effort: 'high' }, maxTokens: 1000 }, 'claude-sonnet-4-5').thinking).toBeUndefined();
    expect(bodyOf({ reasoning: { effort: 'minimal' } }, 'claude-sonnet-4-5').thinking).toEqual({ type: 'enabled', budget_tokens: 1024 });
  });
  it('thinking as the model sees fit is a budget where it needs one, and told of where it does not think', () => {
    const fit = { reasoning: { off: false }, maxTokens: 20_000 };
    expect(bodyOf(fit, 'claude-opus-4-7').thinking).toEqual({ type: 'adaptive' });
    expect(bodyOf(fit, 'claude-sonnet-4-5').thinking).toEqual({ type: 'enabled', budget_tokens: 8192 });
    expect([bodyOf(fit, 'claude-3-haiku-20240307').thinking, paramsOf(fit, 'claude-3-haiku-20240307')]).toEqual([
      undefined,
      expect.arrayContaining(['reasoning.off']),
    ]);
  });
  it('a budget that stands for an effort leaves a quarter of the limit to the answer, and says that it is less', () => {
    const asked = (effort: string, maxTokens: number) => ({ reasoning: { effort }, maxTokens });
    const budget = (effort: string, maxTokens: number): unknown => bodyOf(asked(effort, maxTokens), 'claude-sonnet-4-5').thinking;
    expect(budget('high', 9000)).toEqual({ type: 'enabled', budget_tokens: 6750 });
    expect(budget('max', 9000)).toEqual({ type: 'enabled', budget_tokens: 6750 });
    expect(budget('high', 1300)).toBeUndefined();
    const clamped = (effort: string, maxTokens: number): boolean => {
      const notes = written(plain(asked(effort, maxTokens)), { model: 'claude-sonnet-4-5' }).notes;
      return notes.some(({ kind, param }) => kind === 'clamped' && param === 'reasoning.effort');
    };
    expect([clamped('high', 9000), clamped('low', 9000), clamped('max', 9000)]).toEqual([true, false, false]);
  });
  it('thinking is switched off in the way of the model', () => {
    const off = (model: string): Fields => bodyOf({ reasoning: { off: true } }, model);
    expect(off('claude-sonnet-5-5').thinking).toEqual({ type: 'between_tools' });
    expect(off('claude-haiku-5-5').thinking).toEqual({ type: 'disabled' });
    expect(off('claude-opus-5-5')).toMatchObject({ output_config: { effort: 'low' } });
    expect(off('claude-3-haiku-20240307')).not.toHaveProperty('thinking');
  });
  it('no tool is forced on a model that thinks or refuses it', () => {
    expect(bodyOf({ tools: [TOOL], toolChoice: 'required' }, 'claude-opus-5-5').tool_choice).toEqual({ type: 'auto' });
    expect(bodyOf({ tools: [TOOL], toolChoice: { name: 'f' }, reasoning: { budget: 1024 } }, 'claude-sonnet-4-5').tool_choice).toEqual({ type: 'auto' });
    expect(bodyOf({ tools: [TOOL], toolChoice: { name: 'f' } }, 'claude-sonnet-4-5').tool_choice).toEqual({ type: 'tool', name: 'f' });
    expect(paramsOf({ tools: [TOOL], toolChoice: 'required' }, 'claude-opus-5-5')).toContain('toolChoice');
  });
  it('a limit is always sent, never zero, never more than the model has', () => {
    const noLimit: Partial<ChatRequest> = { maxTokens: undefined };
    expect(bodyOf(noLimit, 'claude-opus-4-1').max_tokens).toBe(32_000);
    expect(written(plain(noLimit), { model: 'claude-opus-4-1' }).notes).toContainEqual({ kind: 'defaulted', param: 'maxTokens' });
    expect(bodyOf({ maxTokens: 200_000 }, 'claude-opus-5-5').max_tokens).toBe(128_000);
  });
  it('stop sequences are a list without blank ones', () => {
    expect(bodyOf({ stop: ['END', ' \n'] }).stop_sequences).toEqual(['END']);
    expect(bodyOf({ stop: ['\n'] })).not.toHaveProperty('stop_sequences');
  });
  it('an answer to be continued does not end with white space', () => {
    const turns = [user(text('Count')), assistant(text('1, 2,\n '))];
    expect(contents(bodyOf({ turns }))[1]).toEqual([{ type: 'text', text: '1, 2,' }]);
    expect(paramsOf({ turns })).toContain('turns.parts.text');
  });
  it('at most four hints are sent, the last ones', () => {
    const hinted = (value: string): Part => ({ kind: 'text', text: value, cache: { ttl: '1h' } });
    const body = bodyOf({ turns: [{ role: 'system', parts: [hinted('a')] }, user(...['b', 'c', 'd', 'e'].map(hinted))], tools: [{ ...TOOL, cache: {} }] });
    expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(4);
    expect(JSON.stringify([body.tools, body.system])).not.toContain('cache_control');
  });
  it('thinking without a signature of this vendor goes to nobody', () => {
    const own: Part = {
      kind: 'thinking',
      text: 'hm',
      redacted: false,
      origin: { dialect: 'anthropic', payload: { json: '{"type":"thinking","thinking":"hm","signature":"Eq"}' } },
    };
    const foreign: Part = { kind: 'thinking', text: 'so', redacted: false, origin: { dialect: 'openai', payload: { json: '{}' } } };
    const [, second] = contents(bodyOf({ turns: [user(text('Hi')), assistant(foreign, own, text('Yes')), user(text('Go'))] }));
    expect(second).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'Eq' },
      { type: 'text', text: 'Yes' },
    ]);
  });
  it('later system turns stay where the model takes them, and follow the prompt where it does not', () => {
    const turns: readonly Turn[] = [{ role: 'system', parts: [text('One.')] }, user(text('Hi')), { role: 'system', parts: [text('Two.')] }, user(text('Go'))];
    expect((bodyOf({ turns }, 'claude-opus-5-5').messages as readonly Fields[]).map(({ role }) => role)).toEqual(['user', 'system', 'user']);
    expect(bodyOf({ turns }, 'claude-sonnet-4-5').system).toEqual([
      { type: 'text', text: 'One.' },
      { type: 'text', text: 'Two.' },
    ]);
  });
  it('a schema is asked for natively, by a tool, or in words, as model and endpoint have it', () => {
    const output = { schema: { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } }, name: 'a', strict: true };
    const format = {
      type: 'json_schema',
      schema: { type: 'object', properties: { a: { type: 'integer', description: 'minimum: 1' } }, additionalProperties: false },
    };
    expect(bodyOf({ output }).output_config).toEqual({ format });
    expect(bodyOf({ output }, 'claude-3-5-haiku-20241022').tool_choice).toEqual({ type: 'tool', name: 'json_answer' });
    expect(JSON.stringify(bodyOf({ output, tools: [TOOL] }, 'claude-3-5-haiku-20241022').system)).toContain('JSON schema');
    const several = { ...output, schema: { anyOf: [output.schema, { type: 'object' }] } };
    expect(JSON.stringify(bodyOf({ output: several }, 'claude-3-5-haiku-20241022').system)).toContain('JSON schema');
    expect(bodyOf({ output: several }, 'claude-3-5-haiku-20241022').tools).toBeUndefined();
    expect(JSON.stringify(bodyOf({ output: 'json' }).system)).toContain('JSON object only');
  });
});
describe('answers', () => {
  const reply = (content: readonly Fields[], more: Fields = {}): ChatReply =>
    read({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason: 'end_turn',
      usage: { input_tokens: 4, cache_read_input_tokens: 2048, cache_creation_input_tokens: 7, output_tokens: 9 },
      ...more,
    });
  it('cached tokens are part of the input, once', () => {
    expect(reply([]).usage).toMatchObject({ input: 2059, cacheRead: 2048, cacheWrite: 7, output: 9 });
    expect(answered({ ...reply([]), usage: { ...reply([]).usage, raw: undefined } }).usage).toMatchObject({ input_tokens: 4, cache_read_input_tokens: 2048 });
    expect(collect(stream(...END)).usage).toMatchObject({ input: 2059, cacheRead: 2048, cacheWrite: 7, output: 9 });
  });
  it('tokens of a compaction count, unless a fallback counted them already', () => {
    const one = (type: string, output_tokens: number): Fields => ({ type, input_tokens: 10, output_tokens });
    const usage = { input_tokens: 10, output_tokens: 5 };
    expect(reply([], { usage: { ...usage, iterations: [one('compaction', 7), one('message', 5)] } }).usage).toMatchObject({ input: 20, output: 12 });
    expect(reply([], { usage: { ...usage, iterations: [one('compaction', 7), one('fallback_message', 5)] } }).usage).toMatchObject({ input: 10, output: 5 });
  });
  it('every text block is part of the answer', () => {
    expect(
      reply([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]).choices[0]?.parts.map((part) => (part.kind === 'text' ? part.text : '')),
    ).toEqual(['a', 'b']);
  });
  it('a reason that nobody knows is an end, and is written again', () => {
    const unknown = reply([], { stop_reason: 'something_new' });
    expect(unknown.choices[0]?.finish).toBe('stop');
    expect(answered(unknown).stop_reason).toBe('something_new');
    expect(reply([], { stop_reason: 'model_context_window_exceeded' }).choices[0]?.finish).toBe('context');
    expect(reply([], { stop_reason: 'pause_turn' }).choices[0]?.finish).toBe('pause');
  });
  it('a refusal without content is a refusal', () => {
    const refused = reply([], { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'cyber', explanation: null } });
    expect(refused.choices).toMatchObject([{ finish: 'refusal', parts: [] }]);
    expect(answered(refused).stop_details).toEqual({ type: 'refusal', category: 'cyber', explanation: null });
  });
  it('a call whose input is no JSON is a bad answer, unless the answer was cut', () => {
    const cut = (finish: 'tool' | 'length'): ChatReply => ({
      id: 'x',
      model: 'm',
      choices: [{ index: 0, parts: [call('a', '{"x":')], finish }],
      usage: reply([]).usage,
    });
    expect(() => answered(cut('tool'))).toThrow(expect.objectContaining({ code: 'upstream_bad_response' }));
    expect(answered(cut('length')).content).toMatchObject([{ type: 'tool_use', input: {} }]);
  });
  it('names, free text and JSON answers come back as they were asked for', () => {
    const tools: readonly Tool[] = [
      { ...TOOL, name: 'my tool' },
      { kind: 'custom', name: 'free' },
    ];
    const { memo, body } = written(plain({ tools }), { model: 'claude-sonnet-4-5' });
    const [named] = body.tools as readonly Fields[];
    const content = [
      { type: 'tool_use', id: 'a', name: named?.name, input: { x: 1 } },
      { type: 'tool_use', id: 'b', name: 'free', input: { input: 'some text' } },
    ];
    const parts = read({ id: 'm', model: 'm', content, stop_reason: 'tool_use' }, memo).choices[0]?.parts;
    expect(parts).toMatchObject([{ name: 'my tool' }, { name: 'free', input: { text: 'some text' } }]);
    const events = content.flatMap((one, index) => [
      block(index, { ...one, input: {} }),
      delta(index, { type: 'input_json_delta', partial_json: JSON.stringify(one.input) }),
      stop(index),
    ]);
    expect(collect(eventsOf([sse([START, ...events, ...END])], 'sse', memo)).choices[0]?.parts).toMatchObject([
      { name: 'my tool' },
      { input: { text: 'some text' } },
    ]);
  });
  it('an answer by a tool is the answer, whole and streamed', () => {
    const output = { schema: { type: 'object' }, name: 'a', strict: true };
    const { memo } = written(plain({ output }), { model: 'claude-3-5-haiku-20241022' });
    const content = { type: 'tool_use', id: 'a', name: 'json_answer', input: { x: 1 } };
    const whole = read({ id: 'm', model: 'm', content: [content], stop_reason: 'tool_use' }, memo).choices[0];
    const reason: Fields = { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 2 } };
    const streamedAnswer = eventsOf(
      [
        sse([
          START,
          block(0, { ...content, input: {} }),
          delta(0, { type: 'input_json_delta', partial_json: '{"x":1}' }),
          stop(0),
          reason,
          { type: 'message_stop' },
        ]),
      ],
      'sse',
      memo,
    );
    for (const choice of [whole, collect(streamedAnswer).choices[0]])
      expect(choice).toMatchObject({ finish: 'stop', parts: [{ kind: 'text', text: '{"x":1}' }] });
  });
});
describe('streams', () => {
  it('a call without arguments has empty ones', () => {
    const events = stream(
      block(0, { type: 'tool_use', id: 'a', name: 'now', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '' }),
      stop(0),
      ...END,
    );
    expect(collect(events).choices[0]?.parts).toMatchObject([{ kind: 'toolCall', input: { json: '{}' } }]);
  });
  it('a signature in pieces is one, and thinking is no text', () => {
    const events = stream(
      block(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      ...['Eq', 'AB', '=='].map((signature) => delta(0, { type: 'signature_delta', signature })),
      stop(0),
      ...END,
    );
    const [part] = collect(events).choices[0]?.parts ?? [];
    expect(part).toMatchObject({ kind: 'thinking', text: 'hm' });
    expect(JSON.parse(part?.origin?.payload.json ?? '')).toEqual({ type: 'thinking', thinking: 'hm', signature: 'EqAB==' });
    expect(part?.origin?.model).toBe('m');
  });
  it('hidden thinking keeps its signature', () => {
    const events = stream(block(0, { type: 'thinking', thinking: '', signature: '' }), delta(0, { type: 'signature_delta', signature: 'Eq' }), stop(0), ...END);
    expect(payloads(streamed(events))).toContainEqual({ type: 'content_block_delta', index: 0, delta: { type: 'signature_delta', signature: 'Eq' } });
  });
  it('server tools are no calls of the client', () => {
    const events = stream(
      block(0, { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{"query":"x"}' }),
      stop(0),
      block(1, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }),
      stop(1),
      ...END,
    );
    const parts = collect(events).choices[0]?.parts ?? [];
    expect(parts.map(({ kind }) => kind)).toEqual(['opaque', 'opaque']);
    expect(JSON.parse(parts[0]?.origin?.payload.json ?? '')).toMatchObject({ input: { query: 'x' } });
  });
  it('unknown events, deltas and pings say nothing', () => {
    const known = [block(0, { type: 'text', text: '' }), delta(0, { type: 'text_delta', text: 'Hi' }), stop(0)];
    const odd: readonly Fields[] = [{ type: 'ping' }, { type: 'something_new', x: 1 }];
    const [first, second, third] = known;
    expect(stream(...odd, first ?? {}, delta(0, { type: 'new_delta', text: 'no' }), second ?? {}, ...odd, third ?? {}, ...END)).toEqual(
      stream(...known, ...END),
    );
  });
  it('several message_delta events say the last of each', () => {
    const change = (more: Fields, usage: Fields): Fields => ({ type: 'message_delta', delta: more, usage });
    const events = stream(
      change({ stop_reason: null }, { output_tokens: 3 }),
      change({ stop_reason: 'max_tokens' }, { output_tokens: 5, input_tokens: null }),
      { type: 'message_stop' },
    );
    expect(collect(events)).toMatchObject({ choices: [{ finish: 'length' }], usage: { output: 5, input: 2059 } });
  });
  it('a stream that stops without its end, or ends without a reason, is an error', () => {
    expect(stream(block(0, { type: 'text', text: 'Hi' })).at(-1)?.type).not.toBe('end');
    expect(stream({ type: 'message_stop' }).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_stream_truncated' } });
  });
  it.each([
    ['overloaded_error', 'upstream_overloaded', 503],
    ['rate_limit_error', 'upstream_rate_limited', 429],
    ['invalid_request_error', 'upstream_rejected', 400],
    ['timeout_error', 'upstream_timeout', 504],
    ['api_error', 'upstream_bad_response', 502],
  ])('an error event of %s keeps its meaning and its words', (type, code, status) => {
    const error = { type: 'error', error: { type, message: 'Sorry' }, request_id: 'req_1' };
    const last = stream(error).at(-1);
    expect(last).toMatchObject({ type: 'error', error: { code, status, message: 'Sorry' } });
    expect(payloads(streamed(stream(error))).at(-1)).toEqual(error);
  });
  it.each([
    ['a second message', [START]],
    ['a delta of nothing', [delta(3, { type: 'text_delta', text: 'x' })]],
    ['a block twice', [block(0, { type: 'text', text: '' }), block(0, { type: 'text', text: '' })]],
    ['a block without a type', [{ type: 'content_block_start', index: 0, content_block: {} }]],
  ])('%s does not fit together', (_name, events) => {
    expect(stream(...events).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_bad_response' } });
  });
});
