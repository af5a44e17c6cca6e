import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { FLOOD, guardSession } from './flood.ts';
import { answerError, headProblem2, MAX_HEADER_LINES } from './raw-answer.ts';
import { HEADER_BYTES, type Serving, serve, upgradeRequired, wrongExpectation } from './serving.ts';

const MAX_STREAMS = 256;
/** Bytes a client may send ahead of its reader: one stream, and all streams of a connection together. */
const STREAM_WINDOW = 512 * 1024;
const SESSION_WINDOW = 4 * 1024 * 1024;

export interface Http2Connection {
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  streams: number;
  requests: number;
  /** `performance.now()` of the moment the last stream closed, or of the start. */
  idleSince: number;
  closing: boolean;
}
/** A request over HTTP/2 whose body is still coming. */
export interface Http2Upload {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly since: number;
}
/** Node takes `maxSessionInvalidFrames`; its types do not know it. */
const LIMITS: http2.ServerOptions & { readonly maxSessionInvalidFrames: number } = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: HEADER_BYTES, initialWindowSize: STREAM_WINDOW, enablePush: false },
  maxHeaderListPairs: MAX_HEADER_LINES,
  maxSessionInvalidFrames: 10,
  maxSessionMemory: 64,
  streamResetBurst: 1000,
  streamResetRate: 33,
  maxSettings: 32,
};

/** The HTTP/2 half: a server that never listens and is given sockets. */
export const createHttp2 = (options: Serving, connections: Set<Http2Connection>, uploads: Set<Http2Upload>) => {
  const server = http2.createServer(LIMITS);
  let current: Socket | undefined;
  server.on('session', (session) => {
    const socket = current;
    if (socket === undefined) return;
    const connection: Http2Connection = { session, socket, streams: 0, requests: 0, idleSince: performance.now(), closing: false };
    connections.add(connection);
    session.setLocalWindowSize(SESSION_WINDOW);
    session.on('stream', (stream) => {
      connection.streams += 1;
      connection.requests += 1;
      stream.once('close', () => {
        connection.streams -= 1;
        connection.idleSince = performance.now();
      });
    });
    guardSession(session, options.flood ?? FLOOD, options.flooded);
    socket.once('close', () => connections.delete(connection));
    // HTTP/2 has no half-open connections: a client that ends its side has gone.
    socket.once('end', () => socket.destroy());
    // An idle session can be destroyed and leave its socket open: the socket goes with it.
    session.once('close', () => socket.destroySoon());
  });
  const refused = (_request: Http2ServerRequest, response: Http2ServerResponse): void => answerError(response, upgradeRequired(), 'keep');
  server.on('connect', refused as never);
  server.on('checkExpectation', ((_request: Http2ServerRequest, response: Http2ServerResponse) => {
    answerError(response, wrongExpectation(), 'keep');
  }) as never);
  server.on('checkContinue', (request, response) => {
    // Its client may have reset it in the same packet: Node's own answer would throw outside every call.
    if (request.stream.destroyed || request.stream.closed) return;
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('request', (request, response) => {
    const problem = headProblem2(request);
    if (problem !== undefined) {
      answerError(response, problem, 'keep');
      return;
    }
    if (!request.stream.endAfterHeaders) {
      const upload: Http2Upload = { request, response, since: performance.now() };
      uploads.add(upload);
      const done = (): boolean => uploads.delete(upload);
      request.once('end', done);
      request.stream.once('close', done);
    }
    serve(options, request, response);
  });
  server.on('sessionError', () => undefined);
  const give = (socket: Socket): void => {
    current = socket;
    server.emit('connection', socket);
    current = undefined;
  };
  return { server, give };
};
