import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { GatewayError, totalLength } from '@llm-proxy-auth/plugin';
import { LeanRequest } from '../http/lean-request.ts';
import { closeBehind } from '../http/linger.ts';
import { beginWait, endWait } from './answer.ts';
import type { Exchange, Interruptible } from './exchange.ts';
import { draining, revoked } from './reply/outcome.ts';

/** Watches body bytes as they arrive; throws GatewayError to refuse. */
export interface Watcher {
  push(chunk: Uint8Array): void;
  end(): void;
}
const tooLarge = (limit: number): GatewayError => new GatewayError('body_too_large', `The request body is larger than ${limit} bytes.`);
const full = (): GatewayError => new GatewayError('overloaded', 'The gateway has as many bytes waiting as it may; try again soon.', { retryAfterMs: 1_000 });
/** A reset HTTP/2 request ends like a whole one and says so only by its flag; what came of it must not pass for all of it. */
const broken = (): GatewayError => new GatewayError('client_closed', 'The client went before its request was whole.');

/** Whether bytes of a body may come. Over HTTP/2 a length is not always said, but an end is. */
export const hasBody = ({ head, request }: Exchange): boolean => {
  if (head?.chunked === true || (head?.contentLength ?? 0) > 0) return true;
  return 'stream' in request && !request.stream.endAfterHeaders;
};

/** Ends reading: what still comes is thrown away, and the connection is not used again. */
const stopReading = (x: Exchange): void => {
  if (x.request instanceof LeanRequest) x.request.leaveBody();
  x.request.removeAllListeners('data');
  x.request.resume();
  if (!x.http2) closeBehind(x.request as IncomingMessage, x.response as ServerResponse);
};

/**
 * Settles once: with all pieces, or with the first thing that is wrong. A class, and `Exchange.pending` an object rather
 * than a function: V8 keeps per-request closures stored in fields of long-lived shapes alive, which costs whole scavenges.
 */
class BodyCollector implements Interruptible {
  readonly #x: Exchange;
  readonly #limit: number;
  readonly #watcher: Watcher | undefined;
  readonly #resolve: (pieces: Buffer[]) => void;
  readonly #reject: (error: unknown) => void;
  /** Whether what goes beyond the limit may go on without being kept. */
  readonly #suffices: (() => boolean) | undefined;
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #over = false;

  constructor(
    x: Exchange,
    limit: number,
    watcher: Watcher | undefined,
    resolve: (pieces: Buffer[]) => void,
    reject: (error: unknown) => void,
    suffices?: () => boolean,
  ) {
    this.#suffices = suffices;
    this.#x = x;
    this.#limit = limit;
    this.#watcher = watcher;
    this.#resolve = resolve;
    this.#reject = reject;
    x.pending = this;
    beginWait(x);
    const { request } = x;
    if (suffices === undefined && request instanceof LeanRequest && request.takeBody(this)) return;
    request.on('data', (chunk: Buffer) => this.take(chunk));
    request.on('end', () => this.end());
  }
  interrupt(why: 'gone' | 'drain' | 'revoked'): void {
    this.#fail(why === 'gone' ? broken() : why === 'revoked' ? revoked() : draining());
  }
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#x.pending = undefined;
    endWait(this.#x);
    return true;
  }
  #fail(error: unknown): void {
    if (!this.#finish()) return;
    stopReading(this.#x);
    this.#reject(error);
  }
  take(chunk: Buffer): void {
    if (this.#over) return;
    this.#size += chunk.length;
    this.#x.bytesIn = this.#size;
    if (!this.#x.plan.pressure.hold(this.#x, chunk.length)) return this.#fail(full());
    this.#pieces.push(chunk);
    try {
      this.#watcher?.push(chunk);
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#size > this.#limit) this.#handOver();
  }
  #handOver(): void {
    if (this.#suffices?.() !== true) return this.#fail(tooLarge(this.#limit));
    if (!this.#finish()) return;
    this.#x.request.pause();
    this.#x.request.removeAllListeners('data');
    this.#resolve(this.#pieces);
  }
  end(): void {
    if (this.#x.request.aborted) return this.#fail(broken());
    if (!this.#finish()) return;
    try {
      this.#watcher?.end();
    } catch (error) {
      return this.#reject(error);
    }
    this.#resolve(this.#pieces);
  }
}

/** A body that was read already, watched as if it came now. */
const again = async (pieces: readonly Buffer[], limit: number, watcher: Watcher | undefined): Promise<readonly Buffer[]> => {
  if (totalLength(pieces) > limit) throw tooLarge(limit);
  for (const piece of pieces) watcher?.push(piece);
  watcher?.end();
  return pieces;
};

/** What refuses a body before a byte of it is read. */
const refusedEarly = (x: Exchange, limit: number): GatewayError | undefined => {
  if (x.gone) return broken();
  if ((x.head?.contentLength ?? 0) <= limit) return undefined;
  stopReading(x);
  return tooLarge(limit);
};
/** Collects the body as the raw pieces that arrived. Throws `body_too_large`, `client_closed`, `draining` and what the watcher throws. */
export const collect = (x: Exchange, limit: number, watcher: Watcher | undefined): Promise<readonly Buffer[]> => {
  if (x.received !== undefined && !x.gone) return again(x.received, limit, watcher);
  const refused = refusedEarly(x, limit);
  if (refused !== undefined) return Promise.reject(refused);
  return new Promise((resolve, reject) => {
    new BodyCollector(x, limit, watcher, resolve, reject);
  });
};

/**
 * Collects a body of up to `limit` bytes, `most` of them; one that is larger is handed over where `suffices` says that all is known by
 * then, its rest unread. Throws like `collect`.
 */
export const collectBeginning = (x: Exchange, limit: number, most: number, watcher: Watcher, suffices: () => boolean): Promise<readonly Buffer[]> => {
  const refused = refusedEarly(x, limit);
  if (refused !== undefined) return Promise.reject(refused);
  return new Promise((resolve, reject) => {
    new BodyCollector(x, most, watcher, resolve, reject, suffices);
  });
};

/**
 * Pipes the body, or what is left of it behind `read` bytes, while the watcher looks on; its refusal destroys the stream, which aborts
 * the upstream request.
 */
export const pipe = (x: Exchange, limit: number, watcher: Watcher | undefined, read = 0): Transform => {
  let size = read;
  const through = new Transform({
    highWaterMark: 262_144,
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      x.bytesIn = size;
      try {
        if (size > limit) throw tooLarge(limit);
        watcher?.push(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      try {
        if (x.request.aborted) throw broken();
        watcher?.end();
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  // It can fail before anybody listens; who reads it later finds the error in it.
  through.on('error', () => undefined);
  // Refused, or no longer wanted by the provider: unread bytes would block the connection for the next request.
  through.once('close', () => {
    // Node takes the pipe away later, which would pause what goes on reading.
    x.request.unpipe(through);
    if (!x.request.readableEnded) stopReading(x);
  });
  // Answered without it: nobody reads it any more. Taking a pipe away pauses the request, so it comes before what goes on reading.
  x.response.once('finish', () => {
    x.request.unpipe(through);
    through.destroy();
  });
  x.request.pipe(through);
  return through;
};
