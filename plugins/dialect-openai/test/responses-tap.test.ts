import type { ErrorLike, Tap } from '@llm-proxy-auth/plugin';
import { wholeEvents } from '@llm-proxy-auth/plugin';
import { describe, expect, it, vi } from 'vitest';
import { answers, readEvents, recordings, streams, tapOf, wireEvents } from './responses-support.ts';

const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'The provider went away.' };
const frame = (data: object, name = false): string => `${name ? `event: ${(data as { type: string }).type}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
const response = {
  id: 'resp_1',
  object: 'response',
  model: 'm',
  status: 'in_progress',
  output: [],
  usage: null,
  instructions: 'say "response.output_text.delta"',
};
const created = frame({ type: 'response.created', sequence_number: 0, response });
const delta = (text: string, number = 1): string =>
  frame({ type: 'response.output_text.delta', sequence_number: number, item_id: 'msg_1', output_index: 0, content_index: 0, delta: text });
const watch = (...frames: readonly string[]): Tap => {
  const tap = tapOf('sse', false);
  for (const one of frames) tap.bytes(Buffer.from(one));
  return tap;
};
/** Frames of a recording, cut as the core cuts them. */
const framesOf = (body: string): readonly Uint8Array[] => {
  const whole = wholeEvents('sse');
  return [...Buffer.from(body)].flatMap((byte) => whole.push(Buffer.of(byte)) ?? []);
};

describe.each(streams)('the recorded stream $name', ({ body }) => {
  const frames = framesOf(body);
  it('gives the verdict that reading it gives, whole and cut after every event', () => {
    for (let length = 0; length <= frames.length; length++) {
      const tap = tapOf('sse', false);
      for (const one of frames.slice(0, length)) tap.bytes(one);
      const events = readEvents(frames.slice(0, length));
      const verdict = tap.end();
      expect(verdict.complete).toBe(events.some((e) => e.type === 'end'));
      expect(verdict.usage).toEqual(events.find((e) => e.type === 'usage')?.usage);
      expect(verdict.error?.code).toBe(events.find((e) => e.type === 'error')?.error.code);
      const start = events.find((e) => e.type === 'start');
      expect([verdict.id, verdict.model]).toEqual([start?.id, start?.model]);
    }
  });
  it('fails with the numbers that follow what passed', () => {
    for (let length = 1; length < frames.length; length++) {
      const tap = tapOf('sse', false);
      for (const one of frames.slice(0, length)) tap.bytes(one);
      const passed = wireEvents(Buffer.concat(frames.slice(0, length)).toString());
      const added = wireEvents(String(tap.fail(failure)));
      const number = Number(passed.at(-1)?.data.sequence_number);
      expect(added.map(({ event, data }) => [event, data.sequence_number])).toEqual([
        ['response.failed', number + 1],
        ['error', number + 2],
      ]);
      expect(added[0]?.data.response).toMatchObject({
        ...(passed[0]?.data.response as object),
        status: 'failed',
        error: { code: 'server_error', message: failure.message },
      });
    }
  });
});

describe('a stream', () => {
  it('is waiting until something shows, content until its end, then done', () => {
    const tap = tapOf('sse', false);
    const states = [
      created,
      frame({ type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'msg_1', content: [] } }),
      delta('hi'),
      frame({ type: 'response.completed', response: { ...response, status: 'completed' } }),
    ].map((text) => {
      tap.bytes(Buffer.from(text));
      return tap.state;
    });
    expect(states).toEqual(['waiting', 'waiting', 'content', 'done']);
  });
  it.each([
    'response.refusal.delta',
    'response.function_call_arguments.delta',
    'response.custom_tool_call_input.delta',
    'response.reasoning_summary_text.delta',
    'response.reasoning_text.delta',
  ])('shows content with %s', (type) => expect(watch(created, frame({ type, output_index: 0, delta: 'x' })).state).toBe('content'));
  it('shows content with a call that has no arguments', () =>
    expect(watch(created, frame({ type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', arguments: '' } })).state).toBe(
      'content',
    ));
  it.each([false, true])('is understood with and without event lines (%s)', (named) => {
    const tap = watch(
      frame({ type: 'response.created', response }, named),
      frame({ type: 'response.failed', response: { ...response, error: { code: 'server_error', message: 'm' } } }, named),
    );
    expect(tap.state).toBe('failed');
    expect(tap.end()).toMatchObject({ complete: false, id: 'resp_1', error: { code: 'upstream_bad_response' } });
  });
  it('is not ended by a model that writes the words of its end', () => {
    const words = ['response', 'error', 'response.completed', '"type":"response.completed"', '{"type":"error","error":"x"}', 'event: error\ndata: {}'];
    const tap = watch(created, ...words.map((text, index) => delta(text, index + 1)));
    expect(tap.state).toBe('content');
    expect(tap.end()).toEqual({ complete: false, id: 'resp_1', ids: [], model: 'm' });
  });
  it('names the items and containers that the answer made', () => {
    const output = [
      { type: 'reasoning', id: 'rs_1' },
      { type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1' },
      { type: 'shell_call', id: 'sh_1', environment: { type: 'container_reference', container_id: 'cntr_2' } },
      { type: 'message', id: 'msg_1', content: [{ type: 'output_text', annotations: [{ file_id: 'file-1' }] }] },
    ];
    const ids = ['rs_1', 'ci_1', 'sh_1', 'msg_1', 'cntr_1', 'cntr_2'];
    expect(watch(created, frame({ type: 'response.completed', response: { ...response, output } })).end()).toMatchObject({ complete: true, ids });
  });
  it('takes the reason from the error event after response.failed', () => {
    const tap = watch(
      created,
      frame({ type: 'response.failed', response: { ...response, error: { code: 'server_error', message: 'm' } } }),
      frame({ type: 'error', code: 'content_filter', message: 'policy', param: null }),
    );
    expect(tap.end().error).toMatchObject({ code: 'content_filtered', message: 'policy' });
  });
  it('that failed before anything passed is a flat error alone', () =>
    expect(wireEvents(String(tapOf('sse', false).fail(failure))).map(({ data }) => data)).toEqual([
      { type: 'error', sequence_number: 0, code: failure.code, message: failure.message, param: null },
    ]));
  it('neither parses nor decodes anything while deltas flow', () => {
    const tap = watch(created, delta('a'));
    const frames = Array.from({ length: 100 }, (_, number) => Buffer.from(delta('more "text" {}', number + 2)));
    const spies = [vi.spyOn(JSON, 'parse'), vi.spyOn(Buffer.prototype, 'toString')];
    for (const one of frames) tap.bytes(one);
    const calls = spies.map((spy) => spy.mock.calls.length);
    for (const spy of spies) spy.mockRestore();
    expect(calls).toEqual([0, 0]);
    expect(tap.state).toBe('content');
  });
  it('is kept alive by a comment', () => expect(tapOf('sse', false).idle?.()).toBe(': ping\n\n'));
});

describe('a whole answer', () => {
  it.each(answers)('$name tells id, model and usage', ({ body }) => {
    const tap = tapOf('json', false);
    for (let at = 0; at < body.length; at += 100) tap.bytes(Buffer.from(body.slice(at, at + 100)));
    const sent = JSON.parse(body) as { id: string; model: string; usage: { input_tokens: number; output_tokens: number } };
    expect(tap.end()).toMatchObject({
      complete: true,
      id: sent.id,
      model: sent.model,
      usage: { input: sent.usage.input_tokens, output: sent.usage.output_tokens, estimated: false },
    });
  });
  it('that is an error is not complete', () => {
    for (const { body } of recordings.filter(({ status }) => status !== 200)) {
      const tap = tapOf('json', false);
      tap.bytes(Buffer.from(body));
      expect(tap.end()).toMatchObject({ complete: false });
    }
  });
});
