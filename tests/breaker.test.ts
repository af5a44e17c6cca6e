import { openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { openHttp1 } from './support/visitor.ts';

const CHAT = '/v1/chat/completions';
let bench: Bench;
let other: Simulator;
const open = async (models: readonly object[] = []): Promise<void> => {
  bench = await openBench({
    instances: { spare: { provider: 'openai', baseUrl: other.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
    sections: { retry: { attempts: 1 }, breaker: {}, models },
  });
};
beforeEach(async () => {
  other = await openaiSimulator({ keys: [PROVIDER_KEY] });
});
afterEach(async () => {
  await bench.close();
  await other.close();
});
const targets = [
  { instance: 'main', model: 'gpt-4o-mini' },
  { instance: 'spare', model: 'gpt-4o-mini' },
];
/** Status and code, the instance that answered and how many tries it took. */
const ask = async (path: string, model = 'gpt-4o-mini'): Promise<string> => {
  const answer = await fetch(bench.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
  });
  await answer.arrayBuffer();
  return [answer.status, answer.headers.get('x-lpa-code'), answer.headers.get('x-lpa-instance'), answer.headers.get('x-lpa-attempts')]
    .filter(Boolean)
    .join(' ');
};
const times = async (n: number, path: string, model?: string): Promise<readonly string[]> => {
  const seen: string[] = [];
  for (let i = 0; i < n; i++) seen.push(await ask(path, model));
  return seen;
};
const fails = (provider: Simulator, status = 500): void => void provider.script({ status, times: Number.POSITIVE_INFINITY });

describe('F50 an instance whose provider fails five times', () => {
  test.each(['/openai/main', '/transparent/main'])('%s is 503 at once, and the provider is not asked; other instances are', async (prefix) => {
    await open();
    fails(bench.simulator);
    await times(5, prefix + CHAT);
    expect(bench.simulator.requests.length).toBe(5);
    expect(await ask(prefix + CHAT)).toMatch(/^503 upstream_overloaded main/);
    expect(bench.simulator.requests.length).toBe(5);
    expect(await ask(`/openai/spare${CHAT}`)).toBe('200 spare 1');
    expect(await bench.gateway.metrics.text()).toMatch(/llm_proxy_breaker_state\{instance="main"\} 2\nllm_proxy_breaker_state\{instance="spare"\} 0\n/);
    expect((await bench.line(({ msg }) => msg === 'the provider failed too often and is left alone')).failed).toBe('500');
    const ready = await fetch(`${bench.gateway.urls.ops}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', reasons: [], instances: { main: 'degraded' } }]);
  });
  test.each([429, 529, 400])('%s is no failure', async (status) => {
    await open();
    fails(bench.simulator, status);
    await times(8, `/openai/main${CHAT}`);
    expect(bench.simulator.requests.length).toBe(8);
  });
  test('is passed over by calls for a model that may fall back for it, and not by others', async () => {
    await open([
      { name: 'both', targets },
      { name: 'strict', targets, fallback: { on: ['429'], attempts: 3 } },
    ]);
    fails(bench.simulator);
    expect(await times(5, CHAT, 'both')).toEqual(Array.from({ length: 5 }, () => '200 spare 2'));
    expect(await ask(CHAT, 'both')).toBe('200 spare 1');
    expect(await ask(CHAT, 'strict')).toMatch(/^503 upstream_overloaded main/);
    expect(bench.simulator.requests.length).toBe(5);
  });
  test('half of the targets of a model are asked although all are broken', async () => {
    await open([{ name: 'both', targets }]);
    fails(bench.simulator);
    fails(other);
    await times(5, CHAT, 'both');
    expect([bench.simulator.requests.length, other.requests.length]).toEqual([5, 5]);
    other.clear();
    expect(await ask(CHAT, 'both')).toBe('200 spare 1');
    expect([bench.simulator.requests.length, other.requests.length]).toEqual([5, 1]);
  });
});

test('clients that break off their uploads open no breaker', async () => {
  await open();
  for (let n = 0; n < 7; n++) {
    const head = bench.simulator.waitForHead();
    const upload = await openHttp1(bench.url, {
      path: '/transparent/main/v1/audio/transcriptions',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/octet-stream' },
      body: undefined,
      announce: 1_000_000,
    });
    upload.write(Buffer.alloc(100_000, 7));
    const { aborted } = await head;
    upload.leave();
    await aborted;
  }
  bench.simulator.clear();
  expect(await ask(`/transparent/main${CHAT}`)).toBe('200 main 1');
});
