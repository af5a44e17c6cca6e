import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { ask } from './support/raw.ts';

const HEAD_MS = 1_000;
const BODY_MS = 2_500;
const SOCKETS = 120;
/** What a slow sender sends first, and then byte after byte. */
const SENDERS = {
  'a head that comes byte by byte': ['POST /openai/main/v1/chat/completions HTTP/1.1\r\n', 'x'],
  'a body that comes byte by byte': [
    'POST /openai/main/v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nAuthorization: Bearer KEY\r\n\r\n',
    ' ',
  ],
  'nothing at all': ['', ''],
} as const;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ sections: { server: { port: 0, timeouts: { head: `${HEAD_MS}ms`, body: `${BODY_MS}ms`, minRate: '1B' } } } });
});
afterAll(() => bench.close());

/** Milliseconds until the other side closed. */
const dribble = ([first, more]: readonly [string, string]): Promise<number> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(bench.url);
    const socket = connect(Number(port), hostname);
    const started = performance.now();
    const timer = setInterval(() => more !== '' && socket.writable && socket.write(more), 100);
    socket.on('connect', () => first !== '' && socket.write(first.replace('KEY', bench.key)));
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.on('close', () => {
      clearInterval(timer);
      resolve(performance.now() - started);
    });
  });

test.each(Object.keys(SENDERS) as (keyof typeof SENDERS)[])('A093: %s is cut off in time, and holds nobody up', async (name) => {
  const slow = Array.from({ length: SOCKETS }, () => dribble(SENDERS[name]));
  let open = true;
  const all = Promise.all(slow).finally(() => {
    open = false;
  });
  let served = 0;
  while (open) {
    const { status } = await ask(bench.url, {
      path: '/openai/main/v1/chat/completions',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}',
    });
    expect(status).toBe(200);
    served++;
  }
  // Twice the limit: Node looks at heads every half second, and the machine may have other work.
  for (const lasted of await all) expect(lasted).toBeLessThan(2 * (HEAD_MS + BODY_MS));
  // Those that are held up come back when the slow ones are gone.
  expect(served).toBeGreaterThan(2);
  // A slow body never reached the provider.
  expect(bench.simulator.requests.filter((r) => !r.body.toString().startsWith('{'))).toEqual([]);
  bench.simulator.clear();
});
