import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Bytes, Seal, Store } from '@llm-proxy-auth/plugin';

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SPACE = 'core';
const KEY = 'seal';

const keyIn = (json: string): Buffer => {
  const text: unknown = JSON.parse(json);
  const key = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  if (key.length !== 32) throw new Error('the sealing key in the store is damaged');
  return key;
};
/** The gateway's sealing key: 32 random bytes, made once and shared by everybody who uses the store. Throws what the store throws. */
export const sealingKey = async (store: Store): Promise<Buffer> => {
  const found = await store.get(SPACE, KEY);
  if (found !== undefined) return keyIn(found.value.json);
  const made = randomBytes(32);
  if (await store.commit([{ space: SPACE, key: KEY, expect: 0, value: { json: JSON.stringify(made.toString('base64')) } }])) return made;
  const other = await store.get(SPACE, KEY);
  if (other === undefined) throw new Error('the store refused the sealing key');
  return keyIn(other.value.json);
};

/** AES-256-GCM; owner and purpose are authenticated, so that nobody opens what was sealed for something else. Text: base64url of version, IV, cipher text, tag. */
export const createSeal = (owner: string, key: () => Buffer): Seal => {
  const bound = (purpose: string): Buffer => Buffer.from(JSON.stringify([VERSION, owner, purpose]));
  return Object.freeze<Seal>({
    seal(purpose, plain) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key(), iv).setAAD(bound(purpose));
      const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.from([VERSION]), iv, sealed, cipher.getAuthTag()]).toString('base64url');
    },
    open(purpose, sealed): Bytes | undefined {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < 1 + IV_BYTES + TAG_BYTES || bytes[0] !== VERSION || bytes.toString('base64url') !== sealed) return undefined;
      const end = bytes.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key(), bytes.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(bound(purpose)).setAuthTag(bytes.subarray(end));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(1 + IV_BYTES, end)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  });
};
