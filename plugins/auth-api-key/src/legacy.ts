import { GatewayError } from '@llm-proxy-auth/plugin';
import { turns } from '@llm-proxy-auth/plugin/issued';
import { bcryptVerify } from './bcrypt.ts';
import type { KeyBook, KeyEntry } from './book.ts';
import type { Verifiers } from './verifier.ts';

/** Keys of bedrock-proxy-iam; they hold no id. */
const FORM = /^bdrk_[0-9a-f]{64}$/;
export const isLegacy = (value: string): boolean => FORM.test(value);

/** Imported keys that may be without a digest at a time: each is one bcrypt of about 60 ms for every unknown key. */
export const MOST = 64;
const MINUTE = 60_000;
/** What may be spent on unknown keys, in comparisons at cost 10: about 24 s of one processor. Each cost above takes twice as long. */
const WORK_A_MINUTE = 400;
const workOf = (hash: string): number => 2 ** (Number(hash.slice(4, 6)) - 10);

export interface LegacyKeys {
  /** Whether there is any imported key. */
  any(): boolean;
  /** An imported key that was used before, by its digest. */
  find(value: string): KeyEntry | undefined;
  /** Tries those that never were. Throws `auth_unavailable` when that is asked for too often. */
  scan(value: string, now: number): Promise<KeyEntry | undefined>;
}
interface Index {
  readonly epoch: number;
  readonly any: boolean;
  readonly byDigest: ReadonlyMap<string, KeyEntry>;
  readonly unused: readonly KeyEntry[];
}
const indexOf = (book: KeyBook): Index => {
  const legacy = [...book.all()].filter(({ record }) => record.legacy === true);
  const byDigest = new Map(legacy.flatMap((entry) => (entry.record.verifier.alg === 'hmac' ? [[entry.record.verifier.digest, entry] as const] : [])));
  const unused = legacy.filter(({ record }) => record.verifier.alg === 'bcrypt' && record.status !== 'revoked').slice(0, MOST);
  return { epoch: book.epoch(), any: legacy.length > 0, byDigest, unused };
};

export const legacyKeys = (book: KeyBook, verifiers: Verifiers): LegacyKeys => {
  let known: Index | undefined;
  const index = (): Index => {
    if (known?.epoch !== book.epoch()) known = indexOf(book);
    return known;
  };
  const turn = turns({ concurrent: 1, waiting: 8, refusal: 'Too many imported keys are being looked for; try again.' });
  let minute = 0;
  let work = 0;
  const begin = (now: number): void => {
    const at = Math.floor(now / MINUTE);
    if (at !== minute) work = 0;
    minute = at;
    if (work >= WORK_A_MINUTE)
      throw new GatewayError('auth_unavailable', 'Too many imported keys are being looked for; try again.', { retryAfterMs: (at + 1) * MINUTE - now });
  };
  return {
    any: () => index().any,
    find: (value) => {
      const { byDigest } = index();
      for (const digest of byDigest.size === 0 ? [] : verifiers.digests(value)) {
        const entry = byDigest.get(digest);
        if (entry !== undefined) return entry;
      }
      return undefined;
    },
    async scan(value, now) {
      const { unused } = index();
      if (unused.length === 0) return undefined;
      return await turn(async () => {
        begin(now);
        for (const entry of unused) {
          const { verifier } = entry.record;
          if (verifier.alg !== 'bcrypt') continue;
          work += workOf(verifier.hash);
          if (await bcryptVerify(verifier.hash, value)) return entry;
        }
        return undefined;
      });
    },
  };
};
