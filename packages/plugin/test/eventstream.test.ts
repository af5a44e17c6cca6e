import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventStreamHeaders, type EventStreamValue, eventStreamMessage, eventStreamReader, frameReader } from '../src/index.ts';
import { codeOf, cuts, rechunked, singly } from './chunks.ts';

const MESSAGE_START =
  '00000081000000526cc176930b3a6576656e742d7479706507000c6d65737361676553746172740d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2270223a2261626364222c22726f6c65223a22617373697374616e74227df512a005';
const THROTTLED =
  '000000b0000000614f5086b30f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d657373616765223a22546f6f206d616e7920746f6b656e732c20706c656173652077616974206265666f726520747279696e6720616761696e2e227df70ae57f';
const CHUNK =
  '000000900000004b552a60610b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b226279746573223a2265794a306558426c496a6f696257567a6332466e5a56397a64473977496e303d222c2270223a226162227dc07c0b72';
const vectors = Buffer.from(MESSAGE_START + THROTTLED + CHUNK, 'hex');

const read = (chunks: readonly Uint8Array[]): { headers: EventStreamHeaders; payload: string }[] => {
  const messages: { headers: EventStreamHeaders; payload: string }[] = [];
  const reader = eventStreamReader((headers, payload) => messages.push({ headers: { ...headers }, payload: Buffer.from(payload).toString('latin1') }));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return messages;
};
const json = { ':content-type': 'application/json' };
const expected = [
  { headers: { ':event-type': 'messageStart', ...json, ':message-type': 'event' }, payload: '{"p":"abcd","role":"assistant"}' },
  {
    headers: { ':exception-type': 'throttlingException', ...json, ':message-type': 'exception' },
    payload: '{"message":"Too many tokens, please wait before trying again."}',
  },
  { headers: { ':event-type': 'chunk', ...json, ':message-type': 'event' }, payload: '{"bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIn0=","p":"ab"}' },
];
/** A message with checksums that fit whatever else is wrong with it. */
const forged = (total: number, headersLength: number, rest: Buffer): Buffer => {
  const message = Buffer.alloc(16 + rest.length);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(headersLength, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.set(rest, 12);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
};
const headerMessage = (headers: Buffer): Buffer => forged(16 + headers.length, headers.length, headers);

describe('AWS event-stream', () => {
  test('frozen headers give the same messages as others, also when they are used again', () => {
    for (const { headers, payload } of expected) {
      const frozen = Object.freeze({ ...headers });
      for (const text of [payload, '{}', payload])
        expect(eventStreamMessage(frozen, Buffer.from(text))).toEqual(eventStreamMessage({ ...headers }, Buffer.from(text)));
    }
  });
  test('recorded vectors are read, whole and byte by byte', () => {
    expect(read([vectors])).toEqual(expected);
    expect(read(singly(vectors))).toEqual(expected);
  });
  test('the writer gives the recorded bytes', () => {
    const written = expected.map(({ headers, payload }) => eventStreamMessage(headers, Buffer.from(payload)));
    expect(Buffer.concat(written).toString('hex')).toBe(vectors.toString('hex'));
  });
  test('every changed bit of a message is noticed, unless the stream just seems unfinished', () => {
    const frame = Buffer.from(MESSAGE_START, 'hex');
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const bent = Buffer.from(frame);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        codeOf(() => read([bent])),
        `bit ${bit}`,
      ).toBe('upstream_bad_response');
    }
  });
  test('every changed bit of a message is noticed behind others with its headers and length', () => {
    const frame = Buffer.from(MESSAGE_START, 'hex');
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const bent = Buffer.from(frame);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        codeOf(() => read([frame, Buffer.concat([frame, bent])])),
        `bit ${bit}`,
      ).toBe('upstream_bad_response');
    }
  });
  test('messages with the checksum of another are noticed, also where only headers or only the payload differ', () => {
    const one = Buffer.from(eventStreamMessage({ a: 'x' }, Buffer.from('{"n":1}')));
    for (const other of [eventStreamMessage({ a: 'y' }, Buffer.from('{"n":1}')), eventStreamMessage({ a: 'x' }, Buffer.from('{"n":2}'))]) {
      const wrong = Buffer.concat([one.subarray(0, one.length - 4), other.subarray(other.length - 4)]);
      const mixed = Buffer.concat([other.subarray(0, other.length - 4), one.subarray(one.length - 4)]);
      for (const last of [wrong, mixed]) expect(codeOf(() => read([one, other, one, other, last]))).toBe('upstream_bad_response');
    }
  });
  test.each([
    ['no checksum of its prelude', (message: Buffer) => message.writeUInt32BE(0, 8)],
    ['the prelude checksum of one with a header more', (message: Buffer) => message.writeUInt32BE(message.readUInt32BE(4) - 6, 4)],
  ])('a message with %s is noticed, whatever stands behind it', (name, bend) => {
    const written = (payload: string): Buffer => Buffer.from(eventStreamMessage({ [name]: 'x', a: 'y' }, Buffer.from(payload)));
    const bent = written('{"n":1}');
    bend(bent);
    bent.writeUInt32BE(crc32(bent.subarray(0, bent.length - 4)), bent.length - 4);
    // First behind one of another length, then behind its own.
    for (const before of ['{}', '{"n":1}']) expect(codeOf(() => read([written(before), bent]))).toBe('upstream_bad_response');
  });
  test('payloads of every short length and of any character are read alike, first and again', () => {
    const texts = Array.from({ length: 300 }, (_, length) => [`${'a'.repeat(length)}`, `é${'b'.repeat(length)}`, `${'c'.repeat(length)}😀`]).flat();
    const stream = Buffer.concat(texts.map((text, i) => eventStreamMessage({ ':event-type': i % 7 === 0 ? 'other' : 'delta' }, Buffer.from(text))));
    const twice = Buffer.concat([stream, stream]);
    const events: string[][] = [];
    const reader = frameReader('aws-eventstream', (type, data) => events.push([type, data]));
    for (let at = 0; at < twice.length; at += 70_001) reader.push(twice.subarray(at, at + 70_001));
    reader.end();
    expect(events).toEqual([...texts, ...texts].map((text, i) => [(i % texts.length) % 7 === 0 ? 'other' : 'delta', text]));
  });
  test('chunks of one length are read each for itself', () => {
    const written = (payload: string): Buffer => Buffer.from(eventStreamMessage({ ':event-type': 'alike' }, Buffer.from(payload)));
    expect(read([written('one'), written('two'), written('six'), written('ten')]).map(({ payload }) => payload)).toEqual(['one', 'two', 'six', 'ten']);
  });
  test("headers that somebody changes, and bytes that are used again, change nobody else's", () => {
    const message = Buffer.from(eventStreamMessage({ bytes: Uint8Array.of(1, 2, 3), at: new Date(1_000) }, Buffer.from('{}')));
    for (let i = 0; i < 3; i++) {
      const seen: EventStreamHeaders[] = [];
      const chunk = Buffer.from(message);
      eventStreamReader((headers) => seen.push(headers)).push(chunk);
      expect(seen).toEqual([{ bytes: Uint8Array.of(1, 2, 3), at: new Date(1_000) }]);
      for (const value of Object.values(seen[0] ?? {})) {
        if (value instanceof Date) value.setTime(0);
        if (value instanceof Uint8Array) value[0] = 99;
      }
      chunk.fill(0xff);
    }
    const text = Buffer.from(eventStreamMessage({ ':event-type': 'used again' }, Buffer.from('{}')));
    for (let i = 0; i < 3; i++) {
      const chunk = Buffer.from(text);
      const types: string[] = [];
      frameReader('aws-eventstream', (type) => types.push(type)).push(Buffer.concat([chunk, chunk]));
      chunk.fill(0xff);
      expect(types).toEqual(['used again', 'used again']);
    }
  });
  test('more headers than are remembered are read all the same', () => {
    const kinds = Array.from({ length: 200 }, (_, i) => `kind-${i}`);
    const stream = Buffer.concat(kinds.flatMap((kind) => [0, 1, 2].map((n) => eventStreamMessage({ ':event-type': kind }, Buffer.from(String(n))))));
    expect(read([stream, stream])).toHaveLength(1200);
  });
  test('a cut at every byte is upstream_stream_truncated', () => {
    const frame = Buffer.from(CHUNK, 'hex');
    for (let at = 1; at < frame.length; at++) expect(codeOf(() => read([frame.subarray(0, at)]))).toBe('upstream_stream_truncated');
    expect(codeOf(() => read([]))).toBeUndefined();
  });
  test.each([
    ['total below 16', forged(15, 0, Buffer.alloc(0))],
    ['total above 16 MiB', forged(16 * 1024 * 1024 + 1, 0, Buffer.alloc(0))],
    ['headers longer than the message', forged(20, 5, Buffer.alloc(4))],
    ['headers that reach into the checksum', forged(20, 5, Buffer.from([2, 97, 97, 2]))],
    ['headers above 128 KiB', forged(1024 * 1024, 128 * 1024 + 1, Buffer.alloc(0))],
    ['an unknown value type', headerMessage(Buffer.from([1, 97, 10]))],
    ['an empty name', headerMessage(Buffer.from([0, 0]))],
    ['a name cut short', headerMessage(Buffer.from([9, 97]))],
    ['a value cut short', headerMessage(Buffer.from([1, 97, 7, 0, 5, 97]))],
    ['a number cut short', headerMessage(Buffer.from([1, 97, 5, 0, 0]))],
    ['a uuid cut short', headerMessage(Buffer.from([1, 97, 9, 0, 0]))],
    ['one name twice', headerMessage(Buffer.from([1, 97, 0, 1, 97, 1]))],
    ['a timestamp no date can hold', headerMessage(Buffer.from([1, 97, 8, 127, 255, 255, 255, 255, 255, 255, 255]))],
  ])('%s is upstream_bad_response', (_, frame) => {
    expect(codeOf(() => read([frame]))).toBe('upstream_bad_response');
  });
  test('a length above the limit is refused before its bytes arrive', () => {
    const reader = eventStreamReader(() => {});
    expect(codeOf(() => reader.push(forged(16 * 1024 * 1024 + 1, 0, Buffer.alloc(0)).subarray(0, 12)))).toBe('upstream_bad_response');
  });
  test('a header called __proto__ is a header', () => {
    const seen: EventStreamHeaders[] = [];
    eventStreamReader((headers) => seen.push(headers)).push(
      headerMessage(Buffer.concat([Buffer.from([9]), Buffer.from('__proto__'), Buffer.from([7, 0, 1, 120])])),
    );
    expect(Object.keys(seen[0] ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(seen[0])).toBeNull();
  });
  test('all ten value types survive writing and reading in any chunking', () => {
    const value: fc.Arbitrary<EventStreamValue> = fc.oneof(
      fc.boolean(),
      fc.string({ maxLength: 50 }),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
      fc.date({ noInvalidDate: true }),
      fc.integer({ min: -128, max: 127 }).map((byte) => ({ byte })),
      fc.integer({ min: -32768, max: 32767 }).map((short) => ({ short })),
      fc.integer().map((integer) => ({ integer })),
      fc.uuid().map((uuid) => ({ uuid })),
    );
    const headers = fc.dictionary(fc.stringMatching(/^:?[a-z-]{1,20}$/), value, { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(headers, fc.uint8Array({ maxLength: 80 })), { maxLength: 5 }), cuts(), (messages, places) => {
        const bytes = Buffer.concat(messages.map(([head, payload]) => eventStreamMessage(head, payload)));
        const wanted = messages.map(([head, payload]) => ({ headers: head, payload: Buffer.from(payload).toString('latin1') }));
        expect(read(rechunked(bytes, places))).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
  test('the writer refuses what the format cannot hold', () => {
    expect(codeOf(() => eventStreamMessage({ '': 'x' }, Buffer.alloc(0)))).toBe('internal_error');
    expect(codeOf(() => eventStreamMessage({ a: 'x'.repeat(32_768) }, Buffer.alloc(0)))).toBe('internal_error');
    expect(codeOf(() => eventStreamMessage({}, Buffer.alloc(16 * 1024 * 1024)))).toBe('internal_error');
  });
  test('as frames: event, exception and error messages have distinct types', () => {
    const events: [string, string][] = [];
    const reader = frameReader('aws-eventstream', (type, data) => events.push([type, data]));
    reader.push(vectors);
    reader.push(eventStreamMessage({ ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'a "b"' }, Buffer.alloc(0)));
    reader.end();
    expect(events).toEqual([
      ['messageStart', '{"p":"abcd","role":"assistant"}'],
      ['exception:throttlingException', '{"message":"Too many tokens, please wait before trying again."}'],
      ['chunk', '{"bytes":"eyJ0eXBlIjoibWVzc2FnZV9zdG9wIn0=","p":"ab"}'],
      ['error:InternalError', '{"message":"a \\"b\\""}'],
    ]);
  });
});
