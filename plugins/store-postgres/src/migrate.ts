import { GatewayError } from '@llm-proxy-auth/plugin';
import { MIGRATIONS, type Migration } from './migrations/index.ts';

/** What migrations need of one connection. */
export interface Session {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}
/** `LPA1`: the advisory lock that all gateways of one database take before they change a schema. */
const LOCK = 0x4c504131;

const refuse = (says: string): GatewayError => new GatewayError('internal_error', says, { param: 'store.schema' });
/** What stands in a schema. Read from the catalog: `to_regclass` answers from a cache that does not hear of what another process just made. */
const relationsOf = async (session: Session, name: string): Promise<readonly unknown[]> => {
  const { rows } = await session.query('SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1', [
    name,
  ]);
  return rows.map((row) => row.name);
};
/** Undefined: the schema does not stand yet. */
const versionOf = async (session: Session, name: string): Promise<number | undefined> => {
  if (!(await relationsOf(session, name)).includes('migrations')) return undefined;
  return Number((await session.query(`SELECT coalesce(max(version), 0) AS version FROM "${name}".migrations`)).rows[0]?.version);
};
const prepare = async (session: Session, name: string): Promise<void> => {
  const [encoding] = (await session.query("SELECT current_setting('server_encoding') AS name")).rows;
  if (encoding?.name !== 'UTF8') throw refuse('The database of the store is not encoded in UTF8; make one with ENCODING UTF8.');
  if ((await relationsOf(session, name)).length > 0) throw refuse(`The schema ${name} of the store holds tables of another program; name another schema.`);
  // One that somebody else has made for the user is taken: IF NOT EXISTS would ask for the right to make it.
  const [made] = (await session.query('SELECT 1 AS is FROM pg_namespace WHERE nspname = $1', [name])).rows;
  if (made === undefined) await session.query(`CREATE SCHEMA "${name}"`);
  await session.query(`CREATE TABLE "${name}".migrations (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`);
};

/**
 * Brings the schema up to date in one transaction under an advisory lock; of several processes one does it and the others find it
 * done. A schema that is up to date is only read: the user then needs no right to make tables. `name` is a plain identifier.
 */
export const migrate = async (session: Session, name: string, migrations: readonly Migration[] = MIGRATIONS): Promise<void> => {
  const assertKnown = (version: number | undefined): void => {
    if ((version ?? 0) > migrations.length) throw refuse(`The schema ${name} of the store was written by a newer release; run that release.`);
  };
  const before = await versionOf(session, name);
  assertKnown(before);
  if (before === migrations.length) return;
  await session.query('BEGIN');
  try {
    await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    const version = await versionOf(session, name);
    assertKnown(version);
    if (version === undefined) await prepare(session, name);
    for (const [index, step] of migrations.entries()) {
      if (index < (version ?? 0)) continue;
      await session.query(step(`"${name}"`));
      await session.query(`INSERT INTO "${name}".migrations (version) VALUES ($1)`, [index + 1]);
    }
    await session.query('COMMIT');
  } catch (error) {
    // A connection that broke has undone the transaction already.
    await session.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};
