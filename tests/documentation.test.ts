import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadGraph } from '@llm-proxy-auth/core';
import { describe, expect, test } from 'vitest';
import { bareEnvironment, ROOT, run } from './support/process.ts';

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git', '.python', 'data', 'coverage', 'recordings']);
const pagesOf = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pagesOf(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
const pages = pagesOf('.').filter((page) => !page.startsWith('.changeset'));
const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('the front page stays short', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThanOrEqual(150);
});

test.each(pages)('%s links to files that are there', (page) => {
  const targets = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((t) => !/^(https?:|#|mailto:)/.test(t));
  expect(targets.filter((target) => !existsSync(join(ROOT, dirname(page), target.replace(/#.*$/, ''))))).toEqual([]);
});

test('every package that is published has a page of its own', () => {
  const folders = ['packages', 'plugins', 'examples'].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(group, name)));
  const without = folders.filter((folder) => existsSync(join(ROOT, folder, 'package.json')) && !existsSync(join(ROOT, folder, 'README.md')));
  expect(without).toEqual([]);
});
const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  packages: ['What it is', 'Install', 'Use', 'Reference'],
  plugins: ['What it does', 'Install', 'Configuration', 'Example', 'Limits'],
  examples: ['What it does', 'Install', 'Configuration', 'Example', 'Limits'],
};
test.each(pages.filter((page) => /^(packages|plugins|examples)\/[^/]+\/README\.md$/.test(page)))('%s has the headings of its kind', (page) => {
  const found = [...textOf(page).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  const group = page === 'packages/contract-tests/README.md' ? 'plugins' : (page.split('/', 1)[0] ?? '');
  expect(found).toEqual(HEADINGS[group]);
});

/** What these show serves where it is: in a pod, and with a plugin of one's own. */
const ELSEWHERE = /^docs\/(?:decisions\/|guides\/kubernetes\.md$)|^examples\//;
/** Whole configurations of the pages; secrets of files and variables are filled in. */
const examples = pages
  .filter((page) => !ELSEWHERE.test(page))
  .flatMap((page) =>
    [...textOf(page).matchAll(/^( *)```yaml\n(.*?)^ *```/gms)]
      .map(([, indent = '', yaml = '']) => yaml.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
      .filter((yaml) => ['plugins', 'auth', 'instances'].every((section) => new RegExp(`^${section}:`, 'm').test(yaml)))
      .map((yaml, i) => [`${page} ${i + 1}`, yaml] as const),
  );
describe('configurations that are shown', () => {
  test.each(examples)('%s is one that serves', async (_name, yaml) => {
    const folder = mkdtempSync(join(tmpdir(), 'lpa-docs-'));
    const secret = join(folder, 'secret');
    writeFileSync(secret, '0123456789abcdef'.repeat(4), { mode: 0o600 });
    const pod = {
      AZURE_TENANT_ID: '12ac4cf1-252f-424b-b52d-5cdd9814987f',
      AZURE_CLIENT_ID: '63dc4cf1-252f-424b-b52d-5cdd9814987f',
      AZURE_FEDERATED_TOKEN_FILE: secret,
    };
    const env = { ...pod, OPENAI_API_KEY: 'sk-x', OPENAI_EU_KEY: 'sk-y', GATEWAY_PEPPER: '0123456789abcdef0123456789abcdef' };
    const text = `${yaml.replaceAll(/\$\{file:[^}]+\}/g, () => '${file:secret}')}\nstore: { use: sqlite, path: ":memory:" }\n`;
    const graph = await loadGraph({ text, folder, env, allowLocalPlugins: false, pluginRoots: [], log: quiet, now: Date.now });
    expect(graph.instances.size).toBeGreaterThan(0);
    await graph.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
});

test('the reference is what the code says', async () => {
  const it = run(['--conditions=@llm-proxy-auth/source', 'scripts/docs.mjs', '--check'], bareEnvironment());
  expect([await it.ended, it.err()]).toEqual([0, '']);
});
