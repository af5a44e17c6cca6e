import type { CapturedRequest } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { countTurns } from './support/turns.ts';
import { type Open, openHttp1, openHttp2, standstill, type Visitor } from './support/visitor.ts';

const WITHIN_MS = 100;
const turns = countTurns();
const STREAM = { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, rechunk: 'whole' } as const;
const SIZE = 4_000_000;
const clients: readonly (readonly [string, Open])[] = [
  ['HTTP/1.1', openHttp1],
  ['HTTP/2, stream reset', openHttp2('reset')],
  ['HTTP/2, connection dropped', openHttp2('drop')],
];
const body = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'hi' }] });

let bench: Bench;
let client: Visitor | undefined;
beforeAll(async () => {
  bench = await openBench({
    sections: { retry: { attempts: 1 }, policies: [{ allow: {}, limits: [{ per: 'principal', concurrent: 1 }] }] },
  });
});
afterEach(() => {
  client?.leave();
  bench.simulator.clear();
});
afterAll(() => bench.close());

const headers = (type = 'application/json') => ({ authorization: `Bearer ${bench.key}`, 'content-type': type });
const gone = async (): Promise<unknown> => (await bench.line((line) => line.code === 'client_closed')).status;
const nextIsServed = async (): Promise<void> => {
  bench.simulator.clear();
  const next = await fetch(`${bench.url}/transparent/main/v1/models`, { headers: headers() });
  expect(next.status, await next.text()).toBe(200);
};

describe.each(clients)('gone during the upload, %s', (_how, open) => {
  test('protocol mode: nothing has reached the provider, the call is closed and its place is free', async () => {
    client = await open(bench.url, { path: '/openai/main/v1/chat/completions', headers: headers(), body: undefined, announce: SIZE });
    client.write(body.slice(0, -1));
    const health = await fetch(`${bench.url}/health`);
    expect(health.status).toBe(200);
    client.leave();
    await gone();
    expect(bench.simulator.requests).toEqual([]);
    await nextIsServed();
  });

  test.each([
    ['with a length', SIZE],
    ['without one', undefined],
  ])('transparent mode, a piped body %s: the upstream request is aborted within 100 ms', async (_title, announce) => {
    const path = '/transparent/main/v1/audio/transcriptions';
    const head = bench.simulator.waitForHead();
    client = await open(bench.url, { path, headers: headers('application/octet-stream'), body: undefined, ...(announce === undefined ? {} : { announce }) });
    client.write(Buffer.alloc(200_000, 7));
    const upstream: CapturedRequest = await head;
    await expect.poll(() => upstream.body.length, { interval: 5 }).toBe(200_000);
    const left = client.leave();
    expect(await turns.between(left, await upstream.aborted)).toBeLessThan(WITHIN_MS);
    expect(upstream.complete).toBe(false);
    await nextIsServed();
  });
});

describe.each(clients)('onDisconnect: drain, %s', (_how, open) => {
  let drained: Bench;
  beforeAll(async () => {
    drained = await openBench({ main: { onDisconnect: 'drain' } });
  });
  afterEach(() => drained.simulator.clear());
  afterAll(() => drained.close());
  const settled = (from: number) => drained.line((line) => drained.lines.indexOf(line) >= from && 'code' in line);

  test.each(['/openai/main', '/transparent/main'])('%s: the upstream is read to its end, and its usage is counted', async (prefix) => {
    const lines = drained.lines.length;
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    const usage = { ...chunk({}), choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } };
    const first = sse(role, chunk({ content: 'Hello' }));
    drained.simulator.script({ ...STREAM, body: first + sse(chunk({}, 'stop'), usage, '[DONE]'), stall: { at: first.length, until } });
    const sent = drained.simulator.waitForRequest();
    client = await open(drained.url, { path: `${prefix}/v1/chat/completions`, headers: { ...headers(), authorization: `Bearer ${drained.key}` }, body });
    const upstream = await sent;
    await client.until(({ seen }) => seen.includes('Hello'));
    client.leave();
    await fetch(`${drained.url}/health`);
    goOn();
    const line = await settled(lines);
    expect([line.code, upstream.progress, upstream.abortedAt]).toEqual(['client_closed', 'ended', undefined]);
    expect(line).toMatchObject({ inputTokens: 11, outputTokens: 7 });
  });

  test('a client that stopped reading before it went holds nothing up', async () => {
    const lines = drained.lines.length;
    const flood = sse(role) + sse(chunk({ content: 'x'.repeat(16_000) })).repeat(1_500) + spoken('end');
    drained.simulator.script({ ...STREAM, body: flood, rechunk: { size: 65_536 } });
    const sent = drained.simulator.waitForRequest();
    client = await open(drained.url, {
      path: '/transparent/main/v1/chat/completions',
      headers: { ...headers(), authorization: `Bearer ${drained.key}` },
      body,
    });
    const upstream = await sent;
    client.stopReading();
    await expect
      .poll(
        standstill(() => upstream.bytesSent),
        { interval: 100, timeout: 10_000 },
      )
      .toBe(true);
    expect(upstream.bytesSent).toBeLessThan(flood.length);
    client.leave();
    await settled(lines);
    expect([upstream.progress, upstream.bytesSent]).toEqual(['ended', flood.length]);
  });
});
