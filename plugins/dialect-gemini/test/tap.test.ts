import { type Bytes, type ErrorLike, type Framing, stringifyJson, type Tap } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { generate } from './support.ts';

const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'cut' };
const piece = (text: string, more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }],
  modelVersion: 'gemini-3',
});
const LAST = { ...piece('b', { finishReason: 'STOP' }), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 } };
const event = (payload: object): Bytes => Buffer.from(`data: ${stringifyJson(payload)}\r\n\r\n`);
const tapOf = (framing: Framing): Tap => {
  const tap = generate.tap?.(framing, false);
  if (tap === undefined) throw new Error('the surface has a tap');
  return tap;
};

describe('events', () => {
  it('are done when the transport ends behind a reason to end, and not before', () => {
    const tap = tapOf('sse');
    const states = [tap.state];
    for (const payload of [piece(''), piece('a'), LAST]) {
      tap.bytes(event(payload));
      states.push(tap.state);
    }
    tap.over?.();
    expect([...states, tap.state]).toEqual(['waiting', 'waiting', 'content', 'content', 'done']);
    expect(tap.end()).toMatchObject({ complete: true, model: 'gemini-3', usage: { input: 3, output: 2 } });
  });
  it('are cut where the last says no reason, or makes no sense', () => {
    for (const chunks of [[event(piece('a'))], [event(LAST), event(piece('c'))], [event(LAST), Buffer.from('data: {"x":\n\n')], []]) {
      const tap = tapOf('sse');
      for (const chunk of chunks) tap.bytes(chunk);
      tap.over?.();
      expect([tap.state === 'done', tap.end().complete]).toEqual([false, false]);
    }
  });
  it('fail with an error among them', () => {
    const tap = tapOf('sse');
    tap.bytes(event({ error: { code: 429, message: 'm', status: 'RESOURCE_EXHAUSTED' } }));
    expect([tap.state, tap.end().error?.code]).toEqual(['failed', 'upstream_rate_limited']);
  });
  it('end with an error of ours as the vendor writes one; a sign of life is a comment', () => {
    const tap = tapOf('sse');
    expect(JSON.parse(String(tap.fail(failure)).slice('data: '.length))).toMatchObject({ error: { code: 502, message: 'cut' } });
    expect(String(tap.idle?.())).toMatch(/^:/);
  });
  it('are done where the prompt was refused', () => {
    const tap = tapOf('sse');
    tap.bytes(event({ promptFeedback: { blockReason: 'SAFETY' } }));
    tap.over?.();
    expect(tap.state).toBe('done');
  });
});

describe('one array', () => {
  const array = (...payloads: readonly object[]): string => `[${payloads.map((payload) => stringifyJson(payload)).join(',\r\n')}`;
  it('is done with its bracket alone', () => {
    for (const [end, done] of [
      ['', false],
      ['\n]', true],
    ] as const) {
      const tap = tapOf('json-array');
      tap.bytes(Buffer.from(array(piece('a'), LAST) + end));
      tap.over?.();
      expect([tap.state === 'done', tap.end().complete]).toEqual([done, done]);
    }
  });
  it('stays one array with an error of ours, at its beginning and later', () => {
    const early = tapOf('json-array');
    expect(JSON.parse(String(early.fail(failure)))).toMatchObject([{ error: { code: 502 } }]);
    const late = tapOf('json-array');
    const passed = array(piece('a'));
    late.bytes(Buffer.from(passed));
    expect(JSON.parse(passed + String(late.idle?.()) + String(late.fail(failure)))).toMatchObject([{}, { error: { code: 502 } }]);
  });
});

describe('a whole answer', () => {
  const verdict = (text: string) => {
    const tap = tapOf('json');
    tap.bytes(Buffer.from(text));
    return tap.end();
  };
  it('tells usage and model', () => {
    expect(verdict(JSON.stringify(LAST, null, 2))).toMatchObject({ complete: true, model: 'gemini-3', usage: { input: 3, output: 2 } });
  });
  it('is not whole when it is cut, and an error when it is one', () => {
    expect(verdict(JSON.stringify(LAST).slice(0, -1)).complete).toBe(false);
    expect(verdict('{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}').error?.code).toBe('upstream_overloaded');
  });
});
