import type { Buffer } from 'node:buffer';

/** Sign bit of each byte set when that byte is below 0x20; a byte above 0x7f never counts. (Bit Twiddling Hacks, "less than".) */
const below = (word: number): number => (word - 0x20202020) & ~word;
const SIGNS = 0x80808080 | 0;
const BLOCK = 32;
/** From here on the view of words is worth its making. */
const LONG = 1024;

/** Index of the first byte below 0x20 in `[from, to)`, or `to`. Long ranges are looked at four bytes at a time. */
export const controlIn = (bytes: Buffer, from: number, to: number): number => {
  let at = from;
  if (to - at > LONG) {
    while (((bytes.byteOffset + at) & 3) !== 0) if ((bytes[at++] ?? 0) < 32) return at - 1;
    const blocks = Math.floor((to - at) / BLOCK);
    at += BLOCK * clean(new Int32Array(bytes.buffer, bytes.byteOffset + at, blocks * (BLOCK / 4)));
  }
  for (; at < to; at++) if ((bytes[at] ?? 0) < 32) return at;
  return to;
};
/** Number of blocks of 32 bytes before the first one with a byte below 0x20. */
const clean = (words: Int32Array): number => {
  for (let i = 0; i < words.length; i += 8) {
    const low =
      below(words[i] as number) |
      below(words[i + 1] as number) |
      below(words[i + 2] as number) |
      below(words[i + 3] as number) |
      below(words[i + 4] as number) |
      below(words[i + 5] as number) |
      below(words[i + 6] as number) |
      below(words[i + 7] as number);
    if ((low & SIGNS) !== 0) return i / 8;
  }
  return words.length / 8;
};
