import { type Answered, GatewayError, type Tap } from '@llm-proxy-auth/plugin';
import { flawOf, isBlank, isJsonType } from '../answered.ts';
import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { type Attempting, cutOutcome, textOf } from './outcome.ts';
import { MAX_WHOLE } from './whole.ts';

/**
 * Holds a success until it is seen to be whole and no error, then hands it on as it came. One that is larger than anything held begins to pass
 * before, and is broken off at its end when it is not whole.
 */
class HeldSink implements Sink {
  readonly #a: Attempting;
  readonly #answers: Answered | undefined;
  readonly #tap: Tap | undefined;
  readonly #to: Sink;
  #held: Buffer[] = [];
  #size = 0;
  #first: Uint8Array = new Uint8Array();
  #status = 0;
  #headers: ReplyHead = {};
  #passes = false;
  constructor(a: Attempting, answers: Answered | undefined, tap: Tap | undefined, to: Sink) {
    this.#a = a;
    this.#answers = answers;
    this.#tap = tap;
    this.#to = to;
  }
  head(status: number, headers: ReplyHead): void {
    this.#status = status;
    this.#headers = headers;
  }
  data(chunk: Buffer, at: number): void {
    this.#tap?.bytes(chunk);
    if (this.#passes) return this.#to.data(chunk, at);
    if (isBlank(this.#first)) this.#first = chunk;
    this.#held.push(chunk);
    this.#size += chunk.length;
    if (this.#size > MAX_WHOLE) this.#pass();
  }
  end(): void {
    const { x, instance } = this.#a;
    const verdict = this.#tap?.end();
    // The flaw first: usage is found in the text that was made for it.
    const error = flawOf(instance.name, this.#answers, this.#first, verdict);
    if (verdict?.usage !== undefined) x.usage = verdict.usage;
    if (error === undefined) {
      this.#pass();
      return this.#to.end();
    }
    if (this.#passes) return this.#to.cut('cut', error);
    this.#a.resolve({ is: 'failed', class: '502', error });
  }
  cut(why: Cut, error: unknown): void {
    if (this.#passes) return this.#to.cut(why, error);
    this.#a.resolve(cutOutcome(this.#a.instance, why, error));
  }
  tick(now: number): void {
    if (this.#passes) this.#to.tick?.(now);
  }
  #pass(): void {
    if (this.#passes) return;
    this.#passes = true;
    const now = performance.now();
    const isTold = isJsonType(textOf(this.#headers, 'content-type'));
    this.#to.head(this.#status, isTold ? this.#headers : { ...this.#headers, 'content-type': 'application/json' }, now);
    for (const chunk of this.#held) this.#to.data(chunk, now);
    this.#held = [];
  }
}
export const heldSink = (a: Attempting, answers: Answered | undefined, tap: Tap | undefined, to: Sink): Sink => new HeldSink(a, answers, tap, to);

/** An answer that is none by its head: the attempt failed, whatever follows. */
class RefusedSink implements Sink {
  readonly #a: Attempting;
  constructor(a: Attempting) {
    this.#a = a;
  }
  head(): void {
    const { instance, flight } = this.#a;
    flight.abort('aborted');
    this.#a.resolve({ is: 'failed', class: '502', error: new GatewayError('upstream_bad_response', `The provider of ${instance.name} answered with a page.`) });
  }
  data(): void {
    // Nothing of it passes.
  }
  end(): void {
    // Was refused at its head.
  }
  cut(): void {
    // Was refused at its head.
  }
}
export const refusedSink = (a: Attempting): Sink => new RefusedSink(a);
