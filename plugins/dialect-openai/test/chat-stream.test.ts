import { type ChatEvent, collect, eventsOf, type Json, type Part } from '@llm-proxy-auth/plugin';
import { chatReply, chatEvents as generated } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { describe, expect, it } from 'vitest';
import { callOf, chatEvents, chatStream, payloads, recordedStreams } from './support.ts';

type Wire = {
  readonly choices: readonly {
    readonly index: number;
    readonly delta: Readonly<Record<string, Json>>;
    readonly finish_reason: string | null;
    readonly logprobs: Json;
  }[];
} & Readonly<Record<string, Json>>;
const usage = { input: 9, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const told = (parts: readonly Part[], finish: 'stop' | 'tool' | 'length' | 'refusal' = 'stop'): readonly ChatEvent[] =>
  eventsOf({ id: 'x1', model: 'real', created: 5, choices: [{ index: 0, parts, finish }], usage });
const chunks = (events: readonly ChatEvent[], body?: Json): readonly Wire[] =>
  payloads(chatStream(events, body)).filter((p) => p !== '[DONE]') as readonly Wire[];
const deltas = (events: readonly ChatEvent[], body?: Json): readonly Json[] => chunks(events, body).map((c) => c.choices[0]?.delta);
const call = (id: string, json: string): Part => ({ kind: 'toolCall', id, name: 'f', input: { json } });
const chunk = (delta: object, finish: string | null = null, more: object = {}): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`;
const DONE = 'data: [DONE]\n\n';

describe('a chat stream for a client', () => {
  it('is, byte for byte, role, text, finish and [DONE]', () => {
    const head = 'data: {"id":"x1","object":"chat.completion.chunk","created":5,"model":"asked","choices":[{"index":0,"delta":';
    expect(chatStream(told([{ kind: 'text', text: 'hi' }]))).toBe(
      [
        `${head}{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}\n\n`,
        `${head}{"content":"hi"},"logprobs":null,"finish_reason":null}]}\n\n`,
        `${head}{},"logprobs":null,"finish_reason":"stop"}]}\n\n`,
        DONE,
      ].join(''),
    );
  });
  it('carries usage last and null before when it was asked for, and not at all otherwise', () => {
    const body = { stream: true, stream_options: { include_usage: true } };
    const asked = chunks(told([{ kind: 'text', text: 'hi' }]), body);
    expect(asked.slice(0, -1).map((c) => c.usage)).toEqual([null, null, null]);
    expect(asked.at(-1)).toMatchObject({ id: 'x1', choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } });
    expect(chunks(told([{ kind: 'text', text: 'hi' }])).some((c) => 'usage' in c)).toBe(false);
  });
  it('says id, type and name of a call once, in the role chunk when nothing came before', () => {
    expect(deltas(told([call('call_1', '{"a":1}')], 'tool'))).toEqual([
      { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } }], refusal: null },
      { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
      {},
    ]);
  });
  it('counts calls from 0 whatever parts stand before and between', () => {
    const parts: Part[] = [
      { kind: 'thinking', text: 'hm', redacted: false },
      { kind: 'text', text: 'so' },
      call('call_1', '{}'),
      { kind: 'text', text: 'and' },
      call('call_2', '{}'),
    ];
    const indexes = deltas(told(parts, 'tool')).flatMap((d) => ((d as { tool_calls?: readonly { index: number }[] }).tool_calls ?? []).map((c) => c.index));
    expect(indexes).toEqual([0, 0, 1, 1]);
  });
  it('writes {} for a call without arguments', () =>
    expect(deltas(told([call('call_1', '')], 'tool'))[1]).toEqual({ tool_calls: [{ index: 0, function: { arguments: '{}' } }] }));
  it('streams a custom tool, a refusal and audio in their own members', () => {
    expect(deltas(told([{ kind: 'toolCall', id: 'c', name: 'g', input: { text: 'free' } }], 'tool')).slice(0, 2)).toEqual([
      { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'c', type: 'custom', custom: { name: 'g', input: '' } }], refusal: null },
      { tool_calls: [{ index: 0, custom: { input: 'free' } }] },
    ]);
    expect(deltas(told([{ kind: 'refusal', text: 'no' }]))[1]).toEqual({ refusal: 'no' });
    const audio: Part = { kind: 'audio', media: { base64: 'UklG', type: 'audio/wav' }, id: 'audio_1', transcript: 'hi', expires: 7 };
    expect(deltas(told([audio])).slice(1, -1)).toEqual([
      { audio: { id: 'audio_1' } },
      { audio: { data: 'UklG' } },
      { audio: { transcript: 'hi' } },
      { audio: { expires_at: 7 } },
    ]);
  });
  it('puts logprobs on the choice and citations where the text stands', () => {
    const text: Part = {
      kind: 'text',
      text: 'hi',
      logprobs: [{ token: 'hi', logprob: -1, bytes: [104, 105], top: [] }],
      citations: [{ start: 0, end: 2, url: 'https://a.example' }],
    };
    const wire = chunks(told([{ kind: 'text', text: 'abc', cache: {} }, text]));
    expect(wire[2]?.choices[0]?.logprobs).toEqual({ content: [{ token: 'hi', logprob: -1, bytes: [104, 105], top_logprobs: [] }], refusal: null });
    expect(wire[3]?.choices[0]?.delta).toEqual({
      annotations: [{ type: 'url_citation', url_citation: { start_index: 3, end_index: 5, url: 'https://a.example', title: '' } }],
    });
  });
  it('answers functions with function_call', () => {
    const body = { stream: true, functions: [{ name: 'f' }] };
    const wire = chunks(told([call('call_1', '{"a":1}')], 'tool'), body);
    expect(wire.map((c) => c.choices[0]?.delta)).toEqual([
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '' }, refusal: null },
      { function_call: { arguments: '{"a":1}' } },
      {},
    ]);
    expect(wire.at(-1)?.choices[0]?.finish_reason).toBe('function_call');
  });
  it.each([
    ['stop', [call('c', '{}')], 'tool_calls'],
    ['tool', [{ kind: 'text', text: 'x' }], 'stop'],
    ['length', [call('c', '{}')], 'length'],
    ['refusal', [{ kind: 'refusal', text: 'no' }], 'content_filter'],
    ['refusal', [{ kind: 'text', text: 'x' }], 'content_filter'],
  ] as const)('whose provider said %s with %j ends with %s', (finish, parts, word) => {
    expect(chunks(told(parts as readonly Part[], finish)).at(-1)?.choices[0]?.finish_reason).toBe(word);
  });
  it('has one role and one finish chunk a choice', () => {
    const reply = {
      id: 'x',
      model: 'm',
      usage,
      choices: [0, 1].map((index) => ({ index, parts: [{ kind: 'text' as const, text: 't' }], finish: 'stop' as const })),
    };
    const wire = chunks(eventsOf(reply));
    for (const index of [0, 1]) {
      const own = wire.filter((c) => c.choices[0]?.index === index);
      expect(own.filter((c) => 'role' in (c.choices[0]?.delta ?? {})).length).toBe(1);
      expect(own.filter((c) => c.choices[0]?.finish_reason !== null).length).toBe(1);
    }
  });
  it('ends with an error event and without [DONE] when it breaks', () => {
    const events = [
      ...told([{ kind: 'text', text: 'a' }]).slice(0, 3),
      { type: 'error', error: { code: 'upstream_stream_truncated', status: 502, message: 'cut' } } as const,
    ];
    expect(chatStream(events).endsWith('data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_truncated"}}\n\n')).toBe(
      true,
    );
  });
  it('has no line but data and comments, whatever the events are', () => {
    const lines = fc.property(generated(), (events) => {
      for (const line of chatStream(events).split('\n')) expect(line).toMatch(/^(?:$|data: |: )/);
    });
    fc.assert(lines, { numRuns: 200 });
  });
  it('is what the SDK reads as the whole answer', async () => {
    const text = chatStream(told([{ kind: 'text', text: 'so' }, call('call_1', '{"a":1}'), call('call_2', '')], 'tool'), {
      stream: true,
      stream_options: { include_usage: true },
    });
    const lines = payloads(text)
      .filter((p) => p !== '[DONE]')
      .map((p) => `${JSON.stringify(p)}\n`);
    const stream = ChatCompletionStream.fromReadableStream(new Response(lines.join('')).body as never);
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: {
        content: 'so',
        tool_calls: [
          { id: 'call_1', function: { name: 'f', arguments: '{"a":1}' } },
          { id: 'call_2', function: { name: 'f', arguments: '{}' } },
        ],
      },
    });
    expect(final.usage?.total_tokens).toBe(11);
  });
});

const partsOf = (text: string) => collect(chatEvents(text)).choices[0]?.parts;
describe('a chat stream of a provider', () => {
  it('gives interleaved calls their own input', () => {
    const start = (index: number) => chunk({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name: 'f', arguments: '' } }] });
    const args = (index: number, text: string) => chunk({ tool_calls: [{ index, function: { arguments: text } }] });
    expect(partsOf([start(0), start(1), args(0, '{"a"'), args(1, '{"b"'), args(0, ':1}'), args(1, ':2}'), chunk({}, 'tool_calls'), DONE].join(''))).toEqual([
      { kind: 'toolCall', id: 'call_0', name: 'f', input: { json: '{"a":1}' } },
      { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '{"b":2}' } },
    ]);
  });
  it('may repeat id and name, leave indexes out, send no arguments, and name the call late', () => {
    const repeated =
      chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }] }) +
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '}' } }] });
    expect(partsOf(repeated + chunk({}, 'stop') + DONE)).toEqual([{ kind: 'toolCall', id: 'c', name: 'f', input: { json: '{}' } }]);
    const whole =
      chunk({ tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }] }) +
      chunk({ tool_calls: [{ id: 'c2', type: 'function', function: { name: 'g' } }] });
    expect(partsOf(whole + chunk({}, 'tool_calls') + DONE)?.map((p) => (p.kind === 'toolCall' ? [p.id, p.name, p.input] : []))).toEqual([
      ['c1', 'f', { json: '{}' }],
      ['c2', 'g', { json: '{}' }],
    ]);
    const late =
      chunk({ tool_calls: [{ index: 0, id: 'c', function: { arguments: '{"a":' } }] }) +
      chunk({ tool_calls: [{ index: 0, function: { name: 'f', arguments: '1}' } }] });
    expect(partsOf(late + chunk({}, 'tool_calls') + DONE)).toEqual([{ kind: 'toolCall', id: 'c', name: 'f', input: { json: '{"a":1}' } }]);
  });
  it('may have an empty reason in each chunk, which ends it where no other comes', () => {
    const finishOf = (text: string) => collect(chatEvents(text)).choices.map(({ parts, finish }) => [parts, finish]);
    const said = [{ kind: 'text', text: 'Hi you' }];
    expect(finishOf(chunk({ content: 'Hi' }, '') + chunk({ content: ' you' }, '') + chunk({}, 'length') + DONE)).toEqual([[said, 'length']]);
    expect(finishOf(chunk({ content: 'Hi' }, '') + chunk({ content: ' you' }, '') + DONE)).toEqual([[said, 'stop']]);
  });
  it('may have arguments as the object that they are', () => {
    const call = chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: { a: 1 } } }] });
    expect(partsOf(call + chunk({}, 'tool_calls') + DONE)).toEqual([{ kind: 'toolCall', id: 'c', name: 'f', input: { json: '{"a":1}' } }]);
  });
  it('of Azure may begin without a choice and go on after the finish', () => {
    const first = 'data: {"id":"","object":"","created":0,"model":"","choices":[],"prompt_filter_results":[]}\n\n';
    const after = 'data: {"id":"","choices":[{"index":0,"finish_reason":null,"content_filter_results":{}}]}\n\n';
    const events = chatEvents(first + chunk({ content: 'a' }) + chunk({}, 'stop') + after + DONE);
    expect(events[0]).toMatchObject({ type: 'start', id: 'c1', model: 'm' });
    expect(events.map((e) => e.type)).toEqual(['start', 'part', 'delta', 'part-end', 'finish', 'end']);
  });
  it.each([
    ['an error event', 'data: {"error":{"message":"gone","code":"x"}}\n\n', 'upstream_bad_response'],
    ['an error beside choices', chunk({}, null, { error: { message: 'gone', code: 429 } }), 'upstream_rate_limited'],
    ['half an event', 'data: {"choices":[\n\n', 'upstream_bad_response'],
  ])('that brings %s ends there', (_what, text, code) => {
    const events = chatEvents(chunk({ content: 'a' }) + text + chunk({ content: 'b' }) + DONE);
    expect(events.at(-1)).toMatchObject({ type: 'error', error: { code } });
    expect(events.filter((e) => e.type === 'end')).toEqual([]);
  });
  it('without anything before [DONE] is no answer', () =>
    expect(chatEvents(DONE)).toMatchObject([{ type: 'error', error: { code: 'upstream_bad_response' } }]));
  it('that stops without [DONE] has no end', () =>
    expect(chatEvents(chunk({ content: 'a' }) + chunk({}, 'stop')).some((e) => e.type === 'end' || e.type === 'error')).toBe(false));
});

describe('written and read again', () => {
  it('an answer is the same streamed as it is whole', () => {
    const replies = chatReply({ kinds: ['text', 'toolCall'], kept: false });
    const same = fc.property(replies, (reply) => {
      const streamed = collect(chatEvents(chatStream(eventsOf(reply), { stream: true, stream_options: { include_usage: true } })));
      const texts = (r: typeof reply) => r.choices.map((c) => c.parts.flatMap((p) => (p.kind === 'text' ? [p.text] : [])).join(''));
      const calls = (r: typeof reply) =>
        r.choices.map((c) => c.parts.flatMap((p) => (p.kind === 'toolCall' ? [[p.id, p.name, 'json' in p.input ? p.input.json || '{}' : p.input.text]] : [])));
      expect(texts(streamed)).toEqual(texts(reply));
      expect(calls(streamed)).toEqual(calls(reply));
    });
    fc.assert(same, { numRuns: 300 });
  });
  it.each(recordedStreams)('the recorded stream $name keeps choices and usage', ({ bytes }) => {
    const events = chatEvents(bytes);
    const again = chatEvents(chatStream(events, { stream: true, stream_options: { include_usage: true } }), callOf({ stream: true }));
    expect(collect(again).choices).toEqual(collect(events).choices);
    expect(collect(again).usage).toMatchObject({ input: collect(events).usage.input, output: collect(events).usage.output });
  });
});
