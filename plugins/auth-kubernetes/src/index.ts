import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { strategy } from './strategy.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-kubernetes',
  api: 1,
  auth: {
    kubernetes: define<AuthStrategy>()({ summary: 'Service accounts of a Kubernetes cluster, by tokens made for the gateway.', config, create: strategy }),
  },
};
export default plugin;
