import type { ErrorLike, TapState, UpstreamReply } from '@llm-proxy-auth/plugin';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { beginWait, endWait, ownHeaders, sendHead, upstreamRequestId } from '../answer.ts';
import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { ClientWriter, cutStalled } from './client.ts';
import { type Attempting, cutError, cutOutcome, DONE, type Outcome, statusOutcome, textOf } from './outcome.ts';
import { wholeRest } from './whole.ts';

/** What differs between a stream that passes and one that is translated. */
export interface StreamBody {
  /** Content type the client gets. */
  readonly type: string;
  /** Content types of the provider that are its stream. */
  accepts(contentType: string): boolean;
  /** Takes a piece, returns what the client gets of it. */
  push(chunk: Buffer): string | Uint8Array;
  /** The transport ended cleanly; returns what is still to be sent. */
  end(): string | Uint8Array;
  state(): TapState;
  /** Nothing that still comes is the client's. */
  ended(): boolean;
  /** Set in state `failed`. */
  error(): ErrorLike | undefined;
  /** An error event in the client's form. */
  fail(e: ErrorLike): string | Uint8Array;
  idle(): string | Uint8Array;
  /** A provider that answered a stream request with a whole reply: the same as a stream, or undefined. */
  fromWhole(reply: UpstreamReply): string | Uint8Array | undefined;
  /** Usage and ids, before the answer ends. */
  verdict(): void | Promise<void>;
  /** Headers of the provider that pass. */
  headers(head: ReplyHead): readonly string[];
}

const STREAM_HEADERS = Object.freeze(['cache-control', 'no-cache', 'x-accel-buffering', 'no']);
/** After its terminal event a provider has this long to end the transport, so that the connection can be used again. */
const LINGER_MS = 1_000;

/**
 * Streams of protocol mode (contract.md §5): the 200 is held until content, an end or `commitAfter`; until then an error is
 * an HTTP status and another attempt may follow. After it: whole events only, the dialect's sign of life, and an error event
 * instead of a clean end when the provider's terminal event did not come. A class without closures: hundreds are open at once.
 */
class StreamSink implements Sink {
  readonly #a: Attempting;
  readonly #body: StreamBody;
  readonly #writer: ClientWriter;
  #held: (string | Uint8Array)[] | undefined;
  #head: ReplyHead = {};
  #headAt = -0;
  #lastWrite: number;
  #lingerUntil = -0;
  #committed = false;
  #over = false;
  #seen = false;
  #rest: Pick<Sink, 'data' | 'end' | 'cut'> | undefined;

  constructor(a: Attempting, body: StreamBody) {
    this.#a = a;
    this.#body = body;
    this.#lastWrite = a.x.dispatchedAt;
    this.#writer = new ClientWriter(a);
  }
  head(status: number, headers: ReplyHead, at: number): void {
    this.#head = headers;
    this.#headAt = at;
    this.#a.x.upstreamRequestId = upstreamRequestId(headers);
    if (status < 300 && this.#body.accepts(textOf(headers, 'content-type'))) {
      const encoding = textOf(headers, 'content-encoding').toLowerCase();
      if (encoding === '' || encoding === 'identity') return;
    }
    const { x, instance, flight } = this.#a;
    const resolve = (outcome: Outcome): void => (outcome.is === 'failed' ? this.#fail(outcome.error, outcome) : this.#finish(outcome));
    this.#rest = wholeRest({ x, instance, flight, resolve }, status, headers, (reply) => this.#whole(reply));
  }
  data(chunk: Buffer, at: number): void {
    if (this.#over) return;
    if (this.#rest !== undefined) return this.#rest.data(chunk, at);
    if (!this.#committed) endWait(this.#a.x, at);
    this.#seen = true;
    let out: string | Uint8Array;
    try {
      out = this.#body.push(chunk);
    } catch (thrown) {
      return this.#unreadable(thrown);
    }
    this.#take(out, at);
  }
  end(): void {
    if (this.#over) return;
    if (this.#rest !== undefined) return this.#rest.end();
    let out: string | Uint8Array;
    try {
      out = this.#body.end();
    } catch (thrown) {
      return this.#unreadable(thrown);
    }
    this.#take(out, performance.now());
    if (this.#over || this.#body.state() === 'done') return;
    this.#cutOff('cut');
  }
  cut(why: Cut, error: unknown): void {
    if (this.#rest !== undefined) return this.#rest.cut(why, error);
    this.#cutOff(why);
  }
  tick(now: number): void {
    const a = this.#a;
    const { x } = a;
    if (this.#lingerUntil !== 0 && now > this.#lingerUntil) a.flight.abort('aborted');
    if (this.#over || this.#lingerUntil !== 0) return;
    const { commitAfter, keepAlive } = x.plan.graph.settings.stream;
    if (this.#headAt !== 0 && !this.#seen && now - this.#headAt > a.instance.settings.timeouts.firstByte) return a.flight.abort('timeout');
    if (!this.#committed) {
      if (now - x.started <= commitAfter) return;
      this.#commit();
    } else if (now - this.#lastWrite <= keepAlive || x.response.writableNeedDrain) return;
    this.#writer.write(this.#body.idle());
    this.#lastWrite = now;
  }
  #take(out: string | Uint8Array, at: number): void {
    if (out.length > 0) {
      const { x } = this.#a;
      if (x.firstByteAt === 0 && this.#body.state() !== 'waiting') x.firstByteAt = at;
      if (this.#committed) {
        this.#writer.write(out);
        this.#lastWrite = at;
      } else if (this.#held === undefined) this.#held = [out];
      else this.#held.push(out);
    }
    this.#afterPiece();
  }
  #afterPiece(): void {
    const body = this.#body;
    const state = body.state();
    const stopped = state === 'done' || state === 'failed';
    if (!stopped && body.ended()) {
      this.#cutOff('cut');
      return this.#a.flight.abort('aborted');
    }
    if (state === 'failed' && !this.#committed) {
      this.#refused();
      return this.#a.flight.abort('aborted');
    }
    if (state !== 'waiting') this.#commit();
    if (!stopped) return;
    const { x } = this.#a;
    this.#lingerUntil = performance.now() + LINGER_MS;
    if (state === 'done') {
      x.streamOutcome = 'complete';
      return this.#close();
    }
    x.error = body.error();
    x.code = body.error()?.code ?? 'upstream_bad_response';
    x.streamOutcome = 'failed';
    if (body.ended()) this.#close();
  }
  #commit(): void {
    const { x } = this.#a;
    if (this.#committed || x.gone) return;
    this.#committed = true;
    const at = beginWait(x);
    sendHead(x, 200, ownHeaders(x).addAll(['content-type', this.#body.type, ...STREAM_HEADERS, ...this.#body.headers(this.#head)]));
    if (this.#held !== undefined) {
      for (const piece of this.#held) this.#writer.write(piece);
      this.#held = undefined;
    } else if (!x.http2) (x.response as { flushHeaders?(): void }).flushHeaders?.();
    this.#lastWrite = at;
  }
  #finish(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#a.resolve(outcome);
  }
  /** Ends the client's answer once what the verdict brought is recorded. */
  #close(): void {
    this.#over = true;
    const ended = this.#body.verdict();
    if (!(ended instanceof Promise)) return this.#ended();
    const end = (): void => this.#ended();
    void ended.then(end, end);
  }
  #ended(): void {
    const { x } = this.#a;
    if (!x.gone) x.response.end();
    this.#a.resolve(DONE);
  }
  #fail(error: ErrorLike, outcome: Outcome): void {
    if (this.#over) return;
    if (!this.#committed) return this.#finish(outcome);
    const { x } = this.#a;
    x.error = error;
    x.code = error.code;
    x.streamOutcome = error.code === 'upstream_stream_truncated' ? 'truncated' : 'failed';
    this.#writer.write(this.#body.fail(error));
    this.#close();
  }
  /** The stream began with an error and nothing was sent: an HTTP status, and another attempt may follow. */
  #refused(): void {
    const error =
      this.#body.error() ?? new GatewayError('upstream_bad_response', `The provider of ${this.#a.instance.name} sent an error instead of an answer.`);
    this.#finish({ is: 'failed', class: String(error.status), error, accounted: true });
  }
  #unreadable(thrown: unknown): void {
    const { instance, flight } = this.#a;
    const error =
      thrown instanceof Error && thrown.name === 'GatewayError'
        ? (thrown as GatewayError)
        : new GatewayError('upstream_bad_response', `The provider of ${instance.name} sent a stream that cannot be read.`, { cause: thrown });
    this.#fail(error, { is: 'failed', class: '502', error });
    flight.abort('aborted');
  }
  #whole(reply: UpstreamReply): void {
    const { x, instance } = this.#a;
    if (reply.status >= 300) {
      const outcome = statusOutcome(x, instance, reply);
      return outcome.is === 'failed' ? this.#fail(outcome.error, outcome) : this.#finish(outcome);
    }
    let out: string | Uint8Array | undefined;
    try {
      out = this.#body.fromWhole(reply);
    } catch (thrown) {
      return this.#unreadable(thrown);
    }
    const error = new GatewayError('upstream_bad_response', `The provider of ${instance.name} answered a stream request with something else.`);
    if (out === undefined) return this.#fail(error, { is: 'failed', class: '502', error });
    this.#commit();
    this.#writer.write(out);
    x.streamOutcome = 'complete';
    this.#close();
  }
  #cutOff(why: Cut): void {
    if (this.#over) return;
    const a = this.#a;
    if (why === 'stall') cutStalled(a);
    if (a.x.gone) {
      a.x.streamOutcome = 'client';
      const ended = this.#body.verdict();
      if (ended instanceof Promise) void ended.catch(() => undefined);
      return this.#finish(DONE);
    }
    if (this.#body.state() === 'failed') return this.#committed ? this.#close() : this.#refused();
    this.#fail(cutError(a.instance, why), cutOutcome(a.instance, why));
  }
}
export const streamSink = (a: Attempting, body: StreamBody): Sink => new StreamSink(a, body);
