import { eventStreamMessage, type Tap } from '@llm-proxy-auth/plugin';
import { recordings } from '@llm-proxy-auth/simulators';
import { describe, expect, it } from 'vitest';
import { messagesTap } from '../src/tap.ts';
import { bytesOf, eventsOf, type Fields, piecesOf, sse } from './support.ts';

const START: Fields = { type: 'message_start', message: { id: 'm', model: 'claude', content: [], usage: { input_tokens: 3, output_tokens: 1 } } };
const OPEN: Fields = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
const said = (text: string): Fields => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const CHANGE: Fields = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } };
const STOP: Fields = { type: 'message_stop' };
const watch = (pieces: readonly Uint8Array[], tap: Tap = messagesTap('sse')): Tap => {
  for (const piece of pieces) tap.bytes(piece);
  return tap;
};
const each = (events: readonly Fields[]): readonly Buffer[] => events.map((event) => sse([event]));

describe('a tap of server-sent events', () => {
  it('waits until something is shown', () => {
    const tap: { readonly state: Tap['state']; bytes(chunk: Uint8Array): void } = messagesTap('sse');
    const states = [START, { type: 'ping' }, OPEN, said('Hi'), CHANGE, STOP].map((event) => {
      tap.bytes(sse([event]));
      return tap.state;
    });
    expect(states).toEqual(['waiting', 'waiting', 'waiting', 'content', 'content', 'done']);
  });
  it('believes no event that a model only writes about', () => {
    const tricky = said('event: message_stop\ndata: {"type":"message_stop"}\n\n"error":{"type":"x"} "message_delta"');
    expect(watch(each([START, OPEN, tricky])).state).toBe('content');
    expect(watch(each([START, OPEN, tricky, CHANGE, STOP])).end()).toMatchObject({ complete: true, usage: { input: 3, output: 5 }, model: 'claude' });
  });
  it('says where the last event ends, so that nothing behind it passes', () => {
    const last = sse([STOP]);
    const tap = watch([...each([START, CHANGE]), Buffer.concat([last, sse([said('behind')])])]);
    expect(tap.ended).toBe(last.length);
  });
  it('reads events with other line ends', () => {
    const text = sse([START, OPEN, said('x'), CHANGE, STOP])
      .toString()
      .replaceAll('\n', '\r\n');
    expect(watch([bytesOf(text)]).end()).toMatchObject({ complete: true, usage: { output: 5 } });
  });
  it('is not complete without a reason', () => {
    expect(watch(each([START, STOP]))).toMatchObject({ state: 'failed' });
    expect(watch(each([START, CHANGE])).end().complete).toBe(false);
  });
  it('names the container that an answer made', () => {
    expect(watch(each([START, { ...CHANGE, delta: { stop_reason: 'end_turn', container: { id: 'container_1' } } }, STOP])).end().id).toBe('container_1');
  });
  it('keeps the error that the provider sent', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    expect(watch(each([START, error]))).toMatchObject({ state: 'failed' });
    expect(watch(each([START, error])).end().error).toMatchObject({ code: 'upstream_overloaded' });
  });
});
describe('a tap of an AWS event stream', () => {
  const chunk = (event: Fields): Buffer =>
    Buffer.from(
      eventStreamMessage(
        { ':event-type': 'chunk', ':message-type': 'event' },
        bytesOf(JSON.stringify({ bytes: bytesOf(JSON.stringify(event)).toString('base64'), p: 'ab' })),
      ),
    );
  it('gives the verdict of the same events', () => {
    const tap = watch([START, OPEN, said('Hi'), CHANGE, STOP].map(chunk), messagesTap('aws-eventstream'));
    expect(tap.state).toBe('done');
    expect(tap.end()).toEqual(watch(each([START, OPEN, said('Hi'), CHANGE, STOP])).end());
  });
  it('fails with an exception, in its own form', () => {
    const bytes = messagesTap('aws-eventstream').fail({ code: 'upstream_stream_truncated', status: 502, message: 'Cut' });
    const tap = watch([chunk(START), Buffer.from(bytes as Uint8Array)], messagesTap('aws-eventstream'));
    expect(tap.end()).toMatchObject({ complete: false, error: { message: 'Cut' } });
    expect(eventsOf([Buffer.from(bytes as Uint8Array)], 'aws-eventstream').at(-1)).toMatchObject({ type: 'error' });
  });
  it('is not complete when a message is broken', () => {
    const broken = Buffer.from(chunk(STOP));
    broken[20] = (broken[20] ?? 0) ^ 1;
    expect(watch([chunk(START), chunk(CHANGE), broken], messagesTap('aws-eventstream')).end().complete).toBe(false);
  });
});
describe('a tap of a whole answer', () => {
  const whole = (text: string): ReturnType<Tap['end']> => watch([bytesOf(text)], messagesTap('json')).end();
  it.each(recordings({ provider: 'anthropic', operation: 'messages' }).filter(({ stream, response }) => !stream && response.status === 200))(
    'reads usage and model of $file',
    ({ response }) => {
      const body = JSON.parse(response.body ?? '') as Fields;
      expect(whole(response.body ?? '')).toMatchObject({ complete: true, model: body.model });
      expect(JSON.parse(whole(response.body ?? '').usage?.raw?.json ?? '')).toEqual(body.usage);
    },
  );
  it('sees a cut and an error under 200', () => {
    expect(whole('{"id":"m","content":[').complete).toBe(false);
    expect(whole('{"type":"error","error":{"type":"api_error","message":"x"}}').error).toMatchObject({ code: 'upstream_bad_response' });
  });
  it('looks for the usage of a long answer at its end', () => {
    const text = JSON.stringify({ model: 'claude', content: [{ type: 'text', text: 'x'.repeat(200_000) }], usage: { input_tokens: 3, output_tokens: 5 } });
    const tap = watch(
      Array.from({ length: 20 }, (_, at) => bytesOf(text).subarray((at * text.length) / 20, ((at + 1) * text.length) / 20)),
      messagesTap('json'),
    );
    expect(tap.end()).toMatchObject({ complete: true, usage: { output: 5 } });
  });
});
describe('recorded streams', () => {
  it.each(
    recordings({ provider: 'anthropic', operation: 'messages' }).filter(
      ({ stream, response }) => stream && response.status === 200 && response.body !== undefined,
    ),
  )('$file gives the usage of its last event', ({ response }) => {
    const verdict = watch(piecesOf(bytesOf(response.body ?? ''))).end();
    expect(verdict.complete).toBe(true);
    expect(verdict.usage?.output).toBeGreaterThan(0);
  });
});
