import { configureGlobal } from 'fast-check';
import { afterAll, vi } from 'vitest';
import { servicesOf } from './services.ts';

// A run of the suite is the same for everybody; FC_SEED=<number> explores other cases, and a failure names its seed anyway.
configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261) });

// Tests of plugins that need a server find it here, the one of `scripts/services start` or one of the developer's own.
const { postgres, redis } = servicesOf();
if (postgres !== undefined) process.env.TEST_POSTGRES_URL ??= postgres.url;
if (redis !== undefined) process.env.TEST_REDIS_URL ??= redis.url;

// The next file may run in the same process: it finds the clock, the functions and the environment as they were.
const before = { ...process.env };
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
