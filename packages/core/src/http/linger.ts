import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a client that was refused may go on sending. */
const LINGER_MS = 10_000;
const lingering = new WeakSet<Socket>();

/**
 * The connection is closed behind the answer. Where the request is not whole yet, only our half of it at first: closing it with
 * unread bytes is a reset, which takes the answer from the client.
 */
export const closeBehind = (request: IncomingMessage, response: ServerResponse): void => {
  response.shouldKeepAlive = false;
  const { socket } = request;
  if (request.complete || lingering.has(socket)) return;
  lingering.add(socket);
  // What Node calls when the last answer of a connection is out.
  socket.destroySoon = () => {
    const close = (): void => {
      socket.destroy();
    };
    const late = setTimeout(close, LINGER_MS);
    late.unref();
    socket.once('close', () => clearTimeout(late));
    socket.end();
    if (request.complete) socket.once('finish', close);
    else request.once('end', close);
  };
};
