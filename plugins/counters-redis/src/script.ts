import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Runs one script, by its digest where the server knows it: one round trip, but for the first time. */
export type Script = (keys: readonly string[], args: readonly string[]) => Promise<unknown>;
export const scriptOf = (redis: Redis, source: string): Script => {
  const digest = hash('sha1', source);
  return async (keys, args) => {
    try {
      return await redis.evalsha(digest, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(source, keys.length, ...keys, ...args);
    }
  };
};
