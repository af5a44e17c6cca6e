#!/usr/bin/env node
/**
 * P14: resident memory of an idle gateway with one provider, and the time from its start until it is ready; of what is built, as it
 * is installed. Memory is the median of the starts, each read after some seconds of rest; time is the shortest.
 *
 *   node bench/idle.mjs [--starts=5] [--rest=5] [--port=9790] [--built]
 *
 * Packages are built first (about 20 s), unless `--built` says that they are.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ENGINE } from './engine.mjs';
import { rssMiB } from './harness/lib/proc.mjs';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5' },
    rest: { type: 'string', default: '5' },
    port: { type: 'string', default: '9790' },
    built: { type: 'boolean', default: false },
  },
});
const ROOT = path.join(import.meta.dirname, '..');
const BINARY = path.join(ROOT, 'packages/cli/bin/llm-proxy-auth.js');
const PACKAGES = ['packages/plugin', 'packages/core', 'packages/simulators', 'packages/cli', 'plugins/dialect-openai', 'plugins/provider-openai'];
const PLUGINS = ['plugins/auth-api-key', 'plugins/store-sqlite'];
const port = Number(values.port);

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const build = () => {
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', '--no-types', ...PACKAGES, ...PLUGINS], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the packages could not be built');
};
const start = async () => {
  const env = { ...process.env, PORT: String(port), UPSTREAM: 'http://127.0.0.1:9', BENCH_KEY: '0123456789abcdef'.repeat(4) };
  const begun = performance.now();
  // As its first line says.
  const child = spawn(process.execPath, [...ENGINE, BINARY, 'start', '--config', 'bench/gateway.yaml'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close');
  const ready = () =>
    fetch(`http://127.0.0.1:${port}/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await ready())) {
    if (child.exitCode !== null || performance.now() - begun > 30_000) throw new Error('the gateway did not become ready');
    await sleep(5);
  }
  const took = performance.now() - begun;
  await sleep(Number(values.rest) * 1000);
  const memory = rssMiB(child.pid);
  child.kill('SIGKILL');
  await ended;
  return { took, memory };
};

if (!values.built) build();
const runs = [];
for (let i = 0; i < Number(values.starts); i++) runs.push(await start());
const memory = median(runs.map((run) => run.memory));
const took = Math.min(...runs.map((run) => run.took)) / 1000;
console.log(`P14 idle memory with one provider: ${memory.toFixed(0)} MiB (must ≤ 110, aim ≤ 80)`);
console.log(`P14 start to ready: ${took.toFixed(2)} s (must ≤ 1.5, aim ≤ 0.6)`);
process.exitCode = memory <= 110 && took <= 1.5 ? 0 : 1;
