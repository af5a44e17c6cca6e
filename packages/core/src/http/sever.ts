import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import { LeanResponse } from './lean-response.ts';

export type AnyRequest = IncomingMessage | Http2ServerRequest;
export type AnyResponse = ServerResponse | Http2ServerResponse;
/** Serves one request from its raw pair; never throws, never rejects. */
export type RequestHandler = (request: AnyRequest, response: AnyResponse) => void;

export const isHttp2 = (response: AnyResponse): response is Http2ServerResponse => 'stream' in response;

/** A TLS socket has no reset of its own: the connection below it has, which node:tls keeps, but not in its types. */
const reset = (socket: Socket): void => {
  const below = (socket as { readonly _parent?: Socket | null })._parent ?? socket;
  // Node calls it to wait until everything is written, which a client that reads nothing never lets happen.
  below.destroySoon = () => void below.destroy();
  if (!below.destroyed) below.resetAndDestroy();
  socket.destroy();
};
const saysLength = (response: ServerResponse): boolean => response.hasHeader('content-length') || (response instanceof LeanResponse && response.hasLength);

/**
 * Ends an answer that has begun so that the client sees a cut, not an end. Over HTTP/2 `response.destroy()` after the head
 * is RST_STREAM with NO_ERROR, which clients take for a clean end; over HTTP/1.0 an answer without length ends with the
 * connection, so that only a reset tells a cut from an end. `unread`: the client reads nothing, and what lies for it in the kernel goes at
 * once; an end would wait behind it for as long as the client likes.
 */
export const sever = (response: AnyResponse, unread = false): void => {
  if (isHttp2(response)) {
    // An answer that is only queued would still leave with END_STREAM: the reset has to go instead of it.
    if (!response.stream.destroyed) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const { socket } = response;
  // It waits behind another answer of its connection, and is cut where that ends.
  if (socket === null) return void response.once('socket', () => sever(response, unread));
  if (socket.destroyed) return;
  if (unread || (response.headersSent && !response.chunkedEncoding && !saysLength(response))) reset(socket);
  else socket.destroy();
};

/**
 * True once the client can no longer be answered: its connection or stream closed before the answer ended. Ask it in the
 * `close` event. `destroyed` says nothing on the HTTP/2 compatibility response, `writableEnded` does on both.
 */
export const clientGone = (response: AnyResponse): boolean => {
  if (response.writableEnded) return false;
  return isHttp2(response) ? response.stream.destroyed || response.stream.closed : response.destroyed || response.socket?.destroyed === true;
};
