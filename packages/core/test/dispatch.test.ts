import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dispatch } from '../src/call/dispatch.ts';
import { makePools } from '../src/call/pools.ts';
import { makeTicker } from '../src/call/ticker.ts';
import type { Instance } from '../src/graph.ts';

const KIB = 1_024;
const FLOOD = 64 * 1_024 * KIB;
const HEALTH = { answered: () => undefined, failed: () => undefined };
const HOUR = 3_600_000;
const DEADLINES = { firstByte: HOUR, idle: HOUR, total: HOUR, clientStall: HOUR };

/** A provider whose answer is there as fast as it is read. */
const flooding = async (): Promise<string> => {
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${FLOOD}\r\n\r\n`);
        socket.write(Buffer.alloc(FLOOD, 'x'));
      });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

test('F06 what a fast provider sends in a turn is not collected until the turn ends: nobody could say stop before', async () => {
  const origin = await flooding();
  const pools = makePools(Date.now);
  const pool = pools.of({ settings: { timeouts: { connect: 5_000 } } } as Instance, origin);
  const ticker = makeTicker();
  onTestFinished(async () => {
    ticker.stop();
    await pools.destroy();
  });
  const pieces: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const outgoing = { origin, method: 'GET', path: '/', headers: [], body: undefined };
    const data = (chunk: Buffer): void => void pieces.push(chunk.length);
    dispatch(pool, outgoing, DEADLINES, ticker, { head: () => undefined, data, end: resolve, cut: reject }, HEALTH, performance.now());
  });
  expect(pieces.reduce((sum, n) => sum + n, 0)).toBe(FLOOD);
  // One read of a socket is 64 KiB; up to 32 of them are a turn.
  expect(Math.max(...pieces)).toBeLessThanOrEqual(96 * KIB);
});

test('a client that breaks off the upload that is piped says nothing of the provider', async () => {
  let arrived = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = createServer((socket) => socket.on('error', () => undefined).once('data', () => arrived())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pools = makePools(Date.now);
  const pool = pools.of({ settings: { timeouts: { connect: 5_000 } } } as Instance, origin);
  const ticker = makeTicker();
  onTestFinished(async () => {
    ticker.stop();
    await pools.destroy();
    server.close();
  });
  const failures: string[] = [];
  for (const code of ['ECONNRESET', 'EPIPE', undefined]) {
    const body = new Readable({ read: () => undefined });
    body.push('half of it');
    const cut = new Promise<string>((resolve) => {
      const outgoing = { origin, method: 'POST', path: '/', headers: ['content-length', '1000'], body };
      const sink = { head: () => undefined, data: () => undefined, end: () => undefined, cut: resolve };
      dispatch(pool, outgoing, DEADLINES, ticker, sink, { answered: () => undefined, failed: (what) => void failures.push(what) }, performance.now());
    });
    await begun;
    body.destroy(Object.assign(new Error('gone'), code === undefined ? {} : { code }));
    expect(await cut).toBe(code === undefined ? 'cut' : 'connect');
  }
  expect(failures).toEqual([]);
});

test('what comes right behind a piece waits for company, a millisecond at most; what comes alone goes at once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const ticker = makeTicker();
  onTestFinished(() => ticker.stop());
  const told: string[] = [];
  const sink = {
    head: () => void told.push('head'),
    data: (chunk: Buffer) => void told.push(String(chunk)),
    end: () => void told.push('end'),
    cut: () => void told.push('cut'),
  };
  let handler: Dispatcher.DispatchHandler = {};
  const dispatcher = {
    dispatch(_options: unknown, given: Dispatcher.DispatchHandler) {
      handler = given;
      return true;
    },
  } as unknown as Dispatcher;
  const controller = { pause: () => undefined, resume: () => undefined, abort: () => undefined, rawHeaders: null } as unknown as Dispatcher.DispatchController;
  const read = (text: string): void => handler.onResponseData?.(controller, Buffer.from(text));
  const turn = (): unknown => vi.advanceTimersByTime(0);
  dispatch(
    dispatcher,
    { origin: 'http://127.0.0.1', method: 'GET', path: '/', headers: [], body: undefined },
    DEADLINES,
    ticker,
    sink,
    HEALTH,
    performance.now(),
  );
  turn();
  handler.onResponseStart?.(controller, 200, {});
  read('a');
  turn();
  expect(told).toEqual(['head', 'a']);
  read('b');
  turn();
  read('c');
  turn();
  expect(told).toEqual(['head', 'a']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['head', 'a', 'bc']);
  vi.advanceTimersByTime(2);
  read('d');
  turn();
  expect(told).toEqual(['head', 'a', 'bc', 'd']);
  vi.advanceTimersByTime(2);
  handler.onResponseEnd?.(controller, {});
  turn();
  expect(told).toEqual(['head', 'a', 'bc', 'd', 'end']);
});
