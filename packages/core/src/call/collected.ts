import { Readable } from 'node:stream';

/**
 * The pieces of a collected body as a stream for undici. They lie in memory already, so holding the writer back would save
 * nothing: all are handed over at once, and the socket sends what does not fit its buffer in one gathered write, instead of
 * one turn of the loop for each piece.
 */
class Collected extends Readable {
  readonly #pieces: readonly Uint8Array[];
  constructor(pieces: readonly Uint8Array[]) {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
    this.#pieces = pieces;
  }
  override _read(): void {
    for (const piece of this.#pieces) this.push(piece);
    this.push(null);
  }
  override pause(): this {
    return this;
  }
}
export const collected = (pieces: readonly Uint8Array[]): Readable => new Collected(pieces);
