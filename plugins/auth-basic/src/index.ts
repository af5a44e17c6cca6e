import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';
import { add } from './admin/add.ts';
import { list } from './admin/list.ts';
import { password } from './admin/password.ts';
import { remove } from './admin/remove.ts';
import { config } from './config.ts';
import { makeStrategy } from './make.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/auth-basic',
  api: 1,
  auth: { basic: define<AuthStrategy>()({ summary: 'Users with passwords, kept by the gateway as argon2id (HTTP Basic).', config, create: makeStrategy }) },
  admin: [add, list, remove, password],
};
export default plugin;
