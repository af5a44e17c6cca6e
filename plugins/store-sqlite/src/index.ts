import { resolve } from 'node:path';
import { define, type Plugin, type Store } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { MEMORY } from './open.ts';
import { openStore } from './store.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/store-sqlite',
  api: 1,
  stores: {
    sqlite: define<Store>()({
      summary: 'Everything in one SQLite file; several processes of one machine may share it.',
      config,
      create: ({ path }, host) => openStore({ path: path === MEMORY ? path : resolve(path), log: host.log, now: () => host.now() }),
    }),
  },
};
export default plugin;
