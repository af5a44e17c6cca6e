import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode } from '../src/decode.ts';
import { basic } from './support.ts';

const strict = { allowUnpadded: false };

describe('vectors of RFC 7617', () => {
  it.each([
    ['QWxhZGRpbjpvcGVuIHNlc2FtZQ==', 'Aladdin', 'open sesame'],
    ['dGVzdDoxMjPCow==', 'test', '123£'],
    ['dTpwOnE=', 'u', 'p:q'],
  ])('%s', (text, user, password) => expect(decode(text, strict)).toEqual({ user, password }));
});

describe('what is refused', () => {
  it.each([
    ['nothing', ''],
    ['no colon', basic('alice')],
    ['an empty user', basic(':password')],
    ['an empty password', basic('alice:')],
    ['only a colon', basic(':')],
    ['the alphabet of base64url', 'dT66Pj4_Pz8_'],
    ['no padding', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ'],
    ['half a padding', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ='],
    ['padding in the middle', 'dTpw=A=='],
    ['more padding', 'dTpwOnE=='],
    ['a space', 'dTpw OnE='],
    ['a line feed', 'dTpwOnE=\n'],
    ['bits beyond the last byte', 'dTpwOnF='],
    ['UTF-8 that is cut', basic(Buffer.from([0x75, 0x3a, 0xc2]))],
    ['UTF-8 of a surrogate', basic(Buffer.from([0x75, 0x3a, 0xed, 0xa0, 0x80]))],
    ['an overlong slash', basic(Buffer.from([0x75, 0x3a, 0xc0, 0xaf]))],
    ['Latin-1', basic(Buffer.from('u:123\xa3', 'latin1'))],
    ['NUL in the password', basic('u:p\0q')],
    ['NUL in the user', basic('u\0:p')],
    ['a tab', basic('u:p\tq')],
    ['DEL', basic('u:p\x7f')],
    ['a control character of Latin-1', basic('u:p\u0085')],
    ['more than 1 KiB', basic(`u:${'p'.repeat(2000)}`)],
  ])('%s', (_name, text) => expect(decode(text, strict)).toBeUndefined());
  it('no padding passes where it is allowed, one digit too many does not', () => {
    expect(decode('QWxhZGRpbjpvcGVuIHNlc2FtZQ', { allowUnpadded: true })).toEqual({ user: 'Aladdin', password: 'open sesame' });
    expect(decode('dTpwO', { allowUnpadded: true })).toBeUndefined();
    expect(decode('dT66Pj4_Pz8_', { allowUnpadded: true })).toBeUndefined();
  });
});

const said = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }).filter((text) => !/\p{Cc}/u.test(text) && text.isWellFormed());
it('what is encoded comes back, split at the first colon', () => {
  fc.assert(
    fc.property(
      said.filter((user) => !user.includes(':')),
      said,
      (user, password) => {
        expect(decode(basic(`${user}:${password}`), strict)).toEqual({ user, password });
      },
    ),
  );
});
it('fuzz: any text is refused or is the one way of writing what it says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.uint8Array({ maxLength: 90 }).map(basic)), (text) => {
      const found = decode(text, strict);
      if (found === undefined) return;
      expect(basic(`${found.user}:${found.password}`)).toBe(text);
      expect(found.user).not.toMatch(/[:\p{Cc}]/u);
    }),
    { numRuns: 3000 },
  );
});
