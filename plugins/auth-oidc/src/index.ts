import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { makeStrategy } from './strategy.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-oidc',
  api: 1,
  auth: { oidc: define<AuthStrategy>()({ summary: 'Bearer tokens of OAuth 2 and OpenID Connect issuers.', config, create: makeStrategy }) },
};
export default plugin;
