import { once } from 'node:events';
import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type App, createApp, replyJson } from '../src/http/app.ts';
import { closeAll, code, connect, drained, open, parseAnswer } from './server-clients.ts';

let app: App | undefined;
afterEach(async () => {
  await closeAll();
  await app?.close();
});

/** Resolves when it has been taken; throws what it broke with. */
const sent = (socket: Socket, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.write(text, (error) => (error == null ? resolve() : reject(error)));
  });

test.each(['content-length: 3000000', 'transfer-encoding: chunked'])(
  'a body that is too large, %s: its client gets the answer though it goes on sending',
  async (framing) => {
    app = createApp({
      bodyLimit: 4_096,
      routes: (fastify) => {
        fastify.post('/things', (_request, reply) => replyJson(reply, 200, {}));
      },
    });
    const { handle } = app;
    const listener = await open((request, response) => handle(request, response));
    const socket = await connect(listener);
    const all = drained(socket);
    const answered = once(socket, 'data');
    const [first, rest] = ['x'.repeat(5_000), 'x'.repeat(2_995_000)];
    socket.write(`POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${framing}\r\n\r\n`);
    socket.write(framing.startsWith('content-length') ? first : `${(3_000_000).toString(16)}\r\n${first}`);
    await answered;
    await sent(socket, rest);
    socket.end(framing.startsWith('content-length') ? '' : '\r\n0\r\n\r\n');
    const { text, reset } = await all;
    const answer = parseAnswer(text);
    expect([answer.status, code(answer.body), answer.headers.connection, reset]).toEqual([413, 'body_too_large', 'close', false]);
  },
);

test('an answer that its client does not take is given up', async () => {
  app = createApp({
    stall: 100,
    routes: (fastify) => {
      fastify.get('/things', (_request, reply) => replyJson(reply, 200, { text: 'x'.repeat(1_000) }));
    },
  });
  const { handle } = app;
  const listener = await open((request, response) => handle(request, response));
  const client = http2.connect(listener.url, { settings: { initialWindowSize: 0 } });
  await once(client, 'remoteSettings');
  const stream = client.request({ ':path': '/things' });
  const broke = once(stream, 'error');
  const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  expect(head[':status']).toBe(200);
  const [error] = (await broke) as [Error];
  expect(error.message).toContain('NGHTTP2_INTERNAL_ERROR');
  client.destroy();
});
