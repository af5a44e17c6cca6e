import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newKey } from '../plugins/auth-api-key/src/key.ts';
import { KEY } from './support/file-gateway.ts';
import { openReplicas, type Replica, WITHOUT_SERVICES } from './support/replicas.ts';
import { type OwnService, ownService } from './support/services.ts';

const isThere = process.env.TEST_POSTGRES_URL !== undefined;
test.skipIf(isThere)(`cases with a server that fails are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

/** Well formed, and nobody has made it; another each time, for what was refused is remembered. */
const unknown = (): string => newKey().key;
const WAIT = { timeout: 30_000, interval: 100 };

describe.runIf(isThere)('a PostgreSQL server that goes away', () => {
  let server: OwnService;
  beforeAll(async () => {
    server = await ownService('postgres');
  });
  afterAll(() => server.remove());

  test('F31 is away at the start: not ready, no 401 for a valid key, ready without a restart', { timeout: 120_000 }, async () => {
    const all = await openReplicas(server.url);
    try {
      const first = await all.start();
      const { key } = await first.operate<{ key: string }>('keys.create', { name: 'ci' });
      await server.stop();
      const late = await all.start();
      expect(await late.ready()).toBe(503);
      expect(await late.chat(key)).toMatchObject({ status: 503, code: 'auth_unavailable' });
      // Keys of the configuration are known without it.
      expect((await late.chat(KEY)).status).toBe(200);
      expect((await fetch(`${late.ops}/health`)).status).toBe(200);
      await server.start();
      await expect.poll(() => late.ready(), WAIT).toBe(200);
      await expect.poll(async () => (await late.chat(key)).status, WAIT).toBe(200);
      expect((await late.chat(unknown())).status).toBe(401);
    } finally {
      await all.close();
    }
  });

  test('F32 is lost under load: known keys 200, others 503, never 401 for a valid one, nothing restarted', { timeout: 180_000 }, async () => {
    const all = await openReplicas(server.url);
    try {
      const replicas = await Promise.all([all.start(), all.start()]);
      const [here, there] = replicas;
      const { key } = await here.operate<{ key: string }>('keys.create', { name: 'known' });
      expect((await there.chat(key)).status).toBe(200);
      const seen: number[] = [];
      let running = true;
      const load = async (at: Replica): Promise<void> => {
        while (running) {
          const status = await at.chat(key).then(
            (answer) => answer.status,
            () => 0,
          );
          seen.push(status);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const loads = Promise.all(replicas.flatMap((at) => [load(at), load(at)]));
      await server.stop();
      await Promise.all(
        replicas.map(async (at) => {
          // A key that might be valid is not called wrong while nobody can look.
          await expect.poll(async () => (await at.chat(unknown())).code, WAIT).toBe('auth_unavailable');
          await expect(at.operate('keys.create', { name: 'while-away' })).rejects.toThrow(/503/);
        }),
      );
      await server.start();
      for (const at of replicas) await expect.poll(async () => (await at.chat(unknown())).status, WAIT).toBe(401);
      const { key: later } = await there.operate<{ key: string }>('keys.create', { name: 'later' });
      expect((await here.chat(later)).status).toBe(200);
      running = false;
      await loads;
      expect([...new Set(seen)]).toEqual([200]);
      // Records were kept until it was back: each call that was answered is in the usage once, and the chains of both are whole.
      const used = async (): Promise<number> => {
        const { total } = await here.operate<{ total: { requests: number } }>('usage.list', { principal: 'key:known' });
        return total.requests;
      };
      // The one more is the call before the load.
      await expect.poll(used, WAIT).toBe(seen.length + 1);
      const verdict = await there.operate<{ writers: number; records: number }>('audit.verify', {});
      expect(verdict).toMatchObject({ ok: true, writers: 2, problems: [] });
      expect(verdict.records).toBeGreaterThanOrEqual(seen.length);
    } finally {
      await all.close();
    }
  });
});
