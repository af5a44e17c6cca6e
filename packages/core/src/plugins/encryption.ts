import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Bytes, Encryption } from '@llm-proxy-auth/plugin';

const VERSION = 'e1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** The 32 bytes that a configured key stands for, as hex or base64; undefined when it is anything else, or one byte over and over. */
export const encryptionKey = (text: string): Buffer | undefined => {
  const key = HEX.test(text) ? Buffer.from(text, 'hex') : BASE64.test(text) ? Buffer.from(text, 'base64url') : undefined;
  return key === undefined || key.length !== KEY_BYTES || key.every((byte) => byte === key[0]) ? undefined : key;
};

export interface EncryptionKeys {
  readonly current: string;
  /** By id. */
  readonly keys: ReadonlyMap<string, Buffer>;
}
/**
 * AES-256-GCM with a random nonce of 96 bits. Owner, key id and place are authenticated, so that a text opens nowhere but where it was
 * kept. Text: `e1.<key id>.<base64url of nonce, cipher text and tag>`.
 */
export const createEncryption = (owner: string, { current, keys }: EncryptionKeys): Encryption => {
  const bound = (id: string, place: string): Buffer => Buffer.from(JSON.stringify([VERSION, owner, id, place]));
  const own = keys.get(current);
  if (own === undefined) throw new Error(`no key is called "${current}"`);
  return Object.freeze<Encryption>({
    encrypt(place, plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', own, nonce).setAAD(bound(current, place));
      return `${VERSION}.${current}.${Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url')}`;
    },
    decrypt(place, text): Bytes | undefined {
      const [version, id = '', body = '', ...more] = text.split('.');
      const key = keys.get(id);
      const bytes = Buffer.from(body, 'base64url');
      if (version !== VERSION || key === undefined || more.length > 0 || bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== body)
        return undefined;
      const end = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(bound(id, place)).setAuthTag(bytes.subarray(end));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
    isCurrent: (text) => text.startsWith(`${VERSION}.${current}.`),
  });
};
