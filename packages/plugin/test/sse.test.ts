import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sseComment, sseEvent, sseReader } from '../src/index.ts';
import { codeOf, cuts, rechunked, singly } from './chunks.ts';

type Event = [string, string];
const read = (chunks: readonly Uint8Array[], limits = {}): Event[] => {
  const events: Event[] = [];
  const reader = sseReader((type, data) => events.push([type, data]), limits);
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return events;
};
const whole = (text: string): Event[] => read([Buffer.from(text)]);

describe('JSON between events', () => {
  const error = JSON.stringify({ error: { code: 429 } });
  const list = JSON.stringify([{ error: { code: 429 } }], undefined, 2);
  test.each<[string, string, Event[]]>([
    ['an error alone', error, [['message', error]]],
    ['an error of IBM’s', '{"errors":[{"code":"x"}]}\n', [['message', '{"errors":[{"code":"x"}]}']]],
    ['an error of Oracle’s', '{"code":"429","message":"x"}\n', [['message', '{"code":"429","message":"x"}']]],
    ['a list of one over lines', `${list}\r\n`, [['message', list]]],
    [
      'behind an event',
      `data: a\n\n${error}\n`,
      [
        ['message', 'a'],
        ['message', error],
      ],
    ],
    [
      'in front of an event without a blank line',
      `${error}\ndata: a\n\n`,
      [
        ['message', error],
        ['message', 'a'],
      ],
    ],
    [
      'an event with a type behind it',
      `${error}\n\nevent: x\ndata: a\n\n`,
      [
        ['message', error],
        ['x', 'a'],
      ],
    ],
    ['anything else is none', '{"a":1}\n[1]\ndata: a\n\n', [['message', 'a']]],
    ['inside an event is none', `data: a\n${error}\n\n`, [['message', 'a']]],
    ['an error that is not first is none', '{"a":{"error":{}}}\n', []],
  ])('%s', (_name, text, events) => {
    expect(whole(text)).toEqual(events);
    expect(read(singly(Buffer.from(text)))).toEqual(events);
  });
  test('is bounded like an event', () => {
    const endless = `{"error":\n${'x\n'.repeat(100)}`;
    expect(codeOf(() => read([Buffer.from(endless)], { event: 100 }))).toBe('upstream_bad_response');
  });
});

describe('SSE reader', () => {
  test.each<[string, string, Event[]]>([
    [
      'LF',
      'data: a\n\ndata: b\n\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    [
      'CR',
      'data: a\r\rdata: b\r\r',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    [
      'CRLF',
      'data: a\r\n\r\ndata: b\r\n\r\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    [
      'mixed terminators',
      'data: a\r\n\rdata: b\n\r\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    ['a BOM before the first line', '\uFEFFdata: a\n\n', [['message', 'a']]],
    ['no BOM later on', 'data: a\n\n\uFEFFdata: b\n\n', [['message', 'a']]],
    ['comments', ': hi\n\n:\ndata: a\n: there\n\n', [['message', 'a']]],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [['message', 'a\n\nb']]],
    [
      'no space and two spaces after the colon',
      'data:a\n\ndata:  b\n\n',
      [
        ['message', 'a'],
        ['message', ' b'],
      ],
    ],
    ['a field without a colon', 'data\n\n', [['message', '']]],
    [
      'an event type, which ends with its event',
      'event: ping\ndata: {}\n\ndata: x\n\n',
      [
        ['ping', '{}'],
        ['message', 'x'],
      ],
    ],
    ['a type without data', 'event: ping\n\ndata: x\n\n', [['message', 'x']]],
    ['id, retry and unknown fields', 'id: 1\nretry: 5\nfoo: bar\ndata: x\n\n', [['message', 'x']]],
    [
      'a last event without its blank line',
      'data: a\n\ndata: b\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    ['a last line without a terminator', 'event: x\ndata: b', [['x', 'b']]],
    ['nothing', '', []],
  ])('%s', (_, text, events) => {
    expect(whole(text)).toEqual(events);
    expect(read(singly(Buffer.from(text)))).toEqual(events);
  });
  test('an event is delivered when its blank line arrives, a CR alone included', () => {
    const events: string[] = [];
    const reader = sseReader((_, data) => events.push(data));
    reader.push(Buffer.from('data: a\r\r'));
    expect(events).toEqual(['a']);
    reader.push(Buffer.from('\ndata: b\n\n'));
    expect(events).toEqual(['a', 'b']);
  });
  test('lines and events beyond the limits are upstream_bad_response in every chunking', () => {
    const line = Buffer.from(`data: ${'x'.repeat(1024 * 1024)}\n\n`);
    expect(codeOf(() => read([line]))).toBe('upstream_bad_response');
    expect(codeOf(() => read(rechunked(line, [5, 400_000, 900_000])))).toBe('upstream_bad_response');
    expect(codeOf(() => read([Buffer.from(`data: ${'x'.repeat(1024 * 1024 - 6)}\n\n`)]))).toBeUndefined();
    const lines = Buffer.from(`${`data: ${'y'.repeat(1024 * 1023)}\n`.repeat(5)}\n`);
    expect(codeOf(() => read([lines]))).toBe('upstream_bad_response');
    expect(codeOf(() => read(rechunked(lines, [1, 99_999])))).toBe('upstream_bad_response');
    expect(codeOf(() => read([Buffer.from('x'.repeat(2 * 1024 * 1024))]))).toBe('upstream_bad_response');
    expect(codeOf(() => sseReader(() => {}).push(Buffer.from('x'.repeat(2 * 1024 * 1024))))).toBe('upstream_bad_response');
    expect(codeOf(() => read([Buffer.from('data: äää\n\n')], { line: 11 }))).toBe('upstream_bad_response');
    expect(codeOf(() => read([Buffer.from('data: äää\n\n')], { line: 12 }))).toBeUndefined();
  });
  test('where every line is an event, a line is one with and without its blank line, and half a line is none until the end', () => {
    const bytes = Buffer.from('event: a\ndata: {"x":1}\ndata: 2\n\n: c\r\ndata: 3\r\n\r\ndata: 4');
    const events = [
      ['a', '{"x":1}'],
      ['message', '2'],
      ['message', '3'],
      ['message', '4'],
    ];
    expect(read([bytes], { eachLine: true })).toEqual(events);
    expect(read(singly(bytes), { eachLine: true })).toEqual(events);
    const early: Event[] = [];
    const reader = sseReader((type, data) => early.push([type, data]), { eachLine: true });
    reader.push(Buffer.from('data: 1\ndata: 2'));
    expect(early).toEqual([['message', '1']]);
  });
  test('any re-chunking of any bytes gives the same events', () => {
    const word = fc.constantFrom('data: a', 'data:', 'event: e', ':c', '\n', '\r', '\r\n', '\n\n', '\uFEFF', 'é😀', 'data: {"x":"ä"}');
    const stream = fc.oneof(
      fc.array(word, { maxLength: 30 }).map((words) => Buffer.from(words.join(''))),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(stream, cuts(), (bytes, places) => {
        expect(read(rechunked(bytes, places))).toEqual(read([bytes]));
        expect(read(singly(bytes))).toEqual(read([bytes]));
      }),
      { numRuns: 500 },
    );
  });
  test('what the writer writes the reader reads', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\r/g, ''));
    const type = fc.option(fc.stringMatching(/^[a-z_.]{1,12}$/), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(line, type)), (events) => {
        const text = events.map(([data, name]) => `${sseComment('still here')}${sseEvent(data, name)}`).join('');
        expect(whole(text)).toEqual(events.map(([data, name]) => [name ?? 'message', data]));
      }),
    );
  });
  test('the writer splits data at every kind of line break and refuses a type with one', () => {
    expect(sseEvent('a\r\nb\rc\nd')).toBe('data: a\ndata: b\ndata: c\ndata: d\n\n');
    expect(sseEvent('{}', 'ping')).toBe('event: ping\ndata: {}\n\n');
    expect(sseComment('a\nb')).toBe(': a\n: b\n\n');
    expect(codeOf(() => sseEvent('x', 'a\ndata: y'))).toBe('internal_error');
  });
});
