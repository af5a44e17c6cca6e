import { expect, test } from 'vitest';
// @ts-expect-error: plain JavaScript, which the commands run.
import { judged } from '../scripts/cases.mjs';
import { bareEnvironment, run } from './support/process.ts';

type Status = 'passed' | 'failed' | 'pending' | 'skipped';
const file = (...tests: readonly (readonly [string, Status])[]) => ({
  status: tests.some(([, status]) => status === 'failed') ? 'failed' : 'passed',
  assertionResults: tests.map(([fullName, status]) => ({ fullName, status })),
});
const resultsOf = (ids: readonly string[], ...files: readonly object[]) => {
  const { lines, ...rest } = judged(ids, files) as { readonly lines: readonly string[]; readonly holds: boolean; readonly isWhole: boolean };
  return { ...rest, results: lines.slice(0, -1).map((line) => `${line.slice(0, 3)} ${line.slice(73)}`) };
};

test('an id passes by all tests that carry it, and a test may carry several', () => {
  const files = [file(['a client that leaves, F01 and F02', 'passed'], ['no case', 'failed']), file(['F01 again', 'passed'])];
  expect(resultsOf(['F02', 'F01'], ...files)).toEqual({ results: ['F01 pass (2)', 'F02 pass (1)'], holds: true, isWhole: true });
});
test.each<readonly [string, readonly object[], string, boolean]>([
  ['without a test', [file(['F02', 'passed'])], 'F01 NO TEST', false],
  ['in a longer word alone', [file(['F011 and AF01', 'passed'])], 'F01 NO TEST', false],
  ['with one test of two that failed', [file(['F01 here', 'passed'], ['F01 there', 'failed'])], 'F01 FAILED (1 of 2)', false],
  ['in a file that failed before its tests', [{ ...file(['F01', 'skipped']), status: 'failed' }], 'F01 FAILED (1 of 1)', false],
  ['skipped everywhere', [file(['F01', 'pending'])], 'F01 SKIPPED', true],
  ['skipped in part', [file(['F01 here', 'passed'], ['F01 there', 'skipped'])], 'F01 pass (1), 1 skipped', true],
])('a case %s is told', (_title, files, line, holds) => {
  const found = resultsOf(['F01'], ...files);
  expect([found.results, found.holds]).toEqual([[line], holds]);
});
test('pnpm chaos takes no words', async () => {
  const it = run(['scripts/chaos.mjs', 'F01'], bareEnvironment());
  expect([await it.ended, it.err()]).toEqual([2, expect.stringContaining('usage: pnpm chaos')]);
});
