import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What `scripts/services start` wrote: the address and the process of each service that it started. */
export type Services = Readonly<Partial<Record<'postgres' | 'redis', { readonly url: string; readonly pid: number }>>>;

const SCRIPT = fileURLToPath(new URL('../../scripts/services', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../data/services', import.meta.url));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is there too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** The services of a folder that run now; a file left behind by a machine that went down names none. */
export const servicesOf = (folder: string = FOLDER): Services => {
  try {
    const written = JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8')) as Services;
    return Object.fromEntries(Object.entries(written).filter(([, { pid }]) => isAlive(pid)));
  } catch {
    return {};
  }
};

/** A server of a test's own, which it may stop; its address stays the same. */
export interface OwnService {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes what it kept. */
  remove(): Promise<void>;
}
const execute = promisify(execFile);
export const ownService = async (name: keyof Services): Promise<OwnService> => {
  const parent = mkdtempSync(join(tmpdir(), `lpa-${name}-`));
  // The server runs as a user of its own.
  chmodSync(parent, 0o711);
  const folder = join(parent, 'services');
  const order = async (task: 'start' | 'stop'): Promise<void> => {
    await execute(SCRIPT, [task, name, '--folder', folder]);
  };
  await order('start');
  const url = servicesOf(folder)[name]?.url;
  if (url === undefined) throw new Error(`${name} did not start`);
  return {
    url,
    start: () => order('start'),
    stop: () => order('stop'),
    async remove() {
      await order('stop').catch(() => undefined);
      rmSync(parent, { recursive: true, force: true });
    },
  };
};
