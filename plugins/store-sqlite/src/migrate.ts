import type { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { MIGRATIONS } from './migrations/index.ts';

/** `LPA1`: marks the file as ours, so that a wrong path never changes another program's database. */
const APPLICATION = 0x4c504131;

const pragma = (db: DatabaseSync, name: 'application_id' | 'user_version'): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
const isEmpty = (db: DatabaseSync): boolean => db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;

const checkOrigin = (db: DatabaseSync, path: string, version: number, newest: number): void => {
  const foreign = pragma(db, 'application_id') !== APPLICATION && !(version === 0 && isEmpty(db));
  if (foreign) throw new GatewayError('internal_error', `The store ${path} is another program's database; name another path.`, { param: 'store.path' });
  if (version > newest)
    throw new GatewayError('internal_error', `The store ${path} was written by a newer release; run that release.`, { param: 'store.path' });
};

/** Brings the schema up to date in one transaction under the write lock; of several processes one does it and the others find it done. */
export const migrate = (db: DatabaseSync, path: string, migrations: readonly string[] = MIGRATIONS): void => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = pragma(db, 'user_version');
    checkOrigin(db, path, version, migrations.length);
    for (const step of migrations.slice(version)) db.exec(step);
    if (version < migrations.length) db.exec(`PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${migrations.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};
