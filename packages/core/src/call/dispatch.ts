import type { Readable } from 'node:stream';
import { totalLength, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Dispatcher } from 'undici';
import type { Health } from '../routing/breaker.ts';
import { collected } from './collected.ts';
import { fails, isAmbiguous, isConnectError } from './faults.ts';
import type { Ticker, Ticking } from './ticker.ts';
import { CLOSE_MS, inTurn, soon, type Turned } from './turn.ts';

/** Why an upstream exchange ended without its end. */
export type Cut = 'connect' | 'timeout' | 'cut' | 'aborted' | 'stall' | 'drain' | 'revoked';
export type ReplyHead = Readonly<Record<string, string | string[] | undefined>>;
/**
 * Takes one upstream answer. Exactly one of `end` and `cut` comes last; `data` brings all pieces of one socket read as one. `at`:
 * `performance.now()` when it was given; a reading of the clock costs as much as much of what is done with a small answer.
 */
export interface Sink {
  head(status: number, headers: ReplyHead, at: number): void;
  data(chunk: Buffer, at: number): void;
  end(): void;
  cut(why: Cut, error: unknown): void;
  /** Called about every 50 ms with `performance.now()`. */
  tick?(now: number): void;
}
/** One upstream exchange under way. */
export interface Flight {
  /** The provider had the request, or some of it, and did not refuse it by its status: it may have worked. */
  readonly taken: boolean;
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

/** Up to here joining pieces costs less than a stream of them: a stream object, its state and its writer live as long as the call. */
const JOINED = 65_536;
const bodyOf = (body: Outgoing['body']): NonNullable<Dispatcher.DispatchOptions['body']> | null => {
  if (body === undefined) return null;
  if (!Array.isArray(body)) return body as Readable;
  if (body.length === 1) return body[0] as Buffer;
  if (body.length === 0) return null;
  return totalLength(body) <= JOINED ? Buffer.concat(body) : collected(body);
};

/**
 * From so many bytes on they do not wait for the end of the turn: Node reads a socket up to 32 times in a turn, 64 KiB each time, and
 * all of it would be held before the client's back-pressure is heard.
 */
const MUCH = 32_768;
const flush = (flight: UpstreamFlight): void => flight.flush();

/** undici's handler, the flight that the sink steers, and what the ticker watches, in one object a request. */
class UpstreamFlight implements Flight, Ticking, Turned, Dispatcher.DispatchHandler {
  place = -1;
  readonly #dispatcher: Dispatcher;
  /** Until it is sent. */
  #outgoing: Outgoing | undefined;
  readonly #deadlines: Deadlines;
  readonly #ticker: Ticker;
  readonly #sink: Sink;
  readonly #health: Health;
  /** The body is piped: what it is late for may be its client's doing. */
  readonly piped: boolean;
  readonly #started: number;
  #controller: Dispatcher.DispatchController | undefined;
  /** It was begun on a connection. */
  #begun = false;
  #over = false;
  #why: Cut | undefined;
  #headed = false;
  /** What this try says of the provider has been told. */
  #judged = false;
  #lastRead: number;
  /** When the sink got bytes last. */
  #deliveredAt = Number.NEGATIVE_INFINITY;
  #pausedAt = 0;
  #status = 0;
  #head: ReplyHead | undefined;
  #piece: Buffer | undefined;
  #more: Buffer[] | undefined;
  /** Bytes of both. */
  #held = 0;
  /** Its turn comes. */
  #due = true;
  #ended = false;

  constructor(dispatcher: Dispatcher, outgoing: Outgoing, deadlines: Deadlines, ticker: Ticker, sink: Sink, health: Health, at: number) {
    this.#started = at;
    this.#lastRead = at;
    this.#dispatcher = dispatcher;
    this.#outgoing = outgoing;
    this.#deadlines = deadlines;
    this.#ticker = ticker;
    this.#sink = sink;
    this.#health = health;
    this.piped = outgoing.body !== undefined && !Array.isArray(outgoing.body);
    ticker.add(this);
  }
  get taken(): boolean {
    return this.#begun && this.#status < 300;
  }
  pause(): void {
    if (this.#pausedAt === 0) this.#pausedAt = performance.now();
    this.#controller?.pause();
  }
  resume(): void {
    this.#pausedAt = 0;
    this.#lastRead = performance.now();
    this.#controller?.resume();
  }
  abort(why: Cut): void {
    if (this.#over || this.#why !== undefined) return;
    this.#why = why;
    // Before the request has a connection there is no controller: it is remembered until there is one.
    this.#controller?.abort(new Error(why));
  }
  tick(now: number): void {
    const { total, clientStall, idle, firstByte } = this.#deadlines;
    if (now - this.#started > total) this.abort('timeout');
    else if (this.#pausedAt !== 0) {
      if (now - this.#pausedAt > clientStall) this.abort('stall');
    } else if (this.#headed) {
      if (now - this.#lastRead > idle) this.abort('timeout');
    } else if (firstByte !== undefined && now - this.#started > firstByte) this.abort('timeout');
    if (!this.#over) this.#sink.tick?.(now);
  }
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#why === undefined) this.#begun = true;
    else controller.abort(new Error(this.#why));
  }
  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReplyHead): void {
    // A Buffer for each name and value, which undici would keep as long as the answer lasts.
    controller.rawHeaders = null;
    if (status < 200 || this.#over) return;
    this.#headed = true;
    this.#lastRead = performance.now();
    if (fails(status)) this.#failed(String(status));
    this.#status = status;
    this.#head = headers;
    this.#later();
  }
  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#judged) this.#answered();
    // Pieces of one turn come at one time.
    if (!this.#due) this.#lastRead = performance.now();
    if (this.#piece === undefined) this.#piece = chunk;
    else if (this.#more === undefined) this.#more = [this.#piece, chunk];
    else this.#more.push(chunk);
    const before = this.#held;
    this.#held += chunk.length;
    if (this.#held < MUCH) this.#later();
    else if (before < MUCH) process.nextTick(flush, this);
  }
  onResponseEnd(): void {
    if (!this.#judged) this.#answered();
    if (!this.#due) this.#lastRead = performance.now();
    this.#ended = true;
    this.#later();
  }
  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.flush();
    this.#cut(error);
  }
  #later(): void {
    if (this.#due) return;
    this.#due = true;
    if (this.#lastRead - this.#deliveredAt < CLOSE_MS) soon(this);
    else inTurn(this);
  }
  /** First the request goes out, then what has come goes to the sink. */
  go(): void {
    this.#due = false;
    if (this.#outgoing !== undefined) return this.#send(this.#outgoing);
    this.flush();
  }
  flush(): void {
    try {
      this.#deliver();
      if (this.#ended && this.#finish()) this.#sink.end();
    } catch (error) {
      // A fault of a sink ends its own call alone.
      this.#controller?.abort(error as Error);
      this.#cut(error);
    }
  }
  #send({ origin, method, path, headers, body }: Outgoing): void {
    this.#outgoing = undefined;
    if (this.#why !== undefined) return this.#cut(new Error(this.#why));
    this.#dispatcher.dispatch({ origin, method: method as Dispatcher.HttpMethod, path, headers, body: bodyOf(body) }, this);
  }
  #deliver(): void {
    const head = this.#head;
    if ((head === undefined && this.#piece === undefined) || this.#over) return;
    const at = performance.now();
    if (head !== undefined) {
      this.#head = undefined;
      this.#sink.head(this.#status, head, at);
    }
    const piece = this.#piece;
    if (piece === undefined || this.#over) return;
    const chunk = this.#more === undefined ? piece : Buffer.concat(this.#more);
    this.#piece = undefined;
    this.#more = undefined;
    this.#held = 0;
    this.#deliveredAt = at;
    this.#sink.data(chunk, at);
  }
  #cut(error: unknown): void {
    if (!this.#finish()) return;
    const why = this.#why ?? (!this.#headed && isConnectError(error) ? 'connect' : 'cut');
    if (!this.#judged) this.#broke(why, error);
    this.#sink.cut(why, error);
  }
  #answered(): void {
    this.#judged = true;
    this.#health.answered();
  }
  #failed(what: string): void {
    this.#judged = true;
    this.#health.failed(what);
  }
  /** A client that went, a stop and a revoked key say nothing about the provider. */
  #broke(why: Cut, error: unknown): void {
    if (why !== 'connect' && why !== 'timeout' && why !== 'cut') return;
    if (this.piped && (why !== 'connect' || isAmbiguous(error))) return;
    this.#failed(why === 'cut' ? '502' : why);
  }
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#ticker.remove(this);
    return true;
  }
}

/**
 * Sends one request. No promise, no stream object, no timer of its own between socket and sink: undici pushes pieces, the
 * pieces of one turn are joined, and the shared ticker watches the deadlines (undici's own stop while a consumer pauses).
 * `at`: `performance.now()`.
 */
export const dispatch = (dispatcher: Dispatcher, outgoing: Outgoing, deadlines: Deadlines, ticker: Ticker, sink: Sink, health: Health, at: number): Flight => {
  const flight = new UpstreamFlight(dispatcher, outgoing, deadlines, ticker, sink, health, at);
  // What a body that is piped breaks with is heard only by who has begun to read it.
  if (flight.piped) flight.go();
  else inTurn(flight);
  return flight;
};
