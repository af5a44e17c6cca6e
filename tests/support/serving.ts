import { fileURLToPath } from 'node:url';
import type { Running } from '@llm-proxy-auth/core';
import { onTestFinished } from 'vitest';
import { installed } from './installed.ts';
import { startSwept } from './swept.ts';

/** A gateway of this configuration in which the plugin of `folder` is installed, until the test ends. */
export const serving = async (folder: URL, name: string, configuration: object): Promise<Running> => {
  const { root, remove } = installed(fileURLToPath(folder), name);
  onTestFinished(remove);
  const gateway = await startSwept({
    text: JSON.stringify({
      server: { port: 0 },
      ops: { port: 0 },
      limits: { eventLoopDelay: '60s' },
      store: { use: 'sqlite', path: ':memory:' },
      ...configuration,
    }),
    folder: root,
    pluginRoots: [root],
  });
  onTestFinished(() => gateway.close());
  return gateway;
};
