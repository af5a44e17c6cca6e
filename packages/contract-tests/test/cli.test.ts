import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { main } from '../src/cli.ts';

const manifest = {
  name: '@acme/store-acme',
  version: '1.0.0',
  description: 'Acme rows',
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=22.19' },
  files: ['dist'],
  peerDependencies: { '@llm-proxy-auth/plugin': '^0.1.0' },
  llmProxyAuth: { api: 1, kinds: ['store:acme'] },
};
const source = `
import { memoryStore } from ${JSON.stringify(new URL('../src/memory-store.ts', import.meta.url).href)};
const config = { type: 'object', additionalProperties: false, properties: {} };
export default { name: '@acme/store-acme', api: 1, stores: { acme: { summary: 'Rows.', config, create: memoryStore } } };
`;
const readme = ['What it does', 'Install', 'Configuration', 'Example', 'Limits'].map((heading) => `## ${heading}\n`).join('\n');
const pluginFolder = (change: object = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), 'contract-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'dist'));
  const exports = { '.': { default: './dist/index.js' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, exports, ...change }));
  writeFileSync(join(folder, 'README.md'), readme);
  writeFileSync(join(folder, 'dist', 'index.js'), source);
  return folder;
};
const run = async (...input: readonly string[]): Promise<{ readonly code: number; readonly text: string }> => {
  let text = '';
  const code = await main(input, (piece) => {
    text += piece;
  });
  return { code, text };
};

it('a plugin that leaves something running does not keep the command from ending', async () => {
  const folder = pluginFolder();
  const file = join(folder, 'dist', 'index.js');
  writeFileSync(file, `${source}setInterval(() => undefined, 60_000);\n`);
  const bin = fileURLToPath(new URL('../bin/contract-tests.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [bin, folder], { timeout: 60_000 });
  expect(stdout).toMatch(/\n\d+ passed, 0 failed, 2 skipped\n$/);
}, 60_000);

it('a plugin that keeps every rule: each rule with its verdict, exit code 0', async () => {
  const { code, text } = await run(pluginFolder());
  expect(text).toContain('  pass  store.optimistic-versions\n');
  expect(text).toContain('  skip  store.reopen  the store does not outlive the process\n');
  expect(text).toMatch(/\n\d+ passed, 0 failed, 2 skipped\n$/);
  expect(code).toBe(0);
});

it('a plugin that breaks one: the rule and why, exit code 1', async () => {
  const { code, text } = await run(pluginFolder({ scripts: { postinstall: 'node setup.js' } }));
  expect(text).toMatch(/^ {2}FAIL {2}package\.no-install-scripts {2}.*postinstall/m);
  expect(code).toBe(1);
});

it('facts beside the plugin are found, and others can be named', async () => {
  const folder = pluginFolder();
  const file = join(folder, 'more.mjs');
  writeFileSync(file, 'export const facts = { stores: { acme: { outlives: true } } };\n');
  const { code, text } = await run(folder, '--facts', file, '--json');
  const failed = (JSON.parse(text) as { rule: string; is: string }[]).filter(({ is }) => is === 'fail');
  expect(failed.map(({ rule }) => rule)).toEqual(['store.reopen']);
  expect(code).toBe(1);
});

it('no plugin there, or words it does not know: exit code 2', async () => {
  expect((await run(join(tmpdir(), 'no-such-folder'))).code).toBe(2);
  expect((await run()).code).toBe(2);
  expect((await run('a', 'b')).code).toBe(2);
  expect((await run('a', '--colour')).code).toBe(2);
  expect((await run('--help')).code).toBe(0);
});

it('the binary runs from source where nothing is built', async () => {
  const bin = fileURLToPath(new URL('../bin/contract-tests.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [bin, pluginFolder()]);
  expect(stdout).toContain(' 0 failed, ');
});
