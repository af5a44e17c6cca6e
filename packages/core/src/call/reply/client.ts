import { sever } from '../../http/sever.ts';
import type { Attempting } from './outcome.ts';

/** Line ends; text of a stream's JSON has none. */
const linesIn = (chunk: Uint8Array): number => {
  let lines = 0;
  for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) lines++;
  return lines;
};
/** A text lies here while it is encoded, before its bytes are copied at their own size. */
const encoded = Buffer.allocUnsafeSlow(65_536);
/** `Buffer.from` measures a text before it writes it, which takes half of its time where the text is long. */
const bytesOf = (text: string): Buffer =>
  text.length < 4_096 || text.length * 3 > encoded.length ? Buffer.from(text) : Buffer.from(encoded.subarray(0, encoded.write(text)));
/** Writes to the client with back-pressure up to the provider; nothing is written once the client has gone. */
export class ClientWriter {
  readonly #a: Attempting;
  #waiting = false;
  constructor(a: Attempting) {
    this.#a = a;
  }
  write(text: string | Uint8Array): void {
    const { x } = this.#a;
    if (text.length === 0 || x.gone) return;
    // Text is a rope of many pieces: made bytes once, it is neither measured nor copied again.
    const chunk = typeof text === 'string' ? bytesOf(text) : text;
    if (x.plan.graph.settings.log.content) x.plan.content(x, 'reply', chunk);
    x.bytesOut += chunk.length;
    if (x.stream && x.estimate !== undefined) x.linesOut += linesIn(chunk);
    const sink = x.response as { write(chunk: Uint8Array): boolean };
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
  sever(a.x.response, true);
};
