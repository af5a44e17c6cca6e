import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type Change, GatewayError, type JsonText, type Stored } from '@llm-proxy-auth/plugin';

/** How long a deletion can be reported by `changed`, ms. */
export const DELETIONS_KEPT = 7 * 24 * 3_600_000;

type Row = Record<string, SQLOutputValue>;
const unexpected = (column: string): GatewayError => new GatewayError('internal_error', `The store has a row whose ${column} is of another type.`);
const text = (row: Row, column: string): string => {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column);
  return value;
};
const integer = (row: Row | undefined, column: string): number => {
  const value = row?.[column];
  if (typeof value !== 'number') throw unexpected(column);
  return value;
};
const stored = (row: Row): Stored => ({ value: { json: text(row, 'value') }, version: integer(row, 'version') });

/** SQLite's text functions end at a NUL, and half a surrogate pair would become another key. */
const assertText = (...names: readonly string[]): void => {
  if (names.some((name) => name.includes('\0') || !name.isWellFormed()))
    throw new GatewayError('invalid_request', 'Spaces, keys and logs of the store are Unicode text without NUL.');
};

const prepare = (db: DatabaseSync) => ({
  get: db.prepare('SELECT value, version FROM entries WHERE space = ? AND key = ? AND value IS NOT NULL'),
  first: db.prepare('SELECT key, value, version FROM entries WHERE space = ? AND value IS NOT NULL ORDER BY key LIMIT ?'),
  next: db.prepare('SELECT key, value, version FROM entries WHERE space = ? AND key > ? AND value IS NOT NULL ORDER BY key LIMIT ?'),
  current: db.prepare('SELECT version, value IS NOT NULL AS live FROM entries WHERE space = ? AND key = ?'),
  write: db.prepare(
    'INSERT INTO entries (space, key, value, version, epoch, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, version = excluded.version, epoch = excluded.epoch, at = excluded.at',
  ),
  forget: db.prepare('DELETE FROM entries WHERE value IS NULL AND at < ?'),
  count: db.prepare('INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value'),
  epoch: db.prepare("SELECT value FROM counters WHERE name = 'epoch'"),
  changed: db.prepare('SELECT space, key FROM entries WHERE epoch > ? ORDER BY epoch'),
  append: db.prepare('INSERT INTO log_rows (log, sequence, row) VALUES (?, ?, ?)'),
  read: db.prepare('SELECT sequence, row FROM log_rows WHERE log = ? AND sequence > ? ORDER BY sequence LIMIT ?'),
});
type Prepared = Readonly<Record<keyof ReturnType<typeof prepare>, StatementSync>>;

/** False = nothing was written. */
const writeAll = (sql: Prepared, changes: readonly Change[], now: number): boolean => {
  const epoch = integer(sql.count.get('epoch', 1), 'value');
  for (const { space, key, expect, value } of changes) {
    assertText(space, key);
    const row = sql.current.get(space, key);
    const version = row === undefined ? 0 : integer(row, 'version');
    if ((row?.live === 1 ? version : 0) !== expect) return false;
    if (value === undefined && expect === 0) continue;
    sql.write.run(space, key, value?.json ?? null, version + 1, epoch, now);
  }
  if (changes.some((change) => change.value === undefined)) sql.forget.run(now - DELETIONS_KEPT);
  return true;
};

/** The store's calls on an open database, synchronous; each either happens whole or throws the driver's error. `written` hears of every commit, and how many characters it wrote. */
export const statements = (db: DatabaseSync, written: (size: number) => void) => {
  const sql = prepare(db);
  const transaction = (size: number, work: () => boolean): boolean => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const done = work();
      db.exec(done ? 'COMMIT' : 'ROLLBACK');
      if (done) written(size);
      return done;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    get: (space: string, key: string): Stored | undefined => {
      const row = sql.get.get(space, key);
      return row === undefined ? undefined : stored(row);
    },
    list: (space: string, after: string | undefined, limit: number) => {
      const rows = after === undefined ? sql.first.all(space, Math.max(0, limit)) : sql.next.all(space, after, Math.max(0, limit));
      return rows.map((row) => ({ key: text(row, 'key'), ...stored(row) }));
    },
    commit: (changes: readonly Change[], now: number): boolean =>
      changes.length === 0 ||
      transaction(
        changes.reduce((sum, { value }) => sum + (value?.json.length ?? 0), 0),
        () => writeAll(sql, changes, now),
      ),
    append: (log: string, rows: readonly JsonText[]): boolean =>
      rows.length === 0 ||
      transaction(
        rows.reduce((sum, row) => sum + row.json.length, 0),
        () => {
          assertText(log);
          const last = integer(sql.count.get(`log ${log}`, rows.length), 'value');
          rows.forEach((row, index) => {
            sql.append.run(log, last - rows.length + 1 + index, row.json);
          });
          return true;
        },
      ),
    read: (log: string, after: number, limit: number) =>
      sql.read.all(log, after, Math.max(0, limit)).map((row) => ({ sequence: integer(row, 'sequence'), row: { json: text(row, 'row') } })),
    changed: (since: number) => {
      // The epoch first: a commit between the two statements is then reported twice, never left out.
      const epoch = integer(sql.epoch.get(), 'value');
      return { epoch, keys: sql.changed.all(since).map((row) => `${text(row, 'space')}/${text(row, 'key')}`) };
    },
    close: () => {
      db.close();
    },
  };
};
