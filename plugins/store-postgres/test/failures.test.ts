import type { Store } from '@llm-proxy-auth/plugin';
import { afterAll, describe, expect, it } from 'vitest';
import { ownServer } from './server.ts';
import { configOf, dropSchemas, json, logger, newSchema, opened, refusal, SERVER, secret, session } from './support.ts';

afterAll(dropSchemas);
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
};
const answers = (store: Store) => async (): Promise<boolean> =>
  store.changed(0).then(
    () => true,
    () => false,
  );
const failed = async (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );

describe.skipIf(SERVER === undefined)('a server that is stopped and started again', () => {
  it('under load: every call answers or is overloaded, what was acknowledged is there, nothing is restarted (F32)', { timeout: 120_000 }, async () => {
    const server = await ownServer();
    const store = await opened({ url: secret(server.url), connections: 5 });
    const codes = new Set<string | undefined>();
    const acknowledged: string[] = [];
    const appended: number[] = [];
    let running = true;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; running; n++) {
        const key = `${writer}-${n}`;
        const done = store.commit([{ space: 's', key, expect: 0, value: json(n) }]).then((is) => void (is && acknowledged.push(key)));
        const logged = store.append('log', [json(n)]).then(() => void appended.push(n));
        for (const code of await Promise.all([failed(done), failed(logged), failed(store.get('s', key))])) codes.add(code);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const load = Promise.all([0, 1, 2, 3].map(write));
    await until(async () => acknowledged.length > 50);
    await server.stop();
    await until(async () => codes.has('overloaded'));
    await server.start();
    await until(answers(store));
    const before = acknowledged.length;
    await until(async () => acknowledged.length > before + 50);
    await server.crash();
    await server.start();
    await until(answers(store));
    const after = acknowledged.length;
    await until(async () => acknowledged.length > after + 50);
    running = false;
    await load;
    expect([...codes].toSorted()).toEqual(['overloaded', undefined]);
    const rows = await store.list('s', undefined, 1_000_000);
    const there = new Set(rows.map((row) => row.key));
    expect(acknowledged.filter((key) => !there.has(key))).toEqual([]);
    const log = await store.read('log', 0, 1_000_000);
    expect(log.length).toBeGreaterThanOrEqual(appended.length);
    expect(log.map((row) => row.sequence)).toEqual(log.map((_, i) => i + 1));
  });

  it('is away when the store is opened: overloaded, then ready without a restart (F31)', { timeout: 120_000 }, async () => {
    const server = await ownServer();
    await server.stop();
    const log = logger();
    const store = await opened({ url: secret(server.url) }, Date.now, log);
    expect(log.warnings).toHaveLength(1);
    const error = await refusal(store.get('s', 'a'));
    expect([error.code, error.retryAfterMs]).toEqual(['overloaded', 1000]);
    await server.start();
    expect(await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }])).toBe(true);
  });
});

describe.skipIf(SERVER === undefined)('a connection that the server ends', () => {
  it('costs a question nothing, and a change is not done twice', async () => {
    const schema = newSchema();
    const store = await opened({ schema, connections: 1 });
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json(1) }]);
    const admin = await session();
    const holder = await session();
    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE "${schema}".entries IN ACCESS EXCLUSIVE MODE`);
    const asked = store.get('s', 'a');
    const mine = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1";
    await until(async () => (await admin.query(`SELECT pg_terminate_backend(pid) ${mine}`, [`%"${schema}".%`])).rows.length > 0);
    await holder.query('COMMIT');
    expect(await asked).toEqual({ value: json(1), version: 1 });

    await holder.query('BEGIN');
    await holder.query(`LOCK TABLE "${schema}".entries IN ACCESS EXCLUSIVE MODE`);
    const changed = failed(store.append('log', [json(1)]).then(() => store.commit([{ space: 's', key: 'b', expect: 0, value: json(1) }])));
    await until(async () => (await admin.query(`SELECT pg_terminate_backend(pid) ${mine}`, [`%"${schema}".%`])).rows.length > 0);
    await holder.query('COMMIT');
    expect(await changed).toBe('overloaded');
    expect(await store.get('s', 'b')).toBeUndefined();
    expect(await store.read('log', 0, 10)).toHaveLength(1);
  });
});

describe.skipIf(SERVER === undefined)('what cannot get better by waiting', () => {
  const at = (part: Partial<Pick<URL, 'password' | 'pathname' | 'search'>>): string => Object.assign(new URL(SERVER ?? ''), part).href;
  const refused = async (url: string) => {
    const error = await refusal(opened({ url: secret(url) }));
    expect(error.message).not.toContain('wrong');
    return [error.code, error.param];
  };
  it('stops the start with a code, and says no secret', async () => {
    expect(await refused(at({ password: 'wrong-password' }))).toEqual(['internal_error', 'store.url']);
    expect(await refused(at({ pathname: '/wrong' }))).toEqual(['internal_error', 'store.url']);
    expect(await refused(at({ search: '?sslmode=wrong' }))).toEqual(['internal_error', 'store.url']);
    expect(await refused('mysql://wrong:wrong@localhost/wrong')).toEqual(['internal_error', 'store.url']);
    expect(await refused('postgres://wrong@/wrong')).toEqual(['internal_error', 'store.url']);
    expect(await refused('wrong')).toEqual(['internal_error', 'store.url']);
    expect(await refused('postgres://u:%zzwrong@localhost/d')).toEqual(['internal_error', 'store.url']);
  });
});

describe.skipIf(SERVER === undefined)('secrets', () => {
  it('a password may stand beside the URL, and what changes is used from then on', async () => {
    const url = new URL(SERVER ?? '');
    const password = secret(decodeURIComponent(url.password));
    url.password = '';
    const config = configOf({ url: secret(url.href), password });
    const store = await opened(config);
    await store.commit([{ space: 's', key: 'a', expect: 0, value: json('here') }]);
    const address = secret(SERVER ?? '');
    const turning = await opened({ ...config, url: address });
    expect((await turning.get('s', 'a'))?.value).toEqual(json('here'));
    address.turn('postgres://gateway:gone@127.0.0.1:1/postgres');
    expect((await refusal(turning.get('s', 'a'))).code).toBe('overloaded');
    address.turn(SERVER ?? '');
    expect((await turning.get('s', 'a'))?.value).toEqual(json('here'));
  });
});

describe.skipIf(SERVER === undefined)('TLS', () => {
  it('is verified with the name, verified alone, or off, and never given up silently', { timeout: 120_000 }, async () => {
    const server = await ownServer('tls');
    const ca = secret(server.ca);
    const named = secret(server.url.replace('127.0.0.1', 'localhost'));
    const other = secret(server.url);
    const open = async (given: Parameters<typeof opened>[0]): Promise<string> => {
      try {
        await (await opened(given)).close?.();
        return 'open';
      } catch (error) {
        const { code, param } = error as { code: string; param?: string };
        return `${code} ${param}`;
      }
    };
    expect(await open({ url: named, tls: { ca } })).toBe('open');
    expect(await open({ url: other, tls: { ca, mode: 'verify-ca' } })).toBe('open');
    // The certificate names localhost alone.
    expect(await open({ url: other, tls: { ca, mode: 'verify-full' } })).toBe('internal_error store.tls');
    expect(await open({ url: other, tls: { ca } })).toBe('internal_error store.tls');
    expect(await open({ url: named, tls: { mode: 'verify-full' } })).toBe('internal_error store.tls');
    expect(await open({ url: named, tls: { mode: 'verify-ca' } })).toBe('internal_error store.tls');
    // This server takes nobody without TLS.
    expect(await open({ url: named })).toBe('internal_error store.url');
    expect(await open({ url: named, tls: { mode: 'off', ca } })).toBe('internal_error store.tls');
    expect(await open({ url: named, tls: { ca, cert: ca } })).toBe('internal_error store.tls');
    expect(await open({ url: secret(SERVER ?? ''), tls: { mode: 'verify-full' } })).toBe('internal_error store.tls');
  });
});
