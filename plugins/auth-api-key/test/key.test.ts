import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum, idOf, newKey } from '../src/key.ts';
import { VECTOR } from './support.ts';

describe('the published vector', () => {
  const body = VECTOR.slice(0, -6);

  it('has this CRC-32 and these digits', () => {
    expect(crc32('123456789')).toBe(0xcbf43926);
    expect(crc32(body)).toBe(0xcabf16db);
    expect(checksum(body)).toBe('3iCQxf');
    expect(VECTOR).toHaveLength(66);
  });

  it('has its id', () => {
    expect(idOf(VECTOR)).toBe('0A1B2C3D4E5F');
  });

  it('is nobody with any one character changed, dropped, doubled or added', () => {
    const changed = Array.from(VECTOR, (c, i) => `${VECTOR.slice(0, i)}${c === 'Z' ? 'Y' : 'Z'}${VECTOR.slice(i + 1)}`);
    const dropped = Array.from(VECTOR, (_, i) => VECTOR.slice(0, i) + VECTOR.slice(i + 1));
    const doubled = Array.from(VECTOR, (c, i) => VECTOR.slice(0, i) + c + VECTOR.slice(i));
    const added = [
      `${VECTOR} `,
      ` ${VECTOR}`,
      `${VECTOR}\n`,
      `${VECTOR}=`,
      VECTOR.toLowerCase(),
      VECTOR.toUpperCase(),
      VECTOR.replace('lpa_', 'lpb_'),
      VECTOR.replace('lpa_', 'lpas_'),
    ];
    for (const wrong of [...changed, ...dropped, ...doubled, ...added]) expect(idOf(wrong), wrong).toBeUndefined();
  });
});

describe('new keys', () => {
  it('are well formed and never alike', () => {
    const keys = Array.from({ length: 500 }, newKey);
    for (const { id, key } of keys) {
      expect(key).toMatch(/^lpa_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
      expect(idOf(key)).toBe(id);
    }
    expect(new Set(keys.map(({ id }) => id)).size).toBe(500);
    expect(new Set(keys.map(({ key }) => key.slice(17, -6))).size).toBe(500);
  });

  it('use every digit about equally often', () => {
    const counts = new Map<string, number>();
    const digits = Array.from({ length: 2000 }, () => newKey().key.slice(17, -6)).join('');
    for (const digit of digits) counts.set(digit, (counts.get(digit) ?? 0) + 1);
    const expected = digits.length / 62;
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(counts.size).toBe(62);
    // 61 degrees of freedom: above 140 once in ten million runs; a digit taken modulo 62 of a byte gives several hundred.
    expect(chiSquared).toBeLessThan(140);
  });
});

it('anything else is nobody, whatever it is', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^lpa_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/)), (text) => {
      fc.pre(checksum(text.slice(0, -6)) !== text.slice(-6));
      return idOf(text) === undefined;
    }),
  );
});

it('64 KiB of key-like text take no time', () => {
  const started = process.cpuUsage();
  for (const text of ['lpa_'.repeat(16_384), `lpa_${'a'.repeat(65_536)}`, '_'.repeat(65_536)]) expect(idOf(text)).toBeUndefined();
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(50);
});
