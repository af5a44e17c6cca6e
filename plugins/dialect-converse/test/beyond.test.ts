import { GatewayError, type Json } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { exceptionFrame } from '../src/stream/frames.ts';
import { callOf, framesOf, ledger, provider, replyOf, written } from './support.ts';

const { memo } = written({ turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }], tools: [], choices: 1 });
const end = { additionalModelResponseFields: { stop_sequence: 'END', seen: 1 } };
const last = {
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2, cacheDetails: [{ ttl: '1h', inputTokens: 7 }], serverToolUsage: { webSearch: 1 } },
  metrics: { latencyMs: 1 },
  trace: { guardrail: { a: 1 }, promptRouter: { invokedModelId: 'm' } },
  performanceConfig: { latency: 'optimized' },
  serviceTier: { type: 'reserved' },
};
const plain = { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2, serverToolUsage: {} }, metrics: { latencyMs: 1 }, trace: { promptRouter: { a: 1 } } };
const whole = (more: Readonly<Record<string, Json>>, known: unknown) => {
  const notes = ledger();
  const body = { output: { message: { role: 'assistant', content: [{ text: 'a' }] } }, stopReason: 'end_turn', ...more };
  const { tier } = provider.read(replyOf(body), callOf({ ledger: notes }), known);
  return { tier, notes: notes.notes.map(({ kind, param }) => `${kind} ${param}`) };
};
const streamed = (stop: Json, metadata: Json, known: unknown): readonly string[] => {
  const notes = ledger();
  const reader = provider.stream?.(callOf({ ledger: notes }), known, () => undefined);
  reader?.event('messageStart', '{"role":"assistant"}');
  reader?.event('messageStop', JSON.stringify({ stopReason: 'end_turn', p: 'abc', ...(stop as object) }));
  reader?.event('metadata', JSON.stringify(metadata));
  return notes.notes.map(({ kind, param }) => `${kind} ${param}`);
};
const LOST = [
  'ignored rest.fields.additionalModelResponseFields',
  'ignored rest.fields.performanceConfig',
  'ignored rest.fields.trace',
  'ignored usage.cacheDetails',
  'ignored usage.serverToolUsage',
];

it('what an answer says beyond the conversation is noted for clients of other dialects', () => {
  const { tier, notes } = whole({ ...end, ...last }, memo);
  expect([tier, [...notes].sort()]).toEqual(['priority', ['emulated tier', ...LOST]]);
  expect([...streamed(end, last, memo)].sort()).toEqual([...LOST.slice(0, 3), 'ignored tier', ...LOST.slice(3)]);
});
it('an answer that says nothing beyond it is noted for nothing, nor is any for clients of Converse', () => {
  expect([whole(plain, memo).notes, streamed({}, plain, memo)]).toEqual([[], []]);
  expect([whole({ ...end, ...last }, undefined), streamed(end, last, undefined)]).toEqual([{ tier: 'reserved', notes: [] }, []]);
});
it('an error of ours in a stream says its code', () => {
  const error = new GatewayError('upstream_stream_truncated', 'Cut.');
  expect(framesOf(exceptionFrame(error))).toEqual([
    { type: 'exception:modelStreamErrorException', data: { message: 'Cut.', code: 'upstream_stream_truncated' } },
  ]);
});
