import { define, type Plugin, type Store } from '@llm-proxy-auth/plugin';
import { config } from './config.ts';
import { openStore } from './store.ts';

const plugin: Plugin = {
  name: '@llm-proxy-auth/store-postgres',
  api: 1,
  stores: {
    postgres: define<Store>()({
      summary: 'Everything in a schema of a PostgreSQL database, shared by replicas on any number of machines.',
      config,
      create: (given, host) => openStore({ config: given, log: host.log, reveal: (secret) => host.secret(secret), now: () => host.now() }),
    }),
  },
};
export default plugin;
