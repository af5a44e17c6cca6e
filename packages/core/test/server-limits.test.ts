import type { ServerResponse } from 'node:http';
import http2, { type Http2ServerResponse } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import type { AnyRequest, AnyResponse, RequestHandler } from '../src/http/server.ts';
import { ask, closeAll, closeSessions, code, connect, drained, exchange, open, parseAnswer, session } from './server-clients.ts';

afterEach(async () => {
  closeSessions();
  await closeAll();
});

/** Reads the body and answers with its length. */
const count: RequestHandler = (request, response) => {
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  request.on('end', () => void (response as ServerResponse).end(String(bytes)));
  request.on('error', () => undefined);
};
const TIMES = { head: 2000, body: 20_000, minRate: 1000, grace: 300 };

describe('bodies', () => {
  test('a body slower than the least rate is 408 over HTTP/1.1, and its handler hears of it', async () => {
    let gone = 0;
    const listener = await open(
      (request, response) => {
        count(request, response);
        response.on('close', () => {
          if (!response.writableEnded) gone += 1;
        });
      },
      { timeouts: TIMES },
    );
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 50);
    const { text } = await answer;
    clearInterval(drip);
    expect([parseAnswer(text).status, code(parseAnswer(text).body)]).toEqual([408, 'request_timeout']);
    await expect.poll(() => gone).toBe(1);
  });

  test('a body slower than the least rate is 408 over HTTP/2, and the connection lives on', async () => {
    const listener = await open(count, { timeouts: TIMES });
    const client = await session(listener);
    const stream = client.request({ ':path': '/', ':method': 'POST' });
    const drip = setInterval(() => stream.write('x'), 50);
    stream.on('error', () => undefined);
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    clearInterval(drip);
    stream.destroy();
    expect(status).toBe(408);
    expect((await ask(client, { ':path': '/', ':method': 'POST' }, 'four')).body).toBe('4');
  });

  test('a body fast enough that takes several measuring times passes, over both', async () => {
    const listener = await open(count, { timeouts: TIMES });
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 8000\r\n\r\n');
    const client = await session(listener);
    const stream = client.request({ ':path': '/', ':method': 'POST' });
    for (let i = 0; i < 8; i++) {
      socket.write('x'.repeat(1000));
      stream.write('x'.repeat(1000));
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    stream.end();
    expect(parseAnswer((await answer).text).status).toBe(200);
    expect(await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])))).toBe(200);
  });

  test.each(['paused', 'unread'] as const)('a client is not blamed while the gateway itself does not read: %s, over both', async (how) => {
    const listener = await open(
      (request, response) => {
        if (how === 'paused') request.pause();
        setTimeout(() => {
          count(request, response);
          request.resume();
        }, 1000);
      },
      { timeouts: TIMES },
    );
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100\r\n\r\n${'x'.repeat(50)}`);
    const stream = (await session(listener)).request({ ':path': '/', ':method': 'POST' });
    const status = new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    stream.write('x'.repeat(50));
    setTimeout(() => {
      socket.write('x'.repeat(50));
      stream.end('x'.repeat(50));
    }, 1050);
    expect(parseAnswer((await answer).text).status).toBe(200);
    expect(await status).toBe(200);
  });

  test('an answer that runs long after its request is nobody slow', async () => {
    const listener = await open(
      (request, response) => {
        request.resume();
        (response as ServerResponse).writeHead(200);
        (response as ServerResponse).write('a');
        setTimeout(() => void (response as ServerResponse).end('b'), 1200);
      },
      { timeouts: TIMES },
    );
    const one = exchange(listener, 'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
    const two = ask(await session(listener), { ':path': '/', ':method': 'POST' }, 'x');
    expect(parseAnswer((await one).text).body).toBe('ab');
    expect((await two).body).toBe('ab');
  });

  test('a body that never ends is 408 after the body time-out over both', async () => {
    const listener = await open(count, { timeouts: { head: 200, body: 600, minRate: 0 } });
    const socket = await connect(listener);
    const answer = drained(socket);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx');
    const client = await session(listener);
    const stream = client.request({ ':path': '/', ':method': 'POST' });
    stream.on('error', () => undefined);
    stream.write('x');
    const status = await new Promise((resolve) => stream.once('response', (headers) => resolve(headers[':status'])));
    expect(status).toBe(408);
    expect(parseAnswer((await answer).text).status).toBe(408);
  });
});

describe('HTTP/2 limits', () => {
  test('the 257th stream open at once is refused and the others are served', async () => {
    const waiting: AnyResponse[] = [];
    const listener = await open((_request, response) => void waiting.push(response));
    const client = await session(listener);
    await new Promise<void>((resolve) => (client.remoteSettings.maxConcurrentStreams === 256 ? resolve() : client.once('remoteSettings', () => resolve())));
    expect(client.remoteSettings.maxConcurrentStreams).toBe(256);
    const answers = Array.from({ length: 300 }, () => ask(client, { ':path': '/' }));
    await expect.poll(() => waiting.length).toBe(256);
    for (const response of waiting.splice(0)) (response as Http2ServerResponse).end('done');
    await expect.poll(() => waiting.length).toBe(44);
    for (const response of waiting) (response as Http2ServerResponse).end('done');
    expect((await Promise.all(answers)).every((answer) => answer.body === 'done')).toBe(true);
  });

  const FLOOD = { resets: { burst: 50, perSecond: 1 }, control: { burst: 50, perSecond: 1 } };
  const ended = (client: http2.ClientHttp2Session): Promise<number> => new Promise((resolve) => client.once('goaway', resolve));

  test('a PING flood ends the connection with ENHANCE_YOUR_CALM, keep-alives do not', async () => {
    const listener = await open(count, { flood: FLOOD });
    const calm = await session(listener);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => calm.ping(resolve));
    expect(calm.destroyed).toBe(false);
    const client = await session(listener, { maxOutstandingPings: 10_000 } as never);
    const end = ended(client);
    for (let i = 0; i < 200; i++) client.ping(() => undefined);
    expect(await end).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  test('a SETTINGS flood ends the connection', async () => {
    const client = await session(await open(count, { flood: FLOOD }), { maxOutstandingSettings: 10_000 } as never);
    const end = ended(client);
    for (let i = 0; i < 200; i++) client.settings({ initialWindowSize: 65_535 + i });
    expect(await end).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  test('rapid reset ends the connection, cancelling some streams does not', async () => {
    let served = 0;
    const listener = await open(
      () => {
        served += 1;
      },
      { flood: FLOOD },
    );
    const client = await session(listener);
    const reset = (): Promise<void> =>
      new Promise((resolve) => {
        const stream = client.request({ ':path': '/' });
        stream.on('error', () => undefined);
        setImmediate(() => stream.close(http2.constants.NGHTTP2_CANCEL));
        stream.once('close', () => resolve());
      });
    for (let i = 0; i < 20; i++) await reset();
    expect([client.destroyed, served]).toEqual([false, 20]);
    const end = ended(client);
    for (let i = 0; i < 200 && !client.destroyed && !client.closed; i++) await reset();
    expect(await end).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(served).toBeLessThan(60);
  });

  test('frames of any shape that are not HTTP/2 end that connection alone', async () => {
    const listener = await open(count);
    const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(4096, 0xff)]);
    await exchange(listener, preface);
    expect((await ask(await session(listener), { ':path': '/', ':method': 'POST' }, 'a')).body).toBe('1');
  });

  test('empty DATA frames without end are cut off', async () => {
    const listener = await open(count);
    const socket = await connect(listener);
    const answer = drained(socket);
    const frame = (type: number, flags: number, stream: number, payload: Buffer): Buffer => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length, 0, 3);
      head[3] = type;
      head[4] = flags;
      head.writeUInt32BE(stream, 5);
      return Buffer.concat([head, payload]);
    };
    // HPACK: :method POST, :scheme http, :path /, :authority a
    const headers = Buffer.from([0x83, 0x86, 0x84, 0x41, 0x01, 0x61]);
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0)), frame(1, 4, 1, headers)]));
    socket.write(Buffer.concat(Array.from({ length: 100 }, () => frame(0, 0, 1, Buffer.alloc(0)))));
    await answer;
    await expect.poll(() => listener.connections()).toBe(0);
  });
});

describe('a client that goes', () => {
  const watched = async (kind: 'http1' | 'http2', leave: 'abort' | 'stall') => {
    const events: string[] = [];
    let request: AnyRequest | undefined;
    const listener = await open((r, response) => {
      request = r;
      (response as ServerResponse).writeHead(200);
      (response as ServerResponse).write('start');
      response.on('close', () => events.push(response.writableEnded ? 'ended' : 'gone'));
      const fill = (): void => {
        while ((response as ServerResponse).write('x'.repeat(65_536))) if (response.writableEnded) return;
        events.push('blocked');
      };
      if (leave === 'stall') fill();
    });
    return { listener, events, request: () => request, kind };
  };

  test.each(['http1', 'http2'] as const)('%s: an abort is seen in the close event with writableEnded false', async (kind) => {
    const { listener, events } = await watched(kind, 'abort');
    const started = performance.now();
    if (kind === 'http1') {
      const socket = await connect(listener);
      socket.once('data', () => socket.destroy());
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    } else {
      const stream = (await session(listener)).request({ ':path': '/' });
      stream.on('error', () => undefined);
      stream.once('data', () => stream.close(http2.constants.NGHTTP2_CANCEL));
    }
    await expect.poll(() => events, { interval: 5 }).toEqual(['gone']);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test.each(['http1', 'http2'] as const)('%s: a client that only stops reading looks stalled, not gone', async (kind) => {
    const { listener, events } = await watched(kind, 'stall');
    if (kind === 'http1') {
      const socket = await connect(listener);
      socket.pause();
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    } else {
      // What an SDK does when its caller breaks out of the loop over a stream.
      (await session(listener)).request({ ':path': '/' }).pause();
    }
    await expect.poll(() => events).toEqual(['blocked']);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(events).toEqual(['blocked']);
  });
});
