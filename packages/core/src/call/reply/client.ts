import { sever } from '../../http/sever.ts';
import type { Attempting } from './outcome.ts';

/** Line ends; text of a stream's JSON has none. */
const linesIn = (chunk: string | Uint8Array): number => {
  const text = typeof chunk === 'string';
  const next = (from: number): number => (text ? chunk.indexOf('\n', from) : chunk.indexOf(0x0a, from));
  let lines = 0;
  for (let at = next(0); at >= 0; at = next(at + 1)) lines++;
  return lines;
};
/** Writes to the client with back-pressure up to the provider; nothing is written once the client has gone. */
export class ClientWriter {
  readonly #a: Attempting;
  #waiting = false;
  constructor(a: Attempting) {
    this.#a = a;
  }
  write(chunk: string | Uint8Array): void {
    const { x } = this.#a;
    if (chunk.length === 0 || x.gone) return;
    if (x.plan.graph.settings.log.content) x.plan.content(x, 'reply', chunk);
    x.bytesOut += typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    if (x.stream && x.estimate !== undefined) x.linesOut += linesIn(chunk);
    const sink = x.response as { write(chunk: string | Uint8Array): boolean };
    if (sink.write(chunk) || this.#waiting) return;
    this.#waiting = true;
    this.#a.flight.pause();
    x.response.once('drain', () => {
      this.#waiting = false;
      this.#a.flight.resume();
    });
  }
}
/** A client that reads nothing for too long is cut. */
export const cutStalled = (a: Attempting): void => {
  a.x.gone = true;
  a.x.streamOutcome = 'client';
  sever(a.x.response);
};
