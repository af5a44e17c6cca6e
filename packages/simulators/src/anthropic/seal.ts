import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type Fields, fieldsOf, isFields, textOf } from './check.ts';
import type { Model } from './models.ts';

/** What a signature vouches for. The service's own signatures are opaque; these are made up, but as hard to forge. */
export type Seal = {
  /** Model that thought. */
  readonly model: string;
  /** Fingerprint of the thinking as it was shown. */
  readonly shown: string;
  /** Fingerprint of everything that stood before, for models that check it. */
  readonly prefix?: string;
};

const macBytes = 32;
const key = 'signatures of the stand-in'; // the same in every process: a recorded conversation stays valid

const mac = (payload: Buffer): Buffer => createHmac('sha256', key).update(payload).digest();

const fingerprint = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Base64 of a MAC and the payload, as long as a short signature of the service. */
export const seal = (model: Model, shown: string, prefix: string): string => {
  const payload = Buffer.from(JSON.stringify({ model: model.id, shown: fingerprint(shown), ...(model.bindsThinking ? { prefix } : {}) } satisfies Seal));
  return Buffer.concat([mac(payload), payload]).toString('base64');
};

/** The seal of a signature, or undefined where a single character of it is not as it was made. */
export const unseal = (signature: string): Seal | undefined => {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.length <= macBytes || bytes.toString('base64') !== signature) return undefined;
  const payload = bytes.subarray(macBytes);
  if (!timingSafeEqual(mac(payload), bytes.subarray(0, macBytes))) return undefined;
  const parsed: unknown = JSON.parse(payload.toString('utf8'));
  if (!isFields(parsed)) return undefined;
  const { model, shown, prefix } = fieldsOf(parsed) as Fields;
  return { model: textOf(model), shown: textOf(shown), ...(typeof prefix === 'string' ? { prefix } : {}) };
};

export const isShown = (one: Seal, text: string): boolean => one.shown === fingerprint(text);
