import { fileURLToPath } from 'node:url';
import { type Running, startGateway } from '@llm-proxy-auth/core';
import { onTestFinished } from 'vitest';
import { canariesOf, sweepAll } from './canaries.ts';
import { installed } from './installed.ts';

/** A gateway of this configuration in which the plugin of `folder` is installed, until the test ends. */
export const serving = async (folder: URL, name: string, configuration: object): Promise<Running> => {
  const { root, remove } = installed(fileURLToPath(folder), name);
  onTestFinished(remove);
  canariesOf(configuration);
  let log = '';
  const write = (line: string): void => {
    log += line;
  };
  const gateway = await startGateway({
    text: JSON.stringify({
      server: { port: 0 },
      ops: { port: 0 },
      log: { level: 'trace' },
      limits: { eventLoopDelay: '60s' },
      store: { use: 'sqlite', path: ':memory:' },
      ...configuration,
    }),
    folder: root,
    env: {},
    allowLocalPlugins: false,
    pluginRoots: [root],
    destination: { write },
  });
  onTestFinished(async () => {
    const metrics = await gateway.metrics.text();
    await gateway.close();
    sweepAll({ log, metrics });
  });
  return gateway;
};
