/**
 * `entries` keeps a deleted key as a row without value for a while, so that `changed` can report the deletion and a key
 * that comes back goes on counting versions. `counters` holds the epoch and the last sequence of each log.
 */
export const initial = `
CREATE TABLE entries (
  space TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT,
  version INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_by_epoch ON entries (epoch);
CREATE INDEX entries_deleted ON entries (at) WHERE value IS NULL;
CREATE TABLE log_rows (
  log TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (log, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE counters (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('epoch', 0);
`;
