import type { Claim, Counters, Taken } from './access.ts';

interface Window {
  readonly start: number;
  readonly length: number;
  count: number;
  previous: number;
}
interface Purse {
  readonly ends: number;
  used: number;
}
interface Lease {
  readonly id: string;
  readonly slot: number;
  readonly claims: readonly Claim[];
  /** Where each claim was counted: the start of its window, or the end of its budget's. */
  readonly places: readonly number[];
  /** Its concurrency claims count. */
  holds: boolean;
  seen: number;
}
/** A lease that nobody beats for (every 30 s) holds no place after this long. */
const HOLD_MS = 90_000;
/** And after this long what it reserved stays charged. */
const LEASE_MS = 900_000;
const SWEEP_EVERY = 4_096;
const MINUTE = 60_000;
/** A caller whose clock is behind by so much counts in the window that another has begun: it must not empty it. */
const LATE_MS = 60_000;

/** The end of a budget's window: what the claim says, else the next multiple of its length. */
const endOf = ({ ends, windowMs = MINUTE }: Claim, now: number): number => ends ?? now - (now % windowMs) + windowMs;
const settles = ({ kind, reserved }: Claim): boolean => kind !== 'rate' || reserved === true;

/** Counts in this process only: sliding windows (two buckets, weighted) for rates, fixed ones for budgets, leases for concurrency. */
export const memoryCounters = (): Counters => {
  const windows = new Map<string, Window>();
  const purses = new Map<string, Purse>();
  const open = new Map<string, number>();
  /** By slot, which is how a lease's id begins; slots are used again (a Map would be rebuilt every few requests). */
  const leases: (Lease | undefined)[] = [];
  const free: number[] = [];
  let serial = 0;
  let sinceSweep = 0;

  const windowOf = (key: string, length: number, now: number): Window => {
    const start = now - (now % length);
    const found = windows.get(key);
    if (found !== undefined && (found.start === start || (found.start > now && found.start - now <= LATE_MS))) return found;
    const next = { start, length, count: 0, previous: found !== undefined && found.start === start - length ? found.count : 0 };
    windows.set(key, next);
    return next;
  };
  const purseOf = (claim: Claim, now: number): Purse => {
    const ends = endOf(claim, now);
    const found = purses.get(claim.key);
    if (found !== undefined && (found.ends === ends || (found.ends > ends && ends - now <= LATE_MS))) return found;
    const next = { ends, used: 0 };
    purses.set(claim.key, next);
    return next;
  };
  const usedOf = (w: Window, now: number): number => w.count + w.previous * (1 - Math.max(0, now - w.start) / w.length);
  /** Milliseconds until the claim fits when nobody else comes: as the bucket before fades, or this one in the next window. */
  const waitOf = (w: Window, { limit, amount }: Claim, now: number): number => {
    const room = Math.max(0, limit - amount);
    const fading = (count: number, left: number): number => (count <= left ? 0 : w.length * (1 - left / count));
    return w.start - now + (w.count <= room ? fading(w.previous, room - w.count) : w.length + fading(w.count, room));
  };
  /** Milliseconds until nothing is counted any more: this bucket fades in the next window, the one before in this one. */
  const resetOf = (w: Window, now: number): number => w.start + w.length * (w.count > 0 ? 2 : w.previous > 0 ? 1 : 0) - now;

  const hold = (lease: Lease, holds: boolean): void => {
    if (lease.holds === holds) return;
    lease.holds = holds;
    const by = holds ? 1 : -1;
    for (const { kind, key, amount } of lease.claims) if (kind === 'concurrent') open.set(key, Math.max(0, (open.get(key) ?? 0) + by * amount));
  };
  const leaseOf = (id: string): Lease | undefined => {
    const lease = leases[Number.parseInt(id, 10)];
    return lease?.id === id ? lease : undefined;
  };
  const end = (lease: Lease): void => {
    hold(lease, false);
    leases[lease.slot] = undefined;
    free.push(lease.slot);
  };
  const sweep = (now: number): void => {
    for (const lease of leases) {
      if (lease === undefined) continue;
      if (lease.seen + HOLD_MS <= now) hold(lease, false);
      if (lease.seen + LEASE_MS <= now) end(lease);
    }
    for (const [key, count] of open) if (count === 0) open.delete(key);
    for (const [key, w] of windows) if (now - w.start > 2 * w.length || (w.count === 0 && w.previous === 0)) windows.delete(key);
    for (const [key, purse] of purses) if (purse.ends <= now || purse.used === 0) purses.delete(key);
  };

  const refusal = (claim: Claim, now: number): Taken | undefined => {
    const { key, kind, limit, amount } = claim;
    if (kind === 'concurrent') {
      if ((open.get(key) ?? 0) + amount <= limit) return undefined;
      sweep(now);
      return (open.get(key) ?? 0) + amount <= limit ? undefined : { ok: false, key, remaining: 0, retryAfterMs: 1_000 };
    }
    if (kind === 'budget') {
      const purse = purseOf(claim, now);
      if (purse.used + amount <= limit) return undefined;
      const rest = Math.max(1_000, purse.ends - now);
      return { ok: false, key, remaining: Math.max(0, limit - purse.used), retryAfterMs: rest, resetMs: rest };
    }
    const w = windowOf(key, claim.windowMs ?? MINUTE, now);
    const used = usedOf(w, now);
    if (used + amount <= limit) return undefined;
    return {
      ok: false,
      key,
      remaining: Math.max(0, Math.floor(limit - used)),
      retryAfterMs: Math.max(1_000, Math.ceil(waitOf(w, claim, now))),
      resetMs: Math.max(1_000, resetOf(w, now)),
    };
  };
  /** Counts a claim; returns where. */
  const count = (claim: Claim, now: number, left: { key: string; remaining: number; resetMs: number }[]): number => {
    const { key, kind, limit, amount } = claim;
    if (kind === 'concurrent') {
      open.set(key, (open.get(key) ?? 0) + amount);
      return 0;
    }
    if (kind === 'budget') {
      const purse = purseOf(claim, now);
      purse.used += amount;
      left.push({ key, remaining: Math.max(0, limit - purse.used), resetMs: purse.ends - now });
      return purse.ends;
    }
    const w = windowOf(key, claim.windowMs ?? MINUTE, now);
    w.count += amount;
    left.push({ key, remaining: Math.max(0, Math.floor(limit - usedOf(w, now))), resetMs: resetOf(w, now) });
    return w.start;
  };
  /** Replaces what was reserved where it was counted, as far as that still counts. */
  const correct = (claim: Claim, place: number, amount: number): void => {
    const by = amount - claim.amount;
    if (claim.kind === 'budget') {
      const purse = purses.get(claim.key);
      if (purse?.ends === place) purse.used = Math.max(0, purse.used + by);
      return;
    }
    const w = windows.get(claim.key);
    if (w?.start === place) w.count = Math.max(0, w.count + by);
    else if (w !== undefined && w.start - w.length === place) w.previous = Math.max(0, w.previous + by);
  };

  return {
    take(claims: readonly Claim[], now: number): Taken {
      if (++sinceSweep >= SWEEP_EVERY) {
        sinceSweep = 0;
        sweep(now);
      }
      for (const claim of claims) {
        const refused = claim.shadow ? undefined : refusal(claim, now);
        if (refused !== undefined) return refused;
      }
      const left: { key: string; remaining: number; resetMs: number }[] = [];
      if (!claims.some(settles)) {
        for (const claim of claims) count(claim, now, left);
        return { ok: true, lease: '', left };
      }
      const places = claims.map((claim) => count(claim, now, left));
      const slot = free.pop() ?? leases.length;
      const id = `${slot}:${++serial}`;
      leases[slot] = { id, slot, claims, places, holds: true, seen: now };
      return { ok: true, lease: id, left };
    },
    beat(ids, now) {
      for (const id of ids) {
        const lease = leaseOf(id);
        if (lease === undefined) continue;
        lease.seen = now;
        hold(lease, true);
      }
    },
    settle(id, actual) {
      const lease = leaseOf(id);
      if (lease === undefined) return;
      end(lease);
      if (actual.length === 0) return;
      lease.claims.forEach((claim, i) => {
        if (claim.kind === 'concurrent' || !settles(claim)) return;
        const used = actual.find(({ key }) => key === claim.key);
        if (used !== undefined) correct(claim, lease.places[i] ?? 0, used.amount);
      });
    },
  };
};
