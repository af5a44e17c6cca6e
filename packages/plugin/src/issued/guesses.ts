/** Wrong guesses before somebody has to wait; the wait doubles with each further one. */
const ALLOWED = 10;
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 15 * 60_000;
/** Without a further one they are forgotten, ms. */
const FORGOTTEN = 3_600_000;
/** Guessers that are remembered of those that had to wait, and of the others; the ones that guessed longest ago fall out. */
const MOST = 10_000;

interface Bucket {
  readonly count: number;
  readonly at: number;
  readonly until: number;
}
/** Wrong guesses by whatever they are counted for: an address, a user. */
export interface Guesses {
  /** How much longer no guess is to be looked at, ms; 0 = it is. */
  waitOf(by: string, now: number): number;
  wrong(by: string, now: number): void;
  forget(by: string): void;
}
/** Holds its latest entries only. */
export const latest = <V>(most = MOST) => {
  const entries = new Map<string, V>();
  return {
    get: (key: string): V | undefined => entries.get(key),
    delete: (key: string): void => void entries.delete(key),
    set: (key: string, value: V): void => {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= most) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
};
export const guesses = (): Guesses => {
  // Apart, so that no number of guesses by others makes anybody forgotten who has to wait.
  const few = latest<Bucket>();
  const many = latest<Bucket>();
  const forget = (by: string): void => {
    few.delete(by);
    many.delete(by);
  };
  return {
    waitOf: (by, now) => Math.max(0, (many.get(by)?.until ?? 0) - now),
    wrong: (by, now) => {
      const before = many.get(by) ?? few.get(by);
      const count = before === undefined || now - before.at > FORGOTTEN ? 1 : before.count + 1;
      const wait = count < ALLOWED ? 0 : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (count - ALLOWED));
      forget(by);
      (count < ALLOWED ? few : many).set(by, { count, at: now, until: now + wait });
    },
    forget,
  };
};
