// What a reviewer wants green before a release. Every step runs even when one before it failed.
import { spawnSync } from 'node:child_process';
import { packages, root } from './packages.mjs';

const pnpm = (...args) => ['pnpm', ['exec', ...args]];
const steps = [
  ['type-check', ...pnpm('tsc', '-p', 'tsconfig.json')],
  ['lint', ...pnpm('biome', 'check', '.')],
  ['dependency rules', process.execPath, ['scripts/rules.mjs']],
  ['unused code (knip)', ...pnpm('knip')],
  ['generated reference', process.execPath, ['--conditions=@llm-proxy-auth/source', 'scripts/docs.mjs', '--check']],
  ['build', process.execPath, ['scripts/build.mjs']],
  ...packages().flatMap(({ path }) => [
    [`publint ${path}`, ...pnpm('publint', '--strict', path)],
    [`attw ${path}`, ...pnpm('attw', '--pack', path, '--profile', 'esm-only', '--format', 'ascii')],
  ]),
];
const failed = [];
for (const [name, command, args] of steps) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 27 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`${stdout}${stderr}`.split('\n').slice(0, 60).join('\n'));
}
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}`);
process.exit(failed.length === 0 ? 0 : 1);
