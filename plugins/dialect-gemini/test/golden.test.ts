import type { GenerateContentResponse } from '@google/genai';
import { type ChatEvent, collect, type ToolCallPart } from '@llm-proxy-auth/plugin';
import { recording } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { unpackCallId } from '../src/call-ids.ts';
import type { Memo } from '../src/generate/memo.ts';
import { eventsOf, payloads, sse, streamed, written } from './support.ts';

const FOREIGN: Memo = { mine: false, names: new Map(), free: new Set() };
const piece = (body: GenerateContentResponse | object): object => body;
const parts = (list: readonly object[], more: object = {}): object =>
  piece({ candidates: [{ content: { role: 'model', parts: list }, ...more }], responseId: 'R' });
/** Two calls, the second without arguments, and the end in a piece of its own. */
const CALLS = sse([
  {
    ...parts([{ text: 'Checking.' }, { functionCall: { id: 'a1', name: 'w', args: { c: 'Rome' } }, thoughtSignature: 'UzE=' }]),
    usageMetadata: { trafficType: 'ON_DEMAND' },
  },
  parts([{ functionCall: { id: 'a2', name: 'w' } }]),
  {
    ...parts([{ text: '' }], { finishReason: 'STOP' }),
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 20, totalTokenCount: 35 },
  },
]);
const callsOf = (events: readonly ChatEvent[]): readonly ToolCallPart[] =>
  collect(events).choices.flatMap((choice) => choice.parts.flatMap((part) => (part.kind === 'toolCall' ? [part] : [])));
const failureOf = (events: readonly ChatEvent[]) => {
  const last = events.at(-1);
  return last?.type === 'error' ? last.error : undefined;
};

describe('parallel calls whose end comes late', () => {
  const reply = collect(eventsOf([CALLS], 'sse', FOREIGN));
  it('are calls, and thoughts count with the answer', () => {
    expect(reply.choices[0]?.finish).toBe('tool');
    expect(callsOf(eventsOf([CALLS])).map(({ id, name, input }) => [id, name, input])).toEqual([
      ['a1', 'w', { json: '{"c":"Rome"}' }],
      ['a2', 'w', { json: '{}' }],
    ]);
    expect(reply.usage).toMatchObject({ input: 10, output: 25, reasoning: 20 });
  });
  it('have ids that hold the id and the signature of each', () => {
    expect(callsOf(eventsOf([CALLS], 'sse', FOREIGN)).map(({ id }) => unpackCallId(id))).toEqual([
      { native: 'a1', signature: 'UzE=' },
      { native: 'a2', signature: undefined },
    ]);
    for (const { id } of callsOf(eventsOf([CALLS], 'sse', FOREIGN))) expect(id).toMatch(/^[A-Za-z0-9_-]+$/);
  });
  it('go back as they came, results in the order of the calls, whichever a client sends first', () => {
    const calls = callsOf(eventsOf([CALLS], 'sse', FOREIGN)).map(({ origin: _dropped, ...call }) => call);
    const result = (call: ToolCallPart | undefined, text: string) =>
      ({ role: 'user', parts: [{ kind: 'toolResult', id: call?.id ?? '', parts: [{ kind: 'text', text }], failed: false }] }) as const;
    const { body } = written({
      turns: [
        { role: 'user', parts: [{ kind: 'text', text: 'Where?' }] },
        { role: 'assistant', parts: [{ kind: 'text', text: 'Checking.' }, ...calls] },
        { role: 'user', parts: [...result(calls[1], 'two').parts, ...result(calls[0], 'one').parts] },
      ],
      tools: [],
      choices: 1,
    });
    expect((body.contents as readonly unknown[]).slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { text: 'Checking.' },
          { functionCall: { id: 'a1', name: 'w', args: { c: 'Rome' } }, thoughtSignature: 'UzE=' },
          { functionCall: { id: 'a2', name: 'w', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a1', name: 'w', response: { output: 'one' } } },
          { functionResponse: { id: 'a2', name: 'w', response: { output: 'two' } } },
        ],
      },
    ]);
  });
});

describe('streams that end in unusual ways', () => {
  it('a refused prompt is an answer that was filtered', () => {
    const events = eventsOf([
      sse([{ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 }, responseId: 'R' }]),
    ]);
    expect(collect(events)).toMatchObject({ choices: [{ parts: [], finish: 'filter' }], usage: { input: 9, output: 0 } });
    expect(payloads(streamed(events)).at(-1)).toMatchObject({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } });
    expect(payloads(streamed(events)).at(-1)).not.toHaveProperty('candidates');
  });
  it('an error between pieces is the last of it, with the status it names', () => {
    const events = eventsOf([
      sse([parts([{ text: 'a' }]), { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }, parts([{ text: 'b' }], { finishReason: 'STOP' })]),
    ]);
    expect(failureOf(events)).toMatchObject({ code: 'upstream_overloaded', status: 503, message: 'overloaded' });
  });
  const late = { code: 429, message: 'Resource exhausted.', status: 'RESOURCE_EXHAUSTED' };
  it.each([
    ['in a list', `data: ${JSON.stringify([{ error: late }])}\r\n\r\n`],
    ['bare', `${JSON.stringify({ error: late })}\n`],
    ['bare in a list over several lines', JSON.stringify([{ error: late }], undefined, 2)],
  ])('an error keeps its own class: %s', (_name, error) => {
    for (const before of ['', sse([parts([{ text: 'a' }])]).toString()])
      expect(failureOf(eventsOf([Buffer.from(before + error)]))).toMatchObject({ code: 'upstream_rate_limited', status: 429 });
  });
  it('without a reason to end it is cut', () => {
    for (const finishReason of ['', null, 0])
      expect(failureOf(eventsOf([sse([parts([{ text: 'a' }], { finishReason })])]))?.code).toBe('upstream_stream_truncated');
    expect(failureOf(eventsOf([sse([parts([{ text: 'a' }])])]))?.code).toBe('upstream_stream_truncated');
    expect(failureOf(eventsOf([sse([{ usageMetadata: { promptTokenCount: 1 } }])]))?.code).toBe('upstream_stream_truncated');
  });
  it('of several reasons the last counts, and a piece without one behind it means it goes on', () => {
    const file = recording('vertex/streamgeneratecontent-blocked-model-3c79de.json');
    const reply = collect(eventsOf([Buffer.from(file.response.body ?? '')]));
    expect([reply.choices[0]?.finish, reply.choices[0]?.rest?.finishReason]).toEqual(['filter', 'RECITATION']);
    expect(failureOf(eventsOf([sse([parts([{ text: 'a' }], { finishReason: 'STOP' }), parts([{ text: 'b' }])])]))?.code).toBe('upstream_stream_truncated');
  });
  it('a broken call is an error for clients of other dialects, and stays what it is for its own', () => {
    const broken = sse([parts([], { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'print(x)' })]);
    expect(failureOf(eventsOf([broken], 'sse', FOREIGN))?.code).toBe('upstream_bad_response');
    expect(collect(eventsOf([broken])).choices[0]?.rest).toMatchObject({ finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'print(x)' });
  });
});

describe('signatures in streams', () => {
  const textOf = (events: readonly ChatEvent[]) => collect(events).choices[0]?.parts;
  it('5. one on an empty text signs what was said before it', () => {
    const events = eventsOf([sse([parts([{ text: 'a' }]), parts([{ text: 'b' }]), parts([{ text: '', thoughtSignature: 'UzE=' }], { finishReason: 'STOP' })])]);
    expect(textOf(events)).toEqual([
      { kind: 'text', text: 'ab', origin: { dialect: 'gemini', model: 'gemini-3-pro-preview', payload: { json: '{"thoughtSignature":"UzE="}' } } },
    ]);
    expect(
      payloads(streamed(events)).flatMap(({ candidates }) => (candidates as readonly { content?: { parts?: unknown } }[])[0]?.content?.parts ?? []),
    ).toEqual([{ text: 'a' }, { text: 'b' }, { text: '', thoughtSignature: 'UzE=' }, { text: '' }]);
  });
  it('a signed text is joined with none that is not, and nothing is joined with it', () => {
    const events = eventsOf([
      sse([parts([{ text: 'a' }]), parts([{ text: 'b', thoughtSignature: 'UzE=' }]), parts([{ text: 'c' }], { finishReason: 'STOP' })]),
    ]);
    expect(textOf(events)?.map((part) => ('text' in part ? part.text : ''))).toEqual(['a', 'b', 'c']);
  });
  it('a signature without words before it is a part of its own', () => {
    const events = eventsOf([
      sse([parts([{ functionCall: { name: 'f', args: { a: 1 } } }]), parts([{ text: '', thoughtSignature: 'UzE=' }], { finishReason: 'STOP' })]),
    ]);
    expect(textOf(events)?.map(({ kind }) => kind)).toEqual(['toolCall', 'text']);
  });
});

describe('calls that come in pieces', () => {
  const inputs = (events: readonly ChatEvent[]): readonly unknown[] =>
    callsOf(events).map(({ name, input }) => [name, 'json' in input ? JSON.parse(input.json) : input.text]);
  it('grow by the places of their arguments until they close', () => {
    const call = (functionCall: object): object => parts([{ functionCall }]);
    const string = (jsonPath: string, stringValue: string, willContinue = false): object => ({
      jsonPath,
      stringValue,
      ...(willContinue ? { willContinue } : {}),
    });
    const events = eventsOf([
      sse([
        parts([{ functionCall: { name: 'cook', willContinue: true }, thoughtSignature: 'UzE=' }]),
        call({ partialArgs: [string('$.dish.name', 'So', true)], willContinue: true }),
        call({ willContinue: true }),
        call({ partialArgs: [string('$.dish.name', 'up'), { jsonPath: '$.steps[0].minutes', numberValue: 5 }], willContinue: true }),
        call({
          partialArgs: [
            { jsonPath: '$.hot', boolValue: true },
            { jsonPath: '$.note', nullValue: 'NULL_VALUE' },
          ],
          willContinue: true,
        }),
        call({}),
        parts([{ functionCall: { name: 'serve', willContinue: true } }]),
        parts([], { finishReason: 'STOP' }),
      ]),
    ]);
    expect(inputs(events)).toEqual([
      ['cook', { dish: { name: 'Soup' }, steps: [{ minutes: 5 }], hot: true, note: null }],
      ['serve', {}],
    ]);
    expect(callsOf(events)[0]?.origin?.payload.json).toBe('{"thoughtSignature":"UzE="}');
  });
  it('are put together from the recorded stream, in pieces and arguments', () => {
    const { chunks = [] } = recording('vertex/streamgeneratecontent-reasoning-gemini-3.1-pro-b79cb6.json').response;
    const events = eventsOf([sse(chunks.map((chunk) => (typeof chunk === 'string' ? JSON.parse(chunk) : chunk)))]);
    const [[name, args] = []] = inputs(events) as readonly (readonly [string, object])[];
    expect([name, Object.keys(args ?? {}).length > 0]).toEqual(['cookRecipe', true]);
  });
  it('cannot reach what is nobody’s argument, nor a place that no list has', () => {
    const call = (jsonPath: string): readonly ChatEvent[] =>
      eventsOf([sse([parts([{ functionCall: { name: 'f', partialArgs: [{ jsonPath, stringValue: 'x' }] } }], { finishReason: 'STOP' })])]);
    expect(inputs(call('$.__proto__.polluted'))).toEqual([['f', {}]]);
    expect(inputs(call('$.constructor.prototype'))).toEqual([['f', { constructor: { prototype: 'x' } }]]);
    expect(({} as Readonly<Record<string, unknown>>).polluted).toBeUndefined();
    expect(failureOf(call('$.a[999999999]'))?.code).toBe('upstream_bad_response');
  });
  it('may have their arguments in a part without a name', () => {
    const events = eventsOf([
      sse([parts([{ functionCall: { name: 'f', args: {} } }]), parts([{ functionCall: { args: { a: 1 } } }], { finishReason: 'STOP' })]),
    ]);
    expect(inputs(events)).toEqual([['f', { a: 1 }]]);
  });
});

describe('streams in one array', () => {
  const array = (bodies: readonly object[]): Buffer => Buffer.from(`[${bodies.map((one) => JSON.stringify(one)).join(',\r\n')}\n]`);
  const whole = [parts([{ text: 'a' }]), parts([{ text: 'b' }], { finishReason: 'STOP' })];
  it('say what events say', () => {
    expect(eventsOf([array(whole)], 'json-array')).toEqual(eventsOf([sse(whole)]));
  });
  it('are cut without their bracket', () => {
    const bytes = array(whole);
    for (let length = 0; length < bytes.length; length++)
      expect(
        eventsOf([bytes.subarray(0, length)], 'json-array').some(({ type }) => type === 'end'),
        `${length} bytes`,
      ).toBe(false);
  });
  it('are written as one, and an error is the last element', () => {
    const events = eventsOf([sse(whole)]);
    expect((JSON.parse(streamed(events, { framing: 'json-array' })) as readonly unknown[]).length).toBe(3);
    const error = { code: 'upstream_stream_truncated', status: 502, message: 'cut' } as const;
    const broken = JSON.parse(streamed([...events.slice(0, 3), { type: 'error', error }], { framing: 'json-array' })) as readonly { error?: object }[];
    expect(broken.at(-1)?.error).toMatchObject({ code: 502, message: 'cut', status: 'INTERNAL' });
    expect(JSON.parse(streamed([{ type: 'error', error }], { framing: 'json-array' }))).toHaveLength(1);
  });
});
