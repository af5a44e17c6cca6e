import { type Counters, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { redisCounters } from './counters.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/counters-redis',
  api: 1,
  counters: { redis: define<Counters>()({ summary: 'Limits and budgets that replicas share, in Redis or Valkey', config, create: redisCounters }) },
};
export default plugin;
