import { createRequire } from 'node:module';

interface Client {
  connect(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly { readonly text: string }[] }>;
  end(): Promise<void>;
}
const { Client } = createRequire(new URL('../../plugins/store-postgres/package.json', import.meta.url))('pg') as {
  Client: new (options: { connectionString: string }) => Client;
};

/** Every row of every table of a schema as text. */
export const rowsOf = async (url: string, schema: string): Promise<string> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query('select table_name as text from information_schema.tables where table_schema = $1', [schema]);
    const texts: string[] = [];
    for (const { text: table } of tables.rows)
      texts.push(...(await client.query(`select row_to_json(t)::text as text from "${schema}"."${table}" t`)).rows.map(({ text }) => text));
    return texts.join('\n');
  } finally {
    await client.end();
  }
};
