import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(here).filter((name) => /^conformance-(?!python).*\.test\.ts$/.test(name)); // Python may be absent
const tested = new Set(files.flatMap((name) => [...readFileSync(here + name, 'utf8').matchAll(/^\s*line\(\s*'(\d+b?)',/gm)].map(([, number]) => number ?? '')));
const checklist = [...Array.from({ length: 118 }, (_, index) => String(index + 1)), '45b'];

test('every number of the checklist is tested', () => {
  expect([...tested].sort()).toEqual([...checklist].sort());
});
