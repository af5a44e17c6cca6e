import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutants as all, type Edit, type Mutant } from './support/mutants.ts';
import { WITHOUT_SERVICES } from './support/replicas.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const CONFIG = fileURLToPath(new URL('support/mutant.config.ts', import.meta.url));
const AT_ONCE = 2;
/** The suite takes every fourth rule, or it would last longer than anybody waits; `pnpm test:security --mutants` takes them all. */
const shown = all.filter(({ test: file }) => process.env.TEST_POSTGRES_URL !== undefined || !file.startsWith('tests/replicas'));
const mutants = process.env.LPA_MUTANTS_REPORT === undefined ? shown.filter((_, i) => i % 4 === 0) : shown;
const PATIENCE_MS = (process.env.LPA_MUTANTS_REPORT === undefined ? 25 : 180) * 60_000;

interface Ran {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
  readonly said: string;
}
let folder = '';
/** Reports join the names of groups and tests with a space. */
const plain = (name: string): string => name.replaceAll(' > ', ' ');
const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Runs the tests whose names hold one of these, in a process of their own, on the source with these edits. */
const run = (files: readonly string[], names: readonly string[], edits: readonly Edit[], report: string): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const words = ['run', '--config', CONFIG, ...files, '-t', names.map(escaped).join('|'), '--reporter=json', `--outputFile=${report}`];
    const told = `${report}.said`;
    writeFileSync(told, '');
    const env = { ...process.env, LPA_MUTANT: JSON.stringify(edits), LPA_MUTANT_SAID: told, VITEST: undefined };
    const child = spawn(process.execPath, [VITEST, ...words], { cwd: ROOT, env });
    let said = '';
    const listen = (piece: Buffer): void => {
      said += piece.toString();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('close', () => {
      const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as { testResults: { assertionResults: { fullName: string; status: string }[] }[] };
      const all = testResults.flatMap((r) => r.assertionResults);
      const named = (status: string): string[] => all.filter((t) => t.status === status).map((t) => t.fullName);
      resolve({
        passed: named('passed'),
        failed: named('failed'),
        skipped: [...named('skipped'), ...named('pending')],
        said: said + readFileSync(told, 'utf8'),
      });
    });
  });

const found = new Map<Mutant, Ran>();
let control: Ran;
const holds = (names: readonly string[], { named }: Mutant): boolean => names.some((name) => name.includes(plain(named)));
/** Its test needs what this machine does not have, and says so. */
const isLeftOut = (mutant: Mutant): boolean => !holds(control.passed, mutant) && !holds(control.failed, mutant) && holds(control.skipped, mutant);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lpa-mutants-'));
  control = await run(
    [...new Set(mutants.map((m) => m.test))],
    mutants.map((m) => m.named),
    [],
    join(folder, 'control.json'),
  );
  const waiting = [...mutants.entries()].filter(([, mutant]) => !isLeftOut(mutant));
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [i, mutant] = next;
      const once = (): Promise<Ran> => run([mutant.test], [mutant.named], mutant.edits, join(folder, `${i}.json`));
      const ran = await once();
      // What the test needs did not start: nobody has judged yet.
      found.set(mutant, ran.passed.length + ran.failed.length === 0 ? await once() : ran);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
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
