/**
 * `entries` keeps a deleted key as a row without value for a while, so that `changed` can report the deletion and a key that comes
 * back goes on counting versions. `counters` holds the epoch and the last sequence of each log.
 *
 * Whoever commits takes the row of the epoch first and keeps it until the transaction is visible. A later epoch is therefore never
 * seen before an earlier one, which a PostgreSQL sequence would not give: a reader of `changed` would pass over the number of a
 * transaction that is still open and never hear of it. It is also the only lock of a commit, so that none can end in a deadlock.
 * The same holds for the sequence of each log. One call is one statement: the lock lives for one round trip at the server.
 *
 * Keys are compared byte by byte (`COLLATE "C"`). `bigint` is read as a number: 2^53 commits are further away than any clock.
 */
export const initial = (schema: string): string => `
CREATE TABLE ${schema}.entries (
  space text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  value text,
  version bigint NOT NULL,
  epoch bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (space, key)
);
CREATE INDEX entries_by_epoch ON ${schema}.entries (epoch);
CREATE INDEX entries_deleted ON ${schema}.entries (at) WHERE value IS NULL;
CREATE TABLE ${schema}.log_rows (
  log text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  row text NOT NULL,
  PRIMARY KEY (log, sequence)
);
CREATE TABLE ${schema}.counters (
  name text COLLATE "C" PRIMARY KEY,
  value bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO ${schema}.counters (name, value) VALUES ('epoch', 0);

CREATE FUNCTION ${schema}.commit_changes(spaces text[], keys text[], expected bigint[], texts text[], moment bigint, forgotten bigint)
RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  reached bigint;
  was record;
BEGIN
  UPDATE ${schema}.counters SET value = value + 1 WHERE name = 'epoch' RETURNING value INTO STRICT reached;
  FOR i IN 1 .. array_length(keys, 1) LOOP
    SELECT e.version, e.value IS NOT NULL AS live INTO was FROM ${schema}.entries e WHERE e.space = spaces[i] AND e.key = keys[i];
    IF (CASE WHEN was.live THEN was.version ELSE 0 END) <> expected[i] THEN
      RAISE EXCEPTION USING ERRCODE = 'LPA01';
    END IF;
    CONTINUE WHEN texts[i] IS NULL AND expected[i] = 0;
    INSERT INTO ${schema}.entries AS e (space, key, value, version, epoch, at)
      VALUES (spaces[i], keys[i], texts[i], coalesce(was.version, 0) + 1, reached, moment)
      ON CONFLICT (space, key) DO UPDATE SET value = excluded.value, version = excluded.version, epoch = excluded.epoch, at = excluded.at;
  END LOOP;
  IF array_position(texts, NULL) IS NOT NULL THEN
    DELETE FROM ${schema}.entries e WHERE e.value IS NULL AND e.at < forgotten;
  END IF;
  RETURN true;
EXCEPTION WHEN SQLSTATE 'LPA01' THEN
  RETURN false;
END $$;

CREATE FUNCTION ${schema}.append_rows(name_of_log text, texts text[])
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  last bigint;
BEGIN
  INSERT INTO ${schema}.counters AS c (name, value) VALUES ('log ' || name_of_log, cardinality(texts))
    ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value RETURNING c.value INTO STRICT last;
  INSERT INTO ${schema}.log_rows (log, sequence, row)
    SELECT name_of_log, last - cardinality(texts) + t.place, t.text FROM unnest(texts) WITH ORDINALITY AS t (text, place);
END $$;
`;
