import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Credential } from '@llm-proxy-auth/plugin';
import { kubernetesCluster, type TokenWanted } from '@llm-proxy-auth/simulators';
import { AUDIENCE, forged } from './support.ts';

let now = 0;
const cluster = kubernetesCluster({ now: () => now });
const issue = (at: number, wanted: Partial<TokenWanted> = {}): Credential => {
  now = at;
  return { slot: 'bearer', value: cluster.issue({ namespace: 'apps', serviceAccount: 'bot', audiences: [AUDIENCE], ...wanted }) };
};
const json = (value: object) => ({ status: 200, headers: ['content-type', 'application/json'], body: Buffer.from(JSON.stringify(value)) });

export const facts: PluginFacts = {
  auth: {
    kubernetes: {
      config: { audience: AUDIENCE, allow: ['apps/*'], token: secretOf('token-of-the-gateway'), ca: secretOf('-----BEGIN CERTIFICATE-----') },
      longestLife: 3_600_000,
      answer: ({ path }) => (path === '/openid/v1/jwks' ? json({ keys: cluster.keys() }) : json({ issuer: cluster.issuer })),
      valid: ({ host }, expires) => issue(host.now(), expires === undefined ? {} : { seconds: (expires - host.now()) / 1000 }),
      denied({ host }) {
        const { value } = issue(host.now());
        return {
          'another audience': issue(host.now(), { audiences: ['other'] }),
          'of a secret': { slot: 'bearer', value: cluster.legacyToken('apps', 'bot') },
          'another namespace': issue(host.now(), { namespace: 'other' }),
          'another signer': { slot: 'bearer', value: forged(value, {}) },
          ended: issue(host.now() - 3_600_000),
        };
      },
    },
  },
};
