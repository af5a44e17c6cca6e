import type { Encryption } from '@llm-proxy-auth/plugin';

const KEY_BYTES = 32;

export interface KeptSecret {
  /** What the authenticator app holds. */
  readonly secret: Uint8Array;
  /** Of the backup codes' digests. */
  readonly codeKey: Uint8Array;
}
export interface Place {
  readonly subject: string;
  readonly generation: number;
}
/** A text copied into another subject's row, or into a later enrolment's, cannot be opened. */
const placeOf = ({ subject, generation }: Place): string => JSON.stringify(['totp', subject, generation]);

export const encrypted = (encryption: Encryption, place: Place, { secret, codeKey }: KeptSecret): string =>
  encryption.encrypt(placeOf(place), Buffer.concat([codeKey, secret]));

/** Throws when the text was forged or moved, or its key is not configured. */
export const decrypted = (encryption: Encryption, place: Place, sealed: string): KeptSecret => {
  const plain = encryption.decrypt(placeOf(place), sealed);
  if (plain === undefined || plain.length <= KEY_BYTES) throw new Error('an enrolment cannot be decrypted; its key may be missing from keyEncryption');
  return { codeKey: plain.subarray(0, KEY_BYTES), secret: plain.subarray(KEY_BYTES) };
};
