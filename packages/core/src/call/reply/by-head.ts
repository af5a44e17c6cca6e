import type { Cut, ReplyHead, Sink } from '../dispatch.ts';
import { type Attempting, cutOutcome } from './outcome.ts';

/** Who takes an answer from its head on; without `head` it was told of that when it was made. */
export type Taker = Pick<Sink, 'data' | 'end' | 'cut'> & Partial<Pick<Sink, 'head' | 'tick'>>;
type Choose = (status: number, headers: ReplyHead) => Taker;

/** Leaves it to the head of the answer who takes it. */
class ByHead implements Sink {
  readonly #a: Attempting;
  readonly #choose: Choose;
  #sink: Taker | undefined;
  constructor(a: Attempting, choose: Choose) {
    this.#a = a;
    this.#choose = choose;
  }
  head(status: number, headers: ReplyHead, at: number): void {
    this.#sink = this.#choose(status, headers);
    this.#sink.head?.(status, headers, at);
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
export const byHead = (a: Attempting, choose: Choose): Sink => new ByHead(a, choose);
