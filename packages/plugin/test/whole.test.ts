import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventStreamMessage, type Framing, sseReader, wholeEvents } from '../src/index.ts';
import { codeOf, cuts, rechunked, singly } from './chunks.ts';

/** The same rule, told byte by byte: a line end that ends an empty line ends an event. Index after the last one. */
const lastEnd = (bytes: Uint8Array): number => {
  let end = 0;
  let empty = true;
  for (let at = 0; at < bytes.length; at++) {
    const crlf = bytes[at] === 13 && bytes[at + 1] === 10;
    if (bytes[at] === 10 || bytes[at] === 13) {
      if (crlf) at++;
      if (empty) end = at + 1;
      empty = true;
    } else empty = false;
  }
  return end;
};
const passed = (framing: Framing, chunks: readonly Buffer[]): { out: Buffer; rest: Buffer } => {
  const cutter = wholeEvents(framing);
  const out = chunks.map((chunk) => cutter.push(chunk) ?? Buffer.alloc(0));
  return { out: Buffer.concat(out), rest: Buffer.from(cutter.rest()) };
};
const sse = fc
  .array(fc.constantFrom('data: a', 'event: x', ':', '\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\r\r', 'é'), { maxLength: 40 })
  .map((words) => Buffer.from(words.join('')));

describe('whole SSE events', () => {
  test('a chunk that ends with an event is returned itself', () => {
    const cutter = wholeEvents('sse');
    for (const text of ['data: a\n\n', 'data: a\r\n\r\n', 'data: a\r\r', 'data: a\n\ndata: b\n\n', ': c\n\n']) {
      const chunk = Buffer.from(text);
      expect(cutter.push(chunk)).toBe(chunk);
    }
    expect(cutter.rest()).toHaveLength(0);
  });
  test('an unfinished tail is kept back, joined once its event completes, and handed out once', () => {
    const cutter = wholeEvents('sse');
    expect(cutter.push(Buffer.from('data: a\n\ndata'))?.toString()).toBe('data: a\n\n');
    expect(cutter.push(Buffer.from(': b\n'))).toBeUndefined();
    expect(cutter.push(Buffer.from('\ndata: c'))?.toString()).toBe('data: b\n\n');
    expect(Buffer.from(cutter.rest()).toString()).toBe('data: c');
    expect(cutter.rest()).toHaveLength(0);
  });
  test('the prefix is the longest that holds complete events', () => {
    fc.assert(
      fc.property(sse, (bytes) => {
        const { out, rest } = passed('sse', [bytes]);
        expect(out.length).toBe(lastEnd(bytes));
        expect(Buffer.concat([out, rest])).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });
  test('any re-chunking passes the same bytes, and what has passed holds whole events only', () => {
    fc.assert(
      fc.property(sse, cuts(), (bytes, places) => {
        for (const chunks of [rechunked(bytes, places), singly(bytes)]) {
          const cutter = wholeEvents('sse');
          let out = Buffer.alloc(0);
          for (const chunk of chunks) {
            out = Buffer.concat([out, cutter.push(chunk) ?? Buffer.alloc(0)]);
            let open = 0;
            const reader = sseReader(() => open++);
            reader.push(out);
            const complete = open;
            reader.end();
            expect(open).toBe(complete);
          }
          expect(out.length).toBe(lastEnd(bytes));
          expect(Buffer.concat([out, cutter.rest()])).toEqual(bytes);
        }
      }),
      { numRuns: 500 },
    );
  });
  test('an event without an end is upstream_bad_response before it fills the memory', () => {
    const cutter = wholeEvents('sse');
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    expect(codeOf(() => Array.from({ length: 17 }, () => cutter.push(chunk)))).toBe('upstream_bad_response');
  });
});
describe('whole events of other framings', () => {
  const messages = [
    eventStreamMessage({ ':event-type': 'a' }, Buffer.from('{}')),
    eventStreamMessage({}, Buffer.alloc(0)),
    eventStreamMessage({ b: true }, Buffer.alloc(300)),
  ];
  test('aws-eventstream: any chunking passes messages whole', () => {
    const bytes = Buffer.concat(messages);
    const ends = new Set([0, ...messages.map((_, index) => Buffer.concat(messages.slice(0, index + 1)).length)]);
    fc.assert(
      fc.property(cuts(), fc.nat(bytes.length), (places, stop) => {
        const cutter = wholeEvents('aws-eventstream');
        let size = 0;
        for (const chunk of rechunked(bytes.subarray(0, stop), places)) {
          size += cutter.push(chunk)?.length ?? 0;
          expect(ends.has(size)).toBe(true);
        }
        expect(size).toBe(Math.max(...[...ends].filter((end) => end <= stop)));
        expect(size + cutter.rest().length).toBe(stop);
      }),
    );
  });
  test('aws-eventstream: a broken prelude is upstream_bad_response', () => {
    expect(codeOf(() => wholeEvents('aws-eventstream').push(Buffer.alloc(12)))).toBe('upstream_bad_response');
  });
  test('json-array: elements pass whole, brackets and commas as they come', () => {
    const bytes = Buffer.from('[{"a":"]"},\n{"b":[1]}]');
    const cutter = wholeEvents('json-array');
    const out = singly(bytes).map((chunk) => cutter.push(chunk)?.toString() ?? '');
    expect(out.filter((text) => text !== '')).toEqual(['[', '{"a":"]"}', ',', '\n', '{"b":[1]}', ']']);
  });
  test('sse-lines: lines, whatever ends them', () => {
    const cutter = wholeEvents('sse-lines');
    expect(cutter.push(Buffer.from('data: 1\ndata: '))?.toString()).toBe('data: 1\n');
    expect(cutter.push(Buffer.from('2\r\n\r\n'))?.toString()).toBe('data: 2\r\n\r\n');
    expect(cutter.push(Buffer.from('data'))).toBeUndefined();
    expect(cutter.rest().length).toBe(4);
  });
  test('ndjson: lines', () => {
    const cutter = wholeEvents('ndjson');
    expect(cutter.push(Buffer.from('{}\n{'))?.toString()).toBe('{}\n');
    expect(cutter.push(Buffer.from('}\n'))?.toString()).toBe('{}\n');
  });
  test.each<Framing>(['json', 'binary'])('%s passes as it comes', (framing) => {
    const chunk = Buffer.from('{"half');
    expect(wholeEvents(framing).push(chunk)).toBe(chunk);
  });
});
