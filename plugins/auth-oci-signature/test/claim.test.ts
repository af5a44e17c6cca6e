import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimOf, timeOf } from '../src/claim.ts';

const good = 'version="1",keyId="LPAKAAAAAAAAAAAAAAAA",algorithm="rsa-sha256",headers="(request-target) host date",signature="AAEC"';
const want = { id: 'LPAKAAAAAAAAAAAAAAAA', names: ['(request-target)', 'host', 'date'], signature: Buffer.from([0, 1, 2]) };

describe('the header', () => {
  it.each([
    ['as SDKs write it', good],
    ['with headers in capitals', good.replace('host', 'Host')],
    ['in another order', good.split(',').toReversed().join(',')],
    ['with user and fingerprint behind the key id', good.replace('AAAA"', 'AAAA/ocid1.user.oc1..x/00:11:22"')],
  ])('%s', (_name, text) => expect(claimOf(text)).toEqual(want));
  it.each([
    ['nothing', ''],
    ['another version', good.replace('"1"', '"2"')],
    ['no version', good.replace('version="1",', '')],
    ['another algorithm', good.replace('rsa-sha256', 'rsa-sha1')],
    ['a part twice', `${good},version="1"`],
    ['an unknown part', `${good},opaque="x"`],
    ['a part without quotes', good.replace('"1"', '1')],
    ['a quote inside a part', good.replace('date"', 'da\\"te"')],
    ['a space between parts', good.replaceAll(',', ', ')],
    ['a comma at the end', `${good},`],
    ['a header twice', good.replace('host date', 'host date host')],
    ['a header twice in other letters', good.replace('host date', 'host date Host')],
    ['two spaces between headers', good.replace('host date', 'host  date')],
    ['no headers', good.replace('(request-target) host date', '')],
    ['a signature in base64url', good.replace('AAEC', 'AA-_')],
    ['a signature without padding', good.replace('AAEC', 'AAE')],
    ['bits beyond the last byte', good.replace('AAEC', 'AAF=')],
    ['no signature', good.replace('AAEC', '')],
    ['an odd key id', good.replace('LPAKAAAA', 'LPAK AAA')],
    ['more than 8 KiB', good.replace('host', 'a'.repeat(9000))],
  ])('with %s is refused', (_name, text) => expect(claimOf(text)).toBeUndefined());
  it('fuzz: what is read writes itself again', () => {
    const piece = fc.constantFrom(
      'version="1"',
      'keyId="LPAKAAAAAAAAAAAAAAAA"',
      'algorithm="rsa-sha256"',
      'headers="host date"',
      'signature="AAEC"',
      ',',
      '"',
      '=',
      ' ',
      '\\',
      'x',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 14 }).map((all) => all.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const claim = claimOf(text);
          if (claim === undefined) return;
          const parts = [
            'version="1"',
            `keyId="${claim.id}"`,
            'algorithm="rsa-sha256"',
            `headers="${claim.names.join(' ')}"`,
            `signature="${Buffer.from(claim.signature).toString('base64')}"`,
          ];
          expect(text.split(',').toSorted()).toEqual(parts.toSorted());
        },
      ),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(good.split(','), { minLength: 5 }), (parts) => {
        expect(claimOf(parts.join(','))).toEqual(want);
      }),
    );
  });
});

describe('a time', () => {
  it('is one that exists, as HTTP writes it', () => {
    expect(timeOf('Thu, 01 Jan 2026 00:00:00 GMT')).toBe(Date.UTC(2026, 0, 1));
    for (const text of [
      '',
      '2026-01-01',
      'Fri, 01 Jan 2026 00:00:00 GMT',
      'Thu, 32 Jan 2026 00:00:00 GMT',
      'Thu, 01 Jan 2026 00:00:00 +0000',
      'Thu, 1 Jan 2026 00:00:00 GMT',
      'Thu, 01 Jan 2026 00:00:00 GMT ',
      '0',
    ])
      expect(timeOf(text), text).toBeUndefined();
  });
});
