import { hash } from 'node:crypto';
import type { Host } from '../../plugin.ts';
import { usedOnce } from './once.ts';

/** Signatures that a process remembers at most, and half as many in any case; the store knows the others. */
const MOST = 250_000;

/** Times of first uses, each for `life` ms at least. */
const firstUses = (life: number) => {
  // Two generations: what is older than both is past its time.
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let since = Number.NEGATIVE_INFINITY;
  const turn = (now: number): void => {
    if (now - since < life && young.size < MOST / 2) return;
    old = now - since < 2 * life ? young : new Map();
    young = new Map();
    since = now;
  };
  return {
    of: (mark: string): number | undefined => young.get(mark) ?? old.get(mark),
    keep: (mark: string, first: number, now: number): void => {
      turn(now);
      young.set(mark, first);
    },
  };
};

export interface ReplaysOptions {
  /** How far the time of a signature may lie from ours, ms. */
  readonly skew: number;
  /**
   * For so many ms after its first use a signature may be used again, where callers put nothing into a request that tells two of them
   * apart in the same second. Default 0.
   */
  readonly again?: number;
}
/** Signed requests that were taken, by whichever of the processes that share the store. */
export interface Replays {
  /** Whether it is known here to have been used up; the store is not asked. */
  has(signature: string): boolean;
  /** Uses it up; false: it was before. `signedAt`: epoch ms that the signature says. Rejects with `auth_unavailable` when the store does not say. */
  use(signature: string, signedAt: number): boolean | Promise<boolean>;
}
/** Each signature is written to the store once; one that comes again is mostly known without it. */
export const replays = (host: Pick<Host, 'store' | 'now' | 'log' | 'signal'>, { skew, again = 0 }: ReplaysOptions): Replays => {
  const known = firstUses(2 * skew);
  const shared = usedOnce(host);
  /** Either way: the first use may have been by a clock that is ahead of ours, or our own was set back since. */
  const isUsedUp = (first: number): boolean => Math.abs(host.now() - first) >= again;
  const markOf = (signature: string): string => hash('sha256', signature, 'base64url').slice(0, 22);
  return {
    has(signature) {
      const first = known.of(signature);
      return first !== undefined && isUsedUp(first);
    },
    use(signature, signedAt) {
      const here = known.of(signature);
      if (here !== undefined) return !isUsedUp(here);
      // Nobody's clock is further away than the clock of who signs may be.
      return shared.use(markOf(signature), signedAt + 2 * skew).then((first) => {
        known.keep(signature, first ?? host.now(), host.now());
        return first === undefined || !isUsedUp(first);
      });
    },
  };
};
