import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as kit from '../src/index.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(`${folder}${name}`, 'utf8'))
  .join('\n');
const suites = Object.entries(kit).filter(([name]) => name.endsWith('Rules') && name !== 'runRules');

it('every suite of the kit is proven by broken subjects', () => {
  expect(suites.length).toBeGreaterThan(0);
  for (const [name] of suites) expect(tables).toContain(`, ${name}, `);
});

it('no two rules share an id', () => {
  const ids = suites.flatMap(([, rules]) => (rules as readonly { readonly id: string }[]).map((rule) => rule.id));
  expect(ids).toEqual([...new Set(ids)]);
  for (const id of ids) expect(id).toMatch(/^[a-z]+\.[a-zA-Z-]+$/);
});
