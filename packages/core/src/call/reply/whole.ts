import { GatewayError, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { endWait, upstreamRequestId } from '../answer.ts';
import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { byHead, type Taker } from './by-head.ts';
import { type Attempting, cutOutcome, pairsOf, statusOutcome, textOf } from './outcome.ts';

/** Largest answer that is held whole: translated and stateful ones, and errors. */
export const MAX_WHOLE = 64 * 1024 * 1024;
export const MAX_ERROR = 1024 * 1024;

/** Collects the rest of an answer and hands it over once. An encoded success cannot be read and is refused; an encoded error stays as it is. */
class WholeRest {
  readonly #a: Attempting;
  readonly #status: number;
  readonly #headers: ReplyHead;
  readonly #then: (reply: UpstreamReply) => void;
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #over = false;
  constructor(a: Attempting, status: number, headers: ReplyHead, then: (reply: UpstreamReply) => void) {
    this.#a = a;
    this.#status = status;
    this.#headers = headers;
    this.#then = then;
  }
  data(chunk: Buffer): void {
    if (this.#over) return;
    const { name } = this.#a.instance;
    const success = this.#status < 300;
    if (success && this.#size === 0 && this.#encoded()) return this.#refuse(`The provider of ${name} sent an encoded answer although none was asked for.`);
    const limit = success ? MAX_WHOLE : MAX_ERROR;
    this.#size += chunk.length;
    if (this.#size > limit) return this.#refuse(`The answer of ${name} is larger than ${limit} bytes.`);
    this.#pieces.push(chunk);
  }
  end(): void {
    if (this.#over) return;
    this.#over = true;
    const [first] = this.#pieces;
    const body = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
    this.#then({ status: this.#status, headers: pairsOf(this.#headers), body });
  }
  cut(why: Cut): void {
    if (this.#over) return;
    this.#over = true;
    this.#a.resolve(cutOutcome(this.#a.instance, why));
  }
  #encoded(): boolean {
    const encoding = textOf(this.#headers, 'content-encoding');
    return encoding !== '' && encoding.toLowerCase() !== 'identity';
  }
  #refuse(message: string): void {
    this.#over = true;
    this.#a.flight.abort('aborted');
    this.#a.resolve({ is: 'failed', class: '502', error: new GatewayError('upstream_bad_response', message) });
  }
}
export const wholeRest = (a: Attempting, status: number, headers: ReplyHead, then: (reply: UpstreamReply) => void): Taker =>
  new WholeRest(a, status, headers, then);

/** A sink for answers that are needed whole. */
export const wholeSink = (a: Attempting, then: (reply: UpstreamReply, head: ReplyHead) => void): Sink =>
  byHead(a, (status, headers) => {
    a.x.upstreamRequestId = upstreamRequestId(headers);
    return wholeRest(a, status, headers, (reply) => then(reply, headers));
  });

/** The same for answers of which an error (status 300 and up) is a failed attempt. */
export const answerSink = (a: Attempting, then: (reply: UpstreamReply, head: ReplyHead) => void): Sink =>
  wholeSink(a, (reply, head) => {
    endWait(a.x);
    if (reply.status >= 300) return a.resolve(statusOutcome(a.x, a.instance, reply));
    then(reply, head);
  });
