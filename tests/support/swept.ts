import { join } from 'node:path';
import { type Running as Gateway, type RuntimeOptions, startGateway } from '@llm-proxy-auth/core';
import { CROSSINGS, canariesOf, sweepAll } from './canaries.ts';
import { bareEnvironment, ROOT, type Running } from './process.ts';

interface Started extends Partial<Omit<RuntimeOptions, 'destination'>> {
  /** Gets each line of the log. */
  readonly hear?: (line: string) => void;
}
/** A gateway in this process whose log is whole. Its end throws when a secret stands in what it wrote or answered. */
export const startSwept = async ({ hear, ...options }: Started): Promise<Gateway> => {
  let log = '';
  const destination = {
    write(line: string): void {
      log += line;
      hear?.(line);
    },
  };
  if (options.text !== undefined) canariesOf(JSON.parse(options.text) as object);
  const env = { LOG_LEVEL: 'trace', ...options.env };
  const gateway = await startGateway({ allowLocalPlugins: false, pluginRoots: [], ...options, env, destination });
  return Object.create(gateway, {
    close: {
      async value(): Promise<void> {
        const metrics = await gateway.metrics.text();
        await gateway.close();
        sweepAll({ log, metrics });
      },
    },
  }) as Gateway;
};

/** A bare environment in which a process writes all to its log, and to a file of the folder what crosses its doors. */
export const watched = (folder: string, more: Readonly<Record<string, string>> = {}): Record<string, string> =>
  bareEnvironment({
    LOG_LEVEL: 'trace',
    LPA_TEST_CROSSINGS: join(folder, CROSSINGS),
    NODE_OPTIONS: `--import=${join(ROOT, 'tests/support/crossings-file.ts')} --disable-warning=ExperimentalWarning`,
    ...more,
  });
/** What a process has said that is a line of its log, and no word for people. */
export const logOf = (it: Pick<Running, 'out' | 'err'>): string =>
  `${it.out()}\n${it.err()}`
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .join('\n');
