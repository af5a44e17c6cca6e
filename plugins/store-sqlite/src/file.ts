import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError, type Logger } from '@llm-proxy-auth/plugin';

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const refuse = (path: string, cause: unknown): GatewayError => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  return new GatewayError(
    'internal_error',
    `The store ${path} cannot be made or written (${code}); give the gateway write access to its folder or name another path.`,
    {
      param: 'store.path',
      cause,
    },
  );
};

/**
 * Makes the folder (0700) and the file (0600) where they are missing and closes an existing file to others. A write-ahead log
 * beside an empty file means that the file was cut off: SQLite would throw the log away, so that is refused.
 */
export const prepareFile = (path: string, log: Logger): void => {
  if (sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0)
    throw new GatewayError('internal_error', `The store ${path} is empty but has a write-ahead log; restore it from a backup.`, { param: 'store.path' });
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its log and index files the mode of the database file.
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw refuse(path, error);
  }
  if ((statSync(path).mode & 0o077) === 0) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    log.warn({ path }, 'the store file can be read by others and its mode cannot be changed');
  }
};
