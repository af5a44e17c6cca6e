import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { completion } from './support/answers.ts';
import { KEY, openSite, type Served, type Site, serveSite } from './support/file-gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';
import { servicesOf } from './support/services.ts';

const MODEL = 'gpt-4o-mini';
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 };
const { redis } = servicesOf();
/** Room for a machine that does much else, ms. */
const ROOM = 240_000;

describe.runIf(redis !== undefined)('two gateways that share limits in Redis', () => {
  let site: Site;
  let gateways: Served[] = [];
  const start = async (limits: object): Promise<void> => {
    const settings = site.settings();
    site.write({
      ...settings,
      plugins: [...(settings.plugins as readonly string[]), '@llm-proxy-auth/counters-redis'],
      counters: { use: 'redis', url: redis?.url, prefix: `${randomUUID()}:`, timeout: '5s' },
      instances: { main: { ...(settings.instances as { main: object }).main, prices: { [MODEL]: { input: 1, output: 2 } } } },
      policies: [{ allow: {}, limits: [limits] }],
      retry: { attempts: 1 },
    });
    gateways = await Promise.all([serveSite(site), serveSite(site)]);
  };
  beforeAll(async () => {
    site = await openSite();
  });
  afterEach(async () => {
    for (const each of gateways) each.kill('SIGKILL');
    await Promise.all(gateways.map((each) => each.ended));
    site.simulator.clear();
  });
  afterAll(() => site.close());

  const body = (max_tokens: number): string => JSON.stringify({ model: MODEL, max_tokens, messages: [{ role: 'user', content: 'hi' }] });
  const at = (i: number, max = 10): Promise<Got> => {
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    return ask(gateways[i % 2]?.url ?? '', { path: `/${i % 4 < 2 ? 'openai' : 'transparent'}/main/v1/chat/completions`, headers, body: body(max) });
  };
  const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;

  test('A037 30 requests over both, on new connections: 10 pass', async () => {
    await start({ per: 'principal', requests: '10/h' });
    const got = await Promise.all(Array.from({ length: 30 }, (_, i) => at(i)));
    expect(got.map(answer).filter((a) => a === '200 ')).toHaveLength(10);
    const refused = got.filter((g) => g.status !== 200);
    expect(refused.map(answer)).toEqual(Array.from({ length: 20 }, () => '429 rate_limit_exceeded'));
    expect(refused.every((g) => Number(g.headers['retry-after']) > 0)).toBe(true);
  });
  test('A131 200 at once over both: what was reserved is never more than there is, and what is spent is exact', { timeout: ROOM }, async () => {
    await start({ per: 'principal', budget: { usd: 0.01, window: 'month' } });
    site.simulator.script({ body: completion({}, { usage: USAGE }), times: Number.POSITIVE_INFINITY });
    // Each reserves at least 0.0021 and spends 0.002: five pay, whatever comes at once.
    const got = await Promise.all(Array.from({ length: 200 }, (_, i) => at(i, 1_050)));
    const paid = got.map(answer).filter((a) => a === '200 ').length;
    expect(paid).toBeGreaterThanOrEqual(4);
    expect(site.simulator.requests).toHaveLength(paid);
    // An answer may be there before what it reserved beyond its use is given back.
    let more = 0;
    const inAll = async (): Promise<number> => {
      if (answer(await at(more, 900)) === '200 ') more++;
      return paid + more;
    };
    await expect.poll(inAll, { timeout: ROOM / 2 }).toBe(5);
    expect(answer(await at(more, 900))).toBe('429 budget_exceeded');
  });
  test('a gateway that is killed: what its calls had reserved stays charged', { timeout: ROOM }, async () => {
    await start({ per: 'principal', budget: { usd: 0.01, window: 'month' } });
    const before = site.simulator.requests.length;
    site.simulator.script({ holdHead: new Promise<never>(() => undefined) });
    const lost = at(0, 4_000).catch(() => undefined);
    await expect.poll(() => site.simulator.requests.length, { timeout: ROOM / 2 }).toBe(before + 1);
    gateways[0]?.kill('SIGKILL');
    await lost;
    expect(answer(await at(1, 1_200))).toBe('429 budget_exceeded');
    expect(answer(await at(1, 500))).toBe('200 ');
  });
});
