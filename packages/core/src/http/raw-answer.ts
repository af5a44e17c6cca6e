import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { type Envelope, envelope, newRequestId } from './envelope.ts';
import { STATUS_CODES } from './node-http.ts';
import { type AnyResponse, isHttp2 } from './sever.ts';

/** Time a client has to read an answer and stop sending before its connection is destroyed. */
const LINGER_MS = 1000;

/**
 * Answers on a connection whose parser gave up or never came to a request, then closes it. The connection is read on for a
 * moment: closing it with unread bytes is a reset, which takes the answer from the client.
 */
export const answerRaw = (socket: Socket, error: GatewayError): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = envelope(error, newRequestId());
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\ndate: ${new Date().toUTCString()}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}${status === 426 ? 'connection: close, upgrade\r\nupgrade: HTTP/1.1\r\n' : 'connection: close\r\n'}\r\n${body}`);
  socket.resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  linger.unref();
  socket.once('close', () => clearTimeout(linger));
};

const objectOf = (pairs: readonly string[]): Record<string, string> => {
  const object: Record<string, string> = {};
  for (let i = 0; i < pairs.length; i += 2) object[pairs[i] ?? ''] = pairs[i + 1] ?? '';
  return object;
};

/** Answers a whole request with an error of ours; HTTP/1.1 connections are closed when `close` is asked for. */
export const answerError = (response: AnyResponse, error: GatewayError, close: 'close' | 'keep'): void => {
  const answer: Envelope = envelope(error, newRequestId());
  // What a failed handler set already would be sent with the error, or refused by HTTP/2.
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (isHttp2(response)) response.writeHead(answer.status, objectOf(answer.headers));
  else {
    if (close === 'close') response.shouldKeepAlive = false;
    response.writeHead(answer.status, answer.headers);
  }
  response.end(answer.body);
};

/** The error for what Node's parser or its timers reported as `clientError`. */
export const parserError = (code: string | undefined): GatewayError => {
  if (code === 'HPE_HEADER_OVERFLOW') return new GatewayError('headers_too_large', 'The request headers are larger than 64 KiB.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new GatewayError('request_timeout', 'The request did not arrive in time.');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return new GatewayError('body_too_large', 'The chunk extensions of the request body are too large.');
  return new GatewayError('invalid_request', 'The request is not valid HTTP.');
};

/** Header lines a request may have; 64 KiB could hold thousands, each of which costs more than its bytes. */
export const MAX_HEADER_LINES = 512;

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;
let lastValid = '';
const refused = (why: string): GatewayError => new GatewayError('invalid_request', `The request ${why}.`);
const validHost = (host: string): boolean => {
  if (host === lastValid) return true;
  if (!HOST.test(host)) return false;
  lastValid = host;
  return true;
};

/** What is wrong with `Host` and the number of header lines (RFC 9112 3.2; Node takes the first of two and any grammar). */
export const headProblem = (request: IncomingMessage): GatewayError | undefined => {
  const raw = request.rawHeaders;
  if (raw.length > 2 * MAX_HEADER_LINES) return new GatewayError('headers_too_large', `The request has more than ${MAX_HEADER_LINES} header lines.`);
  let host: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i];
    if (name?.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return refused('has two Host headers');
    host = raw[i + 1] ?? '';
  }
  if (host === undefined) return request.httpVersionMinor === 0 ? undefined : refused('has no Host header');
  return validHost(host) ? undefined : refused('has a Host header that names no host');
};

/** The same over HTTP/2: `:authority` or `host`, and where both stand they agree (RFC 9113 8.3.1). */
export const headProblem2 = (request: Http2ServerRequest): GatewayError | undefined => {
  const raw = request.rawHeaders;
  let host = request.headers[':authority'] as string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i] !== 'host') continue;
    const value = raw[i + 1] ?? '';
    if (host !== undefined && host.toLowerCase() !== value.toLowerCase()) return refused('names two hosts');
    host = value;
  }
  if (host === undefined) return refused('names no host');
  return validHost(host) ? undefined : refused('names no valid host');
};
