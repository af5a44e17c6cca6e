import { hash, randomBytes } from 'node:crypto';
import type { AuthStrategy, Principal } from '@llm-proxy-auth/plugin';

/** Who a credential is. */
export interface Found {
  readonly principal: Principal;
  readonly strategy: AuthStrategy;
  /** Epoch ms: when the request came that it was found out for, and until when it holds. */
  readonly from: number;
  readonly until: number;
  readonly epoch: number;
}
/** The same while it is remembered. */
export interface Verified extends Found {
  /** Epoch ms: from when it is asked for anew. */
  dueAt: number;
}
const MAX_VERIFIED = 50_000;
const MAX_DENIED = 10_000;
const DENIED_MS = 5_000;
/** What holds for so long is asked for anew when two thirds of its time are over, so that no request waits for it. */
const RENEWED_MS = 15_000;
/** Who could not be asked is asked again after this time. */
const AGAIN_MS = 1_000;
const timed = (found: Found): Verified => {
  const held = found.until - found.from;
  return { ...found, dueAt: held < RENEWED_MS ? Number.POSITIVE_INFINITY : found.from + (held * 2) / 3 };
};

/** Least recently used entries fall out: two generations, swapped when the young one is full. */
const generations = <V>(size: number) => {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const set = (key: string, value: V): void => {
    young.set(key, value);
    if (young.size < size / 2) return;
    old = young;
    young = new Map();
  };
  return {
    set,
    get(key: string): V | undefined {
      const found = young.get(key);
      if (found !== undefined) return found;
      const aged = old.get(key);
      if (aged !== undefined) set(key, aged);
      return aged;
    },
    delete(key: string): void {
      young.delete(key);
      old.delete(key);
    },
  };
};

/**
 * Remembers who a credential is, so that no hash or store read runs per request. The key is one SHA-256 over a random
 * process prefix, the slot and the whole credential. Wrong credentials have their own bounded cache and cannot evict good ones.
 */
export const verifiedCache = () => {
  const prefix = randomBytes(32).toString('base64');
  const verified = generations<Verified>(MAX_VERIFIED);
  const denied = generations<number>(MAX_DENIED);
  return {
    keyOf: (slot: string, value: string): string => hash('sha256', `${prefix}\0${slot}\0${value}`, 'base64'),
    /** The principal, `denied`, or undefined when the strategies must be asked. */
    get(key: string, now: number): Verified | 'denied' | undefined {
      const found = verified.get(key);
      if (found !== undefined) {
        // A clock that was set back makes nothing last longer.
        if (found.until > now && now >= found.from && (found.strategy.epoch === undefined || found.strategy.epoch() === found.epoch)) return found;
        verified.delete(key);
      }
      const until = denied.get(key);
      if (until === undefined) return undefined;
      if (until > now && until - now <= DENIED_MS) return 'denied';
      denied.delete(key);
      return undefined;
    },
    keep(key: string, found: Found): void {
      verified.set(key, timed(found));
    },
    /** Whether it is time to ask for it anew; true once, until `postpone`. */
    isDue(entry: Verified, now: number): boolean {
      if (now < entry.dueAt) return false;
      entry.dueAt = Number.POSITIVE_INFINITY;
      return true;
    },
    /** It could not be asked for. */
    postpone(entry: Verified, now: number): void {
      entry.dueAt = now + AGAIN_MS;
    },
    /** `keep`, unless the entry that it was asked for has gone meanwhile: who was refused or asked for anew knows better. */
    replace(key: string, entry: Verified, by: Found): void {
      if (verified.get(key) === entry) verified.set(key, timed(by));
    },
    /** It does not hold any more. */
    forget(key: string): void {
      verified.delete(key);
    },
    deny(key: string, now: number): void {
      denied.set(key, now + DENIED_MS);
    },
  };
};
export type VerifiedCache = ReturnType<typeof verifiedCache>;
