import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { installed } from './support/installed.ts';
import { ask, codeOf, type Got } from './support/raw.ts';
import { openHttp1 } from './support/visitor.ts';

const house = installed('crowd', '@acme/auth-crowd');
const [CHEAP, DEAR, UNPRICED] = ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1-mini'];
const NANO = 1e9;
const START = Date.UTC(2026, 5, 3, 22, 30);
const MODES = { protocol: '/openai/main/v1/chat/completions', transparent: '/transparent/main/v1/chat/completions' } as const;
const modes = ['protocol', 'transparent'] as const;
const USAGE = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 };
let now = START;
let bench: Bench;

const policies = [
  { name: 'tokens', match: { principal: 'crowd:tokens-*' }, allow: {}, limits: [{ per: 'principal', tokens: '10000/min' }] },
  { name: 'day', match: { principal: 'crowd:day-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 0.01, window: 'day' } }] },
  { name: 'seen', match: { principal: 'crowd:seen-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 0.000001, window: 'day', mode: 'observe' } }] },
  { name: 'any', match: { principal: 'crowd:any-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 0.01, window: 'week', unpriced: 'allow' } }] },
  { name: 'models', match: { principal: 'crowd:models-*' }, allow: {}, limits: [{ per: 'model', budget: { usd: 0.01, window: 'month' } }] },
  { name: 'nothing', match: { principal: 'crowd:nothing-*' }, allow: {}, limits: [{ per: 'model', budget: { usd: 0, window: 'month' } }] },
  {
    name: 'both',
    match: { principal: 'crowd:both-*' },
    allow: { classes: ['inference', 'models', 'stateful'] },
    limits: [{ per: 'principal', requests: '3/min', tokens: '1000000/min', concurrent: 5, budget: { usd: 0.02, window: 'hour' } }],
  },
  {
    name: 'kept',
    match: { principal: 'crowd:kept-*' },
    allow: { classes: ['inference', 'models', 'stateful'] },
    limits: [{ per: 'principal', tokens: '100000/min', budget: { usd: 0.01, window: 'day' } }],
  },
  {
    name: 'keepsany',
    match: { principal: 'crowd:keepsany-*' },
    allow: { classes: ['inference', 'models', 'stateful'] },
    limits: [{ per: 'principal', budget: { usd: 0.01, window: 'day', unpriced: 'allow' } }],
  },
  { name: 'wide', match: { principal: 'crowd:wide-*' }, allow: {}, limits: [{ per: 'principal', budget: { usd: 10, window: 'day' } }] },
  { name: 'free', match: {}, allow: {} },
];
beforeAll(async () => {
  bench = await openBench({
    now: () => now,
    plugins: ['@acme/auth-crowd', '@llm-proxy-auth/provider-vertex'],
    pluginRoots: [house.root],
    main: { prices: { [CHEAP]: { input: 1, output: 2, cacheRead: 0.5 }, 'gpt-4o': { input: 10, output: 20 }, 'gpt-4o-*': { input: 999, output: 999 } } },
    instances: (url) => ({
      second: { provider: 'openai', apiKey: 'sk-unused', baseUrl: url, insecureUpstream: true, prices: { '*': { input: 100, output: 100 } } },
      vertex: {
        provider: 'vertex',
        project: 'my-project',
        location: 'us-central1',
        credentials: { type: 'token', token: 'ya29.x' },
        baseUrl: url,
        insecureUpstream: true,
      },
    }),
    sections: {
      auth: [{ use: 'crowd' }, { use: 'api-key', pepper: 'pepper-0123456789abcdef0123456789abcdef' }],
      policies,
      retry: { attempts: 2 },
      models: [
        {
          name: 'either',
          targets: [
            { instance: 'main', model: CHEAP },
            { instance: 'second', model: CHEAP },
          ],
        },
        {
          name: 'least',
          strategy: 'least-cost',
          targets: [
            { instance: 'main', model: UNPRICED },
            { instance: 'second', model: CHEAP },
            { instance: 'main', model: DEAR },
            { instance: 'main', model: CHEAP },
          ],
          fallback: { on: ['5xx'], attempts: 4 },
        },
        {
          name: 'turned',
          targets: [
            { instance: 'second', model: CHEAP },
            { instance: 'main', model: CHEAP },
          ],
          fallback: { on: ['5xx', '401'], attempts: 3 },
        },
      ],
    },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(async () => {
  await bench.close();
  house.remove();
});

const bodyOf = (model: string, more: object = {}): string => JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more });
const as = (who: string, path: string, body: string): Promise<Got> =>
  ask(bench.url, { path, headers: { authorization: `Bearer crowd.${who}`, 'content-type': 'application/json' }, body });
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;
/** What a counter holds, asked with a claim that takes nothing. */
const counted = async (key: string, kind: 'rate' | 'budget', ends?: number): Promise<number> => {
  const limit = 1e15;
  const claim = { key, amount: 0, limit, windowMs: kind === 'rate' ? 60_000 : undefined, ...(ends === undefined ? {} : { ends }), kind, shadow: true };
  const taken = await bench.gateway.graph.counters.take([claim], now);
  if (!taken.ok) throw new Error('refused');
  await bench.gateway.graph.counters.settle(taken.lease, []);
  return limit - (taken.left?.[0]?.remaining ?? Number.NaN);
};
const DAY_END = Date.UTC(2026, 5, 4);
const spent = async (who: string, policy = 'day', ends = DAY_END): Promise<number> =>
  (await counted(`${policy}|0|principal:crowd:${who}|budget`, 'budget', ends)) / NANO;
const tokens = (who: string): Promise<number> => counted(`tokens|0|principal:crowd:${who}|tokens`, 'rate');
const reply = (usage: object | undefined, more: object = {}) => ({
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: CHEAP,
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
    ...(usage === undefined ? {} : { usage }),
    ...more,
  },
});
const STREAM = { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, rechunk: 'whole' } as const;
const settled = (key: () => Promise<number>, wanted: number): Promise<void> => expect.poll(key, { interval: 5 }).toBeCloseTo(wanted, 9);

describe.each(modes)('%s mode', (mode) => {
  test('A131 tokens are reserved before and settled after: what the answer used is what counts', async () => {
    const who = `tokens-settle-${mode}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.simulator.script({ ...reply(USAGE), holdHead: promise });
    const body = bodyOf(CHEAP, { max_tokens: 6_000 });
    const first = as(who, MODES[mode], body);
    await bench.simulator.waitForRequest();
    const input = Math.ceil(body.length / 4);
    expect(await tokens(who)).toBe(6_000 + input);
    const second = await as(who, MODES[mode], body);
    expect(answer(second)).toBe('429 rate_limit_exceeded');
    expect(JSON.parse(second.text)).toMatchObject({ error: { type: 'tokens', code: 'rate_limit_exceeded' } });
    expect([second.headers['x-ratelimit-limit-tokens'], second.headers['x-ratelimit-remaining-tokens']]).toEqual(['10000', String(10_000 - 6_000 - input)]);
    expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
    resolve();
    expect((await first).status).toBe(200);
    await settled(() => tokens(who), 1_500);
    expect(bench.simulator.requests).toHaveLength(1);
  });
  test('what is larger than the whole limit is not worth another try', async () => {
    const got = await as(`tokens-large-${mode}`, MODES[mode], bodyOf(CHEAP, { max_completion_tokens: 4_000, max_tokens: 100, n: 3 }));
    expect([answer(got), got.headers['x-should-retry']]).toEqual(['429 rate_limit_exceeded', 'false']);
  });
  test('a large body is measured before it goes out', async () => {
    const got = await as(
      `tokens-body-${mode}`,
      MODES[mode].replace('chat/completions', 'embeddings'),
      JSON.stringify({ model: 'text-embedding-3-small', input: 'x'.repeat(100_000) }),
    );
    expect([answer(got), got.headers['x-should-retry']]).toEqual(['429 rate_limit_exceeded', 'false']);
    expect(bench.simulator.requests).toEqual([]);
  });
  test('a budget pays for what was used, at the price of each kind of token', async () => {
    const who = `day-paid-${mode}`;
    bench.simulator.script(reply({ ...USAGE, prompt_tokens_details: { cached_tokens: 400 } }));
    const got = await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 100 }));
    expect(answer(got)).toBe('200 ');
    // 600 × 1 + 400 × 0.5 + 500 × 2, each per million.
    await settled(() => spent(who), 0.0018);
    const line = await bench.line((l) => l.principal === `crowd:${who}`);
    expect(line.costUsd).toBe(0.0018);
  });
  test('a budget that does not pay for the reservation: 429 and nothing goes out', async () => {
    const who = `day-over-${mode}`;
    const got = await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 5_000 }));
    expect([answer(got), got.headers['x-should-retry']]).toEqual(['429 budget_exceeded', 'false']);
    expect(Number(got.headers['retry-after'])).toBe(Math.ceil((DAY_END - now) / 1_000));
    expect(await spent(who)).toBe(0);
    expect(bench.simulator.requests).toEqual([]);
    expect(answer(await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 4_000 })))).toBe('200 ');
  });
  test('A131 budget race: 50 at once spend no more than is reserved', async () => {
    const who = `day-race-${mode}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.simulator.script({ ...reply(USAGE), holdHead: promise, times: Number.POSITIVE_INFINITY });
    const body = bodyOf(CHEAP, { max_tokens: 2_400 });
    // Each reserves a little under half of the cent.
    let over = 0;
    const all = Array.from({ length: 50 }, async () => {
      const got = await as(who, MODES[mode], body);
      over++;
      return got;
    });
    await expect.poll(() => over, { interval: 5 }).toBe(48);
    expect(bench.simulator.requests).toHaveLength(2);
    resolve();
    const got = (await Promise.all(all)).map(answer);
    expect(got.filter((a) => a === '200 ')).toHaveLength(2);
    expect(got.filter((a) => a === '429 budget_exceeded')).toHaveLength(48);
    await settled(() => spent(who), 0.004);
  });
  test('a model without a price: 403 under an enforced budget, served where that is allowed or the budget observes', async () => {
    expect(answer(await as(`day-unpriced-${mode}`, MODES[mode], bodyOf(UNPRICED)))).toBe('403 model_not_priced');
    expect(bench.simulator.requests).toEqual([]);
    expect(answer(await as(`any-unpriced-${mode}`, MODES[mode], bodyOf(UNPRICED)))).toBe('200 ');
    expect(answer(await as(`seen-unpriced-${mode}`, MODES[mode], bodyOf(UNPRICED)))).toBe('200 ');
  });
  test('a budget that observes counts and never refuses', async () => {
    const who = `seen-more-${mode}`;
    for (let i = 1; i <= 2; i++) {
      bench.simulator.script(reply(USAGE));
      expect(answer(await as(who, MODES[mode], bodyOf(DEAR, { max_tokens: 100_000 })))).toBe('200 ');
      await settled(() => spent(who, 'seen'), i * 0.02);
    }
  });
  test('A043 a model budget of 0: nobody passes it, whoever asks', async () => {
    for (const who of [`nothing-1-${mode}`, `nothing-2-${mode}`, `nothing-1-${mode}`])
      expect(answer(await as(who, MODES[mode], bodyOf(CHEAP)))).toBe('429 budget_exceeded');
    expect(bench.simulator.requests).toEqual([]);
  });
  test('an answer without usage is charged by the estimate', async () => {
    const who = `day-unsaid-${mode}`;
    bench.simulator.script(reply(undefined));
    const body = bodyOf(CHEAP, { max_tokens: 1_000 });
    expect(answer(await as(who, MODES[mode], body))).toBe('200 ');
    await settled(() => spent(who), (Math.ceil(body.length / 4) + 2_000) / 1e6);
  });
  test('what the provider refuses costs nothing', async () => {
    const who = `day-refused-${mode}`;
    bench.simulator.script({ status: 400, body: { error: { message: 'no', type: 'invalid_request_error', param: null, code: null } } });
    expect((await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 1_000 }))).status).toBe(400);
    await settled(() => spent(who), 0);
  });
  test('usage below nothing gives nothing back', async () => {
    const who = `day-negative-${mode}`;
    bench.simulator.script(reply({ prompt_tokens: -5_000, completion_tokens: -5_000, total_tokens: -10_000 }));
    expect(answer(await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 100 })))).toBe('200 ');
    await settled(() => spent(who), 0);
  });
  test('a whole stream is charged once, by its usage', async () => {
    const who = `day-stream-${mode}`;
    const end = sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: CHEAP, choices: [], usage: USAGE });
    const whole = spoken('Hello');
    bench.simulator.script({ ...STREAM, body: whole.replace('data: [DONE]', `${end}data: [DONE]`) });
    const got = await as(who, MODES[mode], bodyOf(CHEAP, { stream: true, stream_options: { include_usage: true }, max_tokens: 1_000 }));
    expect([got.status, got.text.endsWith('data: [DONE]\n\n')]).toEqual([200, true]);
    await settled(() => spent(who), 0.002);
  });
  const BEGUN =
    sse(role) +
    sse({
      id: 'c',
      object: 'chat.completion.chunk',
      created: 1,
      model: CHEAP,
      choices: [{ index: 0, delta: { content: 'x'.repeat(2_400) }, finish_reason: null }],
    });
  /** Asks for a stream and leaves it when `seen` came. */
  const leave = async (who: string, body: string, seen: string): Promise<void> => {
    const headers = { authorization: `Bearer crowd.${who}`, 'content-type': 'application/json' };
    const client = await openHttp1(bench.url, { method: 'POST', path: MODES[mode], headers, body });
    await client.until((got) => got.seen.includes(seen));
    client.leave();
  };
  test('a stream that is cut, left, or failed before its usage is charged its reservation, or what came when that is more', async () => {
    for (const [name, most] of [
      ['cut', 1_000],
      ['left', 1_000],
      ['failed', 1_000],
      ['little', 10],
    ] as const) {
      const who = `day-${name}-${mode}`;
      const body = bodyOf(CHEAP, { stream: true, max_tokens: most });
      const input = Math.ceil(body.length / 4);
      if (name === 'left' || name === 'little') {
        bench.simulator.script({ ...STREAM, body: BEGUN, stall: { at: BEGUN.length } });
        await leave(who, body, 'xxx');
      } else if (name === 'cut') {
        bench.simulator.script({ ...STREAM, body: `${BEGUN}data: {"never`, cut: { at: BEGUN.length, how: 'rst' } });
        await as(who, MODES[mode], body).catch(() => undefined);
      } else {
        const pieces = { rechunk: { size: BEGUN.length }, delayChunk: 20 };
        bench.simulator.script({ ...STREAM, ...pieces, body: BEGUN + sse({ error: { message: 'no', type: 'server_error', param: null, code: null } }) });
        await as(who, MODES[mode], body).catch(() => undefined);
      }
      // The line is written when all is settled.
      const line = await bench.line((l) => l.principal === `crowd:${who}`);
      const charged = await spent(who);
      if (name === 'little') expect(charged).toBeGreaterThanOrEqual((input + 2 * Math.floor(2_400 / 5)) / 1e6);
      else expect(charged).toBeCloseTo((input + 2 * most) / 1e6, 9);
      expect(line.costUsd).toBeCloseTo(charged, 9);
    }
  });
  test('a stream left at its first words cannot be had again and again for less than it was reserved for', async () => {
    const who = `day-often-${mode}`;
    const body = bodyOf(CHEAP, { stream: true, max_tokens: 4_000 });
    const begun = sse(role, chunk({ content: 'Hi' }));
    bench.simulator.script({ ...STREAM, body: begun, stall: { at: begun.length } });
    await leave(who, body, 'Hi');
    const line = await bench.line((l) => l.principal === `crowd:${who}`);
    expect(line).toMatchObject({ inputTokens: Math.ceil(body.length / 4), outputTokens: 4_000 });
    expect(await spent(who)).toBeCloseTo((Math.ceil(body.length / 4) + 8_000) / 1e6, 9);
    expect(answer(await as(who, MODES[mode], body))).toBe('429 budget_exceeded');
  });
  test('usage that a provider says before the end is not its last word', async () => {
    const who = `day-partly-${mode}`;
    const begun = sse(role, chunk({ content: 'Hi' }, null, { usage: { prompt_tokens: 1_000, completion_tokens: 1, total_tokens: 1_001 } }));
    bench.simulator.script({ ...STREAM, body: begun, stall: { at: begun.length } });
    await leave(who, bodyOf(CHEAP, { stream: true, stream_options: { include_usage: true }, max_tokens: 3_000 }), 'Hi');
    expect(await bench.line((l) => l.principal === `crowd:${who}`)).toMatchObject({ inputTokens: 1_000, outputTokens: 3_000 });
    expect(await spent(who)).toBeCloseTo(0.007, 9);
  });
  test('the usage of a stream that was heard to its end counts, whatever its client does then', async () => {
    const who = `day-heard-${mode}`;
    const end = sse({ id: 'c', object: 'chat.completion.chunk', created: 1, model: CHEAP, choices: [], usage: USAGE });
    const heard = spoken('Hello').replace('data: [DONE]', `${end}data: [DONE]`);
    bench.simulator.script({ ...STREAM, body: `${heard}: more\n\n`, stall: { at: heard.length } });
    await leave(who, bodyOf(CHEAP, { stream: true, stream_options: { include_usage: true }, max_tokens: 3_000 }), '[DONE]');
    await settled(() => spent(who), 0.002);
  });
  test('a whole stream that says no usage is charged what came, however little was reserved', async () => {
    const who = `wide-unsaid-${mode}`;
    const pieces = 6_000;
    bench.simulator.script({ ...STREAM, body: spoken(...Array.from({ length: pieces }, () => 'a')) });
    const got = await as(who, MODES[mode], bodyOf(CHEAP, { stream: true }));
    expect([got.status, got.text.endsWith('data: [DONE]\n\n')]).toEqual([200, true]);
    await bench.line((l) => l.principal === `crowd:${who}`);
    expect(await spent(who, 'wide')).toBeGreaterThanOrEqual((2 * pieces) / 1e6);
    const brief = `wide-brief-${mode}`;
    const body = bodyOf(CHEAP, { stream: true, max_tokens: 1_000 });
    bench.simulator.script({ ...STREAM, body: spoken('Hello') });
    expect((await as(brief, MODES[mode], body)).status).toBe(200);
    await settled(() => spent(brief, 'wide'), (Math.ceil(body.length / 4) + 2_000) / 1e6);
  });
  test('a refused stream costs nothing', async () => {
    const who = `day-unbegun-${mode}`;
    bench.simulator.script({ status: 400, body: { error: { message: 'no', type: 'invalid_request_error', param: null, code: null } } });
    expect((await as(who, MODES[mode], bodyOf(CHEAP, { stream: true, max_tokens: 1_000 }))).status).toBe(400);
    await bench.line((l) => l.principal === `crowd:${who}`);
    expect(await spent(who)).toBe(0);
  });
  test('an answer made in the background is bounded, or has no price', async () => {
    const path = MODES[mode].replace('chat/completions', 'responses');
    const inBackground = (more: object): string => JSON.stringify({ model: CHEAP, input: 'hi', background: true, ...more });
    expect(answer(await as(`day-later-${mode}`, path, inBackground({})))).toBe('403 model_not_priced');
    expect(answer(await as(`day-later-${mode}`, path, inBackground({ stream: true })))).toBe('403 model_not_priced');
    expect(bench.simulator.requests).toEqual([]);
    const response = { id: 'resp_later', object: 'response', created_at: 1, status: 'queued', background: true, model: CHEAP, output: [], usage: null };
    bench.simulator.script({ body: response, times: 2 });
    const bounded = inBackground({ max_output_tokens: 1_000 });
    expect(answer(await as(`day-later-${mode}`, path, bounded))).toBe('200 ');
    await settled(() => spent(`day-later-${mode}`), (Math.ceil(bounded.length / 4) + 2_000) / 1e6);
    expect(answer(await as(`any-later-${mode}`, path, inBackground({})))).toBe('200 ');
    expect(answer(await as(`day-now-${mode}`, path, JSON.stringify({ model: CHEAP, input: 'hi', background: false })))).toBe('200 ');
  });
  test('a retry is booked once', async () => {
    const who = `day-again-${mode}`;
    bench.simulator.script({ status: 503, body: {}, headers: { 'retry-after': '0' } });
    bench.simulator.script(reply(USAGE));
    const got = await as(who, MODES[mode], bodyOf(CHEAP, { max_tokens: 1_000 }));
    if (mode === 'transparent') return expect(got.status).toBe(503);
    expect([answer(got), got.headers['x-lpa-attempts']]).toEqual(['200 ', '2']);
    await settled(() => spent(who), 0.002);
  });
  test('limits say what is left in the words of the dialect', async () => {
    const got = await as(`both-words-${mode}`, MODES[mode], bodyOf(CHEAP, { max_tokens: 10 }));
    expect(got.status).toBe(200);
    if (mode === 'protocol')
      expect([got.headers['x-ratelimit-limit-requests'], got.headers['x-ratelimit-remaining-requests'], got.headers['x-ratelimit-limit-tokens']]).toEqual([
        '3',
        '2',
        '1000000',
      ]);
    else expect(got.headers['x-ratelimit-limit-tokens']).not.toBe('1000000');
  });
});

describe('prices', () => {
  test('the dearest candidate is what is reserved, and the one that answered is what is paid', async () => {
    const body = bodyOf('either', { max_tokens: 100 });
    expect(answer(await as('day-dearest', '/v1/chat/completions', body))).toBe('429 budget_exceeded');
    bench.simulator.script(reply({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }));
    expect(answer(await as('day-dearest', '/v1/chat/completions', bodyOf('either', { max_tokens: 50 })))).toBe('200 ');
    await settled(() => spent('day-dearest'), 0.00002);
  });
  test('a fallback is booked once, at its own price', async () => {
    bench.simulator.script({ status: 503, body: {}, headers: { 'retry-after': '0' }, times: 2 });
    bench.simulator.script(reply({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }));
    const got = await as('day-fallback', '/v1/chat/completions', bodyOf('turned', { max_tokens: 50 }));
    expect([answer(got), got.headers['x-lpa-instance']]).toEqual(['200 ', 'main']);
    await settled(() => spent('day-fallback'), 0.00002);
  });
  test('a stream left without its usage is paid at the price that was reserved, whoever answered', async () => {
    bench.simulator.script({ status: 503, body: {}, headers: { 'retry-after': '0' }, times: 2 });
    const begun = sse(role, chunk({ content: 'Hi' }));
    bench.simulator.script({ ...STREAM, body: begun, stall: { at: begun.length } });
    const body = bodyOf('turned', { stream: true, max_tokens: 50 });
    const headers = { authorization: 'Bearer crowd.day-turned', 'content-type': 'application/json' };
    const client = await openHttp1(bench.url, { method: 'POST', path: '/v1/chat/completions', headers, body });
    await client.until((got) => got.seen.includes('Hi'));
    client.leave();
    await bench.line((l) => l.principal === 'crowd:day-turned');
    expect(await spent('day-turned')).toBeCloseTo((100 * (Math.ceil(body.length / 4) + 50)) / 1e6, 9);
  });
  test('least cost: the cheapest first, those of no price last', async () => {
    bench.simulator.script({ status: 503, body: {}, headers: { 'retry-after': '600' }, times: 3 });
    expect(answer(await as('cheapest', '/v1/chat/completions', bodyOf('least')))).toBe('200 ');
    const asked = bench.simulator.requests.map((r) => [(r.json() as { model: string }).model, r.header('authorization')?.includes('unused') === true]);
    expect(asked).toEqual([
      [CHEAP, false],
      [DEAR, false],
      [CHEAP, true],
      [UNPRICED, false],
    ]);
  });
  test('per model: each has its own budget', async () => {
    bench.simulator.script(reply({ prompt_tokens: 1_000, completion_tokens: 4_000, total_tokens: 5_000 }));
    expect(answer(await as('models-1', MODES.protocol, bodyOf(CHEAP, { max_tokens: 4_000 })))).toBe('200 ');
    expect(answer(await as('models-2', MODES.protocol, bodyOf(CHEAP, { max_tokens: 4_000 })))).toBe('429 budget_exceeded');
    expect(answer(await as('models-2', MODES.protocol, bodyOf(DEAR, { max_tokens: 400 })))).toBe('200 ');
  });
  test('what is used without a limit has a cost too', async () => {
    bench.simulator.script(reply(USAGE));
    expect(answer(await as('anybody', MODES.protocol, bodyOf(DEAR)))).toBe('200 ');
    expect((await bench.line((l) => l.principal === 'crowd:anybody')).costUsd).toBe(0.02);
    const metrics = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
    expect(Number(/^llm_proxy_cost_usd_total\{instance="main"\} (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(0.02);
  });
});

test('all or nothing: a call that one limit refuses takes nothing of the others', async () => {
  for (let i = 0; i < 5; i++) expect(answer(await as('both-all', MODES.protocol, bodyOf(DEAR, { max_tokens: 1_000 })))).toBe('429 budget_exceeded');
  expect(answer(await as('both-all', MODES.protocol, bodyOf(CHEAP, { max_tokens: 10 })))).toBe('200 ');
});
test('a budget that is used up begins anew when its window ends, in UTC', async () => {
  const who = 'day-window';
  bench.simulator.script(reply({ prompt_tokens: 1_000, completion_tokens: 4_500, total_tokens: 5_500 }));
  expect(answer(await as(who, MODES.protocol, bodyOf(CHEAP, { max_tokens: 4_500 })))).toBe('200 ');
  await settled(() => spent(who), 0.01);
  for (const key of [who, `${who}`]) expect(answer(await as(key, MODES.protocol, bodyOf(CHEAP, { max_tokens: 10 })))).toBe('429 budget_exceeded');
  now = DAY_END;
  expect(answer(await as(who, MODES.protocol, bodyOf(CHEAP, { max_tokens: 10 })))).toBe('200 ');
  now = START;
});
test('lists and stored objects cost nothing; batches, whose models stand elsewhere, have no price', async () => {
  const headers = { authorization: 'Bearer crowd.both-lists', 'content-type': 'application/json' };
  expect((await ask(bench.url, { method: 'GET', path: '/openai/main/v1/models', headers })).status).toBe(200);
  const batch = JSON.stringify({ input_file_id: 'file-1', endpoint: '/v1/chat/completions', completion_window: '24h' });
  expect(answer(await ask(bench.url, { path: '/transparent/main/v1/batches', headers, body: batch }))).toMatch(/^(403 model_not_priced|404 )/);
});
test('work that is kept is paid work: without a price it does not begin, and what is stored is looked after for nothing', async () => {
  const asking = (who: string, path: string, body: object | undefined, method = 'POST'): Promise<Got> =>
    ask(bench.url, {
      method,
      path,
      headers: { authorization: `Bearer crowd.${who}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const videos = '/transparent/main/v1/videos';
  const film = { model: 'sora-2-pro', prompt: 'A cat', seconds: '12' };
  const vertex = '/transparent/vertex/v1/projects/my-project/locations/us-central1/publishers/google/models/veo-3.0-generate-001:predictLongRunning';
  expect(answer(await asking('kept-film', videos, film))).toBe('403 model_not_priced');
  expect(answer(await asking('kept-film', vertex, { instances: [{ prompt: 'A cat' }] }))).toBe('403 model_not_priced');
  expect(answer(await asking('kept-film', '/transparent/main/v1/videos/video_1/remix', { prompt: 'A dog' }))).toMatch(/^(403 model_not_priced|404 )/);
  expect(bench.simulator.requests).toEqual([]);
  bench.simulator.script({ body: { id: 'video_9', object: 'video', model: 'sora-2-pro', status: 'queued' } });
  expect(answer(await asking('keepsany-film', videos, film))).toBe('200 ');
  bench.simulator.script({ body: { id: 'conv_9', object: 'conversation', created_at: 1, metadata: {} } });
  expect(answer(await asking('kept-film', '/transparent/main/v1/conversations', {}))).toBe('200 ');
  for (const method of ['POST', 'GET', 'DELETE']) {
    bench.simulator.script({ status: 200, body: { id: 'conv_9', object: 'conversation', created_at: 1, metadata: {} } });
    const got = await asking('kept-film', '/transparent/main/v1/conversations/conv_9', method === 'POST' ? { metadata: {} } : undefined, method);
    expect(answer(got)).toBe('200 ');
  }
});
test('a body nobody here can read does not pass a budget', async () => {
  const headers = { authorization: 'Bearer crowd.day-odd', 'content-type': 'application/json' };
  const twice = `${bodyOf(CHEAP)}${bodyOf(DEAR)}`;
  expect(answer(await ask(bench.url, { path: MODES.transparent, headers, body: twice }))).toBe('400 invalid_json');
  expect(bench.simulator.requests).toEqual([]);
  const doubled = bodyOf(CHEAP).replace('{', '{"max_tokens":1,"max_tokens":100000,');
  expect(answer(await ask(bench.url, { path: MODES.transparent, headers, body: doubled }))).toBe('400 invalid_request');
});
