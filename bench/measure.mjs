/**
 * Runs the harness: one process a group, so that memory is that of a fresh gateway, and a failure costs one group.
 * Returns rows by scenario, then by target; a group that could not run has `failed` instead, a row with errors has it beside
 * its figures.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const HERE = import.meta.dirname;
const HARNESS = path.join(HERE, 'harness', 'run.mjs');

const works = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
/** What is there to be compared with, and why not when it is not. */
export const surroundings = () => ({
  taskset: works('taskset', ['-V']) ? undefined : '`taskset` is needed to pin processes to cores (Linux, util-linux)',
  nginx: works('nginx', ['-v']) ? undefined : 'nginx is not installed',
  portkey: fs.existsSync(path.join(process.env.PORTKEY_DIR ?? path.join(HERE, '.portkey'), 'node_modules/@portkey-ai/gateway'))
    ? undefined
    : 'Portkey is not installed (docs/reference/performance.md says how)',
});

/** Effort: rounds, seconds a turn, requests and seconds of warm-up. */
export const EFFORT = Object.freeze({
  full: { rounds: 45, seconds: 0.3, warmupRequests: 60_000, warmupSeconds: 40 },
  short: { rounds: 15, seconds: 0.3, warmupRequests: 40_000, warmupSeconds: 20 },
});

const groups = (missing) => {
  const nginx = missing.nginx === undefined ? ['nginx'] : [];
  const portkey = missing.portkey === undefined ? ['portkey'] : [];
  return [
    { name: 'small', targets: ['http-dispatch', ...nginx, 'gateway-transparent'], scenarios: ['small-c16'] },
    { name: 'latency', targets: ['direct', 'http-dispatch', 'gateway-transparent'], scenarios: ['small-c1'] },
    { name: 'protocol', targets: ['http-dispatch', ...portkey, 'gateway'], scenarios: ['small-c16'] },
    { name: 'stream', targets: ['http-dispatch', 'gateway-transparent', 'gateway'], scenarios: ['stream200-c16'] },
    {
      name: 'translated',
      targets: ['http-dispatch-vendors', 'gateway-translating'],
      scenarios: ['anthropic-stream200-c16', 'bedrock-stream200-c16'],
      warmupRequests: 40_000,
    },
    { name: 'whole', targets: [...portkey, 'gateway-translating'], scenarios: ['anthropic-small-c16', 'bedrock-small-c16'], warmupRequests: 60_000 },
    {
      name: 'flowing',
      targets: [...portkey, 'gateway-translating'],
      scenarios: ['anthropic-stream200-c16', 'bedrock-stream200-c16'],
      warmupRequests: 40_000,
    },
    { name: 'slow', targets: [...nginx, 'gateway'], scenarios: ['slow500'], warmupRequests: 40_000, warmSlow: true },
    { name: 'memory', targets: ['gateway'], scenarios: ['slow500'] },
    { name: 'image', targets: ['http-dispatch', 'gateway-transparent'], scenarios: ['image10m-c2'], warmupRequests: 40 },
    { name: 'signing', script: 'sigv4.mjs' },
  ];
};

/** A bench of its own on the core of what is measured: its one row. */
const runScript = ({ name, script }, nice) => {
  const pinned = ['taskset', '-c', '0', process.execPath, '--conditions=@llm-proxy-auth/source', path.join(HERE, script), '--json'];
  const [command, ...args] = nice === '0' ? pinned : ['nice', '-n', nice, ...pinned];
  const { stdout, stderr } = spawnSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 60_000 });
  return stdout === '' ? { failed: stderr.trim().split('\n').at(-1) || `${script} said nothing` } : { [name]: { gateway: JSON.parse(stdout) } };
};
const run = (group, effort, nice, port) => {
  const out = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'lpa-bench-')), 'out.json');
  const args = [
    HARNESS,
    `--targets=${group.targets.join(',')}`,
    `--scenarios=${group.scenarios.join(',')}`,
    `--rounds=${effort.rounds}`,
    `--seconds=${effort.seconds}`,
    `--warmup-requests=${group.warmupRequests ?? effort.warmupRequests}`,
    `--warmup-seconds=${effort.warmupSeconds}`,
    `--upstream-port=${port}`,
    `--first-port=${port + 1}`,
    `--nice=${nice}`,
    `--out=${out}`,
    ...(group.warmSlow ? ['--warm-slow'] : []),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', timeout: 600_000 });
  const leftOut = stdout.split('\n').filter((line) => line.includes(' left out: '));
  if (leftOut.length > 0) return { failed: leftOut.join('; ') };
  // Without its file the harness broke down; with it, a status other than 0 is about rows, which say it themselves.
  if (!fs.existsSync(out)) return { failed: stderr.trim().split('\n').at(-1) || `the harness ended with ${status}` };
  const results = JSON.parse(fs.readFileSync(out, 'utf8'));
  fs.rmSync(path.dirname(out), { recursive: true });
  return Object.fromEntries(Object.entries(results).map(([scenario, rows]) => [scenario, Object.fromEntries(rows.map((row) => [row.target, row]))]));
};

/** Rows by group, scenario and target. `nice`: below 0 keeps other work off, as root. */
export const measure = (effort, { nice = '0', port = 9800, only, note = () => {} } = {}) => {
  const missing = surroundings();
  if (missing.taskset !== undefined) throw new Error(missing.taskset);
  const rows = {};
  // A gateway drains for a while after its group: the next one gets ports of its own.
  let from = port;
  for (const group of groups(missing)) {
    if (only !== undefined && !only.includes(group.name)) continue;
    note(group.name);
    rows[group.name] = group.script === undefined ? run(group, effort, nice, from) : runScript(group, nice);
    from += 20;
  }
  return { rows, missing };
};
