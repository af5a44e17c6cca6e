import { guesses, latest, networkOf } from '@llm-proxy-auth/plugin/issued';

/** Wrong passwords counted by user and by source: neither many sources nor many names get anybody more guesses. */
export interface Failures {
  /** How long nobody of this name or from this place is let in, ms; 0 = not locked. */
  lockedFor(user: string, source: string, now: number): number;
  failed(user: string, source: string, now: number): void;
  passed(user: string, source: string, now: number): void;
}
export const failures = (): Failures => {
  const users = guesses();
  const places = guesses();
  const passedAt = latest<number>();
  /** Where a user has come in from before is counted apart, so that others' guesses do not lock the user out. */
  const userKey = (user: string, source: string): string => (passedAt.get(`${user}\n${source}`) === undefined ? `user\n${user}` : `pair\n${user}\n${source}`);
  return {
    lockedFor: (user, source, now) => Math.max(users.waitOf(userKey(user, source), now), places.waitOf(networkOf(source), now)),
    failed: (user, source, now) => {
      users.wrong(userKey(user, source), now);
      places.wrong(networkOf(source), now);
    },
    passed: (user, source, now) => {
      users.forget(userKey(user, source));
      passedAt.set(`${user}\n${source}`, now);
    },
  };
};
