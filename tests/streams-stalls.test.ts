import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, payloads, role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';
import { openHttp1, openHttp2, type Visitor } from './support/visitor.ts';
import { type Received, type Wire, wireHttp1 } from './support/wires.ts';

const STREAM = { status: 200, headers: { 'content-type': 'text/event-stream; charset=utf-8' }, rechunk: 'whole' } as const;
const never = new Promise<never>(() => undefined);
const hello = sse(role, chunk({ content: 'Hello' }));
const PATH = '/v1/chat/completions';
const bodyOf = (stream: boolean): string => JSON.stringify({ model: 'gpt-4o-mini', stream, messages: [{ role: 'user', content: 'hi' }] });
const textOf = ({ body }: Received): string => body.toString();
const codeOfLast = (text: string): unknown => (payloads(text).at(-1)?.error as { code?: string } | undefined)?.code;
const errorIn = (got: Received): unknown => codeOfLast(textOf(got));

describe('deadlines of an instance', () => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench({
      main: { timeouts: { firstByte: '1s', idle: '2s', total: '60s' } },
      instances: (baseUrl) => ({
        short: { provider: 'openai', baseUrl, apiKey: PROVIDER_KEY, insecureUpstream: true, timeouts: { firstByte: '60s', idle: '60s', total: '4s' } },
      }),
      sections: { retry: { attempts: 1 } },
    });
    wire = wireHttp1(bench.url);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });
  const post = (prefix: string, stream = true): Promise<Received> =>
    wire.ask({ path: prefix + PATH, headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' }, body: bodyOf(stream) });
  const codes = ({ status, headers }: Received): unknown[] => [status, headers['x-lpa-code']];

  test.each(['/openai/main', '/transparent/main'])('F18 %s: no head within firstByte is 504 upstream_timeout, and the provider is let go', async (prefix) => {
    bench.simulator.script({ holdHead: never });
    expect(codes(await post(prefix))).toEqual([504, 'upstream_timeout']);
    expect((await bench.simulator.waitForAbort()).progress).toBe('waiting');
  });
  test('F18 a head without an event within firstByte is 504 upstream_timeout', async () => {
    bench.simulator.script({ ...STREAM, body: hello, stall: { at: 0 } });
    expect(codes(await post('/openai/main'))).toEqual([504, 'upstream_timeout']);
    expect((await bench.simulator.waitForAbort()).progress).toBe('head');
  });
  test('F08 silence after content is an error event, not an end', async () => {
    bench.simulator.script({ ...STREAM, body: spoken('Hello'), stall: { at: hello.length } });
    const got = await post('/openai/main');
    expect([got.status, got.cut, errorIn(got)]).toEqual([200, false, 'upstream_timeout']);
    expect(textOf(got).startsWith(hello)).toBe(true);
    expect(textOf(got)).not.toContain('[DONE]');
    await bench.simulator.waitForAbort();
  });
  test('F08 silence in transparent mode is passed on as a cut', async () => {
    bench.simulator.script({ ...STREAM, body: spoken('Hello'), stall: { at: hello.length } });
    const got = await post('/transparent/main');
    expect([got.status, got.cut, textOf(got)]).toEqual([200, true, hello]);
    await bench.simulator.waitForAbort();
  });
  test.each(['/openai/short', '/transparent/short'])('%s: a call that is not streamed has until total', async (prefix) => {
    const started = performance.now();
    bench.simulator.script({ holdHead: never });
    expect(codes(await post(prefix, false))).toEqual([504, 'upstream_timeout']);
    expect(performance.now() - started).toBeGreaterThan(3_900);
  });
  test('a stream that trickles past total ends with an error event', async () => {
    bench.simulator.script({ ...STREAM, body: hello + sse(chunk({ content: 'x' })).repeat(400), rechunk: { size: 400 }, delayChunk: 100 });
    const got = await post('/openai/short');
    expect([got.status, got.cut, errorIn(got)]).toEqual([200, false, 'upstream_timeout']);
    await bench.simulator.waitForAbort();
  });
});

describe('a client that reads nothing', () => {
  let bench: Bench;
  let client: Visitor | undefined;
  beforeAll(async () => {
    // No deadline but this one: on a busy machine the sockets between the two take longer to fill than any other would last.
    bench = await openBench({ main: { timeouts: { clientStall: '400ms' } }, sections: { retry: { attempts: 1 } } });
  });
  afterEach(() => {
    client?.leave();
    bench.simulator.clear();
  });
  afterAll(() => bench.close());
  test.each([
    ['/openai/main', openHttp1],
    ['/transparent/main', openHttp1],
    ['/openai/main', openHttp2('reset')],
    ['/transparent/main', openHttp2('reset')],
  ])('F05 %s: for clientStall is cut and the provider is let go (%#)', async (prefix, open) => {
    const earlier = new Set(bench.lines);
    bench.simulator.script({ ...STREAM, body: sse(role) + sse(chunk({ content: 'x'.repeat(16_000) })).repeat(1_500), rechunk: { size: 65_536 } });
    client = await open(bench.url, {
      path: prefix + PATH,
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: bodyOf(true),
    });
    client.stopReading();
    expect((await bench.simulator.waitForAbort()).progress).toBe('head');
    const { stream, code } = await bench.line((line) => line.stream !== undefined && !earlier.has(line));
    expect([stream, code]).toEqual(['client', 'client_closed']);
  });
});

describe('signs of life', () => {
  let bench: Bench;
  let wire: Wire;
  beforeAll(async () => {
    bench = await openBench({ sections: { retry: { attempts: 1 }, stream: { commitAfter: '150ms', keepAlive: '150ms' } } });
    wire = wireHttp1(bench.url);
  });
  afterEach(() => bench.simulator.clear());
  afterAll(async () => {
    await wire.close();
    await bench.close();
  });
  const asked = (prefix: string) => ({
    path: prefix + PATH,
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: bodyOf(true),
  });
  /** Resolves with the head: once the gateway has answered, though the provider has not. */
  const committed = (): Promise<Response> => {
    const { path, ...rest } = asked('/openai/main');
    return fetch(bench.url + path, { method: 'POST', ...rest });
  };
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test('protocol mode: the 200 goes out after commitAfter, comments follow, the events are whole', async () => {
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    bench.simulator.script({ ...STREAM, body: spoken('Hello'), holdHead: until });
    const got = await committed();
    expect([got.status, got.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    let text = '';
    for await (const piece of got.body ?? []) {
      text += Buffer.from(piece).toString();
      if ((text.match(/^:[^\n]*\n\n/gm) ?? []).length >= 2) go();
    }
    expect(text.replaceAll(/^:[^\n]*\n\n/gm, '')).toBe(spoken('Hello'));
  });
  test('an error after that is an event of the stream', async () => {
    const { promise: until, resolve: go } = Promise.withResolvers<void>();
    bench.simulator.script({ status: 503, holdHead: until });
    const got = await committed();
    go();
    const text = await got.text();
    expect([got.status, codeOfLast(text), text.includes('[DONE]')]).toEqual([200, 'server_is_overloaded', false]);
  });
  test('the SDK reads over them', async () => {
    bench.simulator.script({ ...STREAM, body: spoken('Hel', 'lo'), rechunk: { size: 150 }, delayChunk: 200 });
    const client = new OpenAI({ baseURL: `${bench.url}/openai/main/v1`, apiKey: bench.key, maxRetries: 0 });
    let text = '';
    for await (const { choices } of await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'x' }], stream: true }))
      text += choices[0]?.delta.content ?? '';
    expect(text).toBe('Hello');
  });
  test('transparent mode adds nothing', async () => {
    bench.simulator.script({ ...STREAM, body: spoken('Hello'), holdHead: later(400), stall: { at: hello.length, until: later(900) } });
    expect(textOf(await wire.ask(asked('/transparent/main')))).toBe(spoken('Hello'));
  });
});

describe('F05: a client that stops reading a stream of 50 MB', () => {
  const flood = Buffer.from(sse(role) + sse(chunk({ content: 'x'.repeat(100_000) })).repeat(500));
  const MIB = 1024 * 1024;
  test.each([
    ['/openai/main', true],
    ['/openai/main', false],
    ['/transparent/main', true],
  ])('%s, passing %s: the provider is slowed down until it is let go', async (prefix, pass) => {
    const bench = await openBench({ pass, main: { timeouts: { clientStall: '2s' } } });
    bench.simulator.script({ ...STREAM, body: flood, rechunk: { size: 65_536 } });
    const client = await openHttp1(bench.url, {
      path: prefix + PATH,
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: bodyOf(true),
    });
    client.stopReading();
    // What was never taken from the provider cannot be held here; the sockets between the two hold most of this.
    expect((await bench.simulator.waitForAbort()).bytesSent).toBeLessThan(16 * MIB);
    client.leave();
    await bench.close();
  });
});
