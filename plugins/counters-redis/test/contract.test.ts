import { pluginSuite } from '@llm-proxy-auth/contract-tests';
import { afterAll, beforeAll, describe, it } from 'vitest';
import plugin from '../src/index.ts';
import { factsAt } from './facts.ts';
import { isInstalled, openServer, type Server } from './server.ts';

let server: Server | undefined;
beforeAll(async () => {
  if (isInstalled) server = await openServer();
  else console.log('The cases of counters-redis were skipped; this runs them: apt-get install redis-server && pnpm test');
});
afterAll(() => server?.stop());

pluginSuite({ describe, it }, { plugin, folder: new URL('..', import.meta.url), facts: factsAt(() => server?.url ?? '', isInstalled) });
