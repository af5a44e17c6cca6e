import type { PluginFacts } from '@llm-proxy-auth/contract-tests';
import type { Credential } from '@llm-proxy-auth/plugin';
import { callerOf, insideOf, KEYS, makeToken, rawToken, refusalOf } from './support.ts';

/** Questions that were signed with the right key, and no others: one changed character makes another of them. */
const signed = new Set<string>();
const issue = async (wanted: Parameters<typeof makeToken>[0] = {}): Promise<Credential> => {
  const value = await makeToken(wanted);
  signed.add(insideOf(value).replace(/^https:\/\/[^/]+/, ''));
  return { slot: 'bearer', value };
};
export const facts: PluginFacts = {
  auth: {
    'aws-iam': {
      config: { gatewayId: 'prod', regions: ['us-east-1'], allow: ['123456789012:role/app-*'] },
      longestLife: 900_000,
      answer: ({ path, headers }) =>
        signed.has(path) && headers[headers.indexOf('x-lpa-gateway-id') + 1] === 'prod' ? callerOf() : refusalOf(403, 'SignatureDoesNotMatch'),
      valid: ({ host }, expires) => issue({ at: host.now(), expiresIn: expires === undefined ? 900 : (expires - host.now()) / 1000 }),
      denied: async ({ host }) => {
        const good = await makeToken({ at: host.now() });
        return {
          'another secret': { slot: 'bearer', value: await makeToken({ at: host.now(), keys: { ...KEYS, secretAccessKey: 'other' } }) },
          'for another gateway': { slot: 'bearer', value: await makeToken({ at: host.now(), gatewayId: 'test' }) },
          old: { slot: 'bearer', value: await makeToken({ at: host.now() - 901_000 }) },
          cut: { slot: 'bearer', value: good.slice(0, -1) },
          'no URL': { slot: 'api-key', value: rawToken('hello') },
        };
      },
    },
  },
};
