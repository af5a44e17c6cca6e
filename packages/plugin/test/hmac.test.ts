import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hmac, hmacKey } from '../src/hmac.ts';

describe('HMAC-SHA-256', () => {
  it('agrees with node:crypto for every key, text and encoding', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 900, maxLength: 3_000 })),
        fc.constantFrom('hex', 'base64url', 'binary'),
        (key, text, encoding) => {
          expect(hmac(hmacKey(key), text, encoding)).toBe(createHmac('sha256', key).update(text).digest(encoding));
        },
      ),
    ));
});
