import { Buffer } from 'node:buffer';
import type { Bytes } from '../wire.ts';

/** A Buffer over the same memory, so that the native searches are at hand whatever kind of byte array came. */
export const view = (chunk: Bytes): Buffer => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));

/** Bytes kept back until the rest of them arrives; joined once, never per chunk. */
export interface Held {
  readonly size: number;
  add(bytes: Buffer): void;
  /** Everything held followed by `last`, as one piece; holds nothing afterwards. No copy when nothing was held. */
  take(last: Buffer): Buffer;
}
export const held = (): Held => {
  let pieces: Buffer[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(bytes) {
      if (bytes.length === 0) return;
      pieces.push(bytes);
      size += bytes.length;
    },
    take(last) {
      if (size === 0) return last;
      if (last.length > 0) pieces.push(last);
      const [first] = pieces;
      const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, size + last.length);
      pieces = [];
      size = 0;
      return whole;
    },
  };
};
export const NOTHING: Buffer = Buffer.alloc(0);
