import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { deferred } from './support/conformance-deferred.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(here).filter((name) => /^conformance-(?!python).*\.test\.ts$/.test(name)); // Python may be absent
const tested = new Set(files.flatMap((name) => [...readFileSync(here + name, 'utf8').matchAll(/^\s*line\(\s*'(\d+b?)',/gm)].map(([, number]) => number ?? '')));
const checklist = [...Array.from({ length: 118 }, (_, index) => String(index + 1)), '45b'];

test('every number of the checklist is tested or deferred, and none is both', () => {
  const postponed = Object.keys(deferred);
  expect([...tested, ...postponed].sort()).toEqual([...checklist].sort());
  expect(postponed.filter((number) => tested.has(number))).toEqual([]);
});

test.each(Object.entries(deferred))('line %s waits for what does not exist', (_number, { until, issue }) => {
  expect(issue).toBeGreaterThan(2);
  expect(existsSync(`${here}../plugins/${until}`), `plugins/${until} is here: write the test`).toBe(false);
});
