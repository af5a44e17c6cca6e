import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Http1Connection } from './http1.ts';
import type { Http2Connection, Http2Upload } from './http2.ts';
import { KEEP_ALIVE_MS } from './lean-response.ts';
import type { Port } from './one-port.ts';
import { answerError } from './raw-answer.ts';
import { type AnyRequest, sever } from './sever.ts';

const DRAIN_EVERY_MS = 50;
/** Time a closed HTTP/2 session has until its socket is destroyed. */
const GOODBYE_MS = 1000;

export interface SweepTimes {
  readonly head: number;
  readonly body: number;
  /** Bytes per second. */
  readonly minRate: number;
  readonly grace?: number | undefined;
  readonly idle?: number | undefined;
}
export interface Sweep {
  start(): void;
  /** From now on `closeIdle` runs often. */
  drain(closeIdle: () => void): void;
  /** Once no raw socket is left. */
  whenEmpty(then: () => void): void;
  stop(): void;
}
interface Window {
  readonly from: number;
  readonly bytes: number;
}

/** Whether it is us who hold the body back: then its pace says nothing about the client. */
const held = (request: AnyRequest): boolean => {
  // Over HTTP/2 the bytes wait in the stream until somebody reads the request.
  if (request.readableLength > 0 || ('stream' in request && request.stream.readableLength > 0)) return true;
  return request.isPaused() && request.listenerCount('readable') === 0;
};

/**
 * Timers of all connections in one interval, so that a request costs none: the slowest body, HTTP/2 bodies and idle
 * sessions (Node watches heads and bodies of HTTP/1.1 itself), and closing what is idle while the port drains.
 */
export const createSweep = (port: Port, times: SweepTimes): Sweep => {
  const grace = times.grace ?? 10_000;
  const idle = times.idle ?? KEEP_ALIVE_MS;
  const every = Math.max(20, Math.min(1000, times.head / 4, grace / 4, idle / 4));
  const windows = new WeakMap<AnyRequest, Window>();
  let timer: NodeJS.Timeout | undefined;
  let closeIdle: (() => void) | undefined;
  let empty: (() => void) | undefined;

  const tooSlow = (request: AnyRequest, bytes: number, now: number): boolean => {
    const window = windows.get(request);
    if (window !== undefined && !held(request)) {
      const elapsed = now - window.from;
      if (elapsed < grace) return false;
      if (bytes - window.bytes < (times.minRate * elapsed) / 1000) return true;
    }
    windows.set(request, { from: now, bytes });
    return false;
  };
  const sweepHttp1 = (connection: Http1Connection, now: number): void => {
    const { request, response, socket } = connection;
    if (request === undefined || connection.ended) return;
    if (request.complete) {
      // A connection that waits for its next request does not keep the last one alive.
      if (response?.writableFinished === true) {
        connection.request = undefined;
        connection.response = undefined;
      }
      return;
    }
    if (tooSlow(request, socket.bytesRead, now)) port.timeOut(connection);
  };
  const sweepUpload = (upload: Http2Upload, now: number): void => {
    const { request, response, since } = upload;
    const socket = request.stream.session?.socket;
    if (socket === undefined || request.stream.closed) {
      port.uploads.delete(upload);
      return;
    }
    if (now - since < times.body && !tooSlow(request, socket.bytesRead, now)) return;
    port.uploads.delete(upload);
    if (response.headersSent) sever(response);
    else {
      answerError(response, new GatewayError('request_timeout', 'The request did not arrive in time.'), 'keep');
      request.stream.close();
    }
  };
  const sweepHttp2 = (connection: Http2Connection, now: number): void => {
    if (connection.streams > 0) return;
    const quiet = now - connection.idleSince;
    if (connection.closing) {
      if (quiet > GOODBYE_MS) connection.socket.destroy();
      return;
    }
    const limit = connection.requests === 0 ? Math.min(times.head, idle) : idle;
    if (quiet < limit && !connection.session.closed) return;
    connection.closing = true;
    connection.idleSince = now;
    connection.session.close();
  };
  const look = (): void => {
    const now = performance.now();
    for (const connection of port.http1) sweepHttp1(connection, now);
    for (const upload of port.uploads) sweepUpload(upload, now);
    for (const connection of port.http2) sweepHttp2(connection, now);
    closeIdle?.();
    if (empty === undefined || port.sockets.size > 0) return;
    const then = empty;
    empty = undefined;
    then();
  };
  const run = (interval: number): void => {
    clearInterval(timer);
    timer = setInterval(look, interval);
  };
  return {
    start: () => {
      run(every);
      timer?.unref();
    },
    drain(f) {
      closeIdle = f;
      run(Math.min(every, DRAIN_EVERY_MS));
    },
    whenEmpty(then) {
      empty = then;
      if (port.sockets.size === 0) look();
    },
    stop: () => clearInterval(timer),
  };
};
