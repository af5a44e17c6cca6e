import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What `scripts/services start` wrote: the address and the process of each service that it started. */
export type Services = Readonly<Partial<Record<'postgres' | 'redis', { readonly url: string; readonly pid: number }>>>;

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
