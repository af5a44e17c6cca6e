import { networkOf } from '@llm-proxy-auth/plugin/issued';

/** Wrong passwords before somebody has to wait; the wait doubles with each further one. */
const ALLOWED = 10;
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 15 * 60_000;
/** Without a further failure it is forgotten, ms. */
const FORGOTTEN = 3_600_000;
/** Users and sources that are remembered; the ones that failed longest ago fall out. */
const MOST = 10_000;

interface Bucket {
  readonly count: number;
  readonly at: number;
  readonly until: number;
}
/** Wrong passwords counted by user and by source: neither many sources nor many names get anybody more guesses. */
export interface Failures {
  /** How long nobody of this name or from this place is let in, ms; 0 = not locked. */
  lockedFor(user: string, source: string, now: number): number;
  failed(user: string, source: string, now: number): void;
  passed(user: string, source: string, now: number): void;
}

const remembering = <V>() => {
  const entries = new Map<string, V>();
  return {
    get: (key: string): V | undefined => entries.get(key),
    delete: (key: string): void => void entries.delete(key),
    set: (key: string, value: V): void => {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= MOST) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
};

export const failures = (): Failures => {
  const buckets = remembering<Bucket>();
  const passedAt = remembering<number>();
  /** Where a user has come in from before is counted apart, so that others' guesses do not lock the user out. */
  const userKey = (user: string, source: string): string => (passedAt.get(`${user}\n${source}`) === undefined ? `user\n${user}` : `pair\n${user}\n${source}`);
  const sourceKey = (source: string): string => `source\n${networkOf(source)}`;
  const waitOf = (key: string, now: number): number => Math.max(0, (buckets.get(key)?.until ?? 0) - now);
  const add = (key: string, now: number): void => {
    const before = buckets.get(key);
    const count = before === undefined || now - before.at > FORGOTTEN ? 1 : before.count + 1;
    const wait = count < ALLOWED ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (count - ALLOWED));
    buckets.set(key, { count, at: now, until: now + wait });
  };
  return {
    lockedFor: (user, source, now) => Math.max(waitOf(userKey(user, source), now), waitOf(sourceKey(source), now)),
    failed: (user, source, now) => {
      add(userKey(user, source), now);
      add(sourceKey(source), now);
    },
    passed: (user, source, now) => {
      buckets.delete(userKey(user, source));
      passedAt.set(`${user}\n${source}`, now);
    },
  };
};
