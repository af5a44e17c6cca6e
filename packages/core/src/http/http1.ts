import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayError } from '@llm-proxy-auth/plugin';
import { LeanRequest } from './lean-request.ts';
import { KEEP_ALIVE_MS, LeanResponse } from './lean-response.ts';
import { createServer } from './node-http.ts';
import { answerError, answerRaw, headProblem, parserError } from './raw-answer.ts';
import { HEADER_BYTES, type Serving, serve, upgradeRequired, wrongExpectation } from './serving.ts';

/** One HTTP/1.1 connection and the request it carries now. */
export interface Http1Connection {
  readonly socket: Socket;
  request: IncomingMessage | undefined;
  response: ServerResponse | undefined;
  /** A request came at some time. */
  used: boolean;
  /** `bytesRead` when it was given over; -1 when bytes had come already. */
  readonly startedAt: number;
  /** An answer outside the parser was written: whatever the parser says afterwards is ignored. */
  ended: boolean;
}
const CONNECTION = Symbol('connection');
type Tracked = Socket & { [CONNECTION]?: Http1Connection };
/** The HTTP/1.1 half: a server that never listens and is given sockets. */
export const createHttp1 = (options: Serving, connections: Set<Http1Connection>, draining: () => boolean) => {
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEADER_BYTES,
    headersTimeout: Math.min(options.head, options.body),
    requestTimeout: options.body,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, options.head / 4)),
    requireHostHeader: false,
    IncomingMessage: LeanRequest,
    ServerResponse: LeanResponse,
  });
  server.maxHeadersCount = 0;
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = (request.socket as Tracked)[CONNECTION];
    if (connection !== undefined) {
      connection.request = request;
      connection.response = response;
      connection.used = true;
    }
    if (draining()) response.shouldKeepAlive = false;
    const problem = headProblem(request);
    if (problem !== undefined) answerError(response, problem, 'close');
    else serve(options, request, response);
  });
  const refuse = (request: IncomingMessage, socket: Socket): void => {
    const connection = (socket as Tracked)[CONNECTION];
    if (connection !== undefined) connection.ended = true;
    const pending = connection?.response;
    socket.on('error', () => socket.destroy());
    request.on('error', () => undefined);
    // An earlier request of a pipeline still waits: an answer now would pass for its own.
    if (pending !== undefined && !pending.writableFinished) socket.destroy();
    else answerRaw(socket, headProblem(request) ?? upgradeRequired());
  };
  server.on('upgrade', (request, socket) => refuse(request, socket as Socket));
  server.on('connect', (request, socket) => refuse(request, socket as Socket));
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    answerError(response, wrongExpectation(), 'close');
  });
  const breakOff = (connection: Http1Connection, error: GatewayError): void => {
    if (connection.ended) return;
    connection.ended = true;
    const { request, response, socket } = connection;
    // The broken request is the one under way, or comes after one that still waits for its answer.
    const open = response !== undefined && !response.writableFinished;
    // Behind another answer it has no socket yet, and what is written now would be bytes of that one.
    if (open && (response.socket === null || response.headersSent || request?.complete === true)) socket.destroy();
    else answerRaw(socket, error);
  };
  server.on('clientError', (error: Error & { code?: string }, stream) => {
    const socket = stream as Tracked;
    const connection = socket[CONNECTION];
    if (connection === undefined || error.code === 'ECONNRESET' || error.code === 'EPIPE' || socket.destroyed) socket.destroy();
    else breakOff(connection, parserError(error.code));
  });
  // A server that never listens does not run its timers: this starts them.
  server.emit('listening');
  const give = (socket: Socket): void => {
    const connection: Http1Connection = {
      socket,
      request: undefined,
      response: undefined,
      used: false,
      startedAt: socket.readableLength > 0 ? -1 : socket.bytesRead,
      ended: false,
    };
    (socket as Tracked)[CONNECTION] = connection;
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
    server.emit('connection', socket);
  };
  return { server, give, timeOut: (connection: Http1Connection) => breakOff(connection, parserError('ERR_HTTP_REQUEST_TIMEOUT')) };
};
