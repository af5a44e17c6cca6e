import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './support/process.ts';
import cases from './support/security-cases.json' with { type: 'json' };

/** A quoted text of one line with an id in it: the name of a test, of a group, or of a row. */
const NAMED = /['"`][^'"`\n]*\b[A-Z][0-9]{2,3}\b/g;

test('every case of attack has a test that carries its id in its name', () => {
  const files = ['tests', 'packages', 'plugins', 'examples']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const names = files.flatMap((source) => source.match(NAMED) ?? []).join('\n');
  expect(Object.keys(cases).filter((id) => !new RegExp(`\\b${id}\\b`).test(names))).toEqual([]);
});
