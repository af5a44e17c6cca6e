import type { Socket } from 'node:net';
import { CLOSE_MS, soon, type Turned } from './turn.ts';

/** A reader that waits holds up to two reads of its provider's socket and one that is half written. */
const SIZE = 32_768;
/** So much is handed on at once: whoever sends more than this in a millisecond is not slowed down. */
const MUCH = SIZE / 2;
/** Everything that is read lies here for a moment only, before it is copied at its own size. */
const read = Buffer.allocUnsafeSlow(SIZE);
const copied = (size: number): Buffer => {
  const piece = size < 4096 ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  read.copy(piece, 0, 0, size);
  return piece;
};

/** How fast an answer comes over a connection. */
class Pace implements Turned {
  readonly #socket: Socket;
  #givenAt = Number.NEGATIVE_INFINITY;
  /** Bytes of requests when that was. */
  #asked = -1;
  #held: Buffer | undefined;
  constructor(socket: Socket) {
    this.#socket = socket;
  }
  /** False: nothing more is read for now. */
  take(size: number): boolean {
    const now = performance.now();
    const asked = this.#socket.bytesWritten;
    const goesOn = now - this.#givenAt < CLOSE_MS && asked === this.#asked;
    this.#givenAt = now;
    this.#asked = asked;
    const piece = copied(size);
    const held = this.#held;
    this.#held = undefined;
    // Somebody asked for more than was handed on.
    if (held !== undefined) return this.#socket.push(Buffer.concat([held, piece]));
    if (!goesOn || size >= MUCH) return this.#socket.push(piece);
    this.#held = piece;
    soon(this);
    return false;
  }
  go(): void {
    const piece = this.#held;
    this.#held = undefined;
    if (piece === undefined || this.#socket.destroyed) return;
    this.#givenAt = performance.now();
    this.#socket.push(piece);
  }
}
const paces = new WeakMap<Socket, Pace>();
const paceOf = (socket: Socket): Pace => {
  const known = paces.get(socket);
  if (known !== undefined) return known;
  const made = new Pace(socket);
  paces.set(socket, made);
  return made;
};

/**
 * Options of `net.connect`: reads go into one buffer of all connections. Without them Node takes 64 KiB of memory for every read, however
 * little has come, and 1,000 readers that wait hold three times that each. A piece that follows another of the same answer within a
 * millisecond stays that long, and its connection is not read: what comes meanwhile is read at once, instead of each event by itself.
 */
export const reading = Object.freeze({
  highWaterMark: SIZE / 2,
  onread: Object.freeze({
    buffer: read,
    callback(this: Socket, size: number): boolean {
      return paceOf(this).take(size);
    },
  }),
});
