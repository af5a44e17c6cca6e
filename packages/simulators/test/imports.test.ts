import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['src', 'test'].flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);

const imported = (file: string): string[] =>
  [...readFileSync(root + file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');

test('nothing of the gateway is imported, so that the two cannot share a mistake', () => {
  expect(sources.length).toBeGreaterThan(30);
  const foreign = sources.flatMap((file) => imported(file).filter((name) => name.startsWith('@llm-proxy-auth/') || name.startsWith('llm-proxy-auth')));
  expect(foreign).toEqual([]);
});

test('the sources import only node and themselves, so that no vendor code answers for the vendor', () => {
  const outside = sources.filter((file) => file.startsWith('src/')).flatMap((file) => imported(file).filter((name) => !/^(node:|\.{1,2}\/)/.test(name)));
  expect(outside).toEqual([]);
});

test('no relative import leaves the package', () => {
  const leaving = sources.flatMap((file) => imported(file).filter((name) => name.startsWith('../'.repeat(file.split('/').length))));
  expect(leaving).toEqual([]);
});
