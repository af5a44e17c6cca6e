import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Failure, failure } from './failure.ts';
import { isInside } from './locate.ts';

/** A plugin in a file beside the configuration: inside its folder, and writable by its owner alone. */
export const locateLocal = (
  name: string,
  folder: string,
  allowed: boolean,
): { readonly ok: true; readonly entry: string; readonly folder: string; readonly digest: string } | Failure => {
  if (!allowed) return failure('plugin_local', `${name} is a file, which needs --allow-local-plugins`, 'llm-proxy-auth start --allow-local-plugins');
  const path = resolve(folder, name);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return failure('plugin_missing', `the file ${name} does not exist beside the configuration`);
  const entry = realpathSync(path);
  if (!isInside(entry, realpathSync(folder))) return failure('plugin_local', `${name} is linked to a file outside the configuration's folder`);
  if ((found.mode & 0o022) !== 0) return failure('plugin_local', `${name} is writable by group or others`, `chmod go-w ${name}`);
  return { ok: true, entry, folder: dirname(entry), digest: createHash('sha256').update(readFileSync(entry)).digest('hex').slice(0, 16) };
};
