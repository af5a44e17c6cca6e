import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { makeStrategy } from './strategy.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-alb',
  api: 1,
  auth: { alb: define<AuthStrategy>()({ summary: 'People that an AWS application load balancer has signed in.', config, create: makeStrategy }) },
};
export default plugin;
