import type { Socket } from 'node:net';

/** A reader that waits holds up to two reads of its provider's socket and one that is half written. */
const SIZE = 32_768;
/** Everything that is read lies here for a moment only, before it is copied at its own size. */
const read = Buffer.allocUnsafeSlow(SIZE);

/**
 * Options of `net.connect`: reads go into one buffer of all connections. Without them Node takes 64 KiB of memory for every read, however
 * little has come, and 1,000 readers that wait hold three times that each.
 */
export const reading = Object.freeze({
  highWaterMark: SIZE / 2,
  onread: Object.freeze({
    buffer: read,
    callback(this: Socket, size: number): boolean {
      const piece = size < 4096 ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
      read.copy(piece, 0, 0, size);
      return this.push(piece);
    },
  }),
});
