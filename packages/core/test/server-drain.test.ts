import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { AnyResponse, RequestHandler } from '../src/http/server.ts';
import { clientGone, sever } from '../src/http/sever.ts';
import { ask, closeAll, closeSessions, connect, drained, open, parseAnswer, serverTls, session } from './server-clients.ts';

afterEach(async () => {
  closeSessions();
  await closeAll();
});

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('graceful stop', () => {
  test.each([
    ['cleartext', undefined],
    ['TLS', serverTls],
  ])('%s: idle connections of both protocols close at once', async (_name, tls) => {
    const listener = await open((_request, response) => void (response as ServerResponse).end('ok'), { tls });
    const client = await session(listener);
    await ask(client, { ':path': '/' });
    if (tls === undefined) {
      const silent = await connect(listener);
      const kept = await connect(listener);
      kept.write(GET);
      await once(kept, 'data');
      silent.resume();
      kept.resume();
    }
    const started = performance.now();
    await listener.close(5000);
    expect(performance.now() - started).toBeLessThan(4500);
    expect(listener.connections()).toBe(0);
  });

  test('new connections are refused, calls under way end well and close their connection', async () => {
    const waiting: AnyResponse[] = [];
    const listener = await open((_request, response) => void waiting.push(response));
    const socket = await connect(listener);
    const one = drained(socket);
    socket.write(GET);
    const client = await session(listener);
    const two = ask(client, { ':path': '/' });
    await expect.poll(() => waiting.length).toBe(2);
    const closed = listener.close(5000);
    await expect(connect(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(listener.connections()).toBe(2);
    for (const response of waiting) (response as ServerResponse).end('late');
    expect((await two).body).toBe('late');
    const answer = parseAnswer((await one).text);
    expect([answer.body, answer.headers.connection]).toEqual(['late', 'close']);
    await closed;
    expect(listener.connections()).toBe(0);
  });

  test('a stream whose head has gone already ends well, and its kept connection is closed after it', async () => {
    let answer: ServerResponse | undefined;
    const listener = await open((_request, response) => {
      answer = response as ServerResponse;
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write('data: 1\n\n');
    });
    const socket = await connect(listener);
    const all = drained(socket);
    socket.write(GET);
    await once(socket, 'data');
    const closed = listener.close(5000);
    answer?.end('data: 2\n\n');
    await closed;
    expect((await all).text).toContain('data: 2');
  });

  test('what is left at the deadline is destroyed, raw sockets too', async () => {
    const listener = await open(() => undefined);
    const socket = await connect(listener);
    const one = drained(socket);
    socket.write(GET);
    const client = await session(listener);
    const two = ask(client, { ':path': '/' });
    const half = await connect(listener);
    half.write('PRI * HTTP');
    await expect.poll(() => listener.connections()).toBe(3);
    const started = performance.now();
    await listener.close(300);
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(listener.connections()).toBe(0);
    expect((await one).text).toBe('');
    expect((await two).headers[':status']).toBeUndefined();
  });

  test('an HTTP/2 connection whose client ignores GOAWAY does not hold the port open', async () => {
    const listener = await open((_request, response) => void (response as ServerResponse).end('ok'));
    const client = await session(listener);
    await ask(client, { ':path': '/', 'x-large': 'h'.repeat(50_000) });
    client.removeAllListeners('goaway');
    await listener.close(2000);
    expect(listener.connections()).toBe(0);
  });

  test('a request whose head was under way when the stop began is served, and its connection closed', async () => {
    const listener = await open((_request, response) => void (response as ServerResponse).end('ok'));
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('GET / HT');
    await expect.poll(() => listener.connections()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    listener.stopAccepting();
    await new Promise((resolve) => setTimeout(resolve, 150));
    socket.write('TP/1.1\r\nHost: a\r\n\r\n');
    const { status, headers, body } = parseAnswer((await answer).text);
    expect([status, headers.connection, body]).toEqual([200, 'close', 'ok']);
  });

  test('closeIdle leaves what carries a request, and what it leaves goes on being served', async () => {
    const waiting: AnyResponse[] = [];
    const listener = await open((request, response) => (request.url === '/wait' ? void waiting.push(response) : void (response as ServerResponse).end('ok')));
    const idle = await connect(listener);
    const busy = await session(listener);
    const quiet = await session(listener);
    await ask(quiet, { ':path': '/' });
    const answer = ask(busy, { ':path': '/wait' });
    await expect.poll(() => waiting.length).toBe(1);
    listener.closeIdle();
    await once(idle.resume(), 'close');
    await expect.poll(() => listener.connections()).toBe(1);
    expect((await ask(busy, { ':path': '/' })).body).toBe('ok');
    (waiting[0] as ServerResponse).end('late');
    expect((await answer).body).toBe('late');
  });

  test('closing twice, and closing what never listened, both resolve', async () => {
    const listener = await open(() => undefined);
    await Promise.all([listener.close(1000), listener.close(1000)]);
    const { createListener } = await import('../src/http/server.ts');
    const never = await createListener({
      name: 'never',
      host: '127.0.0.1',
      port: 0,
      timeouts: { head: 1000, body: 1000, minRate: 1 },
      handler: () => undefined,
    });
    await never.close(1000);
    expect(never.connections()).toBe(0);
  });
});

describe('sever', () => {
  const cut =
    (headers: Record<string, string>): RequestHandler =>
    (_request, response) => {
      (response as ServerResponse).writeHead(200, headers);
      (response as ServerResponse).write('half', () => setTimeout(() => sever(response), 20));
    };

  test('HTTP/2: the client sees a stream error, not an end', async () => {
    const answer = await ask(await session(await open(cut({}))), { ':path': '/' });
    expect([answer.body, answer.rstCode, answer.error]).toEqual(['half', 2, 'ERR_HTTP2_STREAM_ERROR']);
  });

  test('HTTP/1.1: the client sees a broken body, chunked and with length', async () => {
    for (const headers of [{}, { 'content-length': '100' }]) {
      const listener = await open(cut(headers));
      const failure = await fetch(listener.url).then(
        (response) => response.text().catch(() => 'cut'),
        () => 'cut',
      );
      expect(failure).toBe('cut');
    }
  });

  test('HTTP/1.0: an answer that ends with its connection is reset', async () => {
    const listener = await open(cut({}));
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('GET / HTTP/1.0\r\n\r\n');
    expect((await answer).reset).toBe(true);
  });

  test('clientGone tells a client that left from an answer that ended', async () => {
    const seen: boolean[] = [];
    const listener = await open((request, response) => {
      response.on('close', () => seen.push(clientGone(response)));
      if (request.url === '/end') (response as ServerResponse).end('x');
      else {
        (response as ServerResponse).writeHead(200);
        (response as ServerResponse).write('x');
      }
    });
    const client = await session(listener);
    await ask(client, { ':path': '/end' });
    await expect.poll(() => seen).toEqual([false]);
    const stream = client.request({ ':path': '/open' });
    stream.on('error', () => undefined);
    stream.once('data', () => stream.close(8));
    await expect.poll(() => seen).toEqual([false, true]);
    const socket = await connect(listener);
    socket.once('data', () => socket.destroy());
    socket.write('GET /open HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => seen).toEqual([false, true, true]);
  });
});
