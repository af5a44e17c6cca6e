import { expect, it } from 'vitest';
import { type ChatEvent, revealText, withoutThoughts, writingNoThoughts } from '../src/index.ts';

const origin = { dialect: 'other', payload: { json: '{}' } };
const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const thinking = { kind: 'thinking' as const, text: 'why', redacted: false };
const said = { kind: 'text' as const, text: 'so' };

it('an answer keeps of thoughts what a later turn must bring back, out of sight', () => {
  const reply = { id: 'a', model: 'm', usage, choices: [{ index: 0, finish: 'stop' as const, parts: [thinking, { ...thinking, origin }, said] }] };
  const parts = withoutThoughts(reply).choices[0]?.parts ?? [];
  expect(parts).toEqual([{ ...thinking, text: '', origin: expect.anything() }, said]);
  expect(revealText(parts[0]?.origin ?? origin)).toEqual({ origin, text: 'why' });
  const own = { ...reply, choices: [{ index: 0, finish: 'stop' as const, parts: [{ ...thinking, text: '', redacted: true, origin }, said] }] };
  expect(withoutThoughts(own)).toEqual(own);
});
it('a stream writes the same, and says nothing of thinking until it has ended', () => {
  const part = (index: number): ChatEvent => ({ type: 'part', choice: 0, index, part: { ...thinking, text: '' } });
  const delta = (index: number): ChatEvent => ({ type: 'delta', choice: 0, index, field: 'text', text: 'why' });
  const finish: ChatEvent = { type: 'finish', choice: 0, reason: 'stop' };
  const hidden = (e: ChatEvent): string => (e.type === 'part-end' && e.origin !== undefined ? ` ${revealText(e.origin).text}` : '');
  const writer = writingNoThoughts({ type: 't', event: (e) => `${e.type} ${'index' in e ? e.index : ''}${hidden(e)};`, error: () => '', end: () => '' });
  const events: readonly ChatEvent[] = [
    part(0),
    delta(0),
    { type: 'part-end', choice: 0, index: 0 },
    part(1),
    delta(1),
    { type: 'part-end', choice: 0, index: 1, origin },
    { type: 'part', choice: 0, index: 2, part: said },
    { type: 'part-end', choice: 0, index: 2 },
    part(3),
    finish,
  ];
  expect(events.map((e) => writer.event(e))).toEqual(['', '', '', '', '', 'part 1;part-end 1 why;', 'part 2;', 'part-end 2;', '', 'finish ;']);
});
