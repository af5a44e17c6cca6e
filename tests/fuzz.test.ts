import { expect, test } from 'vitest';
import { check, corpora, corpusOf, fuzz, nameOf } from './fuzz/fuzz.ts';
import { targets } from './fuzz/targets.ts';

/** `pnpm fuzz --seconds=60 json` runs longer; the suite gives each a moment. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 1);
const SEED = Number(process.env.FC_SEED ?? 20_261);

const FEWEST = 20;

test('each target has its corpus, and no corpus is nobody’s', () => {
  expect(corpora()).toEqual(targets.map(({ name }) => name).toSorted());
});
test.each(targets.map((target) => [target.name, target] as const))('the corpus of %s is played, no input twice', (name, target) => {
  const inputs = [...corpusOf(name)];
  expect(inputs.length).toBeGreaterThanOrEqual(FEWEST);
  expect(inputs.filter(([file, input]) => file !== nameOf(input)).map(([file]) => file)).toEqual([]);
  for (const [file, input] of inputs) {
    try {
      check(target, input);
    } catch (error) {
      throw new Error(`${name}/${file}`, { cause: error });
    }
  }
});
test.each(targets.map((target) => [target.name, target] as const))(
  '%s takes anything without a crash, a hang, or letting through what it must not',
  (_name, target) => {
    const { runs, failure } = fuzz(target, SECONDS * 1_000, SEED);
    if (failure !== undefined) throw new Error(`see ${failure.file}`, { cause: failure.error });
    expect(runs).toBeGreaterThan(target.seeds.length + SECONDS);
  },
  SECONDS * 1_000 + 60_000,
);
