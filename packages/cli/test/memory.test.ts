import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { collectOnce, countBuffers, withNursery } from '../src/memory.ts';

test('an engine that does not know the flag is left alone: no complaint on stderr', () => {
  const source = new URL('../src/memory.ts', import.meta.url).href;
  for (const v8 of ['12.4.254.21-node.29', process.versions.v8]) {
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `(await import('${source}')).countBuffers('${v8}')`]);
    expect([status, stderr.toString()]).toEqual([0, '']);
  }
});
test('setting it leaves the heap limit as it is', () => {
  const before = getHeapStatistics().heap_size_limit;
  countBuffers();
  expect(getHeapStatistics().heap_size_limit).toBe(before);
});
test('what nobody holds is collected', () => {
  const held = new WeakRef({});
  return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
    collectOnce();
    expect(held.deref()).toBeUndefined();
  });
});

describe('the young generation', () => {
  const started: Parameters<typeof withNursery>[0] = {
    execArgv: ['--conditions=x'],
    argv: ['node', '/bin/gateway', 'start'],
    env: {},
    platform: 'linux',
    versions: { ...process.versions, node: '24.0.0' },
  } as const;
  test('is bounded by starting anew with the same options and arguments', () => {
    expect(withNursery(started)).toEqual(['--max-semi-space-size=8', '--conditions=x', '/bin/gateway', 'start']);
  });
  test.each([
    ['said on the command line', { execArgv: ['--max-semi-space-size=64'] }],
    ['said in the environment', { env: { NODE_OPTIONS: '--no-warnings --max_semi_space_size=4' } }],
    ['where a process cannot be replaced', { platform: 'win32' as const }],
    ['on an older Node', { versions: { ...process.versions, node: '22.19.0' } }],
  ])('is left alone when %s', (_when, other) => {
    expect(withNursery({ ...started, ...other })).toBeUndefined();
  });
  test('the command line runs with it', () => {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const print = `data:text/javascript,process.on('exit',()=>console.error(process.execArgv.filter((o)=>o.startsWith('--max')).join()))`;
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=@llm-proxy-auth/source', `--import=${print}`, main, '--help'], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '--max-semi-space-size=8\n']);
  });
});
