import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claimOf, timeOf } from '../src/claim.ts';

const signature = 'a'.repeat(64);
const good = `Credential=LPAKAAAAAAAAAAAAAAAA/20261123/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`;
const want = { id: 'LPAKAAAAAAAAAAAAAAAA', day: '20261123', region: 'us-east-1', service: 'bedrock', names: ['host', 'x-amz-date'], signature };

describe('the header', () => {
  it.each([
    ['as SDKs write it', good],
    ['without spaces', good.replaceAll(', ', ',')],
    ['in another order', good.split(', ').toReversed().join(', ')],
  ])('%s', (_name, text) => expect(claimOf(text)).toEqual(want));
  it('of HTTP/2 signs :authority', () => expect(claimOf(good.replace('host;', ':authority;'))?.names).toEqual([':authority', 'x-amz-date']));
  it.each([
    ['nothing', ''],
    ['no signature', good.replace(/, Signature=.*/, '')],
    ['a part twice', `${good}, Signature=${signature}`],
    ['an unknown part', `${good}, Token=x`],
    ['four elements', good.replace('/bedrock', '')],
    ['another terminator', good.replace('aws4_request', 'aws4')],
    ['a signature in capitals', good.replace(signature, 'A'.repeat(64))],
    ['a short signature', good.slice(0, -1)],
    ['headers in another order', good.replace('host;x-amz-date', 'x-amz-date;host')],
    ['a header twice', good.replace('host;', 'host;host;')],
    ['a header in capitals', good.replace('host', 'Host')],
    ['no headers', good.replace('host;x-amz-date', '')],
    ['an empty header', good.replace('host;', ';')],
    ['a region with a slash', good.replace('us-east-1', 'us/east')],
    ['a trailing comma', `${good},`],
    ['more than 8 KiB', good.replace('host;', `${'a'.repeat(9000)};`)],
  ])('with %s is refused', (_name, text) => expect(claimOf(text)).toBeUndefined());
  it('fuzz: what is read writes itself again', () => {
    const piece = fc.constantFrom(
      'Credential=',
      'SignedHeaders=',
      'Signature=',
      ', ',
      ',',
      'LPAKAAAAAAAAAAAAAAAA',
      '/20261123/us-east-1/bedrock/aws4_request',
      'host',
      ';',
      signature,
      '=',
      ' ',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 16 }).map((all) => all.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const claim = claimOf(text);
          if (claim === undefined) return;
          const { id, day, region, service, names } = claim;
          const parts = text
            .split(',')
            .map((part) => part.trim())
            .toSorted();
          expect(parts).toEqual(
            [`Credential=${id}/${day}/${region}/${service}/aws4_request`, `SignedHeaders=${names.join(';')}`, `Signature=${claim.signature}`].toSorted(),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('a time', () => {
  it('is one that exists', () => {
    expect(timeOf('20261123T123600Z')).toBe(Date.UTC(2026, 10, 23, 12, 36));
    for (const text of [
      '',
      '20261123',
      '20261123T123600',
      '20261323T123600Z',
      '20260230T000000Z',
      '20261123T250000Z',
      '2026-11-23T12:36:00Z',
      ' 20261123T123600Z',
      '20261123T123600Z\n',
    ])
      expect(timeOf(text), text).toBeUndefined();
  });
});
