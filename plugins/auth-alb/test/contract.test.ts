import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { afterAll, describe, it } from 'vitest';
import plugin from '../src/index.ts';
import { ARN, answeredBy, CLIENT, ISSUER, OTHER_ARN, openKeys, RULE } from './support.ts';

const keys = await openKeys();
afterAll(() => keys.close());
const alb = keys.loadBalancer(RULE);
const proxy = (value: string) => ({ slot: 'proxy' as const, header: 'x-amzn-oidc-data', value });

pluginSuite(
  { describe, it },
  {
    plugin,
    folder: new URL('..', import.meta.url),
    facts: {
      auth: {
        alb: {
          config: { arns: [ARN], clientId: CLIENT, issuer: ISSUER },
          answer: answeredBy(keys),
          peer: () => ({ trusted: true }),
          // The load balancer writes an end 2 minutes away, and clocks may differ by a minute.
          valid: ({ host }, expires) => proxy(alb.data({ sub: 'alice' }, expires === undefined ? host.now() : expires - 180_000)),
          denied: ({ host }) => ({
            'another load balancer': proxy(keys.loadBalancer({ ...RULE, arn: OTHER_ARN }).data({ sub: 'alice' }, host.now())),
            'another client': proxy(keys.loadBalancer({ ...RULE, clientId: 'other' }).data({ sub: 'alice' }, host.now())),
            'another issuer': proxy(keys.loadBalancer({ ...RULE, issuer: 'https://other.example' }).data({ sub: 'alice' }, host.now())),
            expired: proxy(alb.data({ sub: 'alice' }, host.now() - 180_000)),
            malformed: proxy('a.b.c'),
          }),
        },
      },
    },
  },
);
