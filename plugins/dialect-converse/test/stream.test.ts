import { type ChatEvent, type ErrorLike, eventStreamMessage, eventsOf, frameReader, type Tap } from '@llm-proxy-auth/plugin';
import { streamedReply } from '@llm-proxy-auth/plugin/generators';
import { errorFrame, exceptionFrame } from '@llm-proxy-auth/simulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { framesOf, ledger, readStream, recordedStreams, surface, writeStream } from './support.ts';

const frame = (type: string, payload: object): Buffer =>
  Buffer.from(eventStreamMessage({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, Buffer.from(JSON.stringify(payload))));
const start = frame('messageStart', { role: 'assistant', p: 'abc' });
const delta = (at: number, piece: object): Buffer => frame('contentBlockDelta', { contentBlockIndex: at, delta: piece, p: 'a' });
const stop = (at: number): Buffer => frame('contentBlockStop', { contentBlockIndex: at });
const tool = (at: number, name: string): Buffer => frame('contentBlockStart', { contentBlockIndex: at, start: { toolUse: { toolUseId: `t${at}`, name } } });
const end = (reason: string): Buffer =>
  Buffer.concat([
    frame('messageStop', { stopReason: reason }),
    frame('metadata', { usage: { inputTokens: 10, outputTokens: 5, totalTokens: 115, cacheReadInputTokens: 100 }, metrics: { latencyMs: 1 } }),
  ]);
const types = (events: readonly ChatEvent[]): string =>
  events.map((e) => (e.type === 'part' ? e.part.kind : e.type === 'delta' ? `${e.field}:${e.text}` : e.type)).join(' ');
const tap = (): Tap => surface.tap?.('aws-eventstream', false) as Tap;
const watched = (...chunks: readonly Uint8Array[]): Tap => {
  const one = tap();
  for (const chunk of chunks) one.bytes(chunk);
  return one;
};

describe('a stream of Bedrock', () => {
  it('opens text without a start and gives a call without arguments an empty object', () => {
    const bytes = Buffer.concat([start, delta(0, { text: 'Hi' }), stop(0), tool(1, 'now'), stop(1), end('tool_use')]);
    const events = readStream(bytes);
    expect(types(events)).toBe('start text text:Hi part-end toolCall input:{} part-end finish usage end');
    expect(events.find((e) => e.type === 'usage')).toMatchObject({ usage: { input: 110, output: 5, cacheRead: 100 } });
  });
  it('joins a signature of several pieces and two calls whose pieces are mixed', () => {
    const thought = [{ reasoningContent: { text: 'Hm' } }, { reasoningContent: { signature: 'c2' } }, { reasoningContent: { signature: 'ln' } }];
    const calls = [
      tool(1, 'a'),
      tool(2, 'b'),
      delta(2, { toolUse: { input: '{"b":' } }),
      delta(1, { toolUse: { input: '{"a":1}' } }),
      delta(2, { toolUse: { input: '2}' } }),
    ];
    const events = readStream(Buffer.concat([start, ...thought.map((one) => delta(0, one)), stop(0), ...calls, stop(1), stop(2), end('tool_use')]));
    expect(events.find((e) => e.type === 'part-end')).toMatchObject({ origin: { dialect: 'converse', payload: { json: '{"signature":"c2ln"}' } } });
    const input = (index: number) => events.flatMap((e) => (e.type === 'delta' && e.index === index && e.field === 'input' ? [e.text] : [])).join('');
    expect([input(1), input(2)]).toEqual(['{"a":1}', '{"b":2}']);
  });
  it('keeps redacted reasoning as it came', () => {
    const events = readStream(Buffer.concat([start, delta(0, { reasoningContent: { redactedContent: 'AAEC' } }), stop(0), end('end_turn')]));
    expect(events[1]).toMatchObject({ part: { kind: 'thinking', redacted: true, text: '' } });
    expect(framesOf(writeStream(events))[1]?.data).toEqual({ contentBlockIndex: 0, delta: { reasoningContent: { redactedContent: 'AAEC' } } });
  });
  it.each([
    ['throttlingException', 'upstream_rate_limited', 429],
    ['serviceUnavailableException', 'upstream_overloaded', 503],
    ['validationException', 'upstream_rejected', 400],
    ['internalServerException', 'upstream_bad_response', 502],
    ['modelStreamErrorException', 'upstream_bad_response', 502],
    ['modelTimeoutException', 'upstream_timeout', 504],
    ['brandNewException', 'upstream_bad_response', 502],
  ])('that ends with %s is %s, first or behind text, and is written as it came', (name, code, status) => {
    const exception = exceptionFrame(name, { message: 'Too bad.' });
    for (const before of [[], [start], [start, delta(0, { text: 'Hi' })]]) {
      const events = readStream(Buffer.concat([...before, exception]));
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { code, status, message: 'Too bad.' } });
      expect(watched(...before, exception).end()).toMatchObject({ complete: false, error: { code, status } });
    }
    // What a ConverseStream has no exception for is one of the model's stream.
    const known = ['throttling', 'serviceUnavailable', 'validation', 'internalServer'].some((word) => name.startsWith(word));
    const last = framesOf(writeStream(readStream(Buffer.concat([start, exception])))).at(-1);
    expect(last).toEqual({ type: `exception:${known ? name : 'modelStreamErrorException'}`, data: { message: 'Too bad.' } });
  });
  it('that ends with an error message of the framing is an error with its text', () => {
    expect(readStream(Buffer.concat([start, errorFrame('InternalFailure', 'It broke.')])).at(-1)).toMatchObject({
      type: 'error',
      error: { message: 'It broke.' },
    });
  });
  const stopped = Buffer.concat([start, delta(0, { text: 'x' }), frame('messageStop', { stopReason: 'end_turn' })]);
  it('that its provider ends behind the stop, without metadata, is whole, and nobody knows what it took', () => {
    const notes = ledger();
    const events = readStream(stopped, undefined, undefined, { ledger: notes });
    expect(events.slice(-2)).toEqual([{ type: 'finish', choice: 0, reason: 'stop' }, { type: 'end' }]);
    expect(notes.notes).toEqual([{ kind: 'defaulted', param: 'usage' }]);
    const one = watched(stopped);
    expect([one.state, one.end().complete]).toEqual(['content', true]);
    one.over?.();
    expect([one.state, one.end()]).toEqual(['done', { complete: true, usage: undefined }]);
  });
  it('with metadata before its stop, without a stop, or cut within its metadata, is cut', () => {
    for (const bytes of [Buffer.concat([start, frame('metadata', { usage: {} })]), Buffer.concat([start, delta(0, { text: 'x' })])])
      expect(readStream(bytes).at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_stream_truncated' } });
    const metadata = frame('metadata', { usage: {} });
    for (let at = 1; at < metadata.length; at += 1) {
      const one = watched(Buffer.concat([stopped, metadata.subarray(0, at)]));
      one.over?.();
      expect(one.end().complete, `cut at ${at}`).toBe(false);
    }
  });
  it('with a wrong checksum anywhere is an error, to the reader and to the tap', () => {
    const bytes = Buffer.concat([start, delta(0, { text: 'Hello' }), stop(0), end('end_turn')]);
    const broken = fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const wrong = Buffer.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ mask;
      expect(() => {
        const frames = frameReader('aws-eventstream', () => undefined);
        frames.push(wrong);
        frames.end();
      }).toThrow();
      expect(watched(wrong).end().complete).toBe(false);
    });
    fc.assert(broken, { numRuns: 300 });
  });
});
describe('the tap', () => {
  it('says where the terminal event ends, so that nothing behind it is forwarded', () => {
    const bytes = Buffer.concat([start, delta(0, { text: 'x' }), stop(0), end('end_turn')]);
    const one = watched(Buffer.concat([bytes, delta(0, { text: 'more' })]));
    expect([one.state, one.ended]).toEqual(['done', bytes.length]);
  });
  it('is waiting until something is shown', () => {
    const states = [start, delta(0, { text: 'x' }), frame('messageStop', { stopReason: 'end_turn' })].map((_, i, all) => watched(...all.slice(0, i + 1)).state);
    expect(states).toEqual(['waiting', 'content', 'content']);
  });
  it('reads the usage of an answer that comes whole, also of a large one', () => {
    const json = (size: number): Buffer =>
      Buffer.from(
        JSON.stringify({
          output: { message: { content: [{ text: 'x'.repeat(size) }] } },
          usage: { inputTokens: 3, outputTokens: 4, cacheDetails: [{ ttl: '1h', inputTokens: 1 }] },
        }),
      );
    for (const size of [10, 200_000]) {
      const one = surface.tap?.('json', false) as Tap;
      for (let at = 0; at < json(size).length; at += 50_000) one.bytes(json(size).subarray(at, at + 50_000));
      expect(one.end()).toMatchObject({ complete: true, usage: { input: 3, output: 4 } });
    }
  });
  it('takes nothing from the bytes', () => {
    expect(tap().cut).toBeUndefined();
    for (const { bytes } of recordedStreams) expect(watched(bytes).end().complete).toBe(true);
  });
});
describe('a generated answer of another dialect', () => {
  it('streams in whole frames from messageStart to metadata, and is read in any pieces as it was written', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 3 });
    const law = fc.property(streamedReply({ kept: false }), sizes, ({ events }, pieces) => {
      const bytes = writeStream(events);
      const names = framesOf(bytes).map(({ type }) => type);
      expect([names[0], names.at(-1), names.filter((name) => name === 'messageStop').length]).toEqual(['messageStart', 'metadata', 1]);
      const whole = readStream(bytes);
      expect(readStream(bytes, pieces)).toEqual(whole);
      expect(whole.at(-1)?.type).toBe('end');
      const cut = bytes.subarray(0, (pieces[0] ?? 1) % bytes.length);
      expect(readStream(cut).at(-1)?.type).toBe('error');
    });
    fc.assert(law, { numRuns: 200 });
  });
  it('that fails ends with one exception and nothing behind it', () => {
    const failure: ErrorLike = { code: 'upstream_stream_truncated', status: 502, message: 'Cut.' };
    const law = fc.property(streamedReply({ kept: false }), fc.nat(20), ({ events }, length) => {
      const bytes = writeStream([...events.slice(0, Math.min(length, events.length - 1)), { type: 'error', error: failure }]);
      const names = framesOf(bytes).map(({ type }) => type);
      expect(names.filter((name) => name.startsWith('exception:'))).toEqual(['exception:modelStreamErrorException']);
      expect(names.at(-1)).toBe('exception:modelStreamErrorException');
      expect(names).not.toContain('metadata');
    });
    fc.assert(law, { numRuns: 100 });
  });
});
describe('free text of a call', () => {
  const memo = { names: new Map([['free', 'free.form']]), free: new Set(['free']) };
  it('is taken out of the object it travelled in', () => {
    const events = readStream(
      Buffer.concat([
        start,
        tool(0, 'free'),
        delta(0, { toolUse: { input: '{"input":"SEL' } }),
        delta(0, { toolUse: { input: 'ECT 1"}' } }),
        stop(0),
        end('tool_use'),
      ]),
      [50],
      memo,
    );
    expect(types(events)).toBe('start toolCall input:SELECT 1 part-end finish usage end');
    expect(events[1]).toMatchObject({ part: { name: 'free.form', input: { text: '' } } });
  });
  it('is put into one for a client', () => {
    const events = eventsOf({
      id: 'r',
      model: 'm',
      choices: [{ index: 0, parts: [{ kind: 'toolCall', id: 'c', name: 'free', input: { text: 'SELECT 1' } }], finish: 'tool' }],
      usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
    });
    expect(framesOf(writeStream(events))[2]?.data).toEqual({ contentBlockIndex: 0, delta: { toolUse: { input: '{"input":"SELECT 1"}' } } });
  });
});
