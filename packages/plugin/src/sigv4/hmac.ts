import { hash } from 'node:crypto';

const BLOCK = 64;
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
const innerDigest = (key: HmacKey, text: string): Buffer => {
  const message = Buffer.allocUnsafe(BLOCK + Buffer.byteLength(text));
  key.inner.copy(message);
  message.write(text, BLOCK);
  return hash('sha256', message, 'buffer') as Buffer;
};
const outerMessage = (key: HmacKey, digest: Buffer): Buffer => {
  const message = Buffer.allocUnsafe(BLOCK + 32);
  key.outer.copy(message);
  digest.copy(message, BLOCK);
  return message;
};
// One-shot hashes: `createHmac` sets up a context for each text, which costs twice as much as the text.
export const hmac = (key: HmacKey, text: string): Buffer => hash('sha256', outerMessage(key, innerDigest(key, text)), 'buffer') as Buffer;
export const hmacHex = (key: HmacKey, text: string): string => hash('sha256', outerMessage(key, innerDigest(key, text)), 'hex');
