/**
 * `entries` keeps a deleted key as a row without value for a while, so that `changed` can report the deletion and a key
 * that comes back goes on counting versions. `counters` holds the epoch and the last sequence of each log.
 * Values have no bound: in a table WITHOUT ROWID each one over 1 kB would take a page of its own.
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
) STRICT;
CREATE INDEX entries_by_epoch ON entries (epoch);
CREATE INDEX entries_deleted ON entries (at) WHERE value IS NULL;
CREATE TABLE log_rows (
  log TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  row TEXT NOT NULL,
  PRIMARY KEY (log, sequence)
) STRICT;
CREATE TABLE counters (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('epoch', 0);
`;
