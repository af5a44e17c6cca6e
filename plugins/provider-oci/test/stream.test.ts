import { collect, type Json, normalReply } from '@llm-proxy-auth/plugin';
import { recordedBytes, recordings } from '@llm-proxy-auth/simulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatTap } from '../src/dialect/tap.ts';
import { type Format, lines, readReply, readStream, streamed } from './support.ts';

type Fields = Readonly<Record<string, unknown>>;
const piece = (message: Fields, more: Fields = {}): Fields => ({ index: 0, message: { role: 'ASSISTANT', ...message }, ...more, pad: 'aaa' });
const text = (said: string): Fields => piece({ content: [{ type: 'TEXT', text: said }] });
const call = (fields: Fields): Fields => piece({ toolCalls: [{ type: 'FUNCTION', ...fields }] });
const END = { finishReason: 'stop', pad: 'a' };
const USAGE = {
  usage: { promptTokens: 5, completionTokens: 7, totalTokens: 12, completionTokensDetails: { reasoningTokens: 3 }, promptTokensDetails: { cachedTokens: 2 } },
};
const partsOf = (format: Format, ...events: readonly (object | string)[]) => streamed(format, lines(...events)).choices[0]?.parts;
const finishOf = (format: Format, ...events: readonly (object | string)[]) => streamed(format, lines(...events)).choices[0]?.finish;

describe('a stream in the format GENERIC', () => {
  it('has fragments of one call under ids that change', () => {
    const parts = partsOf(
      'generic',
      call({ id: 'call_1', name: 'w', arguments: '' }),
      call({ id: 'zz9', name: '', arguments: '{"c":' }),
      call({ id: 'q77', name: '', arguments: '1}' }),
      {
        ...piece({ content: [{ type: 'TEXT' }] }),
        finishReason: 'stop',
      },
    );
    expect(parts).toEqual([{ kind: 'toolCall', id: 'call_1', name: 'w', input: { json: '{"c":1}' } }]);
    expect(finishOf('generic', call({ id: 'a', name: 'w', arguments: '{}' }), END)).toBe('tool');
  });
  it('has calls without ids, each with one of its own that stays the same', () => {
    const events = [call({ name: 'f', arguments: '{}' }), call({ name: 'f', arguments: '{}' }), END];
    const ids = partsOf('generic', ...events)?.map((part) => (part.kind === 'toolCall' ? part.id : ''));
    expect(new Set(ids).size).toBe(2);
    expect(partsOf('generic', ...events)?.map((part) => (part.kind === 'toolCall' ? part.id : ''))).toEqual(ids);
  });
  it('says its last words with its reason, and has no index then', () => {
    const parts = partsOf('generic', text(''), { message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'Hello ' }] }, finishReason: 'stop', pad: 'a' });
    expect(parts).toEqual([{ kind: 'text', text: 'Hello ' }]);
  });
  it('has usage behind its reason, and a mark of its end or none', () => {
    for (const last of [[USAGE], [USAGE, '[DONE]']]) {
      const { usage } = streamed('generic', lines(text('a'), END, ...last));
      expect(usage).toMatchObject({ input: 5, output: 7, cacheRead: 2, reasoning: 3, estimated: false });
    }
  });
  it.each([
    ['thought beside what Grok said', { promptTokens: 10, completionTokens: 2, totalTokens: 112, completionTokensDetails: { reasoningTokens: 100 } }, 102, 100],
    ['thought and nothing said', { promptTokens: 10, totalTokens: 60, completionTokensDetails: { reasoningTokens: 50 } }, 50, 50],
    ['nothing but a total', { promptTokens: 10, totalTokens: 60 }, 50, 0],
    ['a total that is none of ours', { totalTokens: 60 }, 0, 0],
    ['counts, behind which come none', { promptTokens: 10, completionTokens: 2, totalTokens: 12 }, 2, 0],
  ])('has usage of %s', (_what, counted, output, reasoning) => {
    expect(streamed('generic', lines(text('a'), END, { usage: counted }, { usage: {} })).usage).toMatchObject({ output, reasoning, estimated: false });
  });
  it('has no usage where nothing is counted', () => {
    expect(streamed('generic', lines(text('a'), END, { usage: {} })).usage).toMatchObject({ output: 0, estimated: true });
  });
  it('that came whole may have its usage at its choices', () => {
    const choice = (completionTokens: number, index = 0) => ({
      index,
      message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: 'a' }] },
      finishReason: 'stop',
      usage: { promptTokens: 10, completionTokens, totalTokens: 10 + completionTokens },
    });
    const usageOf = (more: Readonly<Record<string, Json>>) => readReply('generic', { apiFormat: 'GENERIC', ...more }).usage;
    expect(usageOf({ choices: [choice(3)] })).toMatchObject({ input: 10, output: 3, estimated: false });
    expect(usageOf({ choices: [choice(3), choice(4, 1)] })).toMatchObject({ input: 10, output: 7, estimated: false });
    expect(usageOf({ choices: [choice(3), choice(4, 1)], usage: { promptTokens: 10, completionTokens: 9, totalTokens: 19 } })).toMatchObject({ output: 9 });
  });
  it('has several answers whose pieces are mixed and that end one after the other', () => {
    const reply = streamed(
      'generic',
      lines(text('a'), { ...text('x'), index: 1 }, { index: 0, finishReason: 'stop' }, { ...text('y'), index: 1 }, { index: 1, finishReason: 'length' }),
    );
    expect(reply.choices.map(({ parts, finish }) => [parts.map((part) => ('text' in part ? part.text : '')), finish])).toEqual([
      [['a'], 'stop'],
      [['xy'], 'length'],
    ]);
  });
  it.each([
    ['an empty reason in each event', [{ ...text('Hi'), finishReason: '' }, text(' you')]],
    ['text that is no list', [piece({ content: 'Hi' }), piece({ content: ' you' })]],
    ['text whose kind was left out', [piece({ content: [{ text: 'Hi' }] }), piece({ content: [{ text: ' you' }] })]],
  ])('with %s says all of it', (_what, events) => {
    expect(partsOf('generic', ...events, END)).toEqual([{ kind: 'text', text: 'Hi you' }]);
  });
  it('that never says why it ended is cut, also where the reason is empty', () => {
    expect(readStream('generic', lines({ ...text('Hi'), finishReason: '' })).at(-1)).toMatchObject({ error: { code: 'upstream_stream_truncated' } });
  });
  it('has arguments that are the object itself, also whole', () => {
    const [first] = [call({ id: 'a', name: 'f', arguments: { a: 1 } })];
    expect(partsOf('generic', first, END)).toEqual([{ kind: 'toolCall', id: 'a', name: 'f', input: { json: '{"a":1}' } }]);
    const choices = [{ index: 0, message: first.message as Json, finishReason: 'tool_calls' }];
    expect(readReply('generic', { apiFormat: 'GENERIC', choices }).choices[0]?.parts).toMatchObject([{ input: { json: '{"a":1}' } }]);
  });
  it('thinks before it speaks, refuses, and tells probabilities', () => {
    const logprobs = { tokens: ['Hi'], tokenLogprobs: [-0.5], topLogprobs: [{ Hi: '-0.5', Ho: '-2' }] };
    const parts = partsOf('generic', piece({ reasoningContent: 'hm' }), { ...text('Hi'), logprobs }, piece({ refusal: 'no' }), END);
    const top = [
      { token: 'Hi', logprob: -0.5, top: [] },
      { token: 'Ho', logprob: -2, top: [] },
    ];
    expect(parts).toMatchObject([
      { kind: 'thinking', text: 'hm' },
      { kind: 'text', text: 'Hi', logprobs: [{ token: 'Hi', logprob: -0.5, top }] },
      { kind: 'refusal', text: 'no' },
    ]);
  });
  it('that pings, and one with an error of any form', () => {
    expect(streamed('generic', Buffer.concat([lines(text('a')), Buffer.from('event: ping\ndata: {}\n\n'), lines(END)])).choices[0]?.parts).toEqual([
      { kind: 'text', text: 'a' },
    ]);
    for (const [error, code] of [
      [{ code: '500', message: 'Internal server error.' }, 'upstream_bad_response'],
      [{ code: '429', message: 'Too many.' }, 'upstream_rate_limited'],
      [{ errorMessage: 'broken' }, 'upstream_bad_response'],
      [{ error: { code: 503, message: 'busy', status: 'UNAVAILABLE' } }, 'upstream_overloaded'],
    ] as const) {
      const events = readStream('generic', lines(text('a'), error, text('b'), END));
      expect(events.filter(({ type }) => type === 'error' || type === 'end')).toMatchObject([{ type: 'error', error: { code } }]);
    }
  });
  it('with input for a call that nobody began is an error', () => {
    expect(readStream('generic', lines(call({ arguments: '{' }))).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_bad_response' } });
  });
});

describe('a stream in the format COHERE', () => {
  const said = (words: string): Fields => ({ apiFormat: 'COHERE', text: words, pad: 'aa' });
  const last = (more: Fields = {}): Fields => ({ apiFormat: 'COHERE', text: 'Hello', chatHistory: [], finishReason: 'COMPLETE', ...more });
  it('says once what its last event repeats', () => {
    expect(partsOf('cohere', said('Hel'), said('lo'), last())).toEqual([{ kind: 'text', text: 'Hello' }]);
    expect(partsOf('cohere', last())).toEqual([{ kind: 'text', text: 'Hello' }]);
    expect(partsOf('cohere', said('Hel'), last())).toEqual([{ kind: 'text', text: 'Hello' }]);
    expect(partsOf('cohere', said(' Hello'), last())).toEqual([{ kind: 'text', text: ' Hello' }]);
    expect(partsOf('cohere', said('Hel'), { apiFormat: 'COHERE', text: 'lo', finishReason: 'COMPLETE' })).toEqual([{ kind: 'text', text: 'Hello' }]);
  });
  it('calls once what its last event repeats, and cites', () => {
    const toolCalls = [{ name: 'f', parameters: { a: 1 } }];
    const citations = [{ start: 0, end: 3, text: 'Hel', documentIds: ['doc_0'] }];
    const parts = partsOf('cohere', said('Hello'), { apiFormat: 'COHERE', toolCalls }, last({ toolCalls, citations }));
    expect(parts).toMatchObject([
      { kind: 'text', text: 'Hello' },
      { kind: 'toolCall', name: 'f', input: { json: '{"a":1}' } },
      { kind: 'text', text: '', citations: [{ start: -5, end: -2, quote: 'Hel' }] },
    ]);
    expect(finishOf('cohere', last({ toolCalls }))).toBe('tool');
  });
  it.each([
    ['one after the other', [['f'], ['g']], ['f', 'g']],
    ['each time with those before', [['f'], ['f', 'g']], ['f', 'g']],
    ['in part at the end alone', [['f']], ['f', 'g']],
    ['in another order at the end', [['f'], ['g']], ['g', 'f']],
    ['twice the same at once', [['f', 'f']], ['f', 'f']],
  ])('calls all that it calls: %s', (_how, events, whole) => {
    const list = (names: readonly string[]) => names.map((name) => ({ name, parameters: { a: name } }));
    const parts = partsOf('cohere', ...events.map((names) => ({ apiFormat: 'COHERE', toolCalls: list(names) })), last({ text: '', toolCalls: list(whole) }));
    expect(parts?.map((part) => (part.kind === 'toolCall' ? part.name : part.kind)).toSorted()).toEqual(whole.toSorted());
  });
  it.each([
    ['MAX_TOKENS', 'length'],
    ['ERROR_LIMIT', 'length'],
    ['ERROR_TOXIC', 'filter'],
    ['COMPLETE', 'stop'],
  ])('that ends with %s ends so', (finishReason, finish) => expect(finishOf('cohere', last({ finishReason }))).toBe(finish));
  it.each(['ERROR', 'USER_CANCEL'])('that ends with %s failed', (finishReason) => {
    expect(readStream('cohere', lines(said('a'), last({ finishReason }))).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_bad_response' } });
  });
});

describe('a stream in the format COHEREV2', () => {
  const said = (message: Fields, more: Fields = {}): Fields => ({ apiFormat: 'COHEREV2', message: { role: 'ASSISTANT', ...message }, ...more, pad: 'a' });
  it('has text, thinking, a plan and calls', () => {
    const parts = partsOf(
      'coherev2',
      said({ content: [{ type: 'THINKING', thinking: 'hm' }] }),
      said({ content: [{ type: 'TEXT', text: 'Hi' }] }),
      said({ toolCalls: [{ id: 'f_1', type: 'FUNCTION', function: { name: 'f', arguments: '{"a":' } }] }),
      said({ toolCalls: [{ function: { arguments: '1}' } }] }),
      { apiFormat: 'COHEREV2', finishReason: 'TOOL_CALL' },
    );
    expect(parts).toMatchObject([
      { kind: 'thinking', text: 'hm' },
      { kind: 'text', text: 'Hi' },
      { kind: 'toolCall', id: 'f_1', name: 'f', input: { json: '{"a":1}' } },
    ]);
  });
  it('says once what an event that is the whole answer repeats', () => {
    const whole = said({ content: [{ type: 'TEXT', text: 'Hi' }] }, { id: 'x', finishReason: 'COMPLETE' });
    expect(partsOf('coherev2', said({ content: [{ type: 'TEXT', text: 'Hi' }] }), whole)).toEqual([{ kind: 'text', text: 'Hi' }]);
    expect(partsOf('coherev2', whole)).toEqual([{ kind: 'text', text: 'Hi' }]);
  });
});

/** Streams of each format, made of what was said. */
const words = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { maxLength: 5 });
const called = fc.array(fc.record({ name: fc.constantFrom('f', 'g'), value: fc.string({ maxLength: 6 }) }), { maxLength: 3 });
interface Said {
  readonly pieces: readonly string[];
  readonly calls: readonly { readonly name: string; readonly value: string }[];
}
const input = ({ value }: { readonly value: string }): string => JSON.stringify({ value });
const MADE: Readonly<Record<Format, (said: Said) => { readonly events: readonly Fields[]; readonly whole: Fields }>> = {
  generic: ({ pieces, calls }) => ({
    events: [
      ...pieces.map(text),
      ...calls.flatMap((one, i) => [call({ id: `c${i}`, name: one.name, arguments: '' }), call({ id: `x${i}`, name: '', arguments: input(one) })]),
      END,
      USAGE,
    ],
    whole: {
      apiFormat: 'GENERIC',
      choices: [
        {
          index: 0,
          message: {
            role: 'ASSISTANT',
            content: [{ type: 'TEXT', text: pieces.join('') }],
            toolCalls: calls.map((one, i) => ({ type: 'FUNCTION', id: `c${i}`, name: one.name, arguments: input(one) })),
          },
          finishReason: 'stop',
        },
      ],
      ...USAGE,
    },
  }),
  cohere: ({ pieces, calls }) => {
    const end = {
      apiFormat: 'COHERE',
      text: pieces.join(''),
      chatHistory: [],
      finishReason: 'COMPLETE',
      toolCalls: calls.map(({ name, value }) => ({ name, parameters: { value } })),
    };
    return { events: [...pieces.map((one) => ({ apiFormat: 'COHERE', text: one })), end, { apiFormat: 'COHERE', ...USAGE }], whole: { ...end, ...USAGE } };
  },
  coherev2: ({ pieces, calls }) => {
    const toolCalls = calls.map((one, i) => ({ id: `c${i}`, type: 'FUNCTION', function: { name: one.name, arguments: input(one) } }));
    const of = (message: Fields): Fields => ({ apiFormat: 'COHEREV2', message: { role: 'ASSISTANT', ...message } });
    return {
      events: [
        ...pieces.map((one) => of({ content: [{ type: 'TEXT', text: one }] })),
        ...toolCalls.map((one) => of({ toolCalls: [one] })),
        { apiFormat: 'COHEREV2', finishReason: 'COMPLETE' },
        USAGE,
      ],
      whole: {
        apiFormat: 'COHEREV2',
        id: 'x',
        message: { role: 'ASSISTANT', content: [{ type: 'TEXT', text: pieces.join('') }], toolCalls },
        finishReason: 'COMPLETE',
        ...USAGE,
      },
    };
  },
};
const withoutNames = (reply: ReturnType<typeof streamed>) => {
  const { id: _id, rest: _rest, ...more } = normalReply(reply);
  const parts = more.choices.map((choice) => ({ ...choice, parts: choice.parts.map((part) => (part.kind === 'toolCall' ? { ...part, id: '' } : part)) }));
  return { ...more, choices: parts, model: '' };
};
describe.each(['generic', 'cohere', 'coherev2'] as const)('any stream in the format %s', (format) => {
  const any = fc.record({ pieces: words, calls: called });
  it('is the answer that comes whole', () => {
    fc.assert(
      fc.property(any, (said) => {
        const { events, whole } = MADE[format](said);
        expect(withoutNames(streamed(format, lines(...events)))).toEqual(withoutNames(readReply(format, whole)));
      }),
    );
  });
  it('is the same in any pieces', () => {
    fc.assert(
      fc.property(any, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }), (said, sizes) => {
        const bytes = lines(...MADE[format](said).events);
        expect(readStream(format, bytes, sizes)).toEqual(readStream(format, bytes));
      }),
    );
  });
  it('that is cut before it said why it ended is an error, wherever', () => {
    fc.assert(
      fc.property(any, fc.double({ min: 0, max: 1, noNaN: true }), (said, where) => {
        const bytes = lines(...MADE[format](said).events);
        const reason = bytes.indexOf('finishReason');
        const end = bytes.indexOf('\n', reason);
        const events = readStream(format, bytes.subarray(0, Math.floor(where * (end - 1))));
        expect(events.filter(({ type }) => type === 'end' || type === 'error').map(({ type }) => type)).toEqual(['error']);
        expect(() => collect(events)).toThrow();
      }),
    );
  });
});

describe('a passing stream of several answers', () => {
  const verdict = (...events: readonly object[]) => {
    const tap = chatTap('sse-lines');
    tap.bytes(lines(...events));
    return tap.end();
  };
  const [first, second] = [text('a'), { ...text('b'), index: 1 }];
  it.each([
    ['each said why it ended', [{ index: 0, finishReason: 'stop' }, { index: 1, finishReason: 'stop' }, USAGE], true],
    ['one reason without an index ended them', [END, USAGE], true],
    ['one did not say why it ended', [{ index: 0, finishReason: 'stop' }], false],
  ])('%s', (_what, events, complete) => expect(verdict(first, second, ...events).complete).toBe(complete));
});

describe('recorded streams', () => {
  it.each(recordings({ provider: 'oci' }).map((one) => [one.file, one] as const))('%s is whole, in any pieces', (_file, one) => {
    const bytes = recordedBytes(one);
    expect(readStream('generic', bytes).at(-1)).toMatchObject({ type: 'end' });
    expect(readStream('generic', bytes, [1])).toEqual(readStream('generic', bytes));
  });
});
