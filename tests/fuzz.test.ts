import { expect, test } from 'vitest';
import { fuzz } from './fuzz/fuzz.ts';
import { targets } from './fuzz/targets.ts';

/** `pnpm fuzz --seconds=60 json` runs longer; the suite gives each a moment. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 1);
const SEED = Number(process.env.FC_SEED ?? 20_261);

test.each(targets.map((target) => [target.name, target] as const))(
  '%s takes anything without a crash, a hang, or letting through what it must not',
  (_name, target) => {
    const { runs, failure } = fuzz(target, SECONDS * 1_000, SEED);
    if (failure !== undefined) throw new Error(`see ${failure.file}`, { cause: failure.error });
    expect(runs).toBeGreaterThan(target.seeds.length + SECONDS);
  },
  SECONDS * 1_000 + 60_000,
);
