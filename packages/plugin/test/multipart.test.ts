import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, type FormResult, multipartScanner } from '../src/index.ts';
import { codeOf, cuts, rechunked, singly } from './chunks.ts';

const BOUNDARY = '----form7MA4YWxk';
const scan = (chunks: readonly Uint8Array[], names: readonly string[] = ['model', 'stream']): FormResult => {
  const scanner = multipartScanner(BOUNDARY, names);
  for (const chunk of chunks) scanner.push(chunk);
  return scanner.end();
};
const part = (headers: string, value: string): string => `--${BOUNDARY}\r\n${headers}\r\n\r\n${value}\r\n`;
const field = (name: string, value: string): string => part(`Content-Disposition: form-data; name="${name}"`, value);
const file = (value: string): string => part('Content-Disposition: form-data; name="file"; filename="a\\"b.wav"\r\nContent-Type: audio/wav', value);
const END = `--${BOUNDARY}--\r\n`;
const code = (text: string): string => {
  const source = Buffer.from(text, 'latin1');
  const result = scan([source]);
  expect(scan(singly(source))).toEqual(result);
  return result.ok ? 'ok' : result.code;
};

describe('multipart scanner', () => {
  test('fields, offsets, parts and length', () => {
    const text = `${field('purpose', 'x')}${file('\r\n--not the boundary\r\n----form7MA4YWx')}${field('model', 'whisper-1')}${field('stream', '')}${END}`;
    const result = scan([Buffer.from(text)]);
    if (!result.ok) throw new Error(result.message);
    expect(result).toMatchObject({ duplicates: [], parts: 4, length: text.length });
    expect(text.slice(result.fields.model?.start, result.fields.model?.end)).toBe('whisper-1');
    expect(result.fields.model?.text).toBe('whisper-1');
    expect(result.fields.stream).toMatchObject({ text: '', start: text.indexOf(END) - 2, end: text.indexOf(END) - 2 });
    expect(Object.keys(result.fields)).toEqual(['model', 'stream']);
    expect(scan(singly(Buffer.from(text)))).toEqual(result);
  });
  test('done as soon as all fields are there; a duplicate later on is still found', () => {
    const scanner = multipartScanner(BOUNDARY, ['model']);
    scanner.push(Buffer.from(field('model', 'a') + file('x')));
    expect(scanner.done).toBe(true);
    expect(scanner.fields.model?.text).toBe('a');
    const [head = '', value = ''] = field('model', 'b').split(/(?<=\r\n\r\n)/);
    scanner.push(Buffer.from(head.slice(0, -1)));
    expect(scanner.duplicates).toEqual([]);
    scanner.push(Buffer.from(head.slice(-1)));
    expect(scanner.duplicates).toEqual(['model']);
    scanner.push(Buffer.from(value + END));
    expect(scanner.end()).toMatchObject({ ok: true, duplicates: ['model'], fields: { model: { text: 'a' } } });
  });
  test('a field said elsewhere is one too many as soon as its part has begun, before or after that is said', () => {
    const [head = '', value = ''] = field('model', 'b').split(/(?<=\r\n\r\n)/);
    const after = multipartScanner(BOUNDARY, ['model']);
    after.push(Buffer.from(file('x')));
    after.settle('model');
    expect(after.duplicates).toEqual([]);
    after.push(Buffer.from(head));
    expect(after.duplicates).toEqual(['model']);
    const before = multipartScanner(BOUNDARY, ['model']);
    before.push(Buffer.from(file('x') + head));
    before.settle('model');
    expect(before.duplicates).toEqual(['model']);
    const found = multipartScanner(BOUNDARY, ['model']);
    found.push(Buffer.from(head + value + file('x')));
    found.settle('model');
    expect(found.duplicates).toEqual([]);
  });
  test('an inner name behind what was decided on is one too many, also one whose value is coming', () => {
    const theirs = field('mask[file_id]', 'f');
    const [head = ''] = theirs.split(/(?<=\r\n\r\n)/);
    for (const [before, behind, duplicates, inner] of [
      [theirs + file('z'), field('x', 'y') + file('z'), [], ['f']],
      [file('z'), head, ['mask[file_id]'], []],
      [`${file('z')}${head}f`, '', ['mask[file_id]'], []],
    ] as const) {
      const scanner = multipartScanner(BOUNDARY, ['model'], ['file_id']);
      scanner.push(Buffer.from(before));
      scanner.settle(undefined);
      scanner.push(Buffer.from(behind));
      expect([scanner.duplicates, scanner.inner]).toEqual([duplicates, inner]);
    }
  });
  test('inner names are found in any path, any number of times, however the body is cut', () => {
    const named = ['a[file_id]', 'a.file_id', 'a[0][file_id]', 'file_ids[]', 'file_ids[]', 'file_id'];
    const source = Buffer.from(`${field('xfile_id', 'no')}${named.map((name, i) => field(name, String(i))).join('')}${field('model', 'm')}${END}`);
    const inner = (chunks: readonly Uint8Array[]): FormResult => {
      const scanner = multipartScanner(BOUNDARY, ['model'], ['file_id', 'file_ids']);
      for (const chunk of chunks) scanner.push(chunk);
      return scanner.end();
    };
    expect(inner([source])).toMatchObject({ ok: true, inner: ['0', '1', '2', '3', '4', '5'], duplicates: [], fields: { model: { text: 'm' } } });
    expect(inner(singly(source))).toEqual(inner([source]));
    const hidden = part('Content-Disposition: form-data; name="a[file_id]"; filename="x"', 'v') + END;
    expect(inner([Buffer.from(hidden)])).toMatchObject({ ok: false, code: 'invalid_request' });
  });
  test('a part of a file that looks like a field is content', () => {
    const inner = field('model', 'evil').replaceAll(BOUNDARY, 'other');
    expect(scan([Buffer.from(file(inner) + field('model', 'good') + END)])).toMatchObject({ ok: true, duplicates: [], fields: { model: { text: 'good' } } });
  });
  test('the boundary without a line break before it is content of a file', () => {
    const body = file(`a--${BOUNDARY}--${BOUNDARY} --${BOUNDARY}\n-- ${BOUNDARY}\n--${BOUNDARY.slice(0, -1)}`) + field('model', 'good') + END;
    expect(code(body)).toBe('ok');
  });
  test.each([
    ['an unquoted name', part('content-disposition: FORM-DATA;name=model', 'a')],
    [
      'a charset and encoding that change nothing',
      part('Content-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit', 'a'),
    ],
    ['a part without a value', field('model', '')],
    ['a value of 4 KiB', field('model', 'x'.repeat(4096))],
    ['64 parts', field('x', 'y').repeat(64)],
    ['a file name with an encoding', part('Content-Disposition: form-data; name="file"; filename*=utf-8\'\'%e2%82%ac', 'a')],
  ])('%s is accepted', (_, parts) => {
    expect(code(parts + END)).toBe('ok');
    expect(code((parts + END).slice(0, -2))).toBe('ok');
  });
  test.each([
    ['nothing', ''],
    [
      'a field behind bare line feeds',
      part('Content-Disposition: form-data; name="x"', `a\n--${BOUNDARY}\ncontent-disposition: form-data; name="model"\n\nevil\n`) + END,
    ],
    ['a boundary behind a bare line feed in a file', file(`a\n--${BOUNDARY}`) + END],
    ['a boundary behind a bare carriage return in a file', file(`a\r--${BOUNDARY}`) + END],
    ['a boundary behind a bare line feed in a governed field', field('model', `a\n--${BOUNDARY}`) + END],
    ['a closing boundary behind a bare line feed', `${field('model', 'a').slice(0, -2)}\n${END}`],
    ['a name in single quotes', part("Content-Disposition: form-data; name='model'", 'a') + END],
    ['a name in both quotes', part('Content-Disposition: form-data; name="\'model\'"', 'a') + END],
    ['no closing boundary', field('model', 'a')],
    ['half a boundary', field('model', 'a') + END.slice(0, -4)],
    ['text before the first boundary', `x\r\n${field('model', 'a')}${END}`],
    ['a line break before the first boundary', `\r\n${field('model', 'a')}${END}`],
    ['text after the last boundary', `${field('model', 'a')}${END}x`],
    ['a part after the last boundary', `${END}${field('model', 'a')}${END}`],
    ['a boundary with something after it', field('model', 'a').replace('\r\n', ' \r\n') + END],
    ['a longer boundary', field('model', 'a').replace('\r\n', 'x\r\n') + END],
    ['bare line feeds in headers', field('model', 'a').replace('name', 'x=1\nname') + END],
    ['a folded header', part('Content-Disposition: form-data;\r\n name="model"', 'a') + END],
    ['a doubled header', part('Content-Disposition: form-data; name="x"\r\ncontent-disposition: form-data; name="model"', 'a') + END],
    ['a doubled name', part('Content-Disposition: form-data; name="x"; name="model"', 'a') + END],
    ['a name in its own encoding', part('Content-Disposition: form-data; name="x"; name*=utf-8\'\'model', 'a') + END],
    ['an escaped name', part('Content-Disposition: form-data; name="mo\\del"', 'a') + END],
    ['no name', part('Content-Disposition: form-data; filename="x"', 'a') + END],
    ['no disposition', part('Content-Type: text/plain', 'a') + END],
    ['no headers at all', `--${BOUNDARY}\r\n\r\nx\r\n${END}`],
    ['another disposition', part('Content-Disposition: attachment; name="model"', 'a') + END],
    ['an unclosed name', part('Content-Disposition: form-data; name="model', 'a') + END],
    ['text between parameters', part('Content-Disposition: form-data; x name="model"', 'a') + END],
    ['a space before the colon', part('Content-Disposition : form-data; name="model"', 'a') + END],
    ['a governed field as a file', part('Content-Disposition: form-data; name="model"; filename="x"', 'a') + END],
    ['a governed field in base64', part('Content-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64', 'YQ==') + END],
    ['a governed field in UTF-16', part('Content-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset="utf-16"', 'a') + END],
    ['a governed value that is no UTF-8', field('model', '\xff') + END],
    ['a governed value above 4 KiB', field('model', 'x'.repeat(4097)) + END],
    ['65 parts', field('x', 'y').repeat(65) + END],
    ['headers above 8 KiB', part(`Content-Disposition: form-data; name="x"\r\nX: ${'y'.repeat(8200)}`, 'a') + END],
    ['a value without its line break', `--${BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\n${END}`],
    ['a name with __proto__', field('a[__proto__][b]', '1') + END],
    ['the name constructor', field('constructor', '1') + END],
    ['constructor[prototype]', field('constructor[prototype][x]', '1') + END],
  ])('%s is invalid_request', (_, text) => {
    expect(code(text)).toBe('invalid_request');
  });
  test('any re-chunking gives the same result', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom('\r\n', `\r\n--${BOUNDARY.slice(0, 9)}`, `--${BOUNDARY}`, `x\n--${BOUNDARY}`, `\r--${BOUNDARY}`, '\r', '-'.repeat(20)),
      fc.nat(6).map((n) => `${'x'.repeat(4092 + n)}\n--${BOUNDARY}`),
      fc.string({ minLength: 4090, maxLength: 4100 }),
    );
    const any = fc.oneof(
      fc.tuple(fc.constantFrom('model', 'stream', 'x', '__proto__'), value).map(([name, text]) => field(name, text)),
      value.map(file),
      fc.constantFrom('\r\n', 'junk', '--', END),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 6 }), fc.constantFrom(END, END.slice(0, -2), ''), cuts(), (parts, end, places) => {
        const body = Buffer.from(parts.join('') + end);
        const once = scan([body]);
        expect(scan(rechunked(body, places))).toEqual(once);
        expect(scan(singly(body))).toEqual(once);
      }),
      { numRuns: 400 },
    );
  });
  test('fields written by the platform are found', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.uint8Array({ maxLength: 200 }), async (model, bytes) => {
        const form = new FormData();
        form.append('file', new Blob([bytes.slice()]), 'a "b".bin');
        form.append('model', model);
        const response = new Response(form);
        const boundary = boundaryOf(response.headers.get('content-type') ?? '') ?? '';
        const body = new Uint8Array(await response.arrayBuffer());
        const scanner = multipartScanner(boundary, ['model']);
        for (const chunk of rechunked(body, [7, 90, 150])) scanner.push(chunk);
        const result = scanner.end();
        expect(result.ok && result.fields.model?.text).toBe(model.replace(/\r\n|\r|\n/g, '\r\n'));
      }),
      { numRuns: 100 },
    );
  });
});
describe('boundaryOf', () => {
  test.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data;charset=utf-8;  BOUNDARY="a b:c";', 'a b:c'],
    ['multipart/form-data; boundary===x==', '==x=='],
    [`multipart/form-data; boundary=${'x'.repeat(70)}`, 'x'.repeat(70)],
    ['application/json; boundary=x', undefined],
    ['multipart/form-datax; boundary=x', undefined],
    ['multipart/mixed; boundary=x', undefined],
  ])('%s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary);
  });
  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; boundary=a; boundary=b',
    'multipart/form-data; x="; boundary=b"; boundary=a; Boundary=c',
    'multipart/form-data; boundary="a\\"b"',
    'multipart/form-data; boundary="a "',
    'multipart/form-data; boundary=a b',
    "multipart/form-data; boundary=a; boundary*=utf-8''b",
    'multipart/form-data; boundary*0=b; boundary=a',
    'multipart/form-data; boundary=a{b',
    `multipart/form-data;${' '.repeat(2000)}boundary=a`,
  ])('%s is invalid_request', (type) => {
    expect(codeOf(() => boundaryOf(type))).toBe('invalid_request');
  });
});
