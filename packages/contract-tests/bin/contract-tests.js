#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/cli.js', import.meta.url);
const source = new URL('../src/cli.ts', import.meta.url);
const condition = '--conditions=@llm-proxy-auth/source';

if (existsSync(source) && !process.execArgv.includes(condition)) {
  // In the workspace nothing is built: the plugins and this package run from their sources.
  const child = spawnSync(process.execPath, [condition, fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = child.status ?? 1;
} else {
  const { main } = await import((existsSync(source) ? source : built).href);
  const code = await main(process.argv.slice(2), (text) => process.stdout.write(text));
  // A plugin that leaves something running does not keep the report from ending.
  process.stdout.write('', () => process.exit(code));
}
