import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { describe, it } from 'vitest';
import plugin from '../src/index.ts';
import { AUDIENCE, answersOf, claimsOf, ISSUER, json, signed, signingKey } from './support.ts';

const key = signingKey('k1');
const other = signingKey('k1');
const answers = answersOf(() => [key]);
const issuer = {
  name: 'corp',
  issuer: ISSUER,
  type: 'oidc',
  audience: AUDIENCE,
  algorithms: ['ES256'],
  profile: 'any',
  idTokens: false,
  tolerance: 60_000,
  insecureIssuer: false,
};

pluginSuite(
  { describe, it },
  {
    plugin,
    folder: new URL('..', import.meta.url),
    facts: {
      auth: {
        oidc: {
          config: { issuers: [issuer] },
          answer: (request) => answers[request.origin + request.path]?.(request) ?? json({}, 404),
          // Its end is a minute after `exp`: so far may clocks differ.
          valid: async ({ host }, expires) => ({
            slot: 'bearer',
            value: await signed(key, claimsOf({ iat: host.now() / 1000, exp: expires === undefined ? host.now() / 1000 + 3600 : expires / 1000 - 60 })),
          }),
          denied: async () => {
            const good = await signed(key, claimsOf());
            const bearer = (value: string) => ({ slot: 'bearer' as const, value });
            return {
              'another key': bearer(await signed(other, claimsOf())),
              'a key that nobody has': bearer(await signed({ ...key, kid: 'k2' }, claimsOf())),
              'another audience': bearer(await signed(key, claimsOf({ aud: 'other' }))),
              expired: bearer(await signed(key, claimsOf({ exp: 1 }))),
              'another algorithm': bearer(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.AA`),
            };
          },
        },
      },
    },
  },
);
