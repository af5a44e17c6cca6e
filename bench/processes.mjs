/** Processes of the benches that measure the gateway alone: the mock upstream and the gateway, on one core each where there are two. */
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ENGINE } from './engine.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const KEY = `${'b'.repeat(16)}${'0123456789abcdef'.repeat(3)}`;
const children = [];
const start = (cpu, args, env) => {
  const pinned = os.platform() === 'linux' && os.availableParallelism() > 1;
  const [command, words] = pinned ? ['taskset', ['-c', String(cpu), process.execPath, ...args]] : [process.execPath, args];
  const child = spawn(command, words, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  return child;
};
const answers = async (url) => {
  for (let i = 0; i < 600; i++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(100);
  }
  throw new Error(`${url} never answered`);
};

/** The mock upstream. `bytes()`: how much of bodies it was sent. */
export const startMock = async (port) => {
  start(1, ['bench/harness/mock.mjs', '--port', String(port)], {});
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/__stats`);
  return { url, bytes: async () => (await (await fetch(`${url}/__stats`)).json()).bodyBytes };
};
/** A gateway from its sources. `key` is one that it lets in when the configuration takes `BENCH_KEY`; `preload` is loaded before it. */
export const startGateway = async ({ port, upstream, config = 'bench/gateway.yaml', preload, env = {} }) => {
  const before = preload === undefined ? [] : ['--import', preload];
  const args = [...ENGINE, '--conditions=@llm-proxy-auth/source', ...before, 'packages/cli/src/main.ts', 'start', '--config', config];
  const child = start(0, args, { PORT: String(port), UPSTREAM: upstream, BENCH_KEY: KEY, LOG_LEVEL: 'info', ...env });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/health`);
  return { url, pid: child.pid, key: KEY };
};
export const stopAll = () => {
  for (const child of children.splice(0)) child.kill('SIGTERM');
};
