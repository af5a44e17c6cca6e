import type { Readable } from 'node:stream';
import type { UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Dispatcher } from 'undici';
import { Pool, ProxyAgent } from 'undici';
import type { InstanceSettings } from '../config/schema.ts';
import type { Ticker, Ticking } from './ticker.ts';

/** Why an upstream exchange ended without its end. */
export type Cut = 'connect' | 'timeout' | 'cut' | 'aborted' | 'stall' | 'drain';
/** Takes one upstream answer. Exactly one of `end` and `cut` comes last; `data` brings all pieces of one socket read as one. */
export interface Sink {
  head(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void;
  data(chunk: Buffer): void;
  end(): void;
  cut(why: Cut, error: unknown): void;
  /** Called about every 50 ms with `performance.now()`. */
  tick?(now: number): void;
}
/** One upstream exchange under way. */
export interface Flight {
  pause(): void;
  resume(): void;
  abort(why: Cut): void;
}
export interface Deadlines {
  /** Stream: until headers. Undefined: a unary call has until `total`. */
  readonly firstByte: number | undefined;
  readonly idle: number;
  readonly total: number;
  readonly clientStall: number;
}
export interface Outgoing extends Omit<UpstreamRequest, 'body'> {
  readonly body: readonly Uint8Array[] | Readable | undefined;
}

const CONNECT_ERRORS: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const isConnectError = (error: unknown): boolean =>
  error instanceof Error &&
  (('code' in error &&
    typeof error.code === 'string' &&
    (CONNECT_ERRORS.has(error.code) || error.code.startsWith('ERR_TLS') || error.code.startsWith('CERT_') || error.code.includes('SELF_SIGNED'))) ||
    error.name === 'AggregateError');

/** One pool per origin, opened with the instance's own TLS and proxy settings. */
export const openPool = (
  origin: string,
  settings: InstanceSettings,
  pem: (secret: { peek(): string | undefined } | undefined) => string | undefined,
): Dispatcher => {
  const tls = { ca: pem(settings.ca), cert: pem(settings.clientCertificate?.cert), key: pem(settings.clientCertificate?.key) };
  const connect = { timeout: settings.timeouts.connect, ...Object.fromEntries(Object.entries(tls).filter(([, v]) => v !== undefined)) };
  const options = { headersTimeout: 0, bodyTimeout: 0, pipelining: 1, keepAliveTimeout: 30_000, maxHeaderSize: 65_536 };
  if (settings.proxy !== undefined) return new ProxyAgent({ uri: settings.proxy, requestTls: connect, ...options });
  return new Pool(origin, { ...options, connect });
};

const bodyOf = (body: Outgoing['body']): NonNullable<Dispatcher.DispatchOptions['body']> | null => {
  if (body === undefined) return null;
  if (!Array.isArray(body)) return body as Readable;
  if (body.length === 1) return body[0] as Buffer;
  return body.length === 0 ? null : (body as unknown as Readable);
};

/**
 * Sends one request. No promise, no stream object, no timer of its own between socket and sink: undici pushes pieces, the
 * pieces of one turn are joined, and the shared ticker watches the deadlines (undici's own stop while a consumer pauses).
 */
export const dispatch = (dispatcher: Dispatcher, outgoing: Outgoing, deadlines: Deadlines, ticker: Ticker, sink: Sink): Flight => {
  const started = performance.now();
  let controller: Dispatcher.DispatchController | undefined;
  let over = false;
  let why: Cut | undefined;
  let headed = false;
  let lastRead = started;
  let pausedAt = 0;
  let pieces: Buffer[] | undefined;

  const finish = (): void => {
    over = true;
    ticker.remove(flight);
  };
  const flush = (): void => {
    if (pieces === undefined || over) return;
    const chunk = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    pieces = undefined;
    sink.data(chunk);
  };
  const flight: Flight & Ticking = {
    pause() {
      if (pausedAt === 0) pausedAt = performance.now();
      controller?.pause();
    },
    resume() {
      pausedAt = 0;
      lastRead = performance.now();
      controller?.resume();
    },
    abort(reason) {
      if (over || why !== undefined) return;
      why = reason;
      if (controller !== undefined) controller.abort(new Error(reason));
    },
    tick(now) {
      if (now - started > deadlines.total) flight.abort('timeout');
      else if (pausedAt !== 0) {
        if (now - pausedAt > deadlines.clientStall) flight.abort('stall');
      } else if (headed) {
        if (now - lastRead > deadlines.idle) flight.abort('timeout');
      } else if (deadlines.firstByte !== undefined && now - started > deadlines.firstByte) flight.abort('timeout');
      if (!over) sink.tick?.(now);
    },
  };
  ticker.add(flight);
  const { method, path, headers } = outgoing;
  dispatcher.dispatch(
    { origin: outgoing.origin, method: method as Dispatcher.HttpMethod, path, headers, body: bodyOf(outgoing.body) },
    {
      onRequestStart(c) {
        controller = c;
        if (why !== undefined) c.abort(new Error(why));
      },
      onResponseStart(_c, status, replyHeaders) {
        if (status < 200 || over) return;
        headed = true;
        lastRead = performance.now();
        sink.head(status, replyHeaders);
      },
      onResponseData(_c, chunk) {
        lastRead = performance.now();
        if (pieces === undefined) {
          pieces = [chunk];
          process.nextTick(flush);
        } else pieces.push(chunk);
      },
      onResponseEnd() {
        flush();
        if (over) return;
        finish();
        sink.end();
      },
      onResponseError(_c, error) {
        flush();
        if (over) return;
        finish();
        sink.cut(why ?? (headed ? 'cut' : isConnectError(error) ? 'connect' : 'cut'), error);
      },
    },
  );
  return flight;
};
