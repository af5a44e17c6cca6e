import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { GatewayError, type Logger } from '@llm-proxy-auth/plugin';
import { connect } from './driver.ts';
import { prepareFile } from './file.ts';
import { migrate } from './migrate.ts';

export const MEMORY = ':memory:';
/** Files up to this size are checked page by page when they are opened (about 0.1 s); damage in larger ones shows when the page is read. */
const CHECKED_WHOLE = 64 * 2 ** 20;

const checkPages = (db: DatabaseSync, path: string): void => {
  if (path === MEMORY || statSync(path).size > CHECKED_WHOLE) return;
  const found = db.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (found === 'ok') return;
  throw new GatewayError('internal_error', `The store ${path} is damaged; restore it from a backup, it is never made anew over an existing file.`, {
    param: 'store.path',
    cause: new Error(String(found)),
  });
};

/** Opens, checks and migrates the database once. Throws what the driver throws, also when another process holds the lock. */
export const open = (path: string, log: Logger): DatabaseSync => {
  if (path !== MEMORY) prepareFile(path, log);
  const db = connect(path);
  try {
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
    if (path !== MEMORY && mode !== 'wal')
      log.warn({ path, mode }, 'the file system of the store has no write-ahead log; readers and writers wait for each other');
    // NORMAL loses no committed row when the process dies; only a power cut can take the last ones.
    db.exec('PRAGMA synchronous = NORMAL');
    checkPages(db, path);
    migrate(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
