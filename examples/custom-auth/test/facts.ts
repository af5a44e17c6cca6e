import { type MadeAuth, type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';
import type { Secret } from '@llm-proxy-auth/plugin';
import { issue } from '../src/index.ts';

const SECRET = 'badge-secret-0123456789abcdef0123';
const issued = ({ host, config }: MadeAuth, expires = host.now() + 3_600_000) =>
  ({ slot: 'bearer', value: issue('alice', Math.floor(expires / 1000), (config.secret as Secret).peek() ?? '') }) as const;

export const facts: PluginFacts = {
  auth: {
    badge: {
      config: { secret: secretOf(SECRET) },
      valid: issued,
      denied: (made) => ({
        'another secret': { slot: 'bearer', value: issue('alice', 2_000_000_000, 'another secret') },
        'another name': { slot: 'bearer', value: issued(made).value.replace('alice', 'mallory') },
        expired: issued(made, made.host.now() - 1000),
        cut: { slot: 'bearer', value: issued(made).value.slice(0, -1) },
      }),
    },
  },
};
