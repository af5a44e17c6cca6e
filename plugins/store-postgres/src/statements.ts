import { type Change, GatewayError, type JsonText, type Stored } from '@llm-proxy-auth/plugin';
import type { Session } from './migrate.ts';

/** How long a deletion can be reported by `changed`, ms. */
export const DELETIONS_KEPT = 7 * 24 * 3_600_000;

type Row = Readonly<Record<string, unknown>>;
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

/** PostgreSQL has no NUL in its texts, and half a surrogate pair would become another key. A B-tree holds keys of at most 2,704 bytes. */
const LONGEST = 2600;
const isText = (name: string): boolean => !name.includes('\0') && name.isWellFormed();
const assertNames = (...names: readonly string[]): void => {
  if (!names.every(isText) || Buffer.byteLength(names.join('')) > LONGEST)
    throw new GatewayError('invalid_request', `Spaces, keys and logs of the store are Unicode text without NUL, together at most ${LONGEST} bytes.`);
};
const assertJson = (value: JsonText | undefined): void => {
  if (value !== undefined && !isText(value.json)) throw new GatewayError('invalid_request', 'Values of the store are JSON text: Unicode without NUL.');
};

/** SQL of the store's calls over the tables of a schema; each is one statement, so that it happens whole or not at all. */
export const statements = (name: string) => {
  const schema = `"${name}"`;
  const live = `FROM ${schema}.entries WHERE space = $1 AND value IS NOT NULL`;
  return {
    async get(on: Session, space: string, key: string): Promise<Stored | undefined> {
      // Nothing is kept under such a name.
      if (!isText(space) || !isText(key)) return undefined;
      const [row] = (await on.query(`SELECT value, version ${live} AND key = $2`, [space, key])).rows;
      return row === undefined ? undefined : stored(row);
    },
    async list(on: Session, space: string, after: string | undefined, limit: number) {
      assertNames(space, after ?? '');
      const from = after === undefined ? '' : ' AND key > $3';
      const values = [space, Math.max(0, limit), ...(after === undefined ? [] : [after])];
      const { rows } = await on.query(`SELECT key, value, version ${live}${from} ORDER BY key LIMIT $2`, values);
      return rows.map((row) => ({ key: text(row, 'key'), ...stored(row) }));
    },
    async commit(on: Session, changes: readonly Change[], now: number): Promise<boolean> {
      if (changes.length === 0) return true;
      for (const { space, key, value } of changes) {
        assertNames(space, key);
        assertJson(value);
      }
      const columns = [
        changes.map((c) => c.space),
        changes.map((c) => c.key),
        changes.map((c) => c.expect),
        changes.map((c) => c.value?.json ?? null),
        Math.trunc(now),
        Math.trunc(now) - DELETIONS_KEPT,
      ];
      const { rows } = await on.query(`SELECT ${schema}.commit_changes($1, $2, $3, $4, $5, $6) AS done`, columns);
      return rows[0]?.done === true;
    },
    async append(on: Session, log: string, rows: readonly JsonText[]): Promise<void> {
      if (rows.length === 0) return;
      assertNames(log);
      for (const row of rows) assertJson(row);
      await on.query(`SELECT ${schema}.append_rows($1, $2)`, [log, rows.map((row) => row.json)]);
    },
    async read(on: Session, log: string, after: number, limit: number) {
      assertNames(log);
      const { rows } = await on.query(`SELECT sequence, row FROM ${schema}.log_rows WHERE log = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`, [
        log,
        after,
        Math.max(0, limit),
      ]);
      return rows.map((row) => ({ sequence: integer(row, 'sequence'), row: { json: text(row, 'row') } }));
    },
    async changed(on: Session, since: number) {
      // One statement has one view: the epoch and the rows up to it.
      const { rows } = await on.query(
        `SELECT c.value AS epoch, e.space, e.key FROM ${schema}.counters c LEFT JOIN ${schema}.entries e ON e.epoch > $1 WHERE c.name = 'epoch' ORDER BY e.epoch`,
        [since],
      );
      const keys = rows.flatMap((row) => (row.key === null ? [] : [`${text(row, 'space')}/${text(row, 'key')}`]));
      return { epoch: integer(rows[0], 'epoch'), keys };
    },
  };
};
