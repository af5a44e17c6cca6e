import { afterAll, describe, expect, it } from 'vitest';
import { dropSchemas, json, newSchema, opened, refusal, SERVER, session } from './support.ts';

afterAll(dropSchemas);

/** A commit whose transaction stays open until `end`. */
const openCommit = async (schema: string, key: string) => {
  const client = await session();
  await client.query('BEGIN');
  await client.query(`SELECT "${schema}".commit_changes(ARRAY['s'], ARRAY[$1], ARRAY[0::bigint], ARRAY['1'], 0, 0)`, [key]);
  return { end: () => client.query('COMMIT') };
};
/** Resolves once another connection waits for a lock in the schema. */
const somebodyWaits = async (schema: string): Promise<void> => {
  const client = await session();
  for (;;) {
    const { rows } = await client.query('SELECT 1 FROM pg_stat_activity WHERE wait_event_type = $1 AND query LIKE $2', ['Lock', `%"${schema}".%`]);
    if (rows.length > 0) return;
  }
};

describe.skipIf(SERVER === undefined)('what two gateways commit', () => {
  it('is never passed over by who asks what has changed, however late it becomes visible', async () => {
    const schema = newSchema();
    const here = await opened({ schema });
    const there = await opened({ schema });
    const { epoch: start } = await there.changed(0);
    const early = await openCommit(schema, 'early');
    const late = here.commit([{ space: 's', key: 'late', expect: 0, value: json(1) }]);
    await somebodyWaits(schema);
    const meanwhile = await there.changed(start);
    expect(meanwhile).toEqual({ epoch: start, keys: [] });
    await early.end();
    expect(await late).toBe(true);
    expect((await there.changed(meanwhile.epoch)).keys).toEqual(['s/early', 's/late']);
  });

  it('is all seen by one who asks again and again while they write', async () => {
    const schema = newSchema();
    const stores = await Promise.all([opened({ schema }), opened({ schema })]);
    const watcher = await opened({ schema });
    const seen: string[] = [];
    let since = 0;
    const look = async (): Promise<void> => {
      const { epoch, keys } = await watcher.changed(since);
      seen.push(...keys);
      since = epoch;
    };
    let writing = true;
    const watched = (async () => {
      while (writing) await look();
      await look();
    })();
    const write = (n: number): Promise<boolean> => (stores[n % 2] ?? watcher).commit([{ space: 's', key: String(n), expect: 0, value: json(n) }]);
    expect(await Promise.all(Array.from({ length: 200 }, (_, n) => write(n)))).not.toContain(false);
    writing = false;
    await watched;
    expect(seen.toSorted()).toEqual(Array.from({ length: 200 }, (_, n) => `s/${n}`).toSorted());
    expect(since).toBe(200);
  });

  it('happens once of twenty tries on both, also on a row that is not there yet', async () => {
    const schema = newSchema();
    const stores = await Promise.all([opened({ schema }), opened({ schema })]);
    const race = async (expected: number): Promise<number> => {
      const tries = Array.from({ length: 20 }, (_, n) => stores[n % 2]?.commit([{ space: 's', key: 'k', expect: expected, value: json(n) }]));
      return (await Promise.all(tries)).filter(Boolean).length;
    };
    expect(await race(0)).toBe(1);
    expect(await race(1)).toBe(1);
  });

  it('ends in no deadlock, whatever the order of the rows', async () => {
    const schema = newSchema();
    const stores = await Promise.all([opened({ schema }), opened({ schema })]);
    const keys = Array.from({ length: 10 }, (_, n) => `k${n}`);
    const commitAll = async (n: number): Promise<void> => {
      const store = stores[n % 2];
      if (store === undefined) return;
      const order = n % 2 === 0 ? keys : keys.toReversed();
      for (let done = false; !done; ) {
        const rows = await Promise.all(order.map((key) => store.get('s', key)));
        done = await store.commit(order.map((key, i) => ({ space: 's', key, expect: rows[i]?.version ?? 0, value: json(n) })));
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => commitAll(n)));
    expect((await stores[0].list('s', undefined, 100)).map((row) => row.version)).toEqual(keys.map(() => 8));
  });

  it('is logged without gaps and in the order in which it can be seen', async () => {
    const schema = newSchema();
    const stores = await Promise.all([opened({ schema }), opened({ schema })]);
    const reader = await opened({ schema });
    let reading = true;
    const seen: number[] = [];
    const look = async (): Promise<void> => {
      seen.push(...(await reader.read('audit', seen.at(-1) ?? 0, 1000)).map((row) => row.sequence));
    };
    const read = (async () => {
      while (reading) await look();
      await look();
    })();
    await Promise.all(Array.from({ length: 100 }, (_, n) => stores[n % 2]?.append('audit', [json(n), json(n)])));
    reading = false;
    await read;
    expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  });
});

describe.skipIf(SERVER === undefined)('a lock that is not given back', () => {
  it('fails the commit in time with overloaded, and reading goes on', async () => {
    const schema = newSchema();
    const store = await opened({ schema, timeouts: { connect: 1000, query: 300, idle: 60_000 } });
    const open = await openCommit(schema, 'held');
    const error = await refusal(store.commit([{ space: 's', key: 'k', expect: 0, value: json(1) }]));
    expect([error.code, error.retryAfterMs]).toEqual(['overloaded', 1000]);
    expect(await store.get('s', 'k')).toBeUndefined();
    await open.end();
    expect(await store.commit([{ space: 's', key: 'k', expect: 0, value: json(1) }])).toBe(true);
  });
});
