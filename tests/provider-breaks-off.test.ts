import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';
import { chat } from './support/limited.ts';
import { ask } from './support/raw.ts';

const PLACES = 3;
const CHUNKED = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';

describe('a provider that breaks off', () => {
  let bench: Bench;
  let provider: Server;
  /** The answer that is held open. */
  let first: Socket | undefined;
  beforeAll(async () => {
    provider = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (piece) => {
        if (piece.includes('/models/first')) {
          first = socket;
          socket.write(`${CHUNKED}5\r\nfirst\r\n`);
        } else if (piece.includes('/models/second')) socket.write(`${CHUNKED}6\r\nsecond\r\n`, () => socket.destroy());
        else socket.destroy();
      });
    });
    provider.listen(0, '127.0.0.1');
    await once(provider, 'listening');
    bench = await openBench({
      instances: {
        raw: {
          provider: 'openai',
          baseUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`,
          apiKey: 'sk-0123456789abcdef',
          insecureUpstream: true,
        },
      },
      sections: { limits: { inFlight: PLACES }, retry: { attempts: 1 } },
    });
  });
  afterAll(async () => {
    await bench.close();
    provider.close();
  });

  test('an upload over HTTP/2 gives its place back', async () => {
    for (let i = 0; i <= PLACES; i++) {
      const client = connectHttp2(bench.url);
      const stream = client.request({
        ':method': 'POST',
        ':path': '/transparent/raw/v1/audio/transcriptions',
        authorization: `Bearer ${bench.key}`,
        'content-type': 'application/octet-stream',
      });
      const closed = once(stream, 'close');
      stream.on('error', () => undefined);
      const [head] = await Promise.all([once(stream, 'response'), stream.resume().end(Buffer.alloc(400_000))]);
      expect(head[0][':status']).toBe(502);
      await closed;
      client.close();
    }
    const headers = { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' };
    expect((await ask(bench.url, { path: '/openai/main/v1/chat/completions', headers, body: chat('gpt-4o-mini') })).status).toBe(200);
  });
  test('an answer that waits behind another of its connection: it is cut where that ends', async () => {
    const { hostname, port } = new URL(bench.url);
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString();
    });
    const closed = once(socket, 'close');
    const get = (model: string): string => `GET /transparent/raw/v1/models/${model} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bench.key}\r\n\r\n`;
    socket.write(get('first') + get('second'));
    await vi.waitFor(() => expect(text).toContain('first'));
    await vi.waitFor(() => expect(first).toBeDefined());
    first?.end('0\r\n\r\n');
    await closed;
    const behind = text.split('5\r\nfirst\r\n0\r\n\r\n')[1];
    expect(behind).toBeDefined();
    expect(behind).not.toMatch(/\r\n0\r\n\r\n$/);
    await vi.waitFor(() => expect(bench.lines.some((line) => line.msg === 'request' && line.code === 'upstream_stream_truncated')).toBe(true));
  });
});
