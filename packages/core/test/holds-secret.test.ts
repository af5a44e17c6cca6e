import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdsOneOf } from '../src/call/holds-secret.ts';

/** Few letters, so that beginnings are shared and matches happen. */
const text = (minLength: number, maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', '\u{1f511}'), minLength, maxLength });

test('finds what a search for each of the secrets finds, however many there are', () => {
  fc.assert(
    fc.property(fc.array(text(8, 12), { maxLength: 40 }), text(0, 40), fc.nat(), (secrets, around, place) => {
      const at = around.length === 0 ? 0 : place % around.length;
      const texts = [around, ...secrets.map((secret) => `${around.slice(0, at)}${secret}${around.slice(at)}`), ...secrets.map((secret) => secret.slice(0, -1))];
      for (const each of texts) expect(holdsOneOf(secrets)(each)).toBe(secrets.some((secret) => each.includes(secret)));
    }),
    { numRuns: 300 },
  );
});
