import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';
import { openHttp1 } from './support/visitor.ts';

const CAPACITY = 10;
const CHAT = '/openai/main/v1/chat/completions';
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ sections: { limits: { inFlight: CAPACITY, eventLoopDelay: '60s' }, retry: { attempts: 1 } } });
});
afterEach(() => bench.simulator.clear());
afterAll(() => bench.close());

const headers = () => ({ authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' });
const body = (stream: boolean): string => JSON.stringify({ model: 'gpt-4o-mini', stream, messages: [{ role: 'user', content: 'hi' }] });
const call = (path = CHAT): Promise<Got> => ask(bench.url, { path, headers: headers(), body: body(false) });

test('F56 five times what it may carry: the excess is refused at once, streams go on, and then all is as before', async () => {
  const started = sse(role);
  const whole = spoken('Hello');
  const end = Promise.withResolvers<void>();
  bench.simulator.script({
    headers: { 'content-type': 'text/event-stream; charset=utf-8' },
    body: sse(role) + whole.slice(started.length),
    stall: { at: whole.indexOf('Hello') + 200, until: end.promise },
    rechunk: 'whole',
  });
  const client = await openHttp1(bench.url, { method: 'POST', path: CHAT, headers: headers(), body: body(true) });
  await client.until(({ seen }) => seen.includes('Hello'));
  const held = Promise.withResolvers<void>();
  bench.simulator.script({ holdHead: held.promise, times: Number.POSITIVE_INFINITY });
  const refused: Got[] = [];
  const all = Array.from({ length: 5 * CAPACITY }, async (_, i) => {
    const got = await call(i % 2 === 0 ? CHAT : '/transparent/main/v1/chat/completions');
    if (got.status !== 200) refused.push(got);
    return got;
  });
  await expect.poll(() => refused.length, { interval: 5 }).toBe(5 * CAPACITY - (CAPACITY - 1));
  expect(refused.every((got) => got.status === 503 && codeOf(got) === 'overloaded' && Number(got.headers['retry-after']) <= 1)).toBe(true);
  // Those that were let in are on their way.
  await expect.poll(() => bench.simulator.requests.length).toBe(CAPACITY);
  // Who watches over it is answered all the same.
  expect((await ask(bench.url, { method: 'GET', path: '/health' })).status).toBe(200);
  end.resolve();
  await client.until(({ seen }) => seen.includes('[DONE]'));
  held.resolve();
  expect((await Promise.all(all)).filter((got) => got.status === 200)).toHaveLength(CAPACITY - 1);
  bench.simulator.clear();
  expect((await call()).status).toBe(200);
  const metrics = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
  expect(metrics).toMatch(/^llm_proxy_rate_limited_total\{reason="overloaded"\} 41$/m);
});
