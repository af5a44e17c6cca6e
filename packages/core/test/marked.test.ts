import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isMarked } from '../src/call/marked.ts';

test('a mark is found wherever it stands, in however many pieces, and nowhere else', () => {
  const body = fc.string({ unit: fc.constantFrom('l', 'p', '_', 'x'), maxLength: 40 });
  fc.assert(
    fc.property(body, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }), (text, sizes) => {
      const bytes = Buffer.from(text);
      const pieces: Buffer[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = sizes[turn % sizes.length] ?? 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(isMarked(pieces, ['xxlp', 'lp_l'])).toBe(text.includes('xxlp') || text.includes('lp_l'));
    }),
    { numRuns: 2_000 },
  );
  expect([isMarked([], ['a']), isMarked([Buffer.from('a')], [])]).toEqual([false, false]);
});
