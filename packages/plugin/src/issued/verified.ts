import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { latest } from './guesses.ts';

/** Secrets that are remembered, one of each holder; those that were used longest ago fall out. */
const MOST = 50_000;

/** Secrets that this process has verified with argon2id, so that it computes that once for each, not again at every change of some record. */
export interface Verified {
  /** Whether the secret was right for this verifier. False says nothing: it may not have been computed yet. */
  has(id: string, phc: string, secret: string): boolean;
  /** Remembers that it is right, in the place of what was known of this holder. */
  add(id: string, phc: string, secret: string): void;
}
/** Whether a holder may come in still is not known here: only what the secret is. */
export const verified = (most = MOST): Verified => {
  const key = randomBytes(32);
  const known = latest<{ readonly phc: string; readonly digest: Buffer }>(most);
  const digestOf = (secret: string): Buffer => createHmac('sha256', key).update(secret).digest();
  return {
    has(id, phc, secret) {
      const before = known.get(id);
      if (before?.phc !== phc || !timingSafeEqual(digestOf(secret), before.digest)) return false;
      known.set(id, before);
      return true;
    },
    add: (id, phc, secret) => known.set(id, { phc, digest: digestOf(secret) }),
  };
};
