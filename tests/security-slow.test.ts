import { connect } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';
import { certificateAuthority, SERVER_AUTH } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask } from './support/raw.ts';
import { countTurns, GAP_MS } from './support/turns.ts';

const HEAD_MS = 1_000;
const BODY_MS = 2_500;
const SOCKETS = 500;
const turns = countTurns();
const authority = certificateAuthority();
const { pem: cert, key } = authority.issue({ subject: [['CN', 'localhost']], usages: [SERVER_AUTH] });
/** What a slow sender sends first, and then byte after byte. */
const SENDERS = {
  'a head that comes byte by byte': ['POST /openai/main/v1/chat/completions HTTP/1.1\r\n', 'x'],
  'a body that comes byte by byte': [
    'POST /openai/main/v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nAuthorization: Bearer KEY\r\n\r\n',
    ' ',
  ],
  'nothing at all': ['', ''],
  // The beginning of a handshake that says it is 512 bytes long.
  'half a greeting of TLS': ['\x16\x03\x01\x02\x00\x01\x00', ''],
} as const;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({
    sections: { server: { port: 0, tls: { port: 0, cert, key }, timeouts: { head: `${HEAD_MS}ms`, body: `${BODY_MS}ms`, minRate: '1B' } } },
  });
});
afterAll(() => bench.close());

/** When it connected and when the other side closed. */
const dribble = ([first, more]: readonly [string, string], url: string): Promise<readonly [from: number, to: number]> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const started = performance.now();
    const timer = setInterval(() => more !== '' && socket.writable && socket.write(more), 400);
    socket.on('connect', () => first !== '' && socket.write(first.replace('KEY', bench.key), 'latin1'));
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.on('close', () => {
      clearInterval(timer);
      resolve([started, performance.now()]);
    });
  });

const good = async (): Promise<number> => {
  const from = performance.now();
  const { status } = await ask(bench.url, {
    path: '/openai/main/v1/chat/completions',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
    body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}',
  });
  expect(status).toBe(200);
  return turns.between(from, performance.now());
};
const p99 = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
const CALLS = 200;
/** At once; a call in the middle would otherwise wait until this process, which is client and gateway, had opened all 500. */
const WAVE = 10;
/** So many together wherever they are in their time; new ones come while calls are still to be made. */
const crowd = async (open: () => Promise<readonly [number, number]>, wanted: () => boolean): Promise<readonly (readonly [number, number])[]> => {
  const ended: Promise<readonly [number, number]>[] = [];
  let alive = 0;
  while (ended.length < SOCKETS || wanted()) {
    for (let n = 0; n < WAVE && alive < SOCKETS; n++) {
      alive++;
      ended.push(open().finally(() => alive--));
    }
    await later(10);
  }
  return await Promise.all(ended);
};

test.each(Object.keys(SENDERS) as (keyof typeof SENDERS)[])('A093: %s is cut off in time, and holds nobody up', async (name) => {
  const before: number[] = [];
  for (let n = 0; n < CALLS; n++) before.push(await good());
  const { server, tls = '' } = bench.gateway.urls;
  const url = name.includes('TLS') ? tls : server;
  const beside: number[] = [];
  let open = true;
  const slow = crowd(
    () => dribble(SENDERS[name], url),
    () => beside.length < CALLS,
  ).finally(() => {
    open = false;
  });
  while (open) beside.push(await good());
  // Twice the limit: Node looks at heads every half second, and the machine may have other work.
  for (const [from, to] of await slow) expect(await turns.between(from, to)).toBeLessThan(2 * (HEAD_MS + BODY_MS));
  expect(beside.length).toBeGreaterThanOrEqual(CALLS);
  console.log(`A093 ${name}: p99 ${p99(before).toFixed(1)} ms alone, ${p99(beside).toFixed(1)} ms beside, ${beside.length} calls`);
  // A pause of the machine that is shorter than this counts as work.
  expect(p99(beside)).toBeLessThan(2 * p99(before) + GAP_MS);
  // A slow body never reached the provider.
  expect(bench.simulator.requests.filter((r) => !r.body.toString().startsWith('{'))).toEqual([]);
  bench.simulator.clear();
});
