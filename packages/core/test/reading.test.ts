import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { reading } from '../src/call/reading.ts';

const MIB = 1_024 * 1_024;

/** A connection over which a server sends as many bytes of one value as are taken. */
const flooded = async (value: number, bytes: number): Promise<Socket> => {
  const server = createServer((socket) => void socket.on('error', () => undefined).end(Buffer.alloc(bytes, value))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...reading });
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, 'readable');
  return socket;
};

test('connections share the memory that is read into, not what was read', async () => {
  const sockets = await Promise.all([1, 2, 3].map((value) => flooded(value, 3 * MIB)));
  const read = await Promise.all(
    sockets.map(async (socket) => {
      const pieces: Buffer[] = [];
      for await (const piece of socket) pieces.push(piece as Buffer);
      return Buffer.concat(pieces);
    }),
  );
  expect(read.map((bytes, i) => [bytes.length, bytes.every((byte) => byte === i + 1)])).toEqual([1, 2, 3].map(() => [3 * MIB, true]));
});

test('F06 a connection that nobody reads holds one read of it, and memory of no more than that', async () => {
  const socket = await flooded(7, 8 * MIB);
  // What else is on its way comes in these turns.
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(socket.readableLength).toBeGreaterThan(0);
  expect(socket.readableLength).toBeLessThanOrEqual(48 * 1_024);
  const piece = socket.read(socket.readableLength) as Buffer;
  expect(piece.buffer.byteLength).toBeLessThanOrEqual(64 * 1_024);
});

/** A connection that is read so, under a clock that stands still, by somebody who reads whenever something is there, as undici does. */
const paced = async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const got: string[] = [];
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...reading });
  socket.on('readable', () => {
    for (let piece = socket.read(); piece !== null; piece = socket.read()) got.push(String(piece));
  });
  const [peer] = (await accepted) as [Socket];
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  };
  return {
    socket,
    got,
    /** Bytes that have left the kernel, and what was handed on. */
    seen: () => [socket.bytesRead, got.join(' ')],
    send: async (text: string): Promise<void> => {
      await new Promise((sent) => peer.write(text, sent));
      await turns();
    },
    pass: async (ms: number): Promise<void> => {
      vi.advanceTimersByTime(ms);
      await turns();
    },
  };
};

test('what follows a piece of the same answer is handed on after a millisecond, and until then nothing more is read', async () => {
  const { socket, seen, send, pass } = await paced();
  await send('a');
  expect(seen()).toEqual([1, 'a']);
  for (const text of ['b', 'c', 'd']) await send(text);
  expect(seen()).toEqual([2, 'a']);
  await pass(1);
  expect(seen()).toEqual([4, 'a b']);
  await send('e');
  await pass(1);
  expect(seen()).toEqual([5, 'a b cd']);
  await pass(1);
  expect(seen()).toEqual([5, 'a b cd e']);
  await pass(1);
  await send('f');
  expect(seen()).toEqual([6, 'a b cd e f']);
  // Another request was sent: its answer is awaited from its first byte on.
  socket.write('next');
  await send('g');
  expect(seen()).toEqual([7, 'a b cd e f g']);
});
test('whoever asks for more gets what was held and what follows it, in this order', async () => {
  const { socket, seen, send, pass } = await paced();
  await send('a');
  await send('b');
  socket.read();
  await send('c');
  await pass(1);
  expect(seen()).toEqual([3, 'a bc']);
});
test('much is handed on at once, however soon it follows', async () => {
  const { got, send } = await paced();
  await send('a');
  await send('b'.repeat(20_000));
  expect(got.map((text) => text.length)).toEqual([1, 20_000]);
});
test("what was held when its connection was broken off is nobody's", async () => {
  const { socket, seen, send, pass } = await paced();
  await send('a');
  await send('b');
  socket.destroy();
  await pass(1);
  expect([seen(), socket.errored]).toEqual([[2, 'a'], null]);
});
