// Feeds what reads foreign bytes with mutated inputs for longer than the suite does. An input that fails is kept in tests/fuzz/corpus.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { root } from './packages.mjs';

const usage = 'usage: pnpm fuzz [--seconds=60] [--seed=N] [target …]';
let options;
try {
  options = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } }, allowPositionals: true });
} catch {
  console.error(usage);
  process.exit(2);
}
const { seconds, seed = String(Date.now() % 1_000_000_000) } = options.values;
if (!(Number(seconds) > 0) || !/^[0-9]+$/.test(seed)) {
  console.error(usage);
  process.exit(2);
}
console.log(`${seconds} s for each target, seed ${seed}`);
const names = options.positionals.length === 0 ? [] : ['-t', `^(?:${options.positionals.join('|')}) takes`];
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e', 'tests/fuzz.test.ts', ...names], {
  cwd: root,
  env: { ...process.env, FUZZ_SECONDS: seconds, FC_SEED: seed },
  stdio: 'inherit',
});
process.exit(status ?? 1);
