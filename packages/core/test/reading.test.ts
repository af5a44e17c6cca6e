import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
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
