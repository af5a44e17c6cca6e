import { describe, expect, test } from 'vitest';
import { type ChatEvent, type ChatReply, collect, eventsOf, GatewayError } from '../src/index.ts';
import { codeOf } from './chunks.ts';

const usage = { input: 3, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const start: ChatEvent = { type: 'start', id: 'r', model: 'm', created: 5, tier: 'flex', rest: { from: 'acme.chat', fields: { early: 1, both: 1 } } };
const finish: ChatEvent = { type: 'finish', choice: 0, reason: 'stop', stopSequence: 'END', rest: { x: 1 } };
const end: ChatEvent = { type: 'end', rest: { from: 'acme.chat', fields: { both: 2 } } };
const origin = { dialect: 'acme', payload: { json: '"signed"' } };
const open = (index: number, part: Extract<ChatEvent, { type: 'part' }>['part']): ChatEvent => ({ type: 'part', choice: 0, index, part });
const delta = (index: number, field: Extract<ChatEvent, { type: 'delta' }>['field'], text: string, more: object = {}): ChatEvent => ({
  type: 'delta',
  choice: 0,
  index,
  field,
  text,
  ...more,
});
const partsOf = (...events: ChatEvent[]) => collect([start, ...events, finish, end]).choices[0]?.parts;

describe('collect', () => {
  test('head, finish, usage and rest', () => {
    expect(collect([start, finish, { type: 'usage', usage: { ...usage, output: 1 } }, { type: 'usage', usage }, end])).toEqual({
      id: 'r',
      model: 'm',
      created: 5,
      tier: 'flex',
      usage,
      choices: [{ index: 0, parts: [], finish: 'stop', stopSequence: 'END', rest: { x: 1 } }],
      rest: { from: 'acme.chat', fields: { early: 1, both: 2 } },
    });
  });
  test('without a usage event the usage is zero and estimated', () => {
    expect(collect([start, finish, end]).usage).toEqual({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: true });
  });
  test('text grows by text, logprobs, citations, rest and the origin of its end', () => {
    const [one, two] = ['a', 'b'].map((token) => ({ token, logprob: 0, top: [] }));
    if (one === undefined || two === undefined) throw new Error('two tokens');
    const parts = partsOf(
      open(0, { kind: 'text', text: 'A', rest: { p: 1 } }),
      delta(0, 'text', 'b', { logprobs: [one], rest: { q: 2 } }),
      delta(0, 'text', 'c', { logprobs: [two] }),
      { type: 'citation', choice: 0, index: 0, citation: { url: 'u' } },
      { type: 'part-end', choice: 0, index: 0, origin, rest: { p: 3 } },
    );
    expect(parts).toEqual([{ kind: 'text', text: 'Abc', logprobs: [one, two], citations: [{ url: 'u' }], rest: { p: 3, q: 2 }, origin }]);
  });
  test('every other kind grows by its own field', () => {
    expect(
      partsOf(
        open(1, { kind: 'toolCall', id: 'c', name: 'f', input: { json: '{' } }),
        open(0, { kind: 'thinking', text: '', redacted: false }),
        open(2, { kind: 'toolCall', id: 'd', name: 'g', input: { text: '' } }),
        open(3, { kind: 'audio', media: { base64: 'AA', type: 'audio/wav' } }),
        open(4, { kind: 'refusal', text: '' }),
        delta(1, 'input', '"a":1}'),
        delta(0, 'text', 'hm'),
        delta(0, 'signature', 'c2ln'),
        delta(2, 'input', 'free'),
        delta(3, 'data', 'BB'),
        delta(3, 'transcript', 'hel'),
        delta(3, 'transcript', 'lo'),
        delta(4, 'text', 'no'),
        { type: 'part-end', choice: 0, index: 0, origin },
        { type: 'keep', origin },
      ),
    ).toEqual([
      { kind: 'thinking', text: 'hm', redacted: false, origin },
      { kind: 'toolCall', id: 'c', name: 'f', input: { json: '{"a":1}' } },
      { kind: 'toolCall', id: 'd', name: 'g', input: { text: 'free' } },
      { kind: 'audio', media: { base64: 'AABB', type: 'audio/wav' }, transcript: 'hello' },
      { kind: 'refusal', text: 'no' },
      { kind: 'opaque', origin },
    ]);
  });
  test('a stream without its end is truncated', () => {
    expect(codeOf(() => collect([start, finish]))).toBe('upstream_stream_truncated');
    expect(codeOf(() => collect([]))).toBe('upstream_stream_truncated');
  });
  test('the error of a stream is thrown as it came', () => {
    const vendor = { dialect: 'acme', status: 529, body: { json: '{}' } };
    const error = new GatewayError('upstream_overloaded', 'busy', { status: 529, retryAfterMs: 5, retry: true, param: 'p', vendor });
    try {
      collect([start, { type: 'error', error }]);
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toMatchObject({ code: 'upstream_overloaded', status: 529, message: 'busy', retryAfterMs: 5, retry: true, param: 'p', vendor });
    }
  });
  test.each<[string, ChatEvent[]]>([
    ['no start', [finish, end]],
    ['no finish', [start, open(0, { kind: 'text', text: '' }), end]],
    ['something after the end', [start, finish, end, { type: 'usage', usage }]],
    ['a delta for a part that is not open', [start, delta(0, 'text', 'a'), finish, end]],
    ['text for a tool call', [start, open(0, { kind: 'toolCall', id: 'a', name: 'b', input: { json: '' } }), delta(0, 'text', 'a'), finish, end]],
    ['input for a text', [start, open(0, { kind: 'text', text: '' }), delta(0, 'input', 'a'), finish, end]],
    ['data for a linked image', [start, open(0, { kind: 'image', media: { url: 'u' } }), delta(0, 'data', 'a'), finish, end]],
    ['a transcript for a text', [start, open(0, { kind: 'text', text: '' }), delta(0, 'transcript', 'a'), finish, end]],
    ['a citation for a refusal', [start, open(0, { kind: 'refusal', text: '' }), { type: 'citation', choice: 0, index: 0, citation: {} }, finish, end]],
  ])('%s is internal_error', (_, events) => {
    expect(codeOf(() => collect(events))).toBe('internal_error');
  });
});
test('eventsOf opens parts empty, grows them, and signs them when they end', () => {
  const reply: ChatReply = {
    id: 'r',
    model: 'm',
    usage,
    choices: [
      {
        index: 0,
        finish: 'stop',
        parts: [
          { kind: 'text', text: 'hi', origin },
          { kind: 'opaque', origin },
        ],
      },
    ],
  };
  expect(eventsOf(reply)).toEqual([
    { type: 'start', id: 'r', model: 'm' },
    { type: 'part', choice: 0, index: 0, part: { kind: 'text', text: '' } },
    { type: 'delta', choice: 0, index: 0, field: 'text', text: 'hi' },
    { type: 'part-end', choice: 0, index: 0, origin },
    { type: 'part', choice: 0, index: 1, part: { kind: 'opaque', origin } },
    { type: 'part-end', choice: 0, index: 1 },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage },
    { type: 'end' },
  ]);
});

describe('what was signed', () => {
  test('comes at the end of a part, and of a call with its beginning, as it may have to travel in its id', () => {
    const parts = [
      { kind: 'thinking', text: 'Hm.', redacted: false, origin },
      { kind: 'toolCall', id: '1', name: 'f', input: { json: '{}' }, origin },
    ] as const;
    const told = eventsOf({ id: 'r', model: 'm', usage, choices: [{ index: 0, parts, finish: 'tool' }] });
    const signed = told.filter((e) => (e.type === 'part' ? 'origin' in e.part : e.type === 'part-end' && e.origin !== undefined));
    expect(signed.map((e) => [e.type, 'index' in e ? e.index : -1])).toEqual([
      ['part-end', 0],
      ['part', 1],
    ]);
    expect(collect(told).choices[0]?.parts).toEqual(parts);
  });
});
