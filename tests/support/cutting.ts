import { connect, createServer, type Socket } from 'node:net';
import type { Received } from './wires.ts';

/** How a provider's answer is cut; a `close` ends what has no length, so that HTTP alone takes it for whole. */
export type How = 'fin' | 'rst' | 'close';
export interface CuttingProvider {
  readonly url: string;
  close(): Promise<void>;
}
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n';
const CASE = /\r\nx-case: (\d+)\.(\d+)\.(\w+)\r\n/i;
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i;

const answer = (socket: Socket, bytes: Buffer, at: number, how: string): void => {
  const framing = how === 'close' ? 'connection: close\r\n\r\n' : `transfer-encoding: chunked\r\n\r\n${bytes.length.toString(16)}\r\n`;
  const head = Buffer.from(HEAD + framing);
  const told = Buffer.concat([head, bytes.subarray(0, at)]);
  if (how === 'whole') socket.write(Buffer.concat([told, Buffer.from('\r\n0\r\n\r\n')]));
  else if (how === 'rst') socket.write(told, () => socket.resetAndDestroy());
  else socket.end(told);
};
/**
 * A provider that does nothing but cut: `x-case: <stream>.<at>.<how>` says which of the streams it sends and how many bytes of it.
 * It checks nothing; simulators do.
 */
export const cuttingProvider = async (streams: readonly Buffer[]): Promise<CuttingProvider> => {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    let waiting = '';
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      waiting += piece.toString('latin1');
      const end = waiting.indexOf('\r\n\r\n');
      if (end < 0 || waiting.length < end + 4 + Number(LENGTH.exec(waiting)?.[1] ?? 0)) return;
      const [, stream, at, how = ''] = CASE.exec(waiting) ?? [];
      waiting = '';
      answer(socket, streams[Number(stream)] ?? Buffer.alloc(0), Number(at), how);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

const END = '0\r\n\r\n';
/** Whether an answer is complete, and where its body begins. */
const complete = (bytes: Buffer): boolean => {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = LENGTH.exec(bytes.toString('latin1', 0, head + 2));
  if (length !== null) return bytes.length >= head + 4 + Number(length[1]);
  return bytes.length >= head + 4 + END.length && bytes.toString('latin1', bytes.length - END.length) === END && bytes[bytes.length - END.length - 1] === 10;
};
const unchunked = (body: Buffer): Buffer => {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!(size > 0)) break;
    pieces.push(body.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
};
const received = (bytes: Buffer, cut: boolean): Received => {
  const head = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.toString('latin1', 0, Math.max(head, 0)).split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const body = bytes.subarray(head + 4);
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: headers['transfer-encoding'] === undefined ? body : unchunked(body), cut };
};
/** One kept connection on which one request after the other is asked, each a whole text of HTTP/1.1. It is replaced when it breaks. */
export interface Lane {
  ask(request: string): Promise<Received>;
  close(): void;
}
export const lane = (url: string): Lane => {
  const { hostname, port } = new URL(url);
  let socket: Socket | undefined;
  let waiting: ((got: Received) => void) | undefined;
  let bytes = Buffer.alloc(0);
  const settle = (cut: boolean): void => {
    const got = waiting;
    waiting = undefined;
    got?.(received(bytes, cut));
    bytes = Buffer.alloc(0);
  };
  const opened = (): Socket => {
    const fresh = connect(Number(port), hostname);
    fresh.setNoDelay(true);
    fresh.on('error', () => undefined);
    fresh.on('data', (piece) => {
      bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
      if (complete(bytes)) settle(false);
    });
    fresh.on('close', () => {
      if (socket !== fresh) return;
      socket = undefined;
      settle(true);
    });
    return fresh;
  };
  return {
    ask: (request) =>
      new Promise((resolve) => {
        waiting = resolve;
        socket ??= opened();
        socket.write(request);
      }),
    close: () => socket?.destroy(),
  };
};
