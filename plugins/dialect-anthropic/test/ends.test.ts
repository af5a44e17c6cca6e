import type { ChatEvent, Json } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { answered, callOf, type Fields, ledger, messagesProvider, payloads, read, streamed, written } from './support.ts';

const { memo } = written({ turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }], tools: [], choices: 1 });
const usage = { input_tokens: 1, output_tokens: 1 };
const message = (end: Fields): Fields => ({
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-5-5',
  content: [{ type: 'text', text: 'a' }],
  usage,
  ...end,
});
const ENDS: readonly (readonly [string, Fields, readonly string[]])[] = [
  [
    'why it was refused',
    { stop_reason: 'refusal', stop_details: { type: 'refusal', category: 'cyber', explanation: 'No.' } },
    ['ignored rest.fields.stop_details.category'],
  ],
  ['a reason that is not known', { stop_reason: 'brand_new', stop_details: null }, ['emulated choices.finish']],
  ['nothing that is lost', { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: null } }, []],
  ['a reason alone', { stop_reason: 'end_turn' }, []],
];
const whole = (end: Fields, known: typeof memo | undefined): readonly string[] => {
  const notes = ledger();
  read(message(end) as Json, known, { ledger: notes });
  return notes.notes.map(({ kind, param }) => `${kind} ${param}`);
};
const parted = (end: Fields, known: typeof memo | undefined, emit: (event: ChatEvent) => void = () => undefined): readonly string[] => {
  const notes = ledger();
  const reader = messagesProvider.stream?.(callOf({ stream: true }, { ledger: notes }), known, emit);
  for (const event of [
    { type: 'message_start', message: { ...message({}), content: [] } },
    { type: 'message_delta', delta: end, usage },
    { type: 'message_stop' },
  ])
    reader?.event(event.type, JSON.stringify(event));
  return notes.notes.map(({ kind, param }) => `${kind} ${param}`);
};

describe.each(ENDS)('an end that says %s', (_name, end, lost) => {
  it('is noted for clients of other dialects, and for no own', () => {
    expect([whole(end, memo), parted(end, memo)]).toEqual([lost, lost]);
    expect([whole(end, undefined), parted(end, undefined)]).toEqual([[], []]);
  });
});
describe('why the model refused', () => {
  const said = { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null, explanation: 'No.' } };
  const refusal = { kind: 'refusal', text: 'No.' };
  it('is a refusal for clients of other dialects, whole and streamed', () => {
    expect(read(message(said) as Json, memo).choices[0]).toMatchObject({ finish: 'refusal', parts: [{ kind: 'text', text: 'a' }, refusal] });
    const events: ChatEvent[] = [];
    parted(said, memo, (event) => events.push(event));
    expect(events.slice(-5)).toMatchObject([
      { type: 'part', index: 0, part: { kind: 'refusal', text: '' } },
      { type: 'delta', index: 0, field: 'text', text: 'No.' },
      { type: 'part-end', index: 0 },
      { type: 'finish', reason: 'refusal' },
      { type: 'end' },
    ]);
  });
  it('stays where it stands for those of its own', () => {
    expect(read(message(said) as Json, undefined).choices[0]?.parts).toMatchObject([{ kind: 'text', text: 'a' }]);
  });
});
describe('a sequence that ended an answer, of which nobody said which', () => {
  const reply = { id: 'm', model: 'm', choices: [{ index: 0, parts: [], finish: 'stop' as const, stopSequence: '' }] };
  const counted = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
  it('is the reason, whole and streamed, without a name, and noted', () => {
    const notes = ledger();
    expect(answered({ ...reply, usage: counted }, { ledger: notes })).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: null });
    const events = [
      { type: 'start', id: 'm', model: 'm' },
      { type: 'finish', choice: 0, reason: 'stop', stopSequence: '' },
      { type: 'usage', usage: counted },
      { type: 'end' },
    ] as const;
    const last = payloads(streamed(events, { ledger: notes })).find(({ type }) => type === 'message_delta');
    expect(last?.delta).toMatchObject({ stop_reason: 'stop_sequence', stop_sequence: null });
    expect(notes.notes).toEqual(Array(2).fill({ kind: 'defaulted', param: 'choices.stopSequence' }));
  });
  it('keeps what the other vendor alone calls it from the client', () => {
    const foreign = { ...reply.choices[0], index: 0, parts: [], finish: 'stop' as const, rest: { stopReason: 'x' } };
    expect(answered({ ...reply, usage: counted, choices: [foreign], rest: { from: 'converse.converse', fields: {} } })).not.toHaveProperty('stopReason');
  });
});
