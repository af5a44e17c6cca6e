import { knownOf } from '@llm-proxy-auth/core';
import { expect } from 'vitest';
import { completion } from '../answers.ts';
import type { Bench } from '../gateway.ts';
import { chat, type Effects, MODEL, type Stage, until } from './effect.ts';

const PRICE = { input: 1, output: 2 };
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500, prompt_tokens_details: { cached_tokens: 400 } };
const withLimit = (limit: object, price: object | undefined = PRICE) => ({
  ...(price === undefined ? {} : { main: { prices: { [MODEL]: price } } }),
  sections: { policies: [{ allow: {}, limits: [limit] }] },
});
const told = (facts: object) => ({ main: { facts: { [MODEL]: facts } } });
const known = async ({ open }: Stage, facts: object) => {
  const instance = (await open(told(facts))).gateway.graph.instances.get('main');
  return instance === undefined ? undefined : knownOf(instance, MODEL).facts;
};
const withBudget = (budget: object, price?: object | undefined) => withLimit({ budget: { usd: 1, window: 'day', ...budget } }, price);
/** What a call that used `USAGE` cost. */
const cost = async ({ open }: Stage, price: object): Promise<unknown> => {
  const bench: Bench = await open({ main: { prices: { 'gpt-*': price } } });
  bench.simulator.script({ body: completion({}, { usage: USAGE }) });
  await chat(bench);
  return (await bench.line((l) => l.msg === 'request' && l.instance === 'main')).costUsd;
};

export const money: Effects = {
  async 'policies[].limits[].tokens'({ open }) {
    const code = async (tokens: string) => (await chat(await open(withLimit({ tokens })), { max_tokens: 1_000 })).code;
    expect([await code('900/min'), await code('2000/min')]).toEqual(['rate_limit_exceeded', undefined]);
  },
  async 'policies[].limits[].budget.usd'({ open }) {
    const code = async (usd: number) => (await chat(await open(withBudget({ usd })), { max_tokens: 1_000 })).code;
    expect([await code(0.001), await code(0.003)]).toEqual(['budget_exceeded', undefined]);
  },
  async 'policies[].limits[].budget.window'({ open }) {
    const wait = async (window: string) => {
      const bench = await open({ ...withBudget({ usd: 0, window }), now: () => Date.UTC(2026, 10, 25, 23, 30) });
      return Number((await chat(bench)).headers['retry-after']);
    };
    // A Wednesday.
    expect([await wait('hour'), await wait('day'), await wait('week'), await wait('month')]).toEqual([1_800, 1_800, 1_800 + 4 * 86_400, 1_800 + 5 * 86_400]);
  },
  async 'policies[].limits[].budget.mode'({ open }) {
    const code = async (mode: string) => (await chat(await open(withBudget({ usd: 0, mode })))).code;
    expect([await code('enforce'), await code('observe')]).toEqual(['budget_exceeded', undefined]);
  },
  async 'policies[].limits[].budget.unpriced'({ open }) {
    const code = async (unpriced: string) =>
      (await chat(await open({ sections: { policies: [{ allow: {}, limits: [{ budget: { usd: 1, window: 'day', unpriced } }] }] } }))).code;
    expect([await code('deny'), await code('allow')]).toEqual(['model_not_priced', undefined]);
  },
  async 'instances.*.prices.*.input'(stage) {
    expect(await cost(stage, { input: 10, output: 0 })).toBe(0.01);
  },
  async 'instances.*.prices.*.output'(stage) {
    expect(await cost(stage, { input: 0, output: 10 })).toBe(0.005);
  },
  async 'instances.*.prices.*.cacheRead'(stage) {
    expect(await cost(stage, { input: 0, output: 0, cacheRead: 10 })).toBe(0.004);
  },
  async 'instances.*.prices.*.cacheWrite'({ open }) {
    // What is written to a cache is not known before: the dearer of both is reserved.
    const code = async (cacheWrite: number) => (await chat(await open(withBudget({ usd: 0.001 }, { input: 0, output: 0, cacheWrite })))).code;
    expect([await code(1_000), await code(1)]).toEqual(['budget_exceeded', undefined]);
  },
  async 'instances.*.prices.*.long.over'(stage) {
    const long = (over: number) => ({ input: 0, output: 0, long: { over, input: 10, output: 0 } });
    expect([await cost(stage, long(999)), await cost(stage, long(1_000))]).toEqual([0.01, 0]);
  },
  async 'instances.*.prices.*.long.input'(stage) {
    expect(await cost(stage, { input: 0, output: 0, long: { over: 1, input: 20, output: 0 } })).toBe(0.02);
  },
  async 'instances.*.prices.*.long.output'(stage) {
    expect(await cost(stage, { input: 0, output: 0, long: { over: 1, input: 0, output: 20 } })).toBe(0.01);
  },
  async 'instances.*.prices.*.long.cacheRead'(stage) {
    expect(await cost(stage, { input: 0, output: 0, long: { over: 1, input: 0, output: 0, cacheRead: 20 } })).toBe(0.008);
  },
  async 'instances.*.prices.*.long.cacheWrite'({ open }) {
    const price = (cacheWrite: number) => ({ input: 0, output: 0, long: { over: 1, input: 0, output: 0, cacheWrite } });
    const code = async (cacheWrite: number) => (await chat(await open(withBudget({ usd: 0.001 }, price(cacheWrite))))).code;
    expect([await code(1_000), await code(1)]).toEqual(['budget_exceeded', undefined]);
  },
  async 'instances.*.facts.*.like'({ open }) {
    // That deployment serves another model than its name says.
    const bench = await open({ vendor: 'azure', ...told({ like: 'gpt-5.2' }) });
    bench.simulator.script({ body: completion({}, { usage: USAGE }) });
    await chat(bench);
    expect((await bench.line((l) => l.msg === 'request')).costUsd).toBe((600 * 1.75 + 400 * 0.175 + 500 * 14) / 1e6);
  },
  async 'instances.*.facts.*.context'({ open }) {
    const code = async (context: number) => (await chat(await open({ ...withLimit({ tokens: '105/min' }), ...told({ context }) }), { max_tokens: 100 })).code;
    expect([await code(100), await code(1)]).toEqual(['rate_limit_exceeded', undefined]);
  },
  async 'instances.*.facts.*.output'({ open }) {
    const code = async (output: number) => (await chat(await open({ ...withLimit({ tokens: '900/min' }), ...told({ output }) }), { max_tokens: 1_000 })).code;
    expect([await code(1_000), await code(100)]).toEqual(['rate_limit_exceeded', undefined]);
  },
  async 'instances.*.facts.*.rejects'({ open }) {
    const bench = await open({ vendor: 'anthropic', main: { facts: { 'claude-*': { rejects: ['stop_sequences'] } } } });
    const answer = await chat(bench, { model: 'claude-haiku-4-5', stop: ['END'], temperature: 0.5 });
    const sent = JSON.parse(String(bench.simulator.requests.at(-1)?.body)) as object;
    expect([answer.status, 'stop_sequences' in sent, 'temperature' in sent]).toEqual([200, false, true]);
    expect(answer.headers['x-lpa-fidelity']).toContain('ignored=stop');
  },
  async 'instances.*.facts.*.deprecated'(stage) {
    expect(await known(stage, { deprecated: '2026-06-05' })).toEqual({ deprecated: '2026-06-05' });
  },
  async 'instances.*.facts.*.retires'(stage) {
    expect(await known(stage, { retires: '2026-08-05' })).toEqual({ retires: '2026-08-05' });
  },
};

export const overload: Effects = {
  async 'limits.inFlight'({ open }) {
    const bench = await open({ sections: { limits: { inFlight: 1 } } });
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.simulator.script({ holdHead: promise });
    const first = chat(bench);
    await bench.simulator.waitForRequest();
    const refused = await chat(bench);
    expect([refused.status, refused.code, refused.headers['retry-after']]).toEqual([503, 'overloaded', '1']);
    resolve();
    expect([(await first).status, (await chat(bench)).status]).toEqual([200, 200]);
  },
  async 'limits.eventLoopDelay'({ open }) {
    const bench = await open({ sections: { limits: { eventLoopDelay: '1ms' } } });
    await until(async () => expect((await chat(bench)).code).toBe('overloaded'));
  },
  async 'limits.heap'({ open }) {
    const bench = await open({ sections: { limits: { heap: '0.1%' } } });
    await until(async () => expect((await chat(bench)).code).toBe('overloaded'));
  },
  async 'limits.bufferedBytes'({ open }) {
    const bench = await open({ sections: { limits: { bufferedBytes: '1KiB' } } });
    expect([(await chat(bench, { user: 'x'.repeat(2_000) })).code, (await chat(bench)).code]).toEqual(['overloaded', undefined]);
  },
};
