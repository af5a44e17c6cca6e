/** Signatures that are remembered at most, and half as many in any case; the oldest are forgotten before their time. */
const MOST = 250_000;

/** Signatures that have been used, each until it could not be used again anyway. */
export interface Replays {
  /** Whether it has been used up. */
  has(signature: string, now: number): boolean;
  /** False: it had been used up before. */
  use(signature: string, now: number): boolean;
}
/**
 * Remembers for `life` ms at least. `again`: for so many ms after its first use a signature may be used again, where callers put
 * nothing into a request that tells two of them apart in the same second.
 */
export const replays = (life: number, again = 0): Replays => {
  // Two generations with the time of the first use: what is older than both is past its time.
  let young = new Map<string, number>();
  let old = new Map<string, number>();
  let since = Number.NEGATIVE_INFINITY;
  const turn = (now: number): void => {
    if (now - since < life && young.size < MOST / 2) return;
    old = now - since < 2 * life ? young : new Map();
    young = new Map();
    since = now;
  };
  const isUsedUp = (first: number | undefined, now: number): boolean => first !== undefined && !(now - first < again);
  const firstUse = (signature: string): number | undefined => young.get(signature) ?? old.get(signature);
  return {
    has: (signature, now) => isUsedUp(firstUse(signature), now),
    use: (signature, now) => {
      turn(now);
      const first = firstUse(signature);
      if (first !== undefined) return !isUsedUp(first, now);
      young.set(signature, now);
      return true;
    },
  };
};
