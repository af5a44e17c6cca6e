import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldScanner, patchBody, type ScanResult, totalLength } from '../src/index.ts';
import { cuts, rechunked, singly } from './chunks.ts';

const PATHS = [['model'], ['stream'], ['stream_options', 'include_usage'], ['a', 'b', 'c']] as const;
/** With everything that a field says as its own members, so that results can be compared. */
const plain = (result: ScanResult): ScanResult =>
  result.ok ? { ...result, fields: result.fields.map(({ path, value, containers }) => ({ path, value, containers })) } : result;
const scan = (chunks: readonly Uint8Array[], maxDepth?: number): ScanResult => {
  const scanner = fieldScanner(PATHS, { maxDepth });
  for (const chunk of chunks) scanner.push(chunk);
  return plain(scanner.end());
};
const whole = (source: string): ScanResult => scan([Buffer.from(source)]);
const ok = (source: string): Extract<ScanResult, { ok: true }> => {
  const result = whole(source);
  if (!result.ok) throw new Error(`${source}: ${result.code} at ${result.offset}`);
  return result;
};
/** An error by code and offset: a byte can be wrong in two ways at once, and the words may then differ. */
const facts = (result: ScanResult): unknown => (result.ok ? result : { code: result.code, offset: result.offset });
const wrong = (bytes: Uint8Array | string): string => {
  const result = scan([Buffer.from(bytes)]);
  return result.ok ? 'ok' : `${result.code}@${result.offset}`;
};

describe('control characters in strings', () => {
  const source = Buffer.from(`{"a":"\n${'x'.repeat(60)}\t${'y'.repeat(2000)}\0","mod\u0065l":"m\n1","stream":true}`);
  const read = (chunks: readonly Uint8Array[]): ScanResult => {
    const scanner = fieldScanner(PATHS, { controls: 'pass' });
    for (const chunk of chunks) scanner.push(chunk);
    return scanner.end();
  };
  test('are let be where the caller says so, however the body is cut', () => {
    const result = read([source]);
    expect(result).toMatchObject({ ok: true, fields: [{ value: { text: 'm\n1' } }, { value: { kind: 'true' } }, {}, {}] });
    expect(read(singly(source))).toEqual(result);
    fc.assert(
      fc.property(cuts(), (at) => {
        expect(read(rechunked(source, at))).toEqual(result);
      }),
    );
  });
  test('stand beside escapes in keys and governed values', () => {
    const beside = read([Buffer.from('{"\n\\u0061":1,"mode\\u006c":"\0\\n\x1f","\tstre\\u0061m":true}')]);
    expect(beside).toMatchObject({ ok: true, fields: [{ value: { text: '\0\n\x1f' } }, { value: undefined }, {}, {}] });
  });
  test('are refused otherwise', () => expect(wrong(source)).toBe('invalid_json@6'));
});

describe('keys that are looked out for', () => {
  const KEYS = ['file_id', 'id', 'größe', 'a/b'] as const;
  const keyed = (source: string, controls?: 'pass'): boolean => {
    const read = (chunks: readonly Uint8Array[]): boolean => {
      const scanner = fieldScanner(PATHS, { keys: KEYS, controls });
      for (const chunk of chunks) scanner.push(chunk);
      const result = scanner.end();
      if (!result.ok) throw new Error(`${source}: ${result.code} at ${result.offset}`);
      return result.keyed;
    };
    const bytes = Buffer.from(source);
    const result = read([bytes]);
    expect(read(singly(bytes))).toBe(result);
    return result;
  };
  test.each([
    ['at the top, on a governed path and deep inside', ['{"x":1,"id":2,"y":3}', '{"a":{"id":1}}', '{"x":[[{"y":{"id":null}}]]}']],
    ['spelt with escapes', ['{"\\u0069d":1}', '{"file\\u005Fid":1}', '{"a\\/b":1,"a/c":2}', '{"gr\\u00f6\\u00dfe":1}']],
    ['as they are', ['{"größe":1}', '{"a/b":1}', '[{"file_id" :1}]']],
  ])('%s', (_where, sources) => {
    for (const source of sources) expect(keyed(source)).toBe(true);
  });
  test('values, parts of keys and keys within strings are none', () => {
    for (const source of ['{"x":"id"}', '["id","file_id"]', '{"file_ids":1,"ids":1,"i":1,"ID":1}', '{"x":"{\\"id\\":1}"}', '{"i\\\\u0064":1}', '{}', '"id"'])
      expect(keyed(source)).toBe(false);
    expect(keyed('{"x":"\\u0000 \\u0069d"}')).toBe(false);
  });
  test('none is seen where none is asked for', () => {
    const scanner = fieldScanner(PATHS);
    scanner.push(Buffer.from('{"id":1,"file_id":2}'));
    expect(scanner.end()).toMatchObject({ ok: true, keyed: false });
  });
  test('beside control characters that are let be', () => {
    expect(keyed('{"x":"a\n\0","\\nx\n":2,"file\\u005fid":1}', 'pass')).toBe(true);
    expect(keyed('{"id\0":1,"\n\\u0069d":2,"x":"\0"}', 'pass')).toBe(false);
  });
});

describe('lists that are counted', () => {
  const COUNTED = [['model'], ['prompt'], ['a', 'prompt']] as const;
  const items = (source: string): readonly unknown[] => {
    const read = (chunks: readonly Uint8Array[]): ScanResult => {
      const scanner = fieldScanner(COUNTED, { lists: [1, 2] });
      for (const chunk of chunks) scanner.push(chunk);
      return plain(scanner.end());
    };
    const bytes = Buffer.from(source);
    const result = read([bytes]);
    expect(read(singly(bytes))).toEqual(result);
    return result.ok ? result.fields.map(({ value }) => value?.items) : [result.code];
  };
  test('values that are no numbers, of the array alone', () => {
    expect(items('{"prompt":["a",[1,["b"]],{"c":["d","e"]},null,true,-1,2],"a":{"prompt":[[1],[2]]}}')).toEqual([undefined, 5, 2]);
    expect(items('{"prompt":[1,2,3],"b":["a","b"],"model":"m"}')).toEqual([undefined, undefined, undefined]);
    expect(items('{"prompt":[],"a":{"prompt":"a","b":[["c"]]},"z":[["d"]]}')).toEqual([undefined, undefined, undefined]);
  });
  test('a string in place of a list is of any length, and its text is not kept', () => {
    const scanner = fieldScanner(COUNTED, { lists: [1, 2] });
    scanner.push(Buffer.from(JSON.stringify({ prompt: 'x'.repeat(10_000), model: 'm' })));
    expect(scanner.end()).toMatchObject({ ok: true, fields: [{ value: { text: 'm' } }, { value: { kind: 'string', text: undefined, end: 10_012 } }, {}] });
  });
});

describe('governed fields', () => {
  test('values, kinds and offsets', () => {
    const source = ' {"n":[{"model":"no"}],"model" : "gpt-4o", "stream":true,"stream_options":{"x":1,"include_usage":false}}';
    const { fields, top } = ok(source);
    expect(top).toEqual({ kind: 'object', start: 1, end: source.length, text: undefined, empty: false });
    const [model, stream, usage, deep] = fields;
    expect(model?.value).toMatchObject({ kind: 'string', text: 'gpt-4o' });
    expect(source.slice(model?.value?.start, model?.value?.end)).toBe('"gpt-4o"');
    expect(source.slice(stream?.value?.start, stream?.value?.end)).toBe('true');
    expect(source.slice(usage?.value?.start, usage?.value?.end)).toBe('false');
    expect(usage?.containers.map((c) => source.slice(c?.start, c?.end))).toEqual([source.trim(), '{"x":1,"include_usage":false}']);
    expect(deep).toEqual({ path: ['a', 'b', 'c'], value: undefined, containers: [top, undefined, undefined] });
  });
  test.each([
    ['"x"', 'string'],
    ['-1.5e3', 'number'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['{"b":{"c":1}}', 'object'],
    ['[{"model":1}]', 'array'],
  ])('a value %s is a %s', (value, kind) => {
    const source = `{"stream":0,"model":${value}}`;
    const found = ok(source).fields[0]?.value;
    expect(found?.kind).toBe(kind);
    expect(source.slice(found?.start, found?.end)).toBe(value);
  });
  test('a top level that is no object is told, and empty containers too', () => {
    expect(ok('[]').top).toMatchObject({ kind: 'array', empty: true });
    expect(ok('"model"').top.kind).toBe('string');
    expect(ok(' 12').top).toMatchObject({ kind: 'number', start: 1, end: 3 });
    expect(ok('{ }').top).toMatchObject({ kind: 'object', empty: true });
    expect(ok('{"stream_options":null}').fields[2]?.containers[1]).toMatchObject({ kind: 'null', start: 18, end: 22 });
    expect(ok('{"stream_options":{ }}').fields[2]?.containers[1]).toMatchObject({ kind: 'object', start: 18, empty: true });
    expect(ok('{"stream_options":[{"include_usage":true}]}').fields[2]?.value).toBeUndefined();
    expect(ok('{"a":{"b":{"c":"deep"},"c":1}}').fields[3]?.value?.text).toBe('deep');
  });
  test('escapes in keys and values are read', () => {
    expect(ok('{"\\u006dodel":"gpt\\u002D4\\n\\ud83d\\ude00\\"\\\\"}').fields[0]?.value?.text).toBe('gpt-4\n😀"\\');
    expect(ok('{"model":"é😀"}').fields[0]?.value?.text).toBe('é😀');
  });
  test('look-alike keys are not the key', () => {
    for (const key of ['Model', 'model ', 'mode', 'models', 'm\\u043edel', 'model\\u0000']) expect(ok(`{"${key}":"x"}`).fields[0]?.value).toBeUndefined();
  });
  test.each([
    ['{"model":"a","model":"b"}', [['model']]],
    ['{"model":"a","\\u006dodel":"b"}', [['model']]],
    ['{"mod\\u0065l":"a","x":{"model":1},"model":"a"}', [['model']]],
    ['{"stream_options":{"include_usage":true,"include_usage":true}}', [['stream_options', 'include_usage']]],
    ['{"stream_options":{},"stream_options":{"include_usage":true}}', [['stream_options', 'include_usage']]],
    ['{"stream":1,"stream":2,"model":1,"model":2,"stream":3}', [['model'], ['stream']]],
    ['{"x":{"model":1,"model":2},"y":[{"model":1},{"model":2}],"model":3}', []],
    ['{"a":{"model":1},"model":2,"b":{"model":3}}', []],
  ])('duplicates in %s', (source, duplicates) => {
    expect(ok(source).duplicates).toEqual(duplicates);
  });
  test('a duplicate is known as soon as its key was read', () => {
    const scanner = fieldScanner(PATHS);
    scanner.push(Buffer.from('{"model":"a","model'));
    expect(scanner.duplicated).toBe(false);
    scanner.push(Buffer.from('"'));
    expect(scanner.duplicated).toBe(true);
  });
  test('a governed string of 4 KiB passes, a longer one is invalid_request however it is written and cut', () => {
    const long = 'x'.repeat(4096);
    expect(ok(`{"model":"${long}"}`).fields[0]?.value?.text).toBe(long);
    expect(ok(`{"model":"${'\\u0078'.repeat(4096)}"}`).fields[0]?.value?.text).toBe(long);
    for (const value of [`${long}x`, '\\u0078'.repeat(4097), 'y'.repeat(100_000)]) {
      const source = Buffer.from(`{"model":"${value}"}`);
      expect(wrong(source)).toBe(`invalid_request@${source.length - 1}`);
      expect(scan(rechunked(source, [3, 20, 5000, 30_000]))).toEqual(scan([source]));
    }
    expect(ok(`{"other":"${long}x"}`).fields[0]?.value).toBeUndefined();
  });
  test.each([
    ['123456789012345', false],
    ['1234567890123456', true],
    ['0.00000123', false],
    ['0.1234567890123456', true],
    ['1e308', true],
    ['1e400', true],
    ['-1E-400', true],
    ['1e21', false],
    ['0', false],
    ['-0.0', false],
  ])('number %s: big %s', (number, big) => {
    expect(ok(`{"x":[1,${number}]}`).bigNumber).toBe(big);
    expect(ok(`{"x":"${number}"}`).bigNumber).toBe(false);
  });
});
describe('strictness', () => {
  test.each([
    ['', 'invalid_json@0'],
    [' \n', 'invalid_json@2'],
    ['{}{}', 'invalid_json@2'],
    ['{}x', 'invalid_json@2'],
    ['{"a":1,}', 'invalid_json@7'],
    ['[1,]', 'invalid_json@3'],
    ['[,1]', 'invalid_json@1'],
    ['{,}', 'invalid_json@1'],
    ['[1 2]', 'invalid_json@3'],
    ['[1}', 'invalid_json@2'],
    ['{"a":1]', 'invalid_json@6'],
    ['{"a"}', 'invalid_json@4'],
    ['{a:1}', 'invalid_json@1'],
    ["{'a':1}", 'invalid_json@1'],
    ['{1:1}', 'invalid_json@1'],
    ['NaN', 'invalid_json@0'],
    ['Infinity', 'invalid_json@0'],
    ['nul', 'invalid_json@3'],
    ['nulL', 'invalid_json@3'],
    ['truely', 'invalid_json@4'],
    ['01', 'invalid_json@1'],
    ['-', 'invalid_json@1'],
    ['-a', 'invalid_json@1'],
    ['+1', 'invalid_json@0'],
    ['.5', 'invalid_json@0'],
    ['1.', 'invalid_json@2'],
    ['[1.]', 'invalid_json@3'],
    ['1e', 'invalid_json@2'],
    ['1e+', 'invalid_json@3'],
    ['0x10', 'invalid_json@1'],
    ['"a', 'invalid_json@2'],
    ['"a\nb"', 'invalid_json@2'],
    ['"\t"', 'invalid_json@1'],
    ['"\u0000"', 'invalid_json@1'],
    ['"\\x41"', 'invalid_json@2'],
    ['"\\u12g4"', 'invalid_json@5'],
    ['"\\', 'invalid_json@2'],
    ['{"a":1', 'invalid_json@6'],
    ['/**/{}', 'invalid_json@0'],
    ['\uFEFF{}', 'invalid_json@0'],
    ['\u00a0{}', 'invalid_json@0'],
    ['{"__proto__":1}', 'invalid_request@12'],
    ['{"x":[{"\\u005f_proto__":1}]}', 'invalid_request@23'],
    ['{"constructor":{"x":1,"prototype":{}}}', 'invalid_request@33'],
    ['{"x":{"constructor":{"y":{},"prototype":1}}}', 'invalid_request@39'],
  ])('%j is %s', (source, error) => {
    expect(wrong(source)).toBe(error);
    expect(scan(singly(Buffer.from(source)))).toEqual(whole(source));
  });
  test('constructor and prototype apart are ordinary keys', () => {
    for (const source of [
      '{"constructor":1,"prototype":2}',
      '{"constructor":[{"prototype":1}]}',
      '{"constructor":{"a":{"prototype":1}}}',
      '{"prototype":{"constructor":{}}}',
      '{"constructor":{},"x":{"prototype":1}}',
      '["__proto__"]',
    ]) {
      expect(wrong(source)).toBe('ok');
    }
  });
  test('a control character is found at every place of a long string, next to every alignment', () => {
    for (let at = 0; at < 1300; at += 7) {
      const bytes = Buffer.from(`${' '.repeat(at % 5)}"${'x'.repeat(1400)}"`);
      bytes[at + 20] = at % 32;
      expect(wrong(bytes)).toBe(`invalid_json@${at + 20}`);
    }
    expect(wrong(`"${'é\\u00e9\\n\u007f'.repeat(600)}"`)).toBe('ok');
  });
  test('depth: the 64th level passes, the 65th is invalid_request', () => {
    expect(wrong('['.repeat(64) + ']'.repeat(64))).toBe('ok');
    expect(wrong('['.repeat(65) + ']'.repeat(65))).toBe('invalid_request@64');
    expect(scan([Buffer.from('{"a":[]}')], 1)).toMatchObject({ ok: false, code: 'invalid_request', offset: 5 });
  });
  test.each([
    [[0x22, 0xff, 0x22], 1],
    [[0x22, 0xc3, 0x22], 1],
    [[0x22, 0x61, 0xe0, 0x80, 0x80, 0x22], 2],
    [[0x22, 0xed, 0xa0, 0x80, 0x22], 1],
    [[0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 1],
    [[0x22, 0xc3, 0xa9, 0xf0, 0x9f, 0x98], 3],
    [[0x22, 0xc0, 0xaf, 0x22], 1],
  ])('bytes %j are not UTF-8', (bytes, offset) => {
    expect(wrong(Uint8Array.from(bytes))).toBe(`invalid_json@${offset}`);
    expect(scan(singly(Uint8Array.from(bytes)))).toMatchObject({ ok: false, offset });
  });
});
describe('laws', () => {
  const source = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"model"',
          '"m\\u006fdel"',
          '"stream_options"',
          '"include_usage"',
          '"a"',
          '"b"',
          '"c"',
          'true',
          'null',
          '-1.5e9',
          '0',
          ' ',
          '"é"',
          '"\\',
          '"',
        ),
        { maxLength: 20 },
      )
      .map((words) => words.join('')),
    fc
      .record({
        model: fc.string({ unit: 'binary' }),
        stream: fc.jsonValue(),
        stream_options: fc.oneof(fc.jsonValue(), fc.record({ include_usage: fc.boolean() })),
        a: fc.jsonValue(),
      })
      .map((value) => JSON.stringify(value)),
  );
  const bytes = fc.oneof(
    { weight: 4, arbitrary: source.map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from([0x22, ...array, 0x22])) },
  );
  test('any re-chunking gives the same result, errors and their offsets included', () => {
    fc.assert(
      fc.property(bytes, cuts(), (body, places) => {
        const once = facts(scan([body]));
        expect(facts(scan(rechunked(body, places)))).toEqual(once);
        expect(facts(scan(singly(body)))).toEqual(once);
      }),
      { numRuns: 1500 },
    );
  });
  test('accepts exactly what JSON.parse accepts', () => {
    fc.assert(
      fc.property(source, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const result = whole(text);
        expect(result.ok || result.code === 'invalid_request').toBe(valid);
      }),
      { numRuns: 1500 },
    );
  });
  test('finds the values that JSON.parse finds', () => {
    fc.assert(
      fc.property(
        fc.record({
          x: fc.jsonValue(),
          model: fc.string({ unit: 'binary' }),
          stream: fc.jsonValue(),
          stream_options: fc.record({ include_usage: fc.jsonValue() }),
        }),
        (value) => {
          fc.pre(!JSON.stringify(value).includes('__proto__'));
          const text = JSON.stringify(value, undefined, 1);
          const body = Buffer.from(text);
          const [model, stream, usage] = ok(text).fields;
          expect(model?.value?.text).toBe(JSON.parse(JSON.stringify(value.model)));
          expect(JSON.parse(body.toString('utf8', stream?.value?.start, stream?.value?.end))).toEqual(JSON.parse(JSON.stringify(value.stream)));
          expect(JSON.parse(body.toString('utf8', usage?.value?.start, usage?.value?.end))).toEqual(
            JSON.parse(JSON.stringify(value.stream_options.include_usage)),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
describe('patchBody', () => {
  test('replaces and inserts across pieces; untouched bytes are views of the same memory', () => {
    const body = Buffer.from('{"model":"abc","x":1}');
    const pieces = [body.subarray(0, 11), body.subarray(11, 12), body.subarray(12)];
    const patched = patchBody(pieces, [
      { start: 1, end: 1, text: '"y":2,' },
      { start: 9, end: 14, text: '"z"' },
    ]);
    expect(Buffer.concat(patched).toString()).toBe('{"y":2,"model":"z","x":1}');
    expect(totalLength(patched)).toBe(25);
    expect(patched[0]?.buffer).toBe(body.buffer);
    expect(patchBody(pieces, [])).toEqual(pieces);
    expect(patchBody(pieces, [])[0]).toBe(pieces[0]);
  });
  test('equals the edit of the joined text, whatever the pieces and the order of the edits', () => {
    const edits = fc.uniqueArray(fc.nat(30), { maxLength: 6 }).chain((places) => {
      const sorted = [...places].sort((a, b) => a - b);
      const pairs = sorted.filter((_, index) => index % 2 === 0).map((start, index) => ({ start, end: sorted[index * 2 + 1] ?? start }));
      return fc.tuple(...pairs.map((pair) => fc.string({ maxLength: 4 }).map((text) => ({ ...pair, text }))));
    });
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{30}$/), edits, cuts(), (text, changes, places) => {
        const wanted = [...changes].reverse().reduce((all, { start, end, text: replacement }) => all.slice(0, start) + replacement + all.slice(end), text);
        const patched = patchBody(rechunked(Buffer.from(text), places), [...changes].reverse());
        expect(Buffer.concat(patched).toString()).toBe(wanted);
        expect(totalLength(patched)).toBe(Buffer.byteLength(wanted));
      }),
      { numRuns: 500 },
    );
  });
});
