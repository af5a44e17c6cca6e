import { certificateAuthority } from '@llm-proxy-auth/simulators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCertificate, urisOf } from '../src/certificate.ts';
import { spiffeIdOf, spiffePattern } from '../src/spiffe.ts';
import { subjectOf, subjectPattern } from '../src/subject.ts';

const authority = certificateAuthority();

describe('SPIFFE ids', () => {
  it.each([
    ['spiffe://corp/apps/a', 'spiffe://corp/apps/a'],
    ['SPIFFE://Corp/apps/A', 'spiffe://corp/apps/A'],
    ['spiffe://corp', 'spiffe://corp'],
    ['spiffe://corp/', undefined],
    ['spiffe:///a', undefined],
    ['spiffe://corp//a', undefined],
    ['spiffe://corp/a/', undefined],
    ['spiffe://corp/../a', undefined],
    ['spiffe://corp/./a', undefined],
    ['spiffe://corp/a%2fb', undefined],
    ['spiffe://corp/a?b', undefined],
    ['spiffe://corp/a#b', undefined],
    ['spiffe://user@corp/a', undefined],
    ['spiffe://corp:443/a', undefined],
    ['spiffe://corp/a b', undefined],
    ['spiffe://corp/a\n', undefined],
    ['https://corp/a', undefined],
    [`spiffe://corp/${'a'.repeat(2048)}`, undefined],
  ])('%s', (uri, want) => expect(spiffeIdOf(uri)).toBe(want));
  it('match exactly, or below a slash', () => {
    const exact = spiffePattern('spiffe://corp/apps/a');
    const below = spiffePattern('spiffe://Corp/apps/');
    expect(['spiffe://corp/apps/a', 'spiffe://corp/apps/ab', 'spiffe://corp/apps/a/b'].map((id) => exact?.(id))).toEqual([true, false, false]);
    const ids = [
      'spiffe://corp/apps/a',
      'spiffe://corp/apps/a/b',
      'spiffe://corp/apps',
      'spiffe://corp/appsx/a',
      'spiffe://corp.evil/apps/a',
      'spiffe://corp/Apps/a',
    ];
    expect(ids.map((id) => below?.(id))).toEqual([true, true, false, false, false, false]);
  });
  it.each(['', 'corp', 'spiffe://', 'spiffe://corp/*', 'spiffe://corp//', 'https://corp/'])('%j is no pattern', (pattern) =>
    expect(spiffePattern(pattern)).toBeUndefined(),
  );
});

describe('subjects', () => {
  it.each([
    ['CN=a,O=Acme', 'CN=a,O=Acme', true],
    ['CN=a,O=Acme', 'CN=a,O=Acme,C=DE', false],
    ['CN=a,O=Acme', 'O=Acme,CN=a', false],
    ['CN=*,O=Acme', 'CN=b,O=Acme', true],
    ['CN=*,O=Acme', 'CN=b,OU=x,O=Acme', false],
    ['CN=*,O=Acme', 'CN=b\\,O=Acme', false],
    ['CN=*,O=Acme', 'OU=b,O=Acme', false],
    ['CN=a*,O=Acme', 'CN=ab,O=Acme', false],
    ['CN=a\\,b,O=Acme', 'CN=a\\,b,O=Acme', true],
    ['CN=a', 'cn=a', false],
  ])('%s of %s', (pattern, subject, want) => expect(subjectPattern(pattern)?.(subject)).toBe(want));
  it.each(['', ',', 'CN', 'CN=', '=a', 'CN=a,', ',CN=a', 'CN=a,,O=b', '*'])('%j is no pattern', (pattern) => expect(subjectPattern(pattern)).toBeUndefined());
  it('of certificates are written as proxies write them', () => {
    const read = (cn: string) =>
      readCertificate(
        authority.issue({
          subject: [
            ['C', 'DE'],
            ['O', 'Acme'],
            ['CN', cn],
          ],
        }).der,
        subjectOf,
      );
    expect(read('billing')).toMatchObject({ subject: 'CN=billing,O=Acme,C=DE', uris: [] });
    expect(read('a,O=Other')).toMatchObject({ subject: 'CN=a\\,O=Other,O=Acme,C=DE' });
    expect(read('a\nO=Other')).toMatchObject({ subject: 'CN=a\\0AO=Other,O=Acme,C=DE' });
  });
});

describe('alternative names', () => {
  it.each([
    ['', []],
    ['URI:spiffe://corp/a', ['spiffe://corp/a']],
    ['DNS:a, URI:spiffe://corp/a, IP Address:10.0.0.1', ['spiffe://corp/a']],
    ['DNS:"a, URI:spiffe://corp/admin"', []],
    ['URI:"spiffe://corp/\\u0000"', ['spiffe://corp/\0']],
    ['DNS:"a', undefined],
    ['nothing', undefined],
    ['DNS:a,URI:spiffe://corp/a', undefined],
    ['DNS:"\\x"', undefined],
  ])('%s', (names, want) => expect(urisOf(names)).toEqual(want));
  it('in a certificate come out as they went in: none can pass for two, whatever it holds', () => {
    const odd = fc.string({ unit: fc.constantFrom(...'ab,: "\\\'\n\0URI:DNS:/'), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(odd, { maxLength: 2 }), fc.array(odd, { maxLength: 2 }), (uris, dns) => {
        const held = readCertificate(authority.issue({ uris, dns }).der, subjectOf);
        if (typeof held === 'object') expect(held.uris).toEqual(uris);
      }),
      { numRuns: 60 },
    );
  });
  it('that hold another name stay one', () => {
    const dns = ['a, URI:spiffe://corp/apps/admin', 'x", URI:"spiffe://corp/apps/admin'];
    expect(readCertificate(authority.issue({ dns }).der, subjectOf)).toMatchObject({ uris: [] });
  });
});
