import { randomBytes } from 'node:crypto';
import { Agent, request as requestHttp1 } from 'node:http';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKey } from '../plugins/auth-api-key/src/key.ts';
import { type Bench, OPERATOR, openBench } from './support/gateway.ts';
import { countTurns, cpuOfTurns } from './support/turns.ts';

const KEYS = 10_000;
const IMPORTED = 64;
/** Of a secret that nobody has; to find out takes as long as for any other. */
const BCRYPT = '$2a$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
const QUIET_MS = 5_000;
/** How long it lasts; times are compared again, more shortly, when they did not hold: the machine may have had other work for a while. */
const ROUNDS_MS = [20_000, 5_000, 5_000] as const;
const WRONG_A_SECOND = 200;
const GOOD_A_SECOND = 50;
const turns = countTurns();
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });
let bench: Bench;
/** What is looked for is counted by the minute: each round has one of its own. */
let ahead = 0;
beforeAll(async () => {
  bench = await openBench({ now: () => Date.now() + ahead, sections: { server: { port: 0, trustedProxies: ['127.0.0.0/8'] } } });
  const imported = Array.from({ length: IMPORTED }, (_, n) => ({ name: `imported${n}`, hash: BCRYPT }));
  await bench.operation('keys.import', { file: JSON.stringify(imported) });
  // Past the bench, which looks for every key it makes in everything that was written.
  const create = bench.gateway.graph.admin.find(({ operation }) => operation.name === 'keys.create');
  for (let n = IMPORTED + 1; n < KEYS; n++) await create?.operation.run({ name: `other${n}` }, OPERATOR, create.host);
  expect(await create?.host.store.list('keys', undefined, 2 * KEYS)).toHaveLength(KEYS);
}, 120_000);
afterAll(async () => {
  agent.destroy();
  // What is being looked for is looked for to its end.
  await bench.close();
}, 180_000);

interface Got {
  readonly status: number;
  readonly retryAfter: number;
  /** Time in which this process, which is client and gateway, got turns. */
  readonly took: number;
}
const call = (key: string, address: string): Promise<Got> =>
  new Promise((resolve, reject) => {
    const from = performance.now();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-forwarded-for': address };
    const sent = requestHttp1(`${bench.url}/openai/main/v1/chat/completions`, { method: 'POST', agent, headers }, (reply) => {
      reply.resume().on('error', reject);
      reply.on('end', () => {
        const rest = { status: reply.statusCode ?? 0, retryAfter: Number(reply.headers['retry-after']) };
        resolve(turns.between(from, performance.now()).then((took) => ({ ...rest, took })));
      });
    });
    sent.on('error', reject).end('{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}');
  });
/** So many a second for so long, whatever becomes of them. */
const offered = async (rate: number, lasts: number, make: (n: number) => unknown): Promise<void> => {
  const from = performance.now();
  let made = 0;
  for (let passed = 0; passed < lasts; passed = performance.now() - from) {
    while (made < (rate * passed) / 1_000) make(made++);
    await later(5);
  }
};
const good = async (lasts: number): Promise<readonly Got[]> => {
  const all: Promise<Got>[] = [];
  await offered(GOOD_A_SECOND, lasts, () => all.push(call(bench.key, '192.0.2.7')));
  return Promise.all(all);
};
const p99 = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
const FORMS = [() => newKey().key, () => `bdrk_${randomBytes(32).toString('hex')}`] as const;

/** Times apart, all must hold whatever the machine does. */
const round = async (lasts: number): Promise<boolean> => {
  ahead += 60_000;
  const workAlone = cpuOfTurns();
  const quiet = p99((await good(QUIET_MS)).map(({ took }) => took));
  const idle = p99(workAlone());
  const [ours, imported]: [Got[], Got[]] = [[], []];
  let sent = 0;
  const guess = async (n: number): Promise<void> => {
    sent++;
    const got = await call(FORMS[n % 2 === 0 ? 0 : 1](), n % 4 < 2 ? '192.0.2.66' : `198.18.${n % 250}.${(n >> 4) % 250}`).catch(() => undefined);
    if (got !== undefined) (n % 2 === 0 ? ours : imported).push(got);
  };
  const work = cpuOfTurns();
  const [beside] = await Promise.all([good(lasts), offered(WRONG_A_SECOND, lasts, guess)]);
  const busy = p99(work());
  // The few that are looked for last are not waited for.
  await expect.poll(() => ours.length + imported.length, { timeout: 60_000 }).toBeGreaterThan(0.98 * sent);
  const took = p99(beside.map((got) => got.took));
  console.log(
    `A013: good p99 ${quiet.toFixed(0)} ms alone, ${took.toFixed(0)} ms beside ${sent} wrong; ` +
      `turns p99 ${idle.toFixed(1)} ms of work alone, ${busy.toFixed(1)} ms beside`,
  );
  expect(beside.filter(({ status }) => status !== 200)).toEqual([]);
  expect(ours.filter(({ status }) => status !== 401)).toEqual([]);
  // Of the imported form only so many are looked for; of the others nobody can say whether they are good, which is 503 and no 401.
  expect(imported.filter(({ status, retryAfter }) => status !== 401 && !(status === 503 && retryAfter >= 1 && retryAfter <= 60))).toEqual([]);
  return took < Math.max(100, 2 * quiet) && busy < Math.max(50, 2 * idle);
};

test('A013 verify cost: 200 wrong keys a second of each form, from one address and from everywhere, beside good ones among 10,000', async () => {
  let held = false;
  for (const lasts of ROUNDS_MS) held ||= await round(lasts);
  expect(held).toBe(true);
}, 300_000);
