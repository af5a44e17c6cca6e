import { type ChatRequest, collect, type Json } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { eventFrame } from '../src/stream/frames.ts';
import { answered, CLAUDE, framesOf, ledger, NOVA, readReply, readStream, writeStream, written } from './support.ts';

const asking = (stop: readonly string[]): ChatRequest => ({
  turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }],
  tools: [],
  choices: 1,
  maxTokens: 9,
  stop,
});
const wire = (more: Readonly<Record<string, Json>>): Json => ({
  output: { message: { role: 'assistant', content: [{ text: 'a' }] } },
  stopReason: 'stop_sequence',
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  ...more,
});
const streamed = (more: Readonly<Record<string, Json>>): Buffer =>
  Buffer.concat([
    eventFrame('messageStart', { role: 'assistant' }),
    eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'a' } }),
    eventFrame('contentBlockStop', { contentBlockIndex: 0 }),
    eventFrame('messageStop', { stopReason: 'stop_sequence', ...more }),
    eventFrame('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, metrics: { latencyMs: 1 } }),
  ]);
const both = (stop: readonly string[], more: Readonly<Record<string, Json>> = {}): readonly unknown[] => {
  const { memo } = written(asking(stop), { model: NOVA });
  const replies = [readReply(wire(more), {}, memo), collect(readStream(streamed(more), undefined, memo))];
  return replies.map(({ choices: [choice] }) => [choice?.finish, choice?.stopSequence, choice?.rest?.stopReason]);
};

describe('an answer that a sequence ended', () => {
  it('names the only sequence that was asked for', () => expect(both(['END'])).toEqual(Array(2).fill(['stop', 'END', undefined])));
  it('names none of several where the model does not say which', () => expect(both(['END', 'STOP'])).toEqual(Array(2).fill(['stop', '', undefined])));
  it.each([{ stop_sequence: 'STOP' }, { delta: { stop_sequence: 'STOP' } }])('names the one that the model tells: %j', (additionalModelResponseFields) =>
    expect(both(['END', 'STOP'], { additionalModelResponseFields })).toEqual(Array(2).fill(['stop', 'STOP', undefined])),
  );
  it('keeps its word for a client of Converse, whose ledger stays empty', () => {
    const notes = ledger();
    const more = { additionalModelResponseFields: { stop_sequence: 'END' } };
    expect(answered(readReply(wire(more)), { ledger: notes })).toEqual(wire(more));
    const frames = framesOf(writeStream(readStream(streamed(more)), { ledger: notes }));
    expect(frames.find(({ type }) => type === 'messageStop')?.data).toEqual({ stopReason: 'stop_sequence', ...more });
    expect(notes.notes).toEqual([]);
  });
  it('of another vendor has the word too, and the ledger says that the sequence is lost', () => {
    const notes = ledger();
    const reply = { ...readReply(wire({})), rest: undefined, choices: [{ index: 0, parts: [], finish: 'stop' as const, stopSequence: 'END' }] };
    expect(answered(reply, { ledger: notes }).stopReason).toBe('stop_sequence');
    expect(notes.notes).toContainEqual({ kind: 'ignored', param: 'choices.stopSequence' });
  });
});
describe('sequences that end an answer', () => {
  it('are asked after by name where Claude gets several', () => {
    const paths = (model: string, stop: readonly string[]): Json => written(asking(stop), { model }).body.additionalModelResponseFieldPaths;
    expect(paths(CLAUDE, ['END', 'STOP'])).toEqual(['/stop_sequence', '/delta/stop_sequence']);
    expect([paths(CLAUDE, ['END']), paths(NOVA, ['END', 'STOP'])]).toEqual([undefined, undefined]);
  });
  it.each([
    ['Claude, which refuses white space alone', CLAUDE, ['END', ' ', '\n\n', ''], ['END'], true],
    ['Claude, where nothing is left', CLAUDE, [' '], undefined, true],
    ['another model, which refuses empty ones alone', NOVA, ['\n\n', ''], ['\n\n'], true],
    ['another model, which takes white space', NOVA, ['\n\n'], ['\n\n'], false],
  ])('go to %s', (_name, model, stop, sent, noted) => {
    const { body, notes } = written(asking(stop), { model });
    expect([(body.inferenceConfig as { stopSequences?: unknown } | undefined)?.stopSequences, notes]).toEqual([
      sent,
      noted ? [{ kind: 'clamped', param: 'stop' }] : [],
    ]);
  });
});
