import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { closeBehind } from '../src/http/linger.ts';

const HEAD = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 50000000\r\n\r\n';
const PIECE = Buffer.alloc(1_000_000, 'x');
/** A server that refuses what comes as soon as it begins; a client that has begun to send. */
const refusing = async (): Promise<{ readonly client: Socket; readonly served: Socket[]; text(): string }> => {
  const served: Socket[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    served.push(request.socket);
    request.resume();
    closeBehind(request, response);
    response.writeHead(413, { 'content-length': '7' });
    response.end('refused');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  let text = '';
  client.on('data', (chunk: Buffer) => {
    text += String(chunk);
  });
  client.write(HEAD);
  return { client, served, text: () => text };
};

test('a client that is refused while it sends reads its answer, and the connection ends with its request', async () => {
  const { client, served, text } = await refusing();
  await once(client, 'end');
  expect(text()).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n.*refused$/is);
  for (let i = 0; i < 50; i++) if (!client.write(PIECE)) await once(client, 'drain');
  const [socket] = served;
  if (socket?.destroyed === false) await once(socket, 'close');
  expect(socket?.bytesRead).toBeGreaterThan(50_000_000);
});
test('who goes on sending is cut off', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { client, served } = await refusing();
  await once(client, 'end');
  client.write(PIECE);
  const closed = once(served[0] as Socket, 'close');
  vi.advanceTimersByTime(9_999);
  expect(served[0]?.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  await closed;
});
