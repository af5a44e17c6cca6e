import { collect, GatewayError, type Json } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { eventFrame } from '../src/stream/frames.ts';
import { answered, callOf, ledger, provider, readReply, readStream, replyOf, written } from './support.ts';

const { memo } = written({ turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }], tools: [], choices: 1 });
const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
const wire = (stopReason: string, content: readonly Json[]): Json => ({ output: { message: { role: 'assistant', content } }, stopReason, usage });
const streamed = (stopReason: string, ...texts: readonly string[]): Buffer =>
  Buffer.concat([
    eventFrame('messageStart', { role: 'assistant' }),
    ...texts.map((text) => eventFrame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })),
    eventFrame('messageStop', { stopReason }),
    eventFrame('metadata', { usage, metrics: { latencyMs: 1 } }),
  ]);
const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (cause) {
    return cause instanceof GatewayError ? cause.code : 'another error';
  }
  return undefined;
};
/** What a whole and a streamed answer are noted to lack. */
const notesOf = (stopReason: string): readonly unknown[] => {
  const [whole, parted] = [ledger(), ledger()];
  provider.read(replyOf(wire(stopReason, [{ text: 'a' }])), callOf({ ledger: whole }), memo);
  const reader = provider.stream?.(callOf({ ledger: parted }), memo, () => undefined);
  reader?.event('contentBlockDelta', '{"contentBlockIndex":0,"delta":{"text":"a"}}');
  reader?.event('messageStop', JSON.stringify({ stopReason }));
  return [whole.notes, parted.notes];
};

describe.each(['malformed_tool_use', 'malformed_model_output'])('%s', (reason) => {
  it('is no answer where nothing could be read', () => {
    for (const content of [[], [{ text: '' }]]) expect(codeOf(() => readReply(wire(reason, content), {}, memo))).toBe('upstream_bad_response');
    for (const texts of [[], ['']]) expect(codeOf(() => collect(readStream(streamed(reason, ...texts), undefined, memo)))).toBe('upstream_bad_response');
  });
  it('is noted beside what could', () => expect(notesOf(reason)).toEqual(Array(2).fill([{ kind: 'emulated', param: 'choices.finish' }])));
  it('reaches a client of Converse as it is', () => {
    expect(answered(readReply(wire(reason, [])))).toEqual(wire(reason, []));
    expect(readStream(streamed(reason)).some(({ type }) => type === 'error')).toBe(false);
  });
});
it('a reason that is not known is noted, one that is known is not', () => {
  expect(notesOf('brand_new')).toEqual(Array(2).fill([{ kind: 'emulated', param: 'choices.finish' }]));
  for (const reason of ['end_turn', 'stop_sequence', 'guardrail_intervened', 'tool_use']) expect(notesOf(reason)).toEqual([[], []]);
});
