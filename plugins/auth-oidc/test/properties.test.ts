import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AUDIENCE, answersOf, claimsOf, forged, ISSUER, START, signed, signingKey, world } from './support.ts';

const key = signingKey('k1');
const mine = signingKey('k1');
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= +/'];

describe('whatever is sent', () => {
  test('a good token with any character put in, taken out or changed is none', async () => {
    const { is } = await world(answersOf(() => [key]));
    const token = await signed(key, claimsOf());
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length), fc.constantFrom(...ALPHABET), fc.constantFrom('put', 'cut', 'change'), async (at, letter, how) => {
        const spoiled = token.slice(0, at) + (how === 'cut' ? '' : letter) + token.slice(how === 'put' ? at : at + 1);
        if (spoiled !== token) expect(await is(spoiled)).toMatch(/^(denied|not-mine)/);
      }),
      { numRuns: 300 },
    );
  });
  test('nobody comes in by another key, with any header and claims', async () => {
    const { is } = await world(
      answersOf(() => [key]),
      { clients: undefined, idTokens: true },
    );
    const header = fc.record(
      {
        kid: fc.constantFrom<unknown>('k1', '', 7, null, 'k2'),
        typ: fc.constantFrom<unknown>('JWT', 'at+jwt', 5),
        jwk: fc.constant(mine.jwk),
        crit: fc.constant(['exp']),
      },
      { requiredKeys: [] },
    );
    const claims = fc.record({
      sub: fc.string(),
      aud: fc.constantFrom<unknown>(AUDIENCE, [AUDIENCE]),
      exp: fc.integer({ min: START - 100, max: START + 100 }),
    });
    await fc.assert(
      fc.asyncProperty(header, claims, fc.constantFrom('ES256', 'none', 'HS256', 'RS256', 'EdDSA'), async (more, said, alg) => {
        const whole = { ...said, iss: ISSUER };
        expect(await is(await signed(mine, whole))).toMatch(/^(denied|not-mine)/);
        expect(await is(forged({ alg, ...more }, whole))).toMatch(/^(denied|not-mine)/);
      }),
      { numRuns: 100 },
    );
  });
  test('a signed token is let in exactly when its claims say so', async () => {
    const { is } = await world(answersOf(() => [key]));
    const aud = fc.constantFrom<unknown>(AUDIENCE, 'other', ['other', AUDIENCE], ['other'], undefined, 5);
    const moment = (from: number, to: number) => fc.integer({ min: START + from, max: START + to });
    await fc.assert(
      fc.asyncProperty(aud, moment(-120, 120), moment(-120, 120), async (sent, exp, nbf) => {
        const audience = [sent].flat().every((one) => typeof one === 'string') && [sent].flat().includes(AUDIENCE);
        const good = audience && START < exp + 60 && nbf <= START + 60;
        expect((await is(await signed(key, claimsOf({ aud: sent, exp, nbf, iat: undefined })))) === 'principal').toBe(good);
      }),
      { numRuns: 200 },
    );
  });
});
