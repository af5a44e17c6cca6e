import { configureGlobal } from 'fast-check';
import { servicesOf } from './services.ts';

// A run of the suite is the same for everybody; FC_SEED=<number> explores other cases, and a failure names its seed anyway.
configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261) });

// Tests of plugins that need a server find it here, the one of `scripts/services start` or one of the developer's own.
const { postgres, redis } = servicesOf();
if (postgres !== undefined) process.env.TEST_POSTGRES_URL ??= postgres.url;
if (redis !== undefined) process.env.TEST_REDIS_URL ??= redis.url;
