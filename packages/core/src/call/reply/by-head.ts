import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { type Attempting, cutOutcome } from './outcome.ts';

/** Leaves it to the head of the answer who takes it. */
class ByHead implements Sink {
  readonly #a: Attempting;
  readonly #choose: (status: number, headers: ReplyHead) => Sink;
  #sink: Sink | undefined;
  constructor(a: Attempting, choose: (status: number, headers: ReplyHead) => Sink) {
    this.#a = a;
    this.#choose = choose;
  }
  head(status: number, headers: ReplyHead, at: number): void {
    this.#sink = this.#choose(status, headers);
    this.#sink.head(status, headers, at);
  }
  data(chunk: Buffer, at: number): void {
    this.#sink?.data(chunk, at);
  }
  end(): void {
    this.#sink?.end();
  }
  cut(why: Cut, error: unknown): void {
    if (this.#sink === undefined) this.#a.resolve(cutOutcome(this.#a.instance, why, error));
    else this.#sink.cut(why, error);
  }
  tick(now: number): void {
    this.#sink?.tick?.(now);
  }
}
export const byHead = (a: Attempting, choose: (status: number, headers: ReplyHead) => Sink): Sink => new ByHead(a, choose);
