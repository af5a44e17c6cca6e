import { createHash, randomBytes } from 'node:crypto';

/** What the endpoints share: the clock and ids. One for each simulator. */
export type Context = {
  /** Unix milliseconds. */
  now(): number;
  seconds(): number;
  /** `2026-01-01T00:00:00.000Z`. */
  time(): string;
  /** The prefix and 32 hex digits, never the same twice. */
  id(prefix: string): string;
};
export const context = (now: () => number): Context => {
  const seed = randomBytes(16);
  let serial = 0;
  return {
    now,
    seconds: () => Math.floor(now() / 1000),
    time: () => new Date(now()).toISOString(),
    id(prefix) {
      serial += 1;
      return prefix + createHash('sha256').update(seed).update(String(serial)).digest('hex').slice(0, 32);
    },
  };
};
