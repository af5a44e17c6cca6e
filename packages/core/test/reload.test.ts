import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Graph } from '../src/graph.ts';
import { loadGraph } from '../src/load-graph.ts';
import { type ConfigurationWatch, type WatchOptions, watchConfiguration } from '../src/reload.ts';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
let watch: ConfigurationWatch | undefined;
let serving: Graph[];
let results: boolean[];
let loads: number;
let told: (() => void)[];
beforeEach(() => {
  world = makeWorld();
  serving = [];
  results = [];
  loads = 0;
  told = [];
});
afterEach(async () => {
  await watch?.close();
  watch = undefined;
  for (const graph of serving) await graph.dispose();
  await world.dispose();
});
const log = () => ({
  info: (fields: object, message: string) => void world.lines.push({ level: 'info', fields, message }),
  warn: (fields: object, message: string) => void world.lines.push({ level: 'warn', fields, message }),
  error: (fields: object, message: string) => void world.lines.push({ level: 'error', fields, message }),
});
/** Resolves when the watch has told another result. */
const nextResult = () => new Promise<boolean | undefined>((resolve) => told.push(() => resolve(results.at(-1))));
const begin = (file: string, more: Partial<WatchOptions> = {}): ConfigurationWatch => {
  watch = watchConfiguration({
    file,
    load: () => {
      loads++;
      return loadGraph({ file, env: {}, allowLocalPlugins: false, pluginRoots: [world.folder], log: log(), now: () => 0 });
    },
    swap: (graph) => {
      serving.push(graph);
    },
    log: log(),
    onResult: (ok) => {
      results.push(ok);
      for (const tell of told.splice(0)) tell();
    },
    pollMs: 10,
    ...more,
  });
  return watch;
};
const port = () => serving.at(-1)?.settings.server.port;

describe('SIGHUP', () => {
  test('loads the file again though it did not change', async () => {
    const file = world.write('config/gateway.yaml', GOOD);
    await expect(begin(file).reload()).resolves.toBe(true);
    expect([serving.length, results]).toEqual([1, [true]]);
  });
  test('with a bad file keeps the old graph, says why with its place, and tells the result', async () => {
    const file = world.write('config/gateway.yaml', GOOD);
    const { reload } = begin(file, { pollMs: 1_000_000 });
    await reload();
    writeFileSync(file, `${GOOD}nonsense: 1\n`);
    await expect(reload()).resolves.toBe(false);
    expect(serving).toHaveLength(1);
    expect(results).toEqual([true, false]);
    expect(world.lines.find((l) => l.level === 'error')?.fields).toMatchObject({ problems: [{ line: 6, column: 1, code: 'unknown_key' }] });
    await expect(serving[0]?.store.get('closed', 'closed')).resolves.toBeUndefined();
  });
  test('loads one after the other, and those who ask meanwhile share the next', async () => {
    const file = world.write('config/gateway.yaml', GOOD);
    let open = 0;
    let most = 0;
    const { reload } = begin(file, {
      pollMs: 1_000_000,
      load: async () => {
        loads++;
        most = Math.max(most, ++open);
        try {
          return await loadGraph({ file, env: {}, allowLocalPlugins: false, pluginRoots: [world.folder], log: log(), now: () => 0 });
        } finally {
          open--;
        }
      },
    });
    const first = reload();
    await new Promise(setImmediate);
    await expect(Promise.all([first, reload(), reload(), reload()])).resolves.toEqual([true, true, true, true]);
    expect([loads, most]).toEqual([2, 1]);
  });
  test('disposes of a graph that could not be put into service', async () => {
    const file = world.write('config/gateway.yaml', GOOD);
    let offered: Graph | undefined;
    const { reload } = begin(file, {
      swap: (graph) => {
        offered = graph;
        throw new Error('no');
      },
    });
    await expect(reload()).resolves.toBe(false);
    await expect(offered?.store.get('closed', 'closed')).resolves.toMatchObject({ version: 1 });
  });
  test('after the end of the watch does nothing', async () => {
    const file = world.write('config/gateway.yaml', GOOD);
    const { reload, close } = begin(file);
    await close();
    await expect(reload()).resolves.toBe(false);
    expect(loads).toBe(0);
  });
});

describe('a change of the file', () => {
  const start = async (): Promise<string> => {
    const file = world.write('config/gateway.yaml', `${GOOD}server: { port: 1 }\n`);
    await begin(file).reload();
    return file;
  };
  test('is put into service', async () => {
    const file = await start();
    const next = nextResult();
    writeFileSync(file, `${GOOD}server: { port: 2 }\n`);
    await expect(next).resolves.toBe(true);
    expect(port()).toBe(2);
  });
  test('that is bad is tried once, and a later good one is taken', async () => {
    const file = await start();
    const bad = nextResult();
    writeFileSync(file, `${GOOD}server: { port: two }\n`);
    await expect(bad).resolves.toBe(false);
    expect(port()).toBe(1);
    const tries = loads;
    // Touching it is no other content: only the good one below is loaded.
    writeFileSync(file, `${GOOD}server: { port: two }\n`);
    const good = nextResult();
    setTimeout(() => writeFileSync(file, `${GOOD}server: { port: 3 }\n`), 60);
    await expect(good).resolves.toBe(true);
    expect([port(), loads]).toEqual([3, tries + 1]);
  });
  test('by the swap of a mounted folder is seen', async () => {
    for (const n of [1, 2]) world.write(`mount/..${n}/gateway.yaml`, `${GOOD}server: { port: ${n} }\n`);
    symlinkSync('..1', `${world.folder}/mount/..data`);
    symlinkSync('..data/gateway.yaml', `${world.folder}/mount/gateway.yaml`);
    await begin(`${world.folder}/mount/gateway.yaml`).reload();
    expect(port()).toBe(1);
    const next = nextResult();
    symlinkSync('..2', `${world.folder}/mount/..tmp`);
    renameSync(`${world.folder}/mount/..tmp`, `${world.folder}/mount/..data`);
    await expect(next).resolves.toBe(true);
    expect(port()).toBe(2);
  });
  test('by a rename over it is seen, and its absence in between is no reload', async () => {
    const file = await start();
    renameSync(file, `${file}.old`);
    await expect.poll(() => world.lines.filter((l) => l.level === 'warn').length).toBe(1);
    expect(results).toEqual([true]);
    const next = nextResult();
    mkdirSync(`${world.folder}/config`, { recursive: true });
    world.write('config/new.yaml', `${GOOD}server: { port: 5 }\n`);
    renameSync(`${world.folder}/config/new.yaml`, file);
    await expect(next).resolves.toBe(true);
    expect(port()).toBe(5);
  });
  test('while a reload runs is loaded after it', async () => {
    const file = world.write('config/gateway.yaml', `${GOOD}server: { port: 1 }\n`);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { reload } = begin(file, {
      load: async () => {
        const graph = await loadGraph({ file, env: {}, allowLocalPlugins: false, pluginRoots: [world.folder], log: log(), now: () => 0 });
        if (loads++ === 0) await held;
        return graph;
      },
    });
    const first = reload();
    await expect.poll(() => loads).toBe(1);
    writeFileSync(file, `${GOOD}server: { port: 2 }\n`);
    release();
    await first;
    await expect.poll(port).toBe(2);
  });
});
