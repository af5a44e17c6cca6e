import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job, Ran as Named } from './support/mutant-runner.ts';
import { mutants as all, type Mutant } from './support/mutants.ts';
import { WITHOUT_SERVICES } from './support/replicas.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUNNER = fileURLToPath(new URL('support/mutant-runner.ts', import.meta.url));
const AT_ONCE = 2;
/** The suite takes every fourth rule, or it would last longer than anybody waits; `pnpm test:security --mutants` takes them all. */
const shown = all.filter(({ test: file }) => process.env.TEST_POSTGRES_URL !== undefined || !file.startsWith('tests/replicas'));
const mutants = process.env.LPA_MUTANTS_REPORT === undefined ? shown.filter((_, i) => i % 4 === 0) : shown;
const PATIENCE_MS = (process.env.LPA_MUTANTS_REPORT === undefined ? 25 : 180) * 60_000;

interface Ran extends Named {
  readonly said: string;
}
let folder = '';
/** Names of groups and tests joined with a space. */
const plain = (name: string): string => name.replaceAll(' > ', ' ');
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** A process that runs the tests of one job after the other. */
interface Runner {
  run(job: Omit<Job, 'said'>): Promise<Ran>;
  close(): void;
}
const startRunner = async (name: string): Promise<Runner> => {
  const child = fork(RUNNER, { cwd: ROOT, env: { ...process.env, VITEST: undefined }, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let complaints = '';
  child.stderr?.on('data', (piece: Buffer) => {
    complaints = (complaints + piece.toString()).slice(-2_000);
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    throw new Error(`the process that runs tests ended with ${code ?? signal}: ${complaints}`);
  });
  const answer = async (): Promise<{ readonly ran?: Named; readonly error?: string }> => (await Promise.race([once(child, 'message'), ended]))[0];
  const said = join(folder, `${name}.said`);
  await answer();
  return {
    async run(job) {
      child.send({ ...job, said } satisfies Job);
      const { ran, error } = await answer();
      if (ran === undefined) throw new Error(error);
      const names = (of: readonly string[]): string[] => of.map(plain);
      return { passed: names(ran.passed), failed: names(ran.failed), skipped: names(ran.skipped), said: readFileSync(said, 'utf8') };
    },
    close: () => child.disconnect(),
  };
};

const found = new Map<Mutant, Ran>();
let control: Named;
const holds = (names: readonly string[], { named }: Mutant): boolean => names.some((name) => name.includes(plain(named)));
/** Its test needs what this machine does not have, and says so. */
const isLeftOut = (mutant: Mutant): boolean => !holds(control.passed, mutant) && !holds(control.failed, mutant) && holds(control.skipped, mutant);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-mutants-'));
  const runners = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => startRunner(String(i))));
  /** Each runner takes the next one when it is done with one. */
  const dealt = async <T>(items: readonly T[], each: (item: T, runner: Runner) => Promise<void>): Promise<void> => {
    const left = items.values();
    await Promise.all(
      runners.map(async (runner) => {
        for (const item of left) await each(item, runner);
      }),
    );
  };
  const patternOf = (some: readonly Mutant[]): string => some.map(({ named }) => escaped(named)).join('|');
  const unchanged: Ran[] = [];
  await dealt([...Map.groupBy(mutants, ({ test }) => test)], async ([file, own], runner) => {
    unchanged.push(await runner.run({ files: [file], pattern: patternOf(own), edits: [] }));
  });
  control = {
    passed: unchanged.flatMap(({ passed }) => passed),
    failed: unchanged.flatMap(({ failed }) => failed),
    skipped: unchanged.flatMap(({ skipped }) => skipped),
  };
  await dealt(
    mutants.filter((mutant) => !isLeftOut(mutant)),
    async (mutant, runner) => {
      const once = (): Promise<Ran> => runner.run({ files: [mutant.test], pattern: patternOf([mutant]), edits: mutant.edits });
      const ran = await once();
      // What the test needs did not start: nobody has judged yet.
      found.set(mutant, ran.passed.length + ran.failed.length === 0 ? await once() : ran);
    },
  );
  for (const runner of runners) runner.close();
  // For `pnpm test:security --mutants`.
  const report = process.env.LPA_MUTANTS_REPORT;
  if (report !== undefined)
    writeFileSync(
      report,
      JSON.stringify(
        mutants.map((mutant) => ({ rule: mutant.rule, named: mutant.named, leftOut: isLeftOut(mutant), noticed: found.get(mutant)?.failed ?? [] })),
      ),
    );
}, PATIENCE_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(shown.length === all.length)(`rules that two processes show are left out: ${WITHOUT_SERVICES}`, (context) => context.skip());
test('every rule stands once in its file', () => {
  for (const { edits } of all)
    for (const { file, from } of edits) expect(readFileSync(join(ROOT, file), 'utf8').split(from), `${file}: ${from}`).toHaveLength(2);
});
test('unchanged, every named test passes', () => {
  expect(control.failed).toEqual([]);
  for (const mutant of mutants) if (!isLeftOut(mutant)) expect(holds(control.passed, mutant), `${mutant.rule}: ${mutant.named}`).toBe(true);
});
describe('a rule switched off is noticed by its test', () => {
  test.for(mutants.map((mutant) => [mutant.rule, mutant] as const))('%s', ([, mutant], context) => {
    if (isLeftOut(mutant)) return context.skip();
    const ran = found.get(mutant);
    for (const { file } of mutant.edits) expect(ran?.said).toContain(`mutated ${file}`);
    expect(holds(ran?.failed ?? [], mutant)).toBe(true);
  });
});
