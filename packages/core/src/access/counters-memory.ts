import type { Claim, Counters, Taken } from '@llm-proxy-auth/plugin';

interface Window {
  readonly start: number;
  count: number;
  previous: number;
}
interface Lease {
  readonly id: string;
  readonly claims: readonly Claim[];
  expires: number;
}
/** Concurrency leases end by themselves when nobody beats for them (contract: beats every 30 s). */
const LEASE_MS = 90_000;
const SWEEP_EVERY = 4_096;

/** Counts in this process only: sliding windows (two buckets, weighted) for rates, leases for concurrency. */
export const memoryCounters = (): Counters => {
  const windows = new Map<string, Window>();
  const open = new Map<string, number>();
  /** By slot, which is how a lease's id begins; slots are used again (a Map would be rebuilt every few requests). */
  const leases: (Lease | undefined)[] = [];
  const free: number[] = [];
  let serial = 0;
  let sinceSweep = 0;

  const windowOf = (key: string, windowMs: number, now: number): Window => {
    const start = now - (now % windowMs);
    const found = windows.get(key);
    if (found !== undefined && found.start === start) return found;
    const next = { start, count: 0, previous: found !== undefined && found.start === start - windowMs ? found.count : 0 };
    windows.set(key, next);
    return next;
  };
  const usedOf = (w: Window, windowMs: number, now: number): number => w.count + w.previous * (1 - (now - w.start) / windowMs);
  /** Milliseconds until the claim fits when nobody else comes: as the bucket before fades, or this one in the next window. */
  const waitOf = (w: Window, { limit, amount }: Claim, windowMs: number, now: number): number => {
    const room = Math.max(0, limit - amount);
    const fading = (count: number, left: number): number => (count <= left ? 0 : windowMs * (1 - left / count));
    return w.start - now + (w.count <= room ? fading(w.previous, room - w.count) : windowMs + fading(w.count, room));
  };
  /** Milliseconds until nothing is counted any more: this bucket fades in the next window, the one before in this one. */
  const resetOf = (w: Window, windowMs: number, now: number): number => w.start + windowMs * (w.count > 0 ? 2 : w.previous > 0 ? 1 : 0) - now;
  const release = (id: string): void => {
    const slot = Number.parseInt(id, 10);
    const lease = leases[slot];
    if (lease?.id !== id) return;
    leases[slot] = undefined;
    free.push(slot);
    for (const { kind, key, amount } of lease.claims) if (kind === 'concurrent') open.set(key, Math.max(0, (open.get(key) ?? 0) - amount));
  };
  const sweep = (now: number): void => {
    for (const lease of leases) if (lease !== undefined && lease.expires <= now) release(lease.id);
    for (const [key, count] of open) if (count === 0) open.delete(key);
    for (const [key, w] of windows) if (now - w.start > 2 * 86_400_000) windows.delete(key);
  };

  return {
    take(claims: readonly Claim[], now: number): Taken {
      if (++sinceSweep >= SWEEP_EVERY) {
        sinceSweep = 0;
        sweep(now);
      }
      for (const claim of claims) {
        if (claim.shadow) continue;
        if (claim.kind === 'concurrent') {
          if ((open.get(claim.key) ?? 0) + claim.amount <= claim.limit) continue;
          sweep(now);
          if ((open.get(claim.key) ?? 0) + claim.amount > claim.limit) return { ok: false, key: claim.key, remaining: 0, retryAfterMs: 1_000 };
          continue;
        }
        const windowMs = claim.windowMs ?? 60_000;
        const w = windowOf(claim.key, windowMs, now);
        if (usedOf(w, windowMs, now) + claim.amount > claim.limit)
          return {
            ok: false,
            key: claim.key,
            remaining: 0,
            retryAfterMs: Math.max(1_000, Math.ceil(waitOf(w, claim, windowMs, now))),
            resetMs: Math.max(1_000, resetOf(w, windowMs, now)),
          };
      }
      const left: { key: string; remaining: number; resetMs: number }[] = [];
      let held = false;
      for (const claim of claims) {
        if (claim.kind === 'concurrent') {
          open.set(claim.key, (open.get(claim.key) ?? 0) + claim.amount);
          held = true;
          continue;
        }
        const windowMs = claim.windowMs ?? 60_000;
        const w = windowOf(claim.key, windowMs, now);
        w.count += claim.amount;
        left.push({ key: claim.key, remaining: Math.max(0, Math.floor(claim.limit - usedOf(w, windowMs, now))), resetMs: resetOf(w, windowMs, now) });
      }
      if (!held) return { ok: true, lease: '', left };
      const slot = free.pop() ?? leases.length;
      const id = `${slot}:${++serial}`;
      leases[slot] = { id, claims, expires: now + LEASE_MS };
      return { ok: true, lease: id, left };
    },
    beat(ids, now) {
      for (const id of ids) {
        const lease = leases[Number.parseInt(id, 10)];
        if (lease?.id === id) lease.expires = now + LEASE_MS;
      }
    },
    settle(lease) {
      release(lease);
    },
  };
};
