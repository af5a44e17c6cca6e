import { expect, it } from 'vitest';
import { mediaTypeOf, typeOfBytes } from '../src/index.ts';

it.each([
  [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13], 'image/png'],
  [[0xff, 0xd8, 0xff, 0xe0, 0, 0x10], 'image/jpeg'],
  [[...Buffer.from('GIF89a')], 'image/gif'],
  [[...Buffer.from('RIFF\0\0\0\0WEBPVP8 ')], 'image/webp'],
  [[...Buffer.from('RIFF\0\0\0\0WAVEfmt ')], undefined],
  [[...Buffer.from('%PDF-1.7')], 'application/pdf'],
  [[0, 0, 0], undefined],
  [[], undefined],
] as const)('the first bytes %o say %s', (bytes, type) => {
  expect(typeOfBytes(Buffer.from(bytes).toString('base64'))).toBe(type);
});
it('the ending of a path says a type, whatever stands behind it', () => {
  expect([mediaTypeOf('https://a.example/x.PNG?y=1'), mediaTypeOf('gs://b/a.pdf#2'), mediaTypeOf('https://a.example/x')]).toEqual([
    'image/png',
    'application/pdf',
    undefined,
  ]);
});
