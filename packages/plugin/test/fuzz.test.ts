import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, type Framing, fieldScanner, frameReader, multipartScanner, parseJson, rawAt, sameJson, wholeEvents } from '../src/index.ts';
import { codeOf } from './chunks.ts';

const MIB = 1024 * 1024;
/** Inputs on which a careless search costs the square of their length; CPU time is measured, as other work shares the machine. */
const HOSTILE: Readonly<Record<string, Buffer>> = {
  'one CR, then line feeds': Buffer.from(`\r${'\n'.repeat(MIB)}`),
  'one LF, then carriage returns': Buffer.from(`\n${'\r'.repeat(MIB)}`),
  'short lines of data': Buffer.from('data:a\n'.repeat(MIB / 8)),
  'a string of escapes': Buffer.from(`["${'\\n'.repeat(MIB / 2)}"]`),
  'a string of quotes': Buffer.from(`["${'\\"'.repeat(MIB / 2)}"]`),
  'a string of backslashes': Buffer.from(`["${'\\\\'.repeat(MIB / 2)}"]`),
  'opening brackets': Buffer.from('['.repeat(MIB)),
  'opening braces': Buffer.from('{"a":'.repeat(MIB / 5)),
  'short strings': Buffer.from(`[${'"",'.repeat(MIB / 3)}""]`),
  digits: Buffer.from('1'.repeat(MIB)),
  'white space': Buffer.from(' '.repeat(MIB)),
  'half boundaries': Buffer.from(`--b\r\n\r\n${'\r\n--'.repeat(MIB / 4)}`),
  zeros: Buffer.alloc(MIB),
};
const PARSERS: Readonly<Record<string, (bytes: Buffer) => void>> = {
  ...Object.fromEntries(
    (['sse', 'sse-lines', 'aws-eventstream', 'json-array', 'ndjson'] satisfies Framing[]).flatMap((framing) => [
      [
        `${framing} reader`,
        (bytes: Buffer) => {
          const reader = frameReader(framing, () => {});
          reader.push(bytes);
          reader.end();
        },
      ],
      [`whole ${framing} events`, (bytes: Buffer) => void wholeEvents(framing).push(bytes)],
    ]),
  ),
  'field scanner': (bytes) => {
    const scanner = fieldScanner([['model'], ['a', 'a']]);
    scanner.push(bytes);
    scanner.end();
  },
  parseJson: (bytes) => void parseJson(bytes),
  sameJson: (bytes) => void sameJson(bytes, bytes),
  rawAt: (bytes) => void rawAt(bytes.toString('latin1'), '/0'),
  multipart: (bytes) => {
    const scanner = multipartScanner('b', ['model']);
    scanner.push(bytes);
    scanner.end();
  },
  boundaryOf: (bytes) => void boundaryOf(`multipart/form-data; ${bytes.toString('latin1')}`),
};
const isCode = (code: unknown): boolean =>
  code === undefined || ['upstream_bad_response', 'upstream_stream_truncated', 'invalid_json', 'invalid_request'].includes(String(code));

describe.each(Object.keys(PARSERS))('%s', (name) => {
  const parse = PARSERS[name];
  if (parse === undefined) throw new Error(name);
  test.each(Object.keys(HOSTILE))('%s: a MiB in linear time', (input) => {
    const bytes = HOSTILE[input] ?? Buffer.alloc(0);
    const cost = (size: number): number => {
      const start = process.cpuUsage();
      expect(isCode(codeOf(() => parse(bytes.subarray(0, size))))).toBe(true);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    };
    cost(MIB / 16);
    expect(cost(MIB)).toBeLessThan(1000);
  });
  test('no bytes make it throw anything but its own errors', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 200 })), (data) =>
        isCode(codeOf(() => parse(Buffer.from(data as string)))),
      ),
      { numRuns: 200 },
    );
  });
});
