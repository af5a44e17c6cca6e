import type { SharedMemory } from '@llm-proxy-auth/plugin';
import type { Redis } from 'ioredis';

/** What replicas remember together, under the prefix of the counters; the server forgets it by itself. */
export const sharedMemory = (redis: Redis, prefix: string): SharedMemory => {
  const nameOf = (key: string): string => `${prefix}m:${key}`;
  return Object.freeze<SharedMemory>({
    async put(key, value, lifeMs) {
      await redis.set(nameOf(key), Buffer.from(value), 'PX', lifeMs);
    },
    async get(keys, lifeMs) {
      if (keys.length === 0) return [];
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.getexBuffer(nameOf(key), 'PX', lifeMs);
      const answers = (await pipeline.exec()) ?? [];
      return keys.map((_, i) => {
        const [error, value] = answers[i] ?? [new Error('Redis answered too little')];
        if (error !== null) throw error;
        return value instanceof Uint8Array ? value : undefined;
      });
    },
  });
};
