import type { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

/** Remainders of CRC-32 of a byte that stands 0 to 7 bytes before the last: 256 of each. */
const REMAINDERS = new Int32Array(2048);
const remainder = (at: number): number => REMAINDERS[at] ?? 0;
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  REMAINDERS[byte] = value;
}
for (let at = 256; at < REMAINDERS.length; at++) REMAINDERS[at] = (remainder(at - 256) >>> 8) ^ remainder(remainder(at - 256) & 255);

/** Where the checksum of bytes is taken up by `fits`. */
export const stateAfter = (bytes: Buffer): number => ~crc32(bytes);
/** What `fits` found. */
export const WRONG = 0;
export const ASCII = 1;
export const OTHER = 2;
/**
 * Whether the CRC-32 of what led to `state` and of the bytes from `at` to `end` stands behind `end`, and whether these are ASCII. For few
 * bytes: a view of them and a native call cost more than to read them here, eight at a time.
 */
export const fits = (state: number, bytes: Buffer, at: number, end: number): typeof WRONG | typeof ASCII | typeof OTHER => {
  let crc = state;
  let seen = 0;
  let i = at;
  for (; i + 8 <= end; i += 8) {
    const low = (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
    const high = (bytes[i + 4] ?? 0) | ((bytes[i + 5] ?? 0) << 8) | ((bytes[i + 6] ?? 0) << 16) | ((bytes[i + 7] ?? 0) << 24);
    seen |= low | high;
    const x = crc ^ low;
    crc =
      remainder(1792 + (x & 255)) ^
      remainder(1536 + ((x >>> 8) & 255)) ^
      remainder(1280 + ((x >>> 16) & 255)) ^
      remainder(1024 + (x >>> 24)) ^
      remainder(768 + (high & 255)) ^
      remainder(512 + ((high >>> 8) & 255)) ^
      remainder(256 + ((high >>> 16) & 255)) ^
      remainder(high >>> 24);
  }
  for (; i < end; i++) {
    const byte = bytes[i] ?? 0;
    seen |= byte;
    crc = (crc >>> 8) ^ remainder((crc ^ byte) & 255);
  }
  if (~crc !== bytes.readInt32BE(end)) return WRONG;
  return (seen & 0x80808080) === 0 ? ASCII : OTHER;
};
