import { configureGlobal } from 'fast-check';

// A run of the suite is the same for everybody; FC_SEED=<number> explores other cases, and a failure names its seed anyway.
configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_261) });
