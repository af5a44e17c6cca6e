import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, openReplicas, type Replica, type Replicas, WITHOUT_SERVICES } from './support/replicas.ts';

const POSTGRES = process.env.TEST_POSTGRES_URL;
const REDIS = process.env.TEST_REDIS_URL;
const isThere = POSTGRES !== undefined && REDIS !== undefined;
test.skipIf(isThere)(`limits of two processes are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());

const tally = (answers: readonly Answer[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { status, code } of answers) {
    const name = code === undefined ? String(status) : `${status} ${code}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe.runIf(isThere)('two gateway processes on one PostgreSQL and one Redis', () => {
  let all: Replicas;
  let replicas: readonly Replica[];
  beforeAll(async () => {
    all = await openReplicas(POSTGRES ?? '', {
      plugins: ['@llm-proxy-auth/counters-redis'],
      // A busy machine must not make them count alone.
      counters: { use: 'redis', url: REDIS, prefix: `test-${randomBytes(6).toString('hex')}:`, timeout: '20s' },
      main: { prices: { '*': { input: 0, output: 10 } } },
      policies: [
        { name: 'rate', match: { principal: 'key:rate' }, allow: { modes: ['protocol'] }, limits: [{ per: 'principal', requests: '10/min' }] },
        { name: 'places', match: { principal: 'key:places' }, allow: { modes: ['protocol'] }, limits: [{ per: 'principal', concurrent: 3 }] },
        // One answer of at most 100 tokens is reserved with 0.001 USD.
        {
          name: 'money',
          match: { principal: 'key:money' },
          allow: { modes: ['protocol'] },
          limits: [{ per: 'principal', budget: { usd: 0.0015, window: 'month' } }],
        },
      ],
    });
    replicas = await Promise.all([all.start(), all.start()]);
  });
  afterAll(() => all.close());
  const at = (n: number): Replica => {
    const replica = replicas[n % replicas.length];
    if (replica === undefined) throw new Error('no replica');
    return replica;
  };
  const newKey = async (name: string): Promise<string> => (await at(0).operate<{ key: string }>('keys.create', { name })).key;

  test('A037 a limit holds over both, over connections and over keys of one caller', async () => {
    const key = await newKey('rate');
    const { key: turned } = await at(1).operate<{ key: string }>('keys.rotate', { key: 'rate', grace: '1h' });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => at(n).chat(n % 3 === 0 ? turned : key)));
    expect(tally(answers)).toEqual({ '200': 10, '429 rate_limit_exceeded': 20 });
    for (const { status, headers } of answers) if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  /** So many calls of 50 at once get through while none of them is answered; the others are told at once. */
  const race = async (key: string, passes: number): Promise<Readonly<Record<string, number>>> => {
    const answer = Promise.withResolvers<void>();
    // What is left of another race would be answered at once.
    all.site.simulator.clear();
    all.site.simulator.script({ holdHead: answer.promise, times: 50 });
    let refused = 0;
    const calls = Array.from({ length: 50 }, async (_, n) => {
      const got = await at(n).chat(key, { max_tokens: 100 });
      if (got.status === 429) refused += 1;
      return got;
    });
    try {
      await expect.poll(() => refused, { timeout: 40_000, interval: 20 }).toBe(50 - passes);
    } finally {
      answer.resolve();
    }
    return tally(await Promise.all(calls));
  };

  test('A037 places of calls under way are counted over both', async () => {
    expect(await race(await newKey('places'), 3)).toEqual({ '200': 3, '429 too_many_concurrent_requests': 47 });
  });

  test('A131 budget race: of 50 at once on both, what was left pays for one', async () => {
    expect(await race(await newKey('money'), 1)).toEqual({ '200': 1, '429 budget_exceeded': 49 });
  });
});
