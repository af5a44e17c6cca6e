import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldScanner, insideString, isRawNumber, parseJson, pointed, type RawNumber, rawAt, rawNumber, sameJson, stringifyJson } from '../src/index.ts';
import { codeOf } from './chunks.ts';

test('insideString writes a text as JSON.stringify does', () => {
  // Surrogates that stand alone, too.
  const unit = fc.oneof(
    fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', '\ud7ff', '\ud800', '\udfff', '\ue000', '\u2028', '\uffff', '😀'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const text = units.join('');
      expect(`"${insideString(text)}"`).toBe(JSON.stringify(text));
    }),
  );
});

describe('parseJson', () => {
  test('values as JSON.parse gives them, from text and from bytes', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (source) => {
        fc.pre(!source.includes('__proto__'));
        expect(stringifyJson(parseJson(source))).toBe(JSON.stringify(JSON.parse(source)));
        expect(parseJson(Buffer.from(source))).toEqual(parseJson(source));
      }),
    );
  });
  test.each(['123456789012345678901', '0.12345678901234567890', '1e400', '-1E-400', '9007199254740993', '1.00000000000000001'])(
    '%s is kept as written',
    (number) => {
      const value = parseJson(`{"a":[${number}],"b":1.5}`) as { a: [RawNumber]; b: number };
      expect(isRawNumber(value.a[0])).toBe(true);
      expect(stringifyJson(value)).toBe(`{"a":[${number}],"b":1.5}`);
      expect(stringifyJson(rawNumber(number))).toBe(number);
    },
  );
  test.each([
    '0.1',
    '1e21',
    '9007199254740992',
    '0.30000000000000004',
    '1.0000000000000000000',
    '1000000000000000000000',
    '5e-324',
    '1.7976931348623157e308',
    '-0.0',
    '1E2',
    '0e999',
  ])('%s is a plain number', (number) => {
    expect(parseJson(`[${number}]`)).toEqual([Number(number)]);
  });
  test('digits in strings do not turn into numbers', () => {
    expect(parseJson('{"id":"12345678901234567890","n":1}')).toEqual({ id: '12345678901234567890', n: 1 });
  });
  test('a caller that knows that there is no big number is believed', () => {
    expect(parseJson('[9007199254740993]', { bigNumber: false })).toEqual([9007199254740992]);
  });
  test.each([
    ['', 'invalid_json'],
    ['{"a":NaN}', 'invalid_json'],
    ["{'a':1}", 'invalid_json'],
    ['{}x', 'invalid_json'],
    ['\uFEFF{}', 'invalid_json'],
    ['{"__proto__":{}}', 'invalid_request'],
    ['[{"a":{"\\u005f_proto__":1}}]', 'invalid_request'],
    ['{"constructor":{"prototype":{"polluted":1}}}', 'invalid_request'],
    ['['.repeat(65) + ']'.repeat(65), 'invalid_request'],
    ['['.repeat(200_000) + ']'.repeat(200_000), 'invalid_request'],
  ])('%# is refused', (source, code) => {
    expect(codeOf(() => parseJson(source))).toBe(code);
    expect(codeOf(() => parseJson(Buffer.from(source)))).toBe(code);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
  test('limits and UTF-8', () => {
    expect(codeOf(() => parseJson('['.repeat(64) + ']'.repeat(64)))).toBeUndefined();
    expect(codeOf(() => parseJson('[[]]', { maxDepth: 1 }))).toBe('invalid_request');
    expect(codeOf(() => parseJson(Uint8Array.from([0x22, 0xff, 0x22])))).toBe('invalid_json');
    expect(codeOf(() => parseJson('{"constructor":1,"prototype":{}}'))).toBeUndefined();
  });
  test('an error does not quote the source', () => {
    try {
      parseJson('{"key": sk-secret}');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain('secret');
      expect((error as Error).cause).toBeUndefined();
    }
  });
  test('accepts what the scanner accepts and refuses what it refuses', () => {
    const word = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"__proto__"', '"constructor"', '"prototype"', '1', 'true');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 14 }), (words) => {
        const source = words.join('');
        const scanner = fieldScanner([]);
        scanner.push(Buffer.from(source));
        const result = scanner.end();
        const code = codeOf(() => parseJson(source));
        if (result.ok) expect(code).toBeUndefined();
        else expect(code).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});
test('stringifyJson refuses what is no JSON value', () => {
  expect(codeOf(() => stringifyJson(undefined))).toBe('internal_error');
  expect(stringifyJson({ b: 1, a: undefined, c: null })).toBe('{"b":1,"c":null}');
});
describe('pointed', () => {
  const value = { a: [{ id: 1 }, { id: 2, b: { id: 3 } }, 'x', null], b: { c: { id: 4 }, d: {} } };
  test.each([
    ['/a/1/id', [2]],
    ['/a/*/id', [1, 2]],
    ['/*/*/id', [1, 2, 4]],
    ['/a/*/b/id', [3]],
    ['/c', []],
    ['/a/length', []],
    ['/toString', []],
  ])('%s', (pointer, found) => expect(pointed(value, pointer)).toEqual(found));
});

describe('rawAt', () => {
  const source = ' {"a" : [ 1.0, {"x/y~z": "q\\"]}" } ] ,"\\u0062":{"":  -0},"d":1,"d":[2 ],"e":"" }';
  test.each([
    ['', source.trim()],
    ['/a', '[ 1.0, {"x/y~z": "q\\"]}" } ]'],
    ['/a/0', '1.0'],
    ['/a/1/x~1y~0z', '"q\\"]}"'],
    ['/b', '{"":  -0}'],
    ['/b/', '-0'],
    ['/d', '[2 ]'],
    ['/d/0', '2'],
    ['/e', '""'],
    ['/f', undefined],
    ['/a/2', undefined],
    ['/a/-', undefined],
    ['/e/0', undefined],
    ['a', undefined],
  ])('%s', (pointer, json) => {
    expect(rawAt(source, pointer)?.json).toBe(json);
  });
  test('every value of any JSON, with any white space, is found at its pointer', () => {
    const walk = (value: unknown, pointer: string, visit: (pointer: string, value: unknown) => void): void => {
      visit(pointer, value);
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) walk(member, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, visit);
    };
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('', ' ', '\t', '\n'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        fc.pre(!text.includes('__proto__'));
        walk(JSON.parse(text), '', (pointer, member) => {
          expect(JSON.parse(rawAt(text, pointer)?.json ?? 'absent')).toEqual(member);
        });
      }),
      { numRuns: 300 },
    );
  });
});
describe('sameJson', () => {
  test('white space between tokens does not count, everything else does', () => {
    expect(sameJson('{"a": [1, 2]}', Buffer.from('{ "a":[1,\r\n2] }'))).toBe(true);
    expect(sameJson('{"a":"x y"}', '{"a":"xy"}')).toBe(false);
    expect(sameJson('"a\\" b"', '"a\\"b"')).toBe(false);
    expect(sameJson('{"a":1,"b":2}', '{"b":2,"a":1}')).toBe(false);
    expect(sameJson('1.0', '1')).toBe(false);
  });
  test('any indentation of any value is the same JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => sameJson(JSON.stringify(value), JSON.stringify(value, undefined, 2))));
  });
});
