import { Readable } from 'node:stream';
import { IncomingMessage } from './node-http.ts';

/** Takes a body as it comes from the parser. */
export interface BodyTaker {
  take(chunk: Buffer): void;
  end(): void;
}
/**
 * A request whose body can be had straight from node:http's parser: `data` and `end` of a stream cost six turns of the tick queue for a
 * body that came with its head.
 */
export class LeanRequest extends IncomingMessage {
  #taker: BodyTaker | undefined = undefined;
  /** False: some of the body has come already, and it is read as a stream. */
  takeBody(taker: BodyTaker): boolean {
    if (this.readableLength > 0 || this.complete || this.destroyed || this.readableFlowing !== null) return false;
    this.#taker = taker;
    return true;
  }
  /** What still comes is a stream's again. */
  leaveBody(): void {
    this.#taker = undefined;
  }
  override push(chunk: Buffer | null): boolean {
    const taker = this.#taker;
    if (taker === undefined) return super.push(chunk);
    if (chunk === null) taker.end();
    else taker.take(chunk);
    return true;
  }
  /** Whether the parser gave its body away. */
  get taken(): boolean {
    return this.#taker !== undefined;
  }
}

/** What node:http asks of a request when its answer has been sent; no part of its types. */
const below = IncomingMessage.prototype as unknown as { _dump(): void };
const ended = Object.getOwnPropertyDescriptor(Readable.prototype, 'readableEnded')?.get;
Object.defineProperties(LeanRequest.prototype, {
  readableEnded: {
    get(this: LeanRequest): boolean {
      return this.taken ? this.complete : ended?.call(this);
    },
  },
  _dump: {
    value(this: LeanRequest): void {
      if (!this.taken) below._dump.call(this);
    },
  },
});
