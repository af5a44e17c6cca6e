import { readFileSync } from 'node:fs';
import { eventStreamMessage, wholeEvents } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { invokeTap } from '../src/invoke/tap.ts';

interface Recording {
  readonly response: { readonly body?: unknown; readonly body_base64?: string };
}
const recorded = (name: string): Buffer => {
  const file = new URL(`../../../packages/simulators/recordings/bedrock/${name}.json`, import.meta.url);
  const { response } = JSON.parse(readFileSync(file, 'utf8')) as Recording;
  if (response.body_base64 !== undefined) return Buffer.from(response.body_base64, 'base64');
  return Buffer.from(typeof response.body === 'string' ? response.body : JSON.stringify(response.body));
};
const usage = (input: number, output: number) => ({ input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false });
const exception = (type: string, message: string) =>
  eventStreamMessage({ ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' }, Buffer.from(JSON.stringify({ message })));
/** Whole events of a body, as the core hands them to a tap. */
const events = (bytes: Buffer): Buffer[] => {
  const whole = wholeEvents('aws-eventstream');
  const found: Buffer[] = [];
  for (const byte of bytes) {
    const piece = whole.push(Buffer.of(byte));
    if (piece !== undefined && piece.length > 0) found.push(Buffer.from(piece));
  }
  return found;
};

describe('recorded answers', () => {
  it.each([
    ['invoke-with-response-stream-length-cohere.command-c3955a', usage(20, 10)],
    ['invoke-with-response-stream-plain-llama2-13-537ec9', usage(10, 60)],
  ])('%s says what was used in its last event', (name, want) => {
    const frames = events(recorded(name));
    for (let length = 0; length <= frames.length; length++) {
      const tap = invokeTap('aws-eventstream');
      for (const frame of frames.slice(0, length)) tap.bytes(frame);
      const whole = length === frames.length;
      expect(tap.state).toBe(length === 0 ? 'waiting' : whole ? 'done' : 'content');
      expect(tap.end()).toEqual({ complete: whole, usage: whole ? want : undefined, error: undefined });
    }
  });
  it.each(['invoke-tools-nova-micro-v1-b14aa8', 'invoke-plain-jamba-89cd75'])('%s says what was used', (name) => {
    const tap = invokeTap('json');
    tap.bytes(recorded(name));
    const verdict = tap.end();
    expect(verdict.complete).toBe(true);
    expect(verdict.usage?.input).toBeGreaterThan(0);
    expect(verdict.usage?.output).toBeGreaterThan(0);
  });
});
describe('whole answers', () => {
  it('of a family that says nothing are counted by the head, and what the body says goes before it', () => {
    const head = (name: string): string => ({ 'x-amzn-bedrock-input-token-count': '12', 'x-amzn-bedrock-output-token-count': '7' })[name] ?? '';
    const used = (body: object, said?: (name: string) => string) => {
      const tap = invokeTap('json', false, said);
      tap.bytes(Buffer.from(JSON.stringify(body)));
      return tap.end().usage;
    };
    const mistral = { outputs: [{ text: 'x', stop_reason: 'stop' }] };
    expect([used(mistral, head), used(mistral, () => ''), used(mistral)]).toEqual([usage(12, 7), undefined, undefined]);
    expect(used({ prompt_token_count: 9, generation_token_count: 20 }, head)).toEqual(usage(9, 20));
  });
  it.each([
    ['Titan', { inputTextTokenCount: 5, results: [{ tokenCount: 3 }, { tokenCount: 4 }] }, usage(5, 7)],
    ['Titan embeddings', { embedding: [1], inputTextTokenCount: 5 }, usage(5, 0)],
    ['Llama', { generation: 'x', prompt_token_count: 9, generation_token_count: 20 }, usage(9, 20)],
    ['OpenAI-like', { choices: [], usage: { prompt_tokens: 2, completion_tokens: 3 } }, usage(2, 3)],
    [
      'Nova with a cache',
      { usage: { inputTokens: 10, outputTokens: 2, cacheReadInputTokenCount: 100, cacheWriteInputTokenCount: 7 } },
      { ...usage(117, 2), cacheRead: 100, cacheWrite: 7 },
    ],
    ['Cohere, which says nothing', { generations: [] }, undefined],
    ['no object', [], undefined],
  ])('%s', (_name, body, want) => {
    const tap = invokeTap('json');
    for (const byte of Buffer.from(JSON.stringify(body))) tap.bytes(Buffer.of(byte));
    expect(tap.end().usage).toEqual(want);
  });
});
describe('streams that fail', () => {
  it('are no whole answer, and say why', () => {
    const tap = invokeTap('aws-eventstream');
    tap.bytes(exception('throttlingException', 'Too many tokens'));
    expect(tap.state).toBe('failed');
    expect(tap.end()).toMatchObject({ complete: false, error: { code: 'upstream_rate_limited', message: 'Too many tokens' } });
  });
  it('of ours are read as one', () => {
    const tap = invokeTap('aws-eventstream');
    tap.bytes(Buffer.from(tap.fail({ code: 'upstream_timeout', status: 504, message: 'too late' }) as Uint8Array));
    expect(tap.end()).toMatchObject({ complete: false, error: { message: 'too late' } });
  });
  it('of broken frames are no whole answer', () => {
    const tap = invokeTap('aws-eventstream');
    tap.bytes(Buffer.from('not a frame, but longer than a prelude'));
    expect(tap.end().complete).toBe(false);
  });
  it('are not ended by a model that writes the word', () => {
    const tap = invokeTap('aws-eventstream');
    const inner = JSON.stringify({ generation: '"amazon-bedrock-invocationMetrics":{}' });
    const headers = { ':event-type': 'chunk', ':content-type': 'application/json', ':message-type': 'event' };
    tap.bytes(eventStreamMessage(headers, Buffer.from(JSON.stringify({ bytes: Buffer.from(inner).toString('base64') }))));
    expect(tap.state).toBe('content');
  });
});
