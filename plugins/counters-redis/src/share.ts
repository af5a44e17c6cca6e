import { type Claim, type Counters, memoryCounters, type Taken } from '@llm-proxy-auth/plugin';
import type { Kept } from './kept.ts';
import { type Actual, endOf, type Spent } from './shared.ts';

const MOST_KNOWN = 10_000;
const PREFIX = 'own:';
/** What one replica owes the server: counted by itself, in a window that has not ended. */
export interface Owed {
  readonly claim: Claim;
  readonly amount: number;
}
/**
 * What a replica counts by itself while the server does not answer: its share of each limit. Of a budget that is its share of what was
 * left when the server was last heard of, and what it spends is owed until the server can be told.
 */
export interface Share {
  /** Hears what the server said of budgets. */
  hear(spent: readonly Spent[]): void;
  take(claims: readonly Claim[], now: number, replicas: number): Taken;
  beat(leases: readonly string[], now: number): void;
  settle(lease: string, actual: readonly Actual[]): void;
  /** Notes what the server is still to be told. */
  owe(claim: Claim, amount: number): void;
  /** What is owed now; it is forgotten here. */
  owed(now: number): readonly Owed[];
}
export const isOwn = (lease: string): boolean => lease.startsWith(PREFIX);

export const shareOf = (kept: Kept): Share => {
  const counters: Counters = memoryCounters();
  const owed = new Map<string, Owed>();
  const open = new Map<string, readonly Claim[]>();
  const owe = (claim: Claim, amount: number): void => {
    const before = owed.get(claim.key);
    const sum = before !== undefined && before.claim.ends === claim.ends ? before.amount + amount : amount;
    if (before === undefined && owed.size >= MOST_KNOWN) return;
    owed.set(claim.key, { claim, amount: sum });
  };
  const spend = (claim: Claim, amount: number): void => {
    owe(claim, amount);
    kept.add(claim, amount);
  };
  const portion = (claim: Claim, now: number, replicas: number): Claim => {
    if (claim.kind !== 'budget') return { ...claim, limit: Math.max(1, Math.floor(claim.limit / replicas)) };
    const { used, before } = kept.spentOf(claim, now);
    return { ...claim, ends: endOf(claim, now), limit: before + Math.floor(Math.max(0, claim.limit - used) / replicas) };
  };
  return {
    owe,
    hear(spent) {
      for (const each of spent) kept.hear(each, owed.get(each.key)?.amount ?? 0);
    },
    take(claims, now, replicas) {
      const own = claims.map((claim) => portion(claim, now, replicas));
      const taken = counters.take(own, now) as Taken;
      if (!taken.ok || taken.lease === '') return taken;
      const budgets = own.filter(({ kind }) => kind === 'budget');
      for (const claim of budgets) spend(claim, claim.amount);
      if (budgets.length > 0) open.set(taken.lease, budgets);
      return { ...taken, lease: PREFIX + taken.lease };
    },
    beat(leases, now) {
      counters.beat(
        leases.filter(isOwn).map((lease) => lease.slice(PREFIX.length)),
        now,
      );
    },
    settle(own, actual) {
      const lease = own.slice(PREFIX.length);
      counters.settle(lease, actual);
      for (const claim of open.get(lease) ?? []) {
        const used = actual.find(({ key }) => key === claim.key);
        if (used !== undefined) spend(claim, used.amount - claim.amount);
      }
      open.delete(lease);
    },
    owed(now) {
      const all = [...owed.values()].filter(({ claim, amount }) => amount !== 0 && (claim.ends ?? 0) > now);
      owed.clear();
      return all;
    },
  };
};
