import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { create } from './admin/create.ts';
import { importKeys } from './admin/import.ts';
import { list, show } from './admin/list.ts';
import { revoke } from './admin/revoke.ts';
import { rotate } from './admin/rotate.ts';
import { config } from './config.ts';
import { makeStrategy } from './make.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-api-key',
  api: 1,
  auth: {
    'api-key': define<AuthStrategy>()({ summary: 'API keys that the gateway gives out, or that stand in the configuration.', config, create: makeStrategy }),
  },
  admin: [create, list, show, rotate, revoke, importKeys],
};
export default plugin;
