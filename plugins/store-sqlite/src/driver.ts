import type { DatabaseSync } from 'node:sqlite';

const load = (): typeof import('node:sqlite') => {
  const emitWarning = process.emitWarning;
  // Node 22 warns on the first load that SQLite is experimental; nothing else runs in between.
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
};

/**
 * Opens a database that never waits for a lock: SQLite's own waiting blocks the whole event loop for as long as another
 * process holds the lock, so a busy database is an error here and `patiently` tries again.
 */
export const connect = (path: string): DatabaseSync => new (load().DatabaseSync)(path, { timeout: 0 });
