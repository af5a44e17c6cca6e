import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { admin } from './admin.ts';
import { config } from './config.ts';
import { makeStrategy } from './make.ts';
import { reencrypt } from './reencrypt.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-sigv4',
  api: 1,
  auth: { sigv4: define<AuthStrategy>()({ summary: 'AWS Signature Version 4 with key pairs of the gateway.', config, create: makeStrategy }) },
  admin: [...admin, reencrypt],
};
export default plugin;
