// Runs the tests of attacks, bad input and faults, which carry the id of their case in their names, and prints each id with what became of it.
// --mutants: switches the rules off one after the other, and prints which case noticed; a case that noticed none fails, unless it is one of
// those of which there is nothing to switch off.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './packages.mjs';

const CASES = JSON.parse(readFileSync(join(root, 'tests/support/security-cases.json'), 'utf8'));
const UNSWITCHED = JSON.parse(readFileSync(join(root, 'tests/support/security-unswitched.json'), 'utf8'));
/** Runs all of them. */
const WITH_SERVICES = 'scripts/services start && pnpm test:security';
const ID = /\b[AF][0-9]{2,3}\b/g;
const [option] = process.argv.slice(2);
if (option !== undefined && option !== '--mutants') {
  console.error('usage: pnpm test:security [--mutants]');
  process.exit(2);
}
const idsOf = (text) => [...new Set(text.match(ID) ?? [])].filter((id) => Object.hasOwn(CASES, id));
const testFiles = () =>
  ['tests', 'packages', 'plugins', 'examples']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const folder = mkdtempSync(join(tmpdir(), 'lpa-security-'));
const vitest = (words, env = {}) => {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return status;
};
const line = (id, result) => console.log(`${id.padEnd(5)} ${CASES[id].padEnd(66)} ${result}`);

const runCases = () => {
  const files = testFiles().filter((file) => idsOf(readFileSync(join(root, file), 'utf8')).length > 0);
  const report = join(folder, 'cases.json');
  vitest([...files, '-t', '\\b[AF][0-9]{2,3}\\b', ...(process.stdout.isTTY ? ['--reporter=dot'] : []), '--reporter=json', `--outputFile.json=${report}`]);
  const tests = JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap((file) => file.assertionResults);
  const found = new Map(Object.keys(CASES).map((id) => [id, { passed: 0, failed: 0, skipped: 0 }]));
  for (const { fullName, status } of tests) {
    for (const id of idsOf(fullName)) {
      const counts = found.get(id) ?? { passed: 0, failed: 0, skipped: 0 };
      found.set(id, counts);
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
  }
  let [bad, unseen] = [0, 0];
  for (const [id, { passed, failed, skipped }] of [...found].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const why = failed > 0 ? `FAILED (${failed} of ${passed + failed})` : passed > 0 ? `pass (${passed})` : skipped > 0 ? 'SKIPPED' : 'NO TEST';
    if (failed > 0 || (passed === 0 && skipped === 0)) bad++;
    else if (passed === 0) unseen++;
    line(id, skipped > 0 && passed > 0 ? `${why}, ${skipped} skipped` : why);
  }
  console.log(`${found.size} cases: ${found.size - bad - unseen} pass, ${bad} failed or without a test, ${unseen} skipped`);
  if (unseen > 0) console.log(`What is skipped needs PostgreSQL and Redis, or rights of root: ${WITH_SERVICES}`);
  return bad === 0 && tests.length > 0 ? 0 : 1;
};

const runMutants = () => {
  const report = join(folder, 'mutants.json');
  const status = vitest(['--project', 'e2e', 'tests/mutants.test.ts'], { LPA_MUTANTS_REPORT: report });
  const found = JSON.parse(readFileSync(report, 'utf8'));
  let bad = 0;
  for (const id of Object.keys(CASES)) {
    const rules = found.filter(({ noticed }) => noticed.some((name) => idsOf(name).includes(id))).map(({ rule }) => rule);
    const isLeftOut = found.some(({ leftOut, named }) => leftOut && idsOf(named).includes(id));
    if (rules.length > 0) line(id, `fails without: ${rules.join('; ')}`);
    else if (UNSWITCHED[id] !== undefined) line(id, `nothing to switch off: ${UNSWITCHED[id]}`);
    else if (isLeftOut) line(id, 'left out: this machine does not have what its test needs');
    else {
      bad++;
      line(id, 'NOTICED NOTHING');
    }
  }
  const others = found.filter(({ noticed }) => noticed.length > 0 && !noticed.some((name) => idsOf(name).length > 0));
  console.log(
    `${found.length} rules switched off, ${found.filter(({ noticed }) => noticed.length > 0).length} noticed, ${others.length} by tests without an id`,
  );
  console.log(`${bad} cases noticed nothing`);
  return bad === 0 ? status : 1;
};

let code = 1;
try {
  code = option === '--mutants' ? runMutants() : runCases();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);
