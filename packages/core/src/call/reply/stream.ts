import type { ErrorLike, TapState, UpstreamReply } from '@llm-proxy-auth/plugin';
import { GatewayError } from '@llm-proxy-auth/plugin';
import { beginWait, endWait, ownHeaders, sendHead, upstreamRequestId } from '../answer.ts';
import type { Cut, Sink } from '../dispatch.ts';
import { ClientWriter, cutStalled } from './client.ts';
import { type Attempting, cutError, cutOutcome, DONE, type Outcome, type ReplyHead, statusOutcome, textOf } from './outcome.ts';
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
  /** Methods, not getters: a getter in a literal is a new shape for each stream. */
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
 * instead of a clean end when the provider's terminal event did not come.
 */
export const streamSink = (a: Attempting, body: StreamBody): Sink => {
  const { x } = a;
  const writer = new ClientWriter(a);
  const write = (chunk: string | Uint8Array): void => writer.write(chunk);
  const { commitAfter, keepAlive } = x.plan.graph.settings.stream;
  const { firstByte } = a.instance.settings.timeouts;
  const held: (string | Uint8Array)[] = [];
  let head: ReplyHead = {};
  let headAt = 0;
  let lastWrite = performance.now();
  let committed = false;
  let over = false;
  let lingerUntil = 0;
  let seen = false;
  let rest: Pick<Sink, 'data' | 'end' | 'cut'> | undefined;

  const commit = (): void => {
    if (committed || x.gone) return;
    committed = true;
    beginWait(x);
    sendHead(x, 200, [...ownHeaders(x), 'content-type', body.type, ...STREAM_HEADERS, ...body.headers(head)]);
    if (held.length === 0) {
      if (!x.http2) (x.response as { flushHeaders?(): void }).flushHeaders?.();
    } else for (const piece of held) write(piece);
    held.length = 0;
    lastWrite = performance.now();
  };
  const finish = (outcome: Outcome): void => {
    if (over) return;
    over = true;
    a.resolve(outcome);
  };
  /** Ends the client's answer once what the verdict brought is recorded. */
  const close = (): void => {
    over = true;
    const ended = body.verdict();
    const end = (): void => {
      if (!x.gone) x.response.end();
      a.resolve(DONE);
    };
    if (ended instanceof Promise) void ended.then(end, end);
    else end();
  };
  const fail = (error: ErrorLike, outcome: Outcome): void => {
    if (over) return;
    if (!committed) return finish(outcome);
    x.error = error;
    x.code = error.code;
    x.streamOutcome = error.code === 'upstream_stream_truncated' ? 'truncated' : 'failed';
    write(body.fail(error));
    close();
  };
  /** The stream began with an error and nothing was sent: an HTTP status, and another attempt may follow. */
  const refused = (): void => {
    const error = body.error() ?? new GatewayError('upstream_bad_response', `The provider of ${a.instance.name} sent an error instead of an answer.`);
    finish({ is: 'failed', class: String(error.status), error });
  };
  const afterPiece = (): void => {
    if (body.ended() && body.state() !== 'done' && body.state() !== 'failed') {
      cut('cut');
      return a.flight.abort('aborted');
    }
    if (body.state() === 'failed' && !committed) {
      refused();
      return a.flight.abort('aborted');
    }
    if (body.state() !== 'waiting') commit();
    if (body.state() === 'failed') {
      lingerUntil = performance.now() + LINGER_MS;
      x.error = body.error();
      x.code = body.error()?.code ?? 'upstream_bad_response';
      x.streamOutcome = 'failed';
      if (body.ended()) close();
    }
    if (body.state() !== 'done') return;
    x.streamOutcome = 'complete';
    lingerUntil = performance.now() + LINGER_MS;
    close();
  };
  const take = (out: string | Uint8Array): void => {
    if (out.length > 0) {
      if (x.firstByteAt === 0 && body.state() !== 'waiting') x.firstByteAt = performance.now();
      if (committed) {
        write(out);
        lastWrite = performance.now();
      } else held.push(out);
    }
    afterPiece();
  };
  const unreadable = (thrown: unknown): void => {
    const error =
      thrown instanceof Error && thrown.name === 'GatewayError'
        ? (thrown as GatewayError)
        : new GatewayError('upstream_bad_response', `The provider of ${a.instance.name} sent a stream that cannot be read.`, { cause: thrown });
    fail(error, { is: 'failed', class: '502', error });
    a.flight.abort('aborted');
  };
  const guarded = (f: () => string | Uint8Array): void => {
    let out: string | Uint8Array;
    try {
      out = f();
    } catch (thrown) {
      return unreadable(thrown);
    }
    take(out);
  };
  const whole = (reply: UpstreamReply): void => {
    if (reply.status >= 300) {
      const outcome = statusOutcome(x, a.instance, reply);
      return outcome.is === 'failed' ? fail(outcome.error, outcome) : finish(outcome);
    }
    let out: string | Uint8Array | undefined;
    try {
      out = body.fromWhole(reply);
    } catch (thrown) {
      return unreadable(thrown);
    }
    const error = new GatewayError('upstream_bad_response', `The provider of ${a.instance.name} answered a stream request with something else.`);
    if (out === undefined) return fail(error, { is: 'failed', class: '502', error });
    commit();
    write(out);
    x.streamOutcome = 'complete';
    close();
  };
  const cut = (why: Cut): void => {
    if (over) return;
    if (why === 'stall') cutStalled(a);
    if (x.gone) {
      x.streamOutcome = 'client';
      const ended = body.verdict();
      if (ended instanceof Promise) void ended.catch(() => undefined);
      return finish(DONE);
    }
    if (body.state() === 'failed') return committed ? close() : refused();
    fail(cutError(a.instance, why), cutOutcome(a.instance, why));
  };

  return {
    head(status, headers) {
      head = headers;
      headAt = performance.now();
      x.upstreamRequestId = upstreamRequestId(headers);
      if (status < 300 && body.accepts(textOf(headers, 'content-type'))) {
        const encoding = textOf(headers, 'content-encoding').toLowerCase();
        if (encoding === '' || encoding === 'identity') return;
      }
      const rejecting: Attempting = {
        x,
        instance: a.instance,
        flight: a.flight,
        resolve: (outcome) => (outcome.is === 'failed' ? fail(outcome.error, outcome) : finish(outcome)),
      };
      rest = wholeRest(rejecting, status, headers, whole);
    },
    data(chunk) {
      if (over) return;
      if (rest !== undefined) return rest.data(chunk);
      if (!committed) endWait(x);
      seen = true;
      guarded(() => body.push(chunk));
    },
    end() {
      if (over) return;
      if (rest !== undefined) return rest.end();
      guarded(() => body.end());
      if (over || body.state() === 'done') return;
      cut('cut');
    },
    cut(why, error) {
      if (rest !== undefined) return rest.cut(why, error);
      cut(why);
    },
    tick(now) {
      if (lingerUntil !== 0 && now > lingerUntil) a.flight.abort('aborted');
      if (over || lingerUntil !== 0) return;
      if (headAt !== 0 && !seen && now - headAt > firstByte) return a.flight.abort('timeout');
      if (!committed) {
        if (now - x.started <= commitAfter) return;
        commit();
        write(body.idle());
        lastWrite = now;
      } else if (now - lastWrite > keepAlive && !x.response.writableNeedDrain) {
        write(body.idle());
        lastWrite = now;
      }
    },
  };
};
