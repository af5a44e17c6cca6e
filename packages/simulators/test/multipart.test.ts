import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { multipart } from '../src/http/multipart.ts';

const crlf = '\r\n';
const part = (headers: string[], bytes: Uint8Array) => Buffer.concat([Buffer.from(headers.join(crlf) + crlf + crlf), bytes]);
const body = (boundary: string, parts: readonly Buffer[]) =>
  Buffer.concat([...parts.flatMap((one) => [Buffer.from(`--${boundary}${crlf}`), one, Buffer.from(crlf)]), Buffer.from(`--${boundary}--${crlf}`)]);

describe('reading a form', () => {
  test('any bytes come out as they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), (contents) => {
        const boundary = 'a boundary that random bytes do not hit 7f3a91';
        const parts = contents.map((bytes, index) => part([`Content-Disposition: form-data; name="p${index}"; filename="f"`, 'Content-Type: a/b'], bytes));
        const read = multipart(`multipart/form-data; boundary="${boundary}"`, body(boundary, parts));
        expect(read.map(({ name, filename, type, bytes }) => [name, filename, type, [...bytes]])).toEqual(
          contents.map((bytes, index) => [`p${index}`, 'f', 'a/b', [...bytes]]),
        );
      }),
    );
  });

  test('names are unescaped in both spellings', () => {
    const quoted = body('b', [part(['content-disposition: form-data; name="a\\"b"; filename="x%22y%0D%0A.bin"'], Buffer.from('1'))]);
    expect(multipart('multipart/form-data; boundary=b', quoted)).toMatchObject([{ name: 'a"b', filename: 'x"y\r\n.bin', type: undefined }]);
  });

  test('content that looks like the boundary within a line stays content', () => {
    const [found] = multipart('multipart/form-data; boundary=b', body('b', [part(['content-disposition: form-data; name="a"'], Buffer.from('x--b--y'))]));
    expect(found?.bytes.toString()).toBe('x--b--y');
  });

  test.each([
    ['no boundary in the type', 'multipart/form-data', body('b', [])],
    ['another boundary in the body', 'multipart/form-data; boundary=c', body('b', [])],
    ['no closing boundary', 'multipart/form-data; boundary=b', Buffer.from(`--b${crlf}content-disposition: form-data; name="a"${crlf}${crlf}1`)],
    ['a part without a blank line', 'multipart/form-data; boundary=b', Buffer.from(`--b${crlf}content-disposition: form-data; name="a"${crlf}--b--`)],
    ['a part without a name', 'multipart/form-data; boundary=b', body('b', [part(['content-disposition: form-data'], Buffer.from('1'))])],
  ])('%s is refused', (_what, type, bytes) => {
    expect(() => multipart(type, bytes)).toThrow(SyntaxError);
  });
});
