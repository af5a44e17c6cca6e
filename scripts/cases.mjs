// Cases of attacks and bad input (A…) and of faults (F…): their ids and titles, and a run of the tests that carry one in their names.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { root } from './packages.mjs';

/** Titles by id. */
export const CASES = JSON.parse(readFileSync(join(root, 'tests/support/security-cases.json'), 'utf8'));
const ID = /\b[AF][0-9]{2,3}\b/g;
export const idsOf = (text) => [...new Set(text.match(ID) ?? [])].filter((id) => Object.hasOwn(CASES, id));

const testFiles = () =>
  ['tests', 'packages', 'plugins', 'examples']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
/** Runs vitest with these words; returns its exit code. */
export const vitest = (words, env = {}) =>
  spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...words], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  }).status;
/** Calls `work` with a folder that is removed behind it; returns what it returns. */
export const inFolder = (work) => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-cases-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
export const lineOf = (id, result) => `${id.padEnd(5)} ${CASES[id].padEnd(66)} ${result}`;

/** Tests of a file; those that a failure before them kept from running failed. */
const testsOf = ({ status, assertionResults }) => {
  const isUnrun = status === 'failed' && assertionResults.every((test) => test.status !== 'failed');
  return isUnrun ? assertionResults.map((test) => (test.status === 'passed' ? test : { ...test, status: 'failed' })) : assertionResults;
};
/** What became of each id; a test may carry several. */
const countsOf = (ids, tests) => {
  const found = new Map(ids.map((id) => [id, { passed: 0, failed: 0, skipped: 0 }]));
  for (const { fullName, status } of tests) {
    for (const id of idsOf(fullName)) {
      const counts = found.get(id);
      if (counts === undefined) continue;
      if (status === 'passed') counts.passed++;
      else if (status === 'failed') counts.failed++;
      else counts.skipped++;
    }
  }
  return found;
};
const resultOf = ({ passed, failed, skipped }) => {
  if (failed > 0) return `FAILED (${failed} of ${passed + failed})`;
  if (passed > 0) return skipped > 0 ? `pass (${passed}), ${skipped} skipped` : `pass (${passed})`;
  return skipped > 0 ? 'SKIPPED' : 'NO TEST';
};
/** What vitest reports of its files, by id: lines to print, and whether no case failed and none is without a test. */
export const judged = (ids, files) => {
  const found = [...countsOf(ids, files.flatMap(testsOf))].sort(([a], [b]) => (a < b ? -1 : 1));
  const bad = found.filter(([, { passed, failed, skipped }]) => failed > 0 || passed + skipped === 0).length;
  const unseen = found.filter(([, { passed, failed, skipped }]) => passed + failed === 0 && skipped > 0).length;
  return {
    lines: [
      ...found.map(([id, counts]) => lineOf(id, resultOf(counts))),
      `${found.length} cases: ${found.length - bad - unseen} pass, ${bad} failed or without a test, ${unseen} skipped`,
    ],
    holds: bad === 0,
    isWhole: found.every(([, { skipped }]) => skipped === 0),
  };
};

/**
 * Runs the tests of all cases whose ids begin with one of `letters`, and prints each id with what became of it. `whole`: the command
 * that leaves none out. Returns the exit code: 1 when a test failed, or when a case has none.
 */
export const runCases = ({ letters, whole, env }) =>
  inFolder((folder) => {
    const ids = Object.keys(CASES).filter((id) => letters.includes(id[0]));
    const files = testFiles().filter((file) => idsOf(readFileSync(join(root, file), 'utf8')).some((id) => ids.includes(id)));
    const report = join(folder, 'cases.json');
    const shown = process.stdout.isTTY ? 'dot' : 'default';
    const pattern = `\\b[${letters}][0-9]{2,3}\\b`;
    const status = vitest([...files, '-t', pattern, `--reporter=${shown}`, '--reporter=json', `--outputFile.json=${report}`], env);
    const { lines, holds, isWhole } = judged(ids, JSON.parse(readFileSync(report, 'utf8')).testResults);
    console.log(lines.join('\n'));
    if (!isWhole) console.log(`What is skipped needs PostgreSQL and Redis, or rights of root: ${whole}`);
    return holds && status === 0 ? 0 : 1;
  });
