import { randomUUID } from 'node:crypto';
import { type PluginFacts, secretOf } from '@llm-proxy-auth/contract-tests';

/** `url` is asked for when a subject is opened: the server is started before the tests, not before they are registered. */
export const factsAt = (url: () => string, isThere: boolean): PluginFacts => ({
  counters: {
    redis: {
      config: () => ({ url: secretOf(url()), prefix: `${randomUUID()}:`, replicas: 1, timeout: 5_000 }),
      counts: isThere ? ['rate', 'concurrent', 'budget'] : [],
      remembers: isThere,
    },
  },
});
