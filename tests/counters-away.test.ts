import { expect, onTestFinished, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask, codeOf } from './support/raw.ts';

const open = (more: object): Promise<Bench> =>
  openBench({
    plugins: ['@llm-proxy-auth/counters-redis'],
    sections: {
      // Nobody listens on the discard port.
      counters: { use: 'redis', url: 'redis://127.0.0.1:9', ...more },
      policies: [{ allow: {}, limits: [{ requests: '4/h', concurrent: 5 }] }],
    },
  });

test.each([
  ['this replica alone', {}, 4],
  ['its part of two', { replicas: 2 }, 2],
])('counters that cannot be reached: limits hold by %s, and that is told', async (_who, more, most) => {
  const bench = await open(more);
  onTestFinished(() => bench.close());
  const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] });
  const got = [];
  for (let i = 0; i <= most; i++)
    got.push(await ask(bench.url, { path: `/${i % 2 === 0 ? 'openai' : 'transparent'}/main/v1/chat/completions`, headers, body }));
  expect(got.map((g) => `${g.status} ${codeOf(g)}`)).toEqual([...Array<string>(most).fill('200 '), '429 rate_limit_exceeded']);
  const metrics = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
  expect(metrics).toMatch(/^llm_proxy_degraded\{component="counters"\} 1$/m);
  expect(bench.lines.some((l) => l.level === 'warn' && l.plugin === '@llm-proxy-auth/counters-redis')).toBe(true);
});
