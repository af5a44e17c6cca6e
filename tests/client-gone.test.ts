import type { CapturedRequest, Fault } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chunk, role, spoken, sse } from './support/answers.ts';
import { type Bench, openBench } from './support/gateway.ts';
import { countTurns } from './support/turns.ts';
import { type Open, openHttp1, openHttp2, standstill, type Visitor } from './support/visitor.ts';

/** Longest from the client's leaving to the provider seeing it (reliability R1). */
const WITHIN_MS = 100;
const turns = countTurns();
/** In chunks, so that the answer is not over when its last byte is there. */
const STREAM = { headers: { 'content-type': 'text/event-stream; charset=utf-8' }, rechunk: 'whole' } as const;
const never = new Promise<never>(() => undefined);
const hello = sse(role, chunk({ content: 'Hello' }));
const whole = spoken('Hello');
const finished = whole.slice(0, whole.indexOf('data: [DONE]'));
const flood = sse(role) + sse(chunk({ content: 'x'.repeat(16_000) })).repeat(1_500);

/** Where the answer stands when the client goes: what the provider does, and how the client knows that it is so far. */
interface Phase {
  readonly fault: Fault;
  reached(client: Visitor, upstream: CapturedRequest): Promise<void>;
}
const sent = (fits: (upstream: CapturedRequest) => boolean) => async (_client: Visitor, upstream: CapturedRequest) => {
  await expect.poll(() => fits(upstream), { interval: 5, timeout: 5_000 }).toBe(true);
};
const received = (text: string) => (client: Visitor) => client.until(({ seen }) => seen.includes(text));
/** Nothing moves any more: what the provider could send stays the same for a while. */
const stuck = async (client: Visitor, upstream: CapturedRequest): Promise<void> => {
  client.stopReading();
  await expect
    .poll(
      standstill(() => upstream.bytesSent),
      { interval: 100, timeout: 10_000 },
    )
    .toBe(true);
  expect(upstream.bytesSent).toBeLessThan(flood.length);
};
const phases = (mode: 'protocol' | 'transparent'): Readonly<Record<string, Phase>> => ({
  'F02 before the head': { fault: { holdHead: never }, reached: sent(({ progress }) => progress === 'waiting') },
  'F02 head sent': {
    fault: { ...STREAM, body: hello, stall: { at: 0 } },
    reached: mode === 'protocol' ? sent(({ progress }) => progress === 'head') : (client) => client.until(({ status }) => status === 200),
  },
  'F02 held': {
    fault: { ...STREAM, body: hello, stall: { at: sse(role).length } },
    reached: mode === 'protocol' ? sent(({ bytesSent }) => bytesSent === sse(role).length) : received('"role":"assistant"'),
  },
  'F01 streaming': { fault: { ...STREAM, body: hello, stall: { at: hello.length } }, reached: received('Hello') },
  'F01 back-pressured': { fault: { ...STREAM, body: flood, rechunk: { size: 65_536 } }, reached: stuck },
  // Protocol mode ends the client's answer at the terminal event: its tail is what comes between content and that event.
  'F01 tail': {
    fault: { ...STREAM, body: whole, stall: { at: mode === 'protocol' ? finished.length : whole.length } },
    reached: received(mode === 'protocol' ? '"finish_reason":"stop"' : 'data: [DONE]'),
  },
});
const path = { protocol: '/openai/main/v1/chat/completions', transparent: '/transparent/main/v1/chat/completions' };
const clients: Readonly<Record<string, Open>> = {
  'HTTP/1.1 connection closed': openHttp1,
  'HTTP/2 stream reset': openHttp2('reset'),
  'HTTP/2 connection dropped': openHttp2('drop'),
};

/** One call at a time: a call that is admitted proves that the one before let go of its place. */
const limited = { policies: [{ allow: {}, limits: [{ per: 'principal', concurrent: 1 }] }], retry: { attempts: 1 } };
let bench: Bench;
let client: Visitor | undefined;
beforeAll(async () => {
  bench = await openBench({ sections: limited });
});
afterEach(() => {
  client?.leave();
  bench.simulator.clear();
});
afterAll(() => bench.close());

const headers = () => ({ authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' });
const body = JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'hi' }] });
const inflight = async (): Promise<string | undefined> => {
  const text = await (await fetch(`${bench.gateway.urls.ops}/metrics`)).text();
  return /^llm_proxy_inflight\{[^}]*instance="main"[^}]*\} (\d+)$/m.exec(text)?.[1];
};
/** The place is free again at once, and the next call is served. */
const placeIsFree = async (mode: 'protocol' | 'transparent'): Promise<void> => {
  expect(await inflight()).toBe('0');
  bench.simulator.clear();
  const next = await fetch(bench.url + path[mode], { method: 'POST', headers: headers(), body: JSON.stringify({ ...JSON.parse(body), stream: false }) });
  expect(next.status, await next.text()).toBe(200);
};

describe.each(Object.entries(clients))('a client that leaves: %s', (_how, open) => {
  describe.each(['protocol', 'transparent'] as const)('%s mode', (mode) => {
    test.each(Object.entries(phases(mode)))('%s: the upstream request is aborted within 100 ms and the place is free', async (_name, { fault, reached }) => {
      bench.simulator.script(fault);
      const upstreamHead = bench.simulator.waitForRequest();
      client = await open(bench.url, { path: path[mode], headers: headers(), body });
      const upstream = await upstreamHead;
      await reached(client, upstream);
      const lines = bench.lines.length;
      const left = client.leave();
      expect(await turns.between(left, await upstream.aborted)).toBeLessThan(WITHIN_MS);
      await placeIsFree(mode);
      const line = await bench.line((each) => bench.lines.indexOf(each) >= lines && 'code' in each);
      expect(line.code).toBe('client_closed');
    });
  });
});
