import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { generateSync } from 'otplib';
import { describe, expect, test } from 'vitest';
import { backupCodeOf } from '../src/backup-code.ts';
import { matched, type Shape } from '../src/code.ts';
import { base32, uriOf } from '../src/uri.ts';

const SEEDS = {
  sha1: Buffer.from('12345678901234567890'),
  sha256: Buffer.from('12345678901234567890123456789012'),
  sha512: Buffer.from('1234567890123456789012345678901234567890123456789012345678901234'),
} as const;
const EIGHT = (algorithm: Shape['algorithm']): Shape => ({ algorithm, digits: 8 });
const SIX: Shape = { algorithm: 'sha1', digits: 6 };

describe('RFC 6238, appendix B', () => {
  test.each([
    [59, '94287082', '46119246', '90693936', '287082'],
    [1111111109, '07081804', '68084774', '25091201', '081804'],
    [1111111111, '14050471', '67062674', '99943326', '050471'],
    [1234567890, '89005924', '91819424', '93441116', '005924'],
    [2000000000, '69279037', '90698825', '38618901', '279037'],
    [20000000000, '65353130', '77737706', '47863826', '353130'],
  ] as const)('at %i s', (time, sha1, sha256, sha512, six) => {
    const step = Math.floor(time / 30);
    for (const [algorithm, code] of Object.entries({ sha1, sha256, sha512 } as const) as [Shape['algorithm'], string][])
      expect(matched(SEEDS[algorithm], code, EIGHT(algorithm), time * 1000, -1)).toEqual({ is: 'step', step });
    expect(matched(SEEDS.sha1, six, SIX, time * 1000, -1)).toEqual({ is: 'step', step });
    expect(matched(SEEDS.sha1, sha256, EIGHT('sha1'), time * 1000, -1)).toEqual({ is: 'wrong' });
  });
});
test('RFC 4226, appendix D: the codes of counters 0 to 9 are those of the first ten steps', () => {
  const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
  for (const [step, code] of codes.entries()) expect(matched(SEEDS.sha1, code, SIX, step * 30_000, -1)).toEqual({ is: 'step', step });
});
test('the code of the step before is taken at 59 s', () => {
  expect(matched(SEEDS.sha1, '755224', SIX, 59_000, -1)).toEqual({ is: 'step', step: 0 });
});

test('A035 window: at every edge of a step the codes of T-1, T and T+1 are right and those of T-2 and T+2 are not', () => {
  const step = 58_907_520;
  for (const ms of [step * 30_000, step * 30_000 + 1, step * 30_000 + 29_999]) {
    for (const [offset, is] of [
      [-2, 'wrong'],
      [-1, 'step'],
      [0, 'step'],
      [1, 'step'],
      [2, 'wrong'],
    ] as const) {
      const code = generateSync({ secret: SEEDS.sha1, epoch: (step + offset) * 30 });
      expect([ms, offset, matched(SEEDS.sha1, code, SIX, ms, -1).is]).toEqual([ms, offset, is]);
    }
  }
});
test('a code of a step that is not later than the last one is used, also when the clock was set back', () => {
  const now = 1_800_000_000_000;
  const step = now / 30_000;
  const code = generateSync({ secret: SEEDS.sha1, epoch: now / 1000 });
  expect(matched(SEEDS.sha1, code, SIX, now, step - 1)).toEqual({ is: 'step', step });
  for (const last of [step, step + 1, step + 2, step + 1_000_000]) expect(matched(SEEDS.sha1, code, SIX, now, last)).toEqual({ is: 'used' });
  expect(matched(SEEDS.sha1, code === '000000' ? '000001' : '000000', SIX, now, step + 5)).toEqual({ is: 'wrong' });
});
test('property: text that is not exactly as many ASCII digits is wrong, and nothing throws', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('28708２', ' 287082', '287082 ', '+287082', '2870820', '28708', '287 082', '287082\n'),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: -1, max: 2e8 }), (code, now, last) => {
      fc.pre(!/^[0-9]{6}$/.test(code));
      expect(matched(SEEDS.sha1, code, SIX, now, last)).toEqual({ is: 'wrong' });
    }),
  );
});

test('the URI names everything, with issuer and account encoded so that one colon parts them', () => {
  expect(base32(SEEDS.sha1)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  expect(uriOf(SEEDS.sha1, SIX, 'LLM Proxy Auth', 'key:ci')).toBe(
    'otpauth://totp/LLM%20Proxy%20Auth:key%3Aci?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=LLM%20Proxy%20Auth&algorithm=SHA1&digits=6&period=30',
  );
});

test('a backup code is read in any case, with and without dashes, and with O, I and L for the digits they look like', () => {
  for (const text of ['0112A-BCDEF', '0112abcdef', 'oil2a-bcdef', '-O-I-L-2abcdef']) expect(backupCodeOf(text)).toBe('0112ABCDEF');
  for (const text of ['', '0112ABCDE', '0112ABCDEFG', '0112ABCDEU', '0112 ABCDEF', '０112ABCDEF', '-'.repeat(1000)]) expect(backupCodeOf(text)).toBeUndefined();
});
