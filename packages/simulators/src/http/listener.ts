import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer as createSecureServer2, createServer as createServer2, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';

export type Handler = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => void;

export type ListenerOptions = {
  readonly port: number;
  readonly host: string;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  /** Serves HTTP/2 beside HTTP/1.1: by ALPN over TLS, else to clients that begin with its preface. */
  readonly http2: boolean;
};

const limits = { maxHeaderSize: 65_536, requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 };
const prefaceText = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const preface = Buffer.from(prefaceText);

/** Calls `decide` with what the first bytes of the connection are; the bytes stay readable. */
const sniff = (socket: Socket, decide: (isSecond: boolean) => void): void => {
  let held = Buffer.alloc(0);
  const look = (): void => {
    const piece: Buffer | null = socket.read();
    if (piece === null) return void socket.once('readable', look);
    held = Buffer.concat([held, piece]);
    const known = Math.min(held.length, preface.length);
    const same = held.subarray(0, known).equals(preface.subarray(0, known));
    if (same && known < preface.length) return void socket.once('readable', look);
    socket.unshift(held); // once, when decided: unshift before a further wait would never let the wait end
    decide(same);
  };
  socket.on('error', () => undefined);
  socket.once('readable', look);
};

const plainBoth = (handler: Handler): Server => {
  const first = createServer(limits, handler);
  const second = createServer2({ settings: { maxHeaderListSize: 65_536 } }, handler);
  second.on('sessionError', () => undefined);
  return createSocketServer({ noDelay: true }, (socket) => sniff(socket, (isSecond) => (isSecond ? second : first).emit('connection', socket)));
};

const serverFor = (handler: Handler, { tls, http2 }: ListenerOptions): Server => {
  if (tls === undefined) return http2 ? plainBoth(handler) : createServer(limits, handler);
  return http2 ? createSecureServer2({ ...tls, allowHTTP1: true }, handler) : createSecureServer({ ...limits, ...tls }, handler);
};

/** Serves until `close()`, which destroys all connections. Resolves when the port is open. */
export const listen = async (handler: Handler, options: ListenerOptions): Promise<{ readonly port: number; close(): Promise<void> }> => {
  const server = serverFor(handler, options);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await new Promise<number>((done, fail) => {
    server.once('error', fail);
    server.listen(options.port, options.host, () => done((server.address() as AddressInfo).port));
  });
  return {
    port,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
