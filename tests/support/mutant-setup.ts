import childProcess, { type SpawnOptions } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import type { Edit } from './mutants.ts';

/**
 * What a test reaches without importing it is changed as well: gateways that it starts as processes of their own, and files of the
 * repository that it reads, such as manifests.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOOK = new URL('mutant-hook.mjs', import.meta.url).href;
const { LPA_MUTANT = '[]', LPA_MUTANT_SAID = '' } = process.env;
const edits = JSON.parse(LPA_MUTANT) as readonly Edit[];

// Without a change every test must pass, however busy the machine; what a change makes wait for ever is not waited for.
const patience = edits.length === 0 ? 60_000 : 20_000;
vi.setConfig({ testTimeout: patience, hookTimeout: patience });

const { spawn, spawnSync } = childProcess;
const reached = (options: SpawnOptions = {}): SpawnOptions => ({
  ...options,
  env: { ...(options.env ?? process.env), LPA_MUTANT, LPA_MUTANT_SAID, NODE_OPTIONS: `--import=${HOOK}` },
});
const { readFileSync, appendFileSync } = fs;
const changed = (path: fs.PathOrFileDescriptor, read: unknown): unknown => {
  const mine = typeof path === 'string' ? edits.filter(({ file }) => resolve(path) === ROOT + file) : [];
  if (mine.length === 0) return read;
  appendFileSync(LPA_MUTANT_SAID, mine.map(({ file }) => `mutated ${file}\n`).join(''));
  const text = mine.reduce((all, { from, to }) => all.replace(from, () => to), String(read));
  return typeof read === 'string' ? text : Buffer.from(text);
};
if (edits.length > 0) {
  Object.assign(childProcess, {
    spawn: (command: string, args: readonly string[], options?: SpawnOptions) => spawn(command, args, reached(options)),
    spawnSync: (command: string, args: readonly string[], options?: SpawnOptions) => spawnSync(command, args, reached(options)),
  });
  Object.assign(fs, { readFileSync: (path: fs.PathOrFileDescriptor, options?: BufferEncoding) => changed(path, readFileSync(path, options)) });
  syncBuiltinESMExports();
}
