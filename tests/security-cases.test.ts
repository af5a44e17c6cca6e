import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutants } from './support/mutants.ts';
import { ROOT } from './support/process.ts';
import cases from './support/security-cases.json' with { type: 'json' };
import unswitched from './support/security-unswitched.json' with { type: 'json' };

/** A quoted text of one line with an id in it: the name of a test, of a group, or of a row. */
const NAMED = /['"`][^'"`\n]*\b[A-Z][0-9]{2,3}\b/g;

test('every case of attack and every fault has a test that carries its id in its name', () => {
  const folders = ['packages', 'plugins', 'examples'].flatMap((kind) => readdirSync(join(ROOT, kind)).map((name) => join(ROOT, kind, name, 'test')));
  const files = [join(ROOT, 'tests'), ...folders]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(file, 'utf8'));
  const names = files.flatMap((source) => source.match(NAMED) ?? []).join('\n');
  expect(Object.keys(cases).filter((id) => !new RegExp(`\\b${id}\\b`).test(names))).toEqual([]);
});

test('every case has a rule that is switched off to see it fail, or there is none, for a reason', () => {
  const named = mutants.filter(({ test: file }) => !file.startsWith('tests/replicas')).flatMap((mutant) => mutant.named.match(/\b[AF][0-9]{2,3}\b/g) ?? []);
  const left = Object.keys(cases).filter((id) => !named.includes(id));
  expect(left).toEqual(Object.keys(unswitched));
});
