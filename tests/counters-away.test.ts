import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf } from './support/raw.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    plugins: ['@llm-proxy-auth/counters-redis'],
    sections: {
      // Nobody listens on the discard port.
      counters: { use: 'redis', url: 'redis://127.0.0.1:9' },
      policies: [{ allow: {}, limits: [{ requests: '2/h', concurrent: 5 }] }],
    },
  });
});
afterAll(() => bench.close());

test('counters that cannot be reached: limits hold by this replica alone, and that is told', async () => {
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] });
  const got = [];
  for (const path of ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions', '/openai/main/v1/chat/completions'])
    got.push(await ask(bench.url, { path, headers, body }));
  expect(got.map((g) => `${g.status} ${codeOf(g)}`)).toEqual(['200 ', '200 ', '429 rate_limit_exceeded']);
  const metrics = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
  expect(metrics).toMatch(/^llm_proxy_degraded\{component="counters"\} 1$/m);
  expect(bench.lines.some((l) => l.level === 'warn' && l.plugin === '@llm-proxy-auth/counters-redis')).toBe(true);
});
