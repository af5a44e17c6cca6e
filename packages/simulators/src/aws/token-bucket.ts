/** How often somebody may ask: so many times a second in the long run, and so many at once. */
export type Rate = { readonly steady: number; readonly burst: number };

/** Full at first, one bucket for each key. `now` gives Unix milliseconds. */
export const tokenBuckets = ({ steady, burst }: Rate, now: () => number): ((key: string) => boolean) => {
  const buckets = new Map<string, { left: number; at: number }>();
  return (key) => {
    const at = now();
    const bucket = buckets.get(key) ?? { left: burst, at };
    const left = Math.min(burst, bucket.left + (Math.max(0, at - bucket.at) * steady) / 1000);
    const allowed = left >= 1;
    buckets.set(key, { left: allowed ? left - 1 : left, at });
    return allowed;
  };
};
