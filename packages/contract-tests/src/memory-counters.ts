import type { Claim, Counters, Taken } from '@llm-proxy-auth/plugin';

/** A lease whose holder has not beaten for this long is free again. */
const leaseMs = 90_000;
interface Held {
  readonly claims: readonly Claim[];
  seen: number;
}
interface Window {
  readonly start: number;
  used: number;
}

/** The counters of `fakeHost`, and the reference the counters suite is proven with: fixed windows, leases by heartbeat. */
export const memoryCounters = (): Counters => {
  const windows = new Map<string, Window>();
  const leases = new Map<string, Held>();
  let last = 0;
  const windowOf = (claim: Claim, now: number): Window => {
    const span = claim.windowMs ?? Number.POSITIVE_INFINITY;
    const found = windows.get(claim.key);
    if (found !== undefined && now - found.start < span) return found;
    const fresh = { start: now, used: 0 };
    windows.set(claim.key, fresh);
    return fresh;
  };
  const held = (key: string): number =>
    [...leases.values()]
      .flatMap((lease) => lease.claims)
      .reduce((sum, claim) => sum + (claim.kind === 'concurrent' && claim.key === key ? claim.amount : 0), 0);
  const used = (claim: Claim, now: number): number => (claim.kind === 'concurrent' ? held(claim.key) : windowOf(claim, now).used);
  const refusal = (claim: Claim, now: number): Taken => {
    const resets = claim.kind === 'concurrent' ? 1000 : windowOf(claim, now).start + (claim.windowMs ?? 1000) - now;
    return { ok: false, key: claim.key, remaining: Math.max(0, claim.limit - used(claim, now)), retryAfterMs: Math.max(1, resets) };
  };
  return {
    take(claims, now) {
      for (const [lease, { seen }] of leases) if (now - seen > leaseMs) leases.delete(lease);
      const over = claims.find((claim) => !claim.shadow && used(claim, now) + claim.amount > claim.limit);
      if (over !== undefined) return refusal(over, now);
      for (const claim of claims) if (claim.kind !== 'concurrent') windowOf(claim, now).used += claim.amount;
      last += 1;
      const lease = `lease-${last}`;
      leases.set(lease, { claims, seen: now });
      return { ok: true, lease };
    },
    beat(names, now) {
      for (const name of names) {
        const lease = leases.get(name);
        if (lease !== undefined) lease.seen = now;
      }
    },
    settle(name, actual) {
      const lease = leases.get(name);
      if (lease === undefined) return;
      leases.delete(name);
      for (const { key, amount } of actual) {
        const reserved = lease.claims.find((claim) => claim.key === key);
        const window = windows.get(key);
        if (reserved !== undefined && window !== undefined) window.used += amount - reserved.amount;
      }
    },
  };
};
