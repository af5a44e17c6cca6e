import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;
/** Most bytes of a UTF-16 unit in UTF-8. */
const UNIT_BYTES = 3;

/** A key for HMAC-SHA-256 with its two padded blocks made beforehand. */
export interface HmacKey {
  readonly inner: Buffer;
  readonly outer: Buffer;
}
export const hmacKey = (key: Uint8Array): HmacKey => {
  const short = key.length > BLOCK ? (hash('sha256', key, 'buffer') as Buffer) : key;
  const inner = Buffer.alloc(BLOCK, 0x36);
  const outer = Buffer.alloc(BLOCK, 0x5c);
  for (let i = 0; i < short.length; i++) {
    const byte = short[i] ?? 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  return { inner, outer };
};
const scratch = Buffer.allocUnsafeSlow(4096);
const around = Buffer.allocUnsafeSlow(BLOCK + DIGEST);
/**
 * HMAC-SHA-256 (RFC 2104) of a text's UTF-8, with what stands before and behind it, in an encoding of Node's. Two hashes in one call each: `createHmac` sets up a context and an
 * object for each text, which costs twice as much; a digest as binary text costs less than one in a Buffer of its own.
 */
export const hmac = (key: HmacKey, text: string, encoding: 'base64url' | 'hex' | 'binary', before = '', behind = ''): string => {
  const most = BLOCK + (before.length + text.length + behind.length) * UNIT_BYTES;
  const message = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  key.inner.copy(message);
  let size = BLOCK;
  if (before !== '') size += message.write(before, size);
  size += message.write(text, size);
  if (behind !== '') size += message.write(behind, size);
  key.outer.copy(around);
  around.write(hash('sha256', message.subarray(0, size), 'binary'), BLOCK, 'latin1');
  return hash('sha256', around, encoding);
};
