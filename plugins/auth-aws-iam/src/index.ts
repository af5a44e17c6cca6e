import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { strategy } from './strategy.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-aws-iam',
  api: 1,
  auth: {
    'aws-iam': define<AuthStrategy>()({
      summary: 'Roles and users of AWS, by a signed GetCallerIdentity that the gateway puts to AWS.',
      config,
      create: strategy,
    }),
  },
};
export default plugin;
