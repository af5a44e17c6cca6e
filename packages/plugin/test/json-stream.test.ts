import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Framing, frameReader } from '../src/index.ts';
import { codeOf, cuts, rechunked, singly } from './chunks.ts';

const read = (framing: Framing, chunks: readonly Uint8Array[]): string[] => {
  const events: string[] = [];
  const reader = frameReader(framing, (type, data) => events.push(`${type} ${data}`));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return events;
};
const text = (framing: Framing, source: string): string[] => read(framing, [Buffer.from(source)]);

describe('JSON array stream', () => {
  test('elements come as their source, each when it closes', () => {
    const events: string[] = [];
    const reader = frameReader('json-array', (_, data) => events.push(data));
    reader.push(Buffer.from('[{ "a": "]}\\"[" }'));
    expect(events).toEqual(['{ "a": "]}\\"[" }']);
    reader.push(Buffer.from('\n,\r\n{"b":[[1],{}]}'));
    expect(events).toEqual(['{ "a": "]}\\"[" }', '{"b":[[1],{}]}']);
    reader.push(Buffer.from(']\n'));
    reader.end();
  });
  test('scalars, strings and an empty array', () => {
    expect(text('json-array', ' [1 , "a,]" ,null,\n-2e3]')).toEqual(['message 1', 'message "a,]"', 'message null', 'message -2e3']);
    expect(text('json-array', '[ ]')).toEqual([]);
  });
  test('a cut at every byte before the closing bracket is upstream_stream_truncated', () => {
    const source = Buffer.from('[{"a":1},{"b":"x"}]');
    for (let at = 0; at < source.length; at++) expect(codeOf(() => read('json-array', [source.subarray(0, at)]))).toBe('upstream_stream_truncated');
  });
  test.each(['{"error":{}}', '[,1]', '[1,]', '[1 2]', '[{} {}]', '[]x', '[1]]', '<html>'])('%s is upstream_bad_response', (source) => {
    expect(codeOf(() => text('json-array', source))).toBe('upstream_bad_response');
    expect(codeOf(() => read('json-array', singly(Buffer.from(source))))).toBe('upstream_bad_response');
  });
  test('any re-chunking gives the same elements', () => {
    const spaced = fc.tuple(fc.json({ maxDepth: 4 }), fc.constantFrom('', ' ', '\n', '\r\n'));
    fc.assert(
      fc.property(fc.array(spaced, { maxLength: 6 }), cuts(), (items, places) => {
        const source = Buffer.from(`[${items.map(([item, space]) => `${space}${item}${space}`).join(',')}]`);
        const wanted = items.map(([item]) => `message ${item}`);
        expect(read('json-array', [source])).toEqual(wanted);
        expect(read('json-array', rechunked(source, places))).toEqual(wanted);
        expect(read('json-array', singly(source))).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});
describe('NDJSON', () => {
  test('lines, blank lines, CRLF and a last line without LF', () => {
    expect(text('ndjson', '{"a":1}\r\n\n {"b":"é"}\n{"c":3}')).toEqual(['message {"a":1}', 'message {"b":"é"}', 'message {"c":3}']);
  });
  test('any re-chunking gives the same lines', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 6 }), cuts(), (items, places) => {
        const source = Buffer.from(items.map((item) => `${item}\n`).join(''));
        expect(read('ndjson', rechunked(source, places))).toEqual(items.map((item) => `message ${item}`));
        expect(read('ndjson', singly(source))).toEqual(items.map((item) => `message ${item}`));
      }),
    );
  });
});
test.each<Framing>(['json', 'binary'])('%s has no events', (framing) => {
  expect(codeOf(() => frameReader(framing, () => {}))).toBe('internal_error');
});
