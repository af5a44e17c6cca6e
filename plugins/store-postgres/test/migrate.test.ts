import type pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { migrate, type Session } from '../src/migrate.ts';
import { dropSchemas, newSchema, opened, refusal, SERVER, secret, session } from './support.ts';

afterAll(dropSchemas);
const tablesOf = async (client: pg.Client, schema: string): Promise<readonly string[]> =>
  (await client.query('SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', [schema])).rows.map((row) => row.tablename);
const a = (schema: string): string => `CREATE TABLE ${schema}.a (x int)`;
const b = (schema: string): string => `CREATE TABLE ${schema}.b AS SELECT * FROM ${schema}.a`;

describe.skipIf(SERVER === undefined)('migrations', () => {
  it('run each step once, in order, from where the schema stands', async () => {
    const schema = newSchema();
    const client = await session();
    await migrate(client as Session, schema, [a]);
    await migrate(client as Session, schema, [a, b]);
    await migrate(client as Session, schema, [a, b]);
    expect(await tablesOf(client, schema)).toEqual(['a', 'b', 'migrations']);
  });

  it('run once when many gateways start at once', async () => {
    const schema = newSchema();
    const clients = await Promise.all(Array.from({ length: 8 }, () => session()));
    await Promise.all(clients.map((client) => migrate(client as Session, schema, [a, b])));
    const stores = await Promise.all(Array.from({ length: 4 }, () => opened({ schema: newSchema() })));
    expect(stores).toHaveLength(4);
  });

  it('leave nothing of a step that failed', async () => {
    const schema = newSchema();
    const client = await session();
    await migrate(client as Session, schema, [a]);
    await expect(migrate(client as Session, schema, [a, b, () => 'SELECT nonsense'])).rejects.toThrow();
    expect(await tablesOf(client, schema)).toEqual(['a', 'migrations']);
    expect((await client.query(`SELECT version FROM "${schema}".migrations`)).rows).toEqual([{ version: 1 }]);
  });

  it('refuse a schema of a newer release, and leave it alone', async () => {
    const schema = newSchema();
    const client = await session();
    await migrate(client as Session, schema, [a, b, () => 'SELECT 1']);
    const error = await refusal(opened({ schema }));
    expect([error.code, error.param]).toEqual(['internal_error', 'store.schema']);
    expect(await tablesOf(client, schema)).toEqual(['a', 'b', 'migrations']);
  });

  it("refuse a schema with another program's tables", async () => {
    const schema = newSchema();
    const client = await session();
    await client.query(`CREATE SCHEMA "${schema}"; CREATE TABLE "${schema}".theirs (x int)`);
    expect((await refusal(opened({ schema }))).param).toBe('store.schema');
    expect(await tablesOf(client, schema)).toEqual(['theirs']);
  });

  it('need no right to make anything once the schema stands', async () => {
    const schema = newSchema();
    await opened({ schema });
    const client = await session();
    const user = `${schema}_user`;
    await client.query(`CREATE ROLE "${user}" LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA "${schema}" TO "${user}"`);
    try {
      const url = new URL(SERVER ?? '');
      url.username = user;
      url.password = 'secret';
      expect(await refusal(opened({ schema, url: secret(url.href) }))).toMatchObject({ code: 'internal_error', param: 'store.schema' });
      await client.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" TO "${user}"`);
      const store = await opened({ schema, url: secret(url.href) });
      expect(await store.commit([{ space: 's', key: 'k', expect: 0, value: { json: '1' } }])).toBe(true);
      await store.close?.();
    } finally {
      await client.query(`DROP OWNED BY "${user}"; DROP ROLE "${user}"`);
    }
  });
});
