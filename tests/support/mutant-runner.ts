import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createVitest, type TestModule } from 'vitest/node';
import type { Edit } from './mutants.ts';

/** One run: the tests of these files whose names fit the pattern, on the source with these edits. `said`: file for what was changed. */
export interface Job {
  readonly files: readonly string[];
  readonly pattern: string;
  readonly edits: readonly Edit[];
  readonly said: string;
}
/** Full names of tests, ` > ` between a group and what is in it. */
export interface Ran {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = fileURLToPath(new URL('mutant.config.ts', import.meta.url));

const namesIn = (modules: readonly TestModule[]): Ran => {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const of = (fits: (state: string) => boolean): string[] => tests.filter((test) => fits(test.result().state)).map(({ fullName }) => fullName);
  return {
    passed: of((state) => state === 'passed'),
    failed: of((state) => state === 'failed'),
    skipped: of((state) => state !== 'passed' && state !== 'failed'),
  };
};
/** Takes one job after the other from its parent. Source that nobody changed is transformed once; each file of tests has a process of its own. */
const vitest = await createVitest('test', { config: CONFIG, watch: false, reporters: [] });
await vitest.standalone();
const run = async ({ files, pattern, edits, said }: Job): Promise<Ran> => {
  const forget = (): void => {
    for (const { file } of edits) vitest.invalidateFile(ROOT + file);
  };
  writeFileSync(said, '');
  process.env.LPA_MUTANT = JSON.stringify(edits);
  process.env.LPA_MUTANT_SAID = said;
  vitest.setGlobalTestNamePattern(new RegExp(pattern));
  forget();
  try {
    const chosen = await vitest.globTestSpecifications([...files]);
    const { testModules } = await vitest.runTestSpecifications(chosen);
    // Those of earlier jobs are among them.
    return namesIn(testModules.filter(({ moduleId }) => chosen.some((one) => one.moduleId === moduleId)));
  } finally {
    forget();
  }
};
process.on('message', (job: Job) => {
  run(job).then(
    (ran) => process.send?.({ ran }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => void vitest.close().finally(() => process.exit()));
process.send?.({ ready: true });
