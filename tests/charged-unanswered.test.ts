import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY, type VENDORS } from './support/gateway.ts';
import { ask, codeOf, type Got } from './support/raw.ts';

const never = new Promise<never>(() => undefined);
const OUTPUT = 9_000;
/** USD per million tokens. */
const PRICE = 1_000;
const prices = { '*': { input: PRICE, output: PRICE } };
const timeouts = { firstByte: '1s', total: '2s' };
const policies = [{ match: {}, allow: {}, limits: [{ per: 'principal', budget: { usd: 10, window: 'month' } }] }];
let serial = 0;

/** Whoever asks has a budget of 10 USD; `second` is the same provider at twice the price, `nobody` listens nowhere. */
const open = (vendor: keyof typeof VENDORS & ('openai' | 'anthropic'), model: string): Promise<Bench> =>
  openBench({
    vendor,
    main: { prices, timeouts },
    instances: (baseUrl) => ({
      second: { provider: vendor, apiKey: PROVIDER_KEY, baseUrl, insecureUpstream: true, prices: { '*': { input: 2 * PRICE, output: 2 * PRICE } } },
      nobody: { provider: vendor, apiKey: PROVIDER_KEY, baseUrl: 'http://127.0.0.1:9', insecureUpstream: true, prices },
    }),
    sections: {
      policies,
      retry: { attempts: 1 },
      models: [
        {
          name: 'either',
          targets: [
            { instance: 'main', model },
            { instance: 'second', model },
          ],
          fallback: { on: ['5xx', 'timeout'], attempts: 4 },
        },
      ],
    },
  });
const caller = async (bench: Bench) => {
  const name = `c${++serial}`;
  const key = await bench.makeKey({ name });
  return {
    ask: (path: string, body: object): Promise<Got> =>
      ask(bench.url, { path, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    /** Of the only call. */
    line: () => bench.line((l) => l.principal === `key:${name}` && l.route !== undefined && 'status' in l),
  };
};
const answer = (got: Got): string => `${got.status} ${codeOf(got)}`;

describe('a call that nobody answered', () => {
  const MODEL = 'gpt-4o-mini';
  let bench: Bench;
  beforeAll(async () => {
    bench = await open('openai', MODEL);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const bodyOf = (more: object = {}): object => ({ model: MODEL, messages: [{ role: 'user', content: 'hi' }], max_tokens: OUTPUT, ...more });
  const PATHS = ['/openai/main/v1/chat/completions', '/transparent/main/v1/chat/completions'] as const;

  describe.each(PATHS)('%s', (path) => {
    test.each([
      ['a stream without a head in time', { holdHead: never }, { stream: true }, '504 upstream_timeout'],
      ['an answer that is late', { holdHead: never }, {}, '504 upstream_timeout'],
      ['a connection that is reset once it has the request', { cut: { at: 'head', how: 'rst' } }, {}, '502 upstream_unreachable'],
    ] as const)('%s is charged its reservation, since its provider may have worked', async (_name, fault, more, told) => {
      const who = await caller(bench);
      bench.simulator.script(fault);
      expect(answer(await who.ask(path, bodyOf(more)))).toBe(told);
      const line = await who.line();
      expect(line).toMatchObject({ outputTokens: OUTPUT });
      expect(line.costUsd).toBeGreaterThan(9);
      expect(answer(await who.ask(path, bodyOf()))).toBe('429 budget_exceeded');
    });
    test.each([
      ['a refusal by status', '/main/', { status: 500, body: { error: { message: 'no', type: 'server_error', param: null, code: null } } }],
      ['a connection that never came to be', '/nobody/', undefined],
    ] as const)('%s costs nothing', async (_name, at, fault) => {
      const who = await caller(bench);
      if (fault !== undefined) bench.simulator.script(fault);
      expect((await who.ask(path.replace('/main/', at), bodyOf())).status).toBeGreaterThanOrEqual(500);
      expect((await who.line()).costUsd ?? 0).toBe(0);
      expect((await who.ask(path, bodyOf())).status).toBe(200);
    });
  });
  test('an answer that is cut is charged its reservation', async () => {
    const who = await caller(bench);
    bench.simulator.script({ body: { id: 'x'.repeat(200) }, cut: { at: 20, how: 'rst' } });
    expect((await who.ask(PATHS[0], bodyOf())).status).toBe(502);
    expect((await who.line()).costUsd).toBeGreaterThan(9);
  });
  test('an answer that is whole and cannot be read is charged its reservation', async () => {
    const who = await caller(bench);
    bench.simulator.script({ headers: { 'content-type': 'application/json' }, body: '{"id":' });
    expect((await who.ask(PATHS[0], bodyOf())).status).toBe(502);
    expect((await who.line()).costUsd).toBeGreaterThan(9);
  });
  test('an error instead of the first event is a refusal', async () => {
    const who = await caller(bench);
    const error = `data: ${JSON.stringify({ error: { message: 'no', type: 'server_error', param: null, code: null } })}\n\n`;
    bench.simulator.script({ headers: { 'content-type': 'text/event-stream' }, body: error });
    expect((await who.ask(PATHS[0], bodyOf({ stream: true }))).status).toBeGreaterThanOrEqual(400);
    expect((await who.line()).costUsd ?? 0).toBe(0);
  });
  test('a call that was given up once and answered by another target is booked once, by that answer', async () => {
    const who = await caller(bench);
    bench.simulator.script({ holdHead: never });
    bench.simulator.script({
      body: {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: MODEL,
        choices: [{ index: 0, message: { role: 'assistant', content: 'hi', refusal: null }, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 },
      },
    });
    expect((await who.ask('/v1/chat/completions', bodyOf({ model: 'either', stream: false, max_tokens: 4_000 }))).status).toBe(200);
    expect((await who.line()).costUsd).toBeCloseTo(0.4, 9);
  });
  test('a call that was given up once and then refused is charged once', async () => {
    const who = await caller(bench);
    bench.simulator.script({ holdHead: never });
    bench.simulator.script({ status: 400, body: { error: { message: 'no', type: 'invalid_request_error', param: null, code: null } } });
    expect((await who.ask('/v1/chat/completions', bodyOf({ model: 'either', max_tokens: 4_000 }))).status).toBe(400);
    expect((await who.line()).costUsd).toBeGreaterThan(8);
    expect((await who.line()).costUsd).toBeLessThan(9);
  });
});

describe('a call in parts', () => {
  const MODEL = 'claude-sonnet-4-5';
  let bench: Bench;
  beforeAll(async () => {
    bench = await open('anthropic', MODEL);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(() => bench.close());
  const bodyOf = (more: object = {}): object => ({ model: MODEL, prompt: ['a', 'b', 'c'], max_tokens: 1_000, ...more });
  const message = {
    body: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [{ type: 'text', text: 'hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 500, output_tokens: 500 },
    },
  };
  const refusal = (status: number) => ({ status, body: { type: 'error', error: { type: 'invalid_request_error', message: 'no' } } });

  test('parts that were answered are paid for when a later one is refused', async () => {
    const who = await caller(bench);
    bench.simulator.script({ ...message, times: 2 });
    bench.simulator.script(refusal(400));
    expect((await who.ask('/openai/main/v1/completions', bodyOf())).status).toBe(400);
    expect(await who.line()).toMatchObject({ inputTokens: 1_000, outputTokens: 1_000, costUsd: 2 });
  });
  test('a part that was given up is charged as reserved, with those before it', async () => {
    const who = await caller(bench);
    bench.simulator.script({ ...message, times: 2 });
    bench.simulator.script({ holdHead: never });
    expect((await who.ask('/openai/main/v1/completions', bodyOf())).status).toBe(504);
    expect(await who.line()).toMatchObject({ inputTokens: 1_000, outputTokens: 3_000, costUsd: 4 });
  });
  test('parts of a target are paid for at its price when another answers', async () => {
    const who = await caller(bench);
    bench.simulator.script({ ...message, times: 2 });
    bench.simulator.script(refusal(500));
    bench.simulator.script({ ...message, times: 3 });
    expect((await who.ask('/v1/completions', bodyOf({ model: 'either' }))).status).toBe(200);
    expect(await who.line()).toMatchObject({ inputTokens: 2_500, outputTokens: 2_500, costUsd: 2 + 6 });
  });
});
