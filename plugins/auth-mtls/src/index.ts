import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { makeStrategy } from './strategy.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-mtls',
  api: 1,
  auth: {
    mtls: define<AuthStrategy>()({ summary: 'Client certificates by SPIFFE id or subject, direct or from a mesh proxy.', config, create: makeStrategy }),
  },
};
export default plugin;
