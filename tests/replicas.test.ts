import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReplicas, type Replica, type Replicas, WITHOUT_SERVICES } from './support/replicas.ts';

const POSTGRES = process.env.TEST_POSTGRES_URL;
test.skipIf(POSTGRES !== undefined)(`cases with two processes are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

/** What a revocation may take to be seen by the others, ms. */
const EVERYWHERE = 5000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.runIf(POSTGRES !== undefined)('two gateway processes on one PostgreSQL', () => {
  let all: Replicas;
  let here: Replica;
  let there: Replica;
  beforeAll(async () => {
    all = await openReplicas(POSTGRES ?? '');
    // At once, so that both make the schema.
    [here, there] = await Promise.all([all.start(), all.start()]);
  });
  afterAll(() => all.close());

  test('A023 revocation: at once on the replica that did it, within 5 s on the other', async () => {
    const { key } = await here.operate<{ key: string }>('keys.create', { name: 'ci' });
    expect([(await here.chat(key)).status, (await there.chat(key)).status]).toEqual([200, 200]);
    await here.operate('keys.revoke', { key: 'ci' });
    const revoked = performance.now();
    expect(await here.chat(key)).toMatchObject({ status: 401, code: 'invalid_credentials' });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 401 && performance.now() - revoked < EVERYWHERE) {
      statuses.push((await there.chat(key)).status);
      await pause(200);
    }
    expect(statuses.at(-1)).toBe(401);
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set(statuses.length > 1 ? [200] : []));
    expect((await there.chat(key)).status).toBe(401);
  });

  test('a key that one has made lets callers in at the other at once, and rotation is seen', async () => {
    const { key } = await here.operate<{ key: string }>('keys.create', { name: 'turning' });
    expect((await there.chat(key)).status).toBe(200);
    const { key: turned } = await there.operate<{ key: string }>('keys.rotate', { key: 'turning', grace: '1s' });
    expect((await here.chat(turned)).status).toBe(200);
    await expect.poll(async () => (await here.chat(key)).status, { timeout: EVERYWHERE + 1000, interval: 200 }).toBe(401);
    await expect.poll(async () => (await there.chat(key)).status, { timeout: EVERYWHERE, interval: 200 }).toBe(401);
    expect((await there.chat(turned)).status).toBe(200);
  });

  test('a name is given out once, whichever of them is asked', async () => {
    const make = (at: Replica): Promise<unknown> => at.operate('keys.create', { name: 'one' }).catch(() => undefined);
    const made = await Promise.all(Array.from({ length: 10 }, (_, n) => make(n % 2 === 0 ? here : there)));
    expect(made.filter((one) => one !== undefined)).toHaveLength(1);
  });

  test('one that is killed takes nothing along', async () => {
    const { key } = await here.operate<{ key: string }>('keys.create', { name: 'left' });
    here.kill('SIGKILL');
    await here.ended;
    expect((await there.chat(key)).status).toBe(200);
    const again = await all.start();
    expect((await again.chat(key)).status).toBe(200);
  });
});
