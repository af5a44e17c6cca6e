import type { Claim, Taken } from '@llm-proxy-auth/plugin';
import type { Redis } from 'ioredis';
import { type Script, scriptOf } from './script.ts';
import { BEAT, PRESENT, RESTORE, SETTLE, TAKE } from './scripts.ts';

/** A lease that nobody beats for (every 30 s) holds no place after this long. */
const HOLD_MS = 90_000;
/** And after this long what it reserved stays charged. */
export const LEASE_MS = 900_000;
/** A replica that has not been heard of for this long is none. */
const PRESENT_MS = 30_000;
const MINUTE = 60_000;
const MOST_RESTORED = 500;
const KIND = Object.freeze({ rate: 'r', budget: 'b', concurrent: 'c' } as const);
const flag = (is: boolean): string => (is ? '1' : '0');

/** The end of a budget's window: what the claim says, else the next multiple of its length. */
export const endOf = ({ ends, windowMs = MINUTE }: Claim, now: number): number => ends ?? now - (now % windowMs) + windowMs;
export const settles = ({ kind, reserved }: Claim): boolean => kind !== 'rate' || reserved === true;
export interface Actual {
  readonly key: string;
  readonly amount: number;
}
/** What the server had said of a budget whose window goes on. */
export interface Spent {
  readonly key: string;
  readonly ends: number;
  readonly used: number;
}
/** What is counted in the server; every operation is one round trip and rejects when there is no answer. */
export interface Shared {
  take(lease: string, claims: readonly Claim[], now: number): Promise<Taken>;
  /** What its budgets hold then. */
  settle(lease: string, actual: readonly Actual[]): Promise<readonly Spent[]>;
  beat(leases: readonly string[], now: number): Promise<void>;
  /** Says that a replica is here; how many there are, and the name of what the server counts: empty where it is new, or lost its data. */
  present(replica: string, now: number): Promise<{ readonly replicas: number; readonly life: string }>;
  /** Gives back what a server lost. */
  restore(spent: readonly Spent[], now: number): Promise<void>;
  /** All is given back: the name of what the server counts from now on. */
  begin(replica: string): Promise<string>;
  /** Says that it is here no more. */
  absent(replica: string): Promise<void>;
}

const placeOf = (claim: Claim, now: number): number => (claim.kind === 'budget' ? endOf(claim, now) : claim.kind === 'rate' ? (claim.windowMs ?? MINUTE) : 0);
const takenOf = (answer: unknown, lease: string, claims: readonly Claim[]): Taken => {
  const [ok, ...numbers] = (answer as readonly string[]).map(Number);
  if (ok !== 1) {
    const [at = 1, remaining = 0, retryAfterMs = 1_000, resetMs = 1_000] = numbers;
    return { ok: false, key: claims[at - 1]?.key ?? '', remaining, retryAfterMs, resetMs };
  }
  const left = claims.flatMap(({ kind, key }, i) => (kind === 'concurrent' ? [] : [{ key, remaining: numbers[2 * i] ?? 0, resetMs: numbers[2 * i + 1] ?? 0 }]));
  return { ok: true, lease: claims.some(settles) ? lease : '', left };
};

/** What an answer says of budgets. */
export const spentIn = (claims: readonly Claim[], taken: Taken, now: number): readonly Spent[] =>
  (taken.ok ? (taken.left ?? []) : [taken]).flatMap(({ key, remaining }) => {
    const claim = claims.find((c) => c.kind === 'budget' && c.key === key);
    return claim === undefined ? [] : [{ key, ends: endOf(claim, now), used: claim.limit - remaining }];
  });

export const sharedIn = (redis: Redis, prefix: string): Shared => {
  const script = (source: string): Script => scriptOf(redis, source);
  const [take, settle, beat, present, restore] = [script(TAKE), script(SETTLE), script(BEAT), script(PRESENT), script(RESTORE)] as const;
  const lifeKey = `${prefix}life`;
  let lives = 0;
  const keyOf = (key: string): string => `${prefix}c:${key}`;
  const leaseOf = (lease: string): string => `${prefix}l:${lease}`;
  return {
    async take(lease, claims, now) {
      const args = claims.flatMap((claim) => [
        KIND[claim.kind],
        String(claim.amount),
        String(claim.limit),
        String(placeOf(claim, now)),
        flag(claim.shadow),
        flag(settles(claim)),
      ]);
      const keys = [...claims.map(({ key }) => keyOf(key)), leaseOf(lease)];
      return takenOf(await take(keys, [String(now), lease, String(HOLD_MS), String(LEASE_MS), ...args]), lease, claims);
    },
    async settle(lease, actual) {
      const answer = (await settle([leaseOf(lease)], [lease, ...actual.flatMap(({ key, amount }) => [keyOf(key), String(amount)])])) as readonly string[];
      const spent: Spent[] = [];
      for (let i = 0; i + 2 < answer.length; i += 3)
        spent.push({ key: (answer[i] ?? '').slice(keyOf('').length), ends: Number(answer[i + 1]), used: Number(answer[i + 2]) });
      return spent;
    },
    async beat(leases, now) {
      await beat(leases.map(leaseOf), [String(now), String(HOLD_MS), String(LEASE_MS), ...leases]);
    },
    async present(replica, now) {
      const [replicas, life] = (await present([`${prefix}replicas`, lifeKey], [String(now), replica, String(PRESENT_MS)])) as readonly unknown[];
      return { replicas: Number(replicas), life: String(life) };
    },
    async begin(replica) {
      const name = `${replica}:${++lives}`;
      return (await redis.set(lifeKey, name, 'NX')) === null ? ((await redis.get(lifeKey)) ?? '') : name;
    },
    async restore(spent, now) {
      for (let at = 0; at < spent.length; at += MOST_RESTORED) {
        const some = spent.slice(at, at + MOST_RESTORED);
        const args = some.flatMap(({ ends, used }) => [String(ends), String(used)]);
        await restore(
          some.map(({ key }) => keyOf(key)),
          [String(now), String(LEASE_MS), ...args],
        );
      }
    },
    async absent(replica) {
      await redis.zrem(`${prefix}replicas`, replica);
    },
  };
};
