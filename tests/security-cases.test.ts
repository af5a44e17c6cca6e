import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './support/process.ts';
import cases from './support/security-cases.json' with { type: 'json' };

/** Names of tests and groups: the first text of a call. */
const NAMED = /\b(?:test|it|describe)(?:\.\w+)*(?:\([^'"`]*?\))?\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs;
const namesIn = (source: string): readonly string[] => [...source.matchAll(NAMED)].map((match) => match[2] ?? '');

test('every case of attack has a test that carries its id in its name', () => {
  const files = ['tests', 'packages', 'plugins', 'examples']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const names = files.flatMap(namesIn).join('\n');
  expect(Object.keys(cases).filter((id) => !new RegExp(`\\b${id}\\b`).test(names))).toEqual([]);
});
