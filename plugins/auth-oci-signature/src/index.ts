import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { admin } from './admin.ts';
import { config } from './config.ts';
import { makeStrategy } from './make.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-oci-signature',
  api: 1,
  auth: {
    'oci-signature': define<AuthStrategy>()({ summary: 'Request signatures of OCI with keys registered with the gateway.', config, create: makeStrategy }),
  },
  admin,
};
export default plugin;
