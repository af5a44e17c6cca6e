// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration itself
import { renameSync, symlinkSync, unlinkSync } from 'node:fs';
import type { Secret } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configurationReference, findConfigurationFile, schemaPaths } from '../src/config/index.ts';
import { createSecrets } from '../src/config/secret.ts';
import { GOOD, makeWorld, PLUGINS, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

const seen = (thing: unknown) => (thing as { seen: Record<string, unknown> }).seen;

describe('a graph', () => {
  test('has every default filled in, in milliseconds, bytes and ratios', async () => {
    const graph = await world.load(GOOD);
    expect(graph.settings).toMatchObject({
      server: {
        host: '127.0.0.1',
        port: 8080,
        trustedProxies: [],
        bodyLimit: 33_554_432,
        maxDepth: 64,
        timeouts: { head: 15_000, body: 300_000, minRate: 1_024 },
        drain: { delay: 5_000, deadline: 300_000 },
        cors: { origins: [] },
        reusePort: false,
        defaultDialect: 'openai',
      },
      ops: { host: '127.0.0.1', port: 9090 },
      log: { level: 'info', content: false },
      store: { use: 'sqlite', path: './x.db' },
      counters: { use: 'memory' },
      auth: [{ use: 'badge', issued: true, ttl: 300_000 }],
      models: [],
      retry: { attempts: 2, budget: 0.2 },
      stream: { commitAfter: 15_000, keepAlive: 15_000 },
      fidelity: 'report',
    });
    expect(graph.settings.admin).toBeUndefined();
    expect(graph.settings.policies).toBeUndefined();
    expect(graph.instances.get('main')?.settings).toMatchObject({
      insecureUpstream: false,
      timeouts: { connect: 5_000, firstByte: 60_000, idle: 90_000, total: 900_000, clientStall: 60_000 },
      default: false,
      tags: {},
      onDisconnect: 'abort',
      forwardHeaders: [],
      aliases: false,
      control: false,
    });
  });
  test('takes every unit of durations, sizes and percentages', async () => {
    const graph = await world.load(
      `${GOOD}server: { bodyLimit: 5, timeouts: { head: 250ms, body: 12h, minRate: 2KiB/s }, drain: { delay: 90d, deadline: 3m } }\nretry: { budget: 12.5% }\nops: { port: 0 }\n`,
    );
    expect(graph.settings.server).toMatchObject({
      bodyLimit: 5,
      timeouts: { head: 250, body: 43_200_000, minRate: 2_048 },
      drain: { delay: 7_776_000_000, deadline: 180_000 },
    });
    expect(graph.settings.retry.budget).toBe(0.125);
  });
  test('gives a plugin its own keys and none of the core, frozen', async () => {
    const graph = await world.load(
      GOOD.replace('apiKey:', 'timeouts: { idle: 1s }, buffer: 4KiB, betas: [a], deployments: { gpt-4.1: x }, extra: { any: [1, "${V}"] }, apiKey:'),
      { env: { V: 'text' } },
    );
    const config = seen(graph.instances.get('main')?.provider);
    expect(Object.keys(config).toSorted()).toEqual(['apiKey', 'baseUrl', 'betas', 'buffer', 'deployments', 'extra']);
    expect(config).toMatchObject({
      baseUrl: 'https://api.acme.example/v1',
      buffer: 4_096,
      betas: ['a'],
      deployments: { 'gpt-4.1': 'x' },
      extra: { any: [1, 'text'] },
    });
    expect(
      [config, config.betas, config.deployments, graph, graph.settings, graph.settings.server.timeouts, graph.instances.get('main')].every(Object.isFrozen),
    ).toBe(true);
    expect(Object.keys(seen(graph.strategies[0]?.strategy))).not.toContain('use');
    expect(graph.instances.get('main')?.settings.timeouts.idle).toBe(1_000);
  });
  test('chooses the branch of a union by its type and tells the problems of that branch alone', async () => {
    const withCredentials = (c: string) => GOOD.replace('apiKey:', `credentials: ${c}, apiKey:`);
    expect(seen((await world.load(withCredentials('{ type: default }'))).instances.get('main')?.provider).credentials).toEqual({ type: 'default' });
    const brief = async (c: string) => (await world.problems(withCredentials(c))).map((p) => `${p.path} ${p.code}`);
    await expect(brief('{ type: static }')).resolves.toEqual(['instances.main.credentials.token missing_key']);
    await expect(brief('{ type: default, token: x }')).resolves.toEqual(['instances.main.credentials unknown_key']);
    await expect(brief('{ type: statik, token: x }')).resolves.toEqual(['instances.main.credentials.type wrong_value']);
    await expect(brief('{ token: x }')).resolves.toEqual(['instances.main.credentials.type missing_key']);
    await expect(brief('static')).resolves.toEqual(['instances.main.credentials wrong_type']);
  });
  test('null stands where the schema lets it, and only spelt out', async () => {
    const withLimit = (limit: string) => GOOD.replace('{ use: badge }', `{ use: badge, limit: ${limit} }`);
    for (const limit of ['null', '~']) {
      const [badge] = (await world.load(withLimit(limit))).strategies;
      expect(seen(badge?.strategy).limit).toBeNull();
    }
    for (const limit of ['', '"${NOTHING-}"', '[]', '{}']) expect(await world.problems(withLimit(limit))).toMatchObject([{ path: 'auth[0].limit' }]);
  });
  test('a property of the plugin wins over the common one of the same name', async () => {
    world.plugin(
      '@acme/provider-own',
      ['provider:own'],
      `const make = (config) => ({ seen: config, base: { origin: 'https://x', path: '', prefix: '' }, region: 'r', errors: 'openai', signs: 'head', endpoint() {}, native() {}, sign() {} });
       export default { name: '@acme/provider-own', api: 1, providers: { own: { summary: 'Own.', create: make, config: { type: 'object', required: ['models'], properties: { models: { type: 'object', patternProperties: { '^.*$': { type: 'integer' } } } } } } } };`,
    );
    const text = GOOD.replace('"@acme/provider-acme"', '"@acme/provider-own"').replace(
      '{ provider: acme, apiKey: "a-literal-key" }',
      '{ provider: own, models: { m: 3 }, default: true }',
    );
    const graph = await world.load(text);
    expect(seen(graph.instances.get('main')?.provider)).toEqual({ models: { m: 3 } });
    await expect(world.problems(text.replace('{ m: 3 }', '[m]'))).resolves.toMatchObject([{ path: 'instances.main.models', code: 'wrong_type' }]);
  });
  test('fills fields from the variables of the vendor when the file leaves them out, and lists them', async () => {
    const env = { ACME_API_KEY: 'key-of-environment', ACME_BASE_URL: 'https://eu.acme.example/v1/', ACME_REGION: '' };
    const text = GOOD.replace('apiKey: "a-literal-key"', 'tags: { a: b }').concat(
      '  other: { provider: acme, apiKey: written-in-file, baseUrl: "https://us.acme.example" }\n',
    );
    const graph = await world.load(text, { env });
    const config = seen(graph.instances.get('main')?.provider);
    expect(config).toMatchObject({ baseUrl: 'https://eu.acme.example/v1' });
    expect((config.apiKey as Secret).ref).toBe('ACME_API_KEY');
    expect((seen(graph.instances.get('other')?.provider).apiKey as Secret).peek()).toBe('written-in-file');
    expect(graph.environment).toEqual([
      { instance: 'main', variable: 'ACME_BASE_URL' },
      { instance: 'main', variable: 'ACME_API_KEY' },
    ]);
    expect(graph.print()).toContain('apiKey: ${ACME_API_KEY}');
    const missing = await world.problems(GOOD.replace(', apiKey: "a-literal-key"', ''));
    expect(missing).toMatchObject([{ path: 'instances.main.apiKey', code: 'missing_key', line: 5, column: 3 }]);
    expect(missing[0]?.message).toContain('ACME_API_KEY');
  });
  test('prints what takes effect as YAML that reads back the same', async () => {
    const graph = await world.load(`${GOOD}server: { port: "\${P:-9}", bodyLimit: 1MiB }\n`, { env: {} });
    const printed = parse(graph.print()) as { server: object; instances: { main: object } };
    expect(printed).toMatchObject({
      server: { port: 9, bodyLimit: '1MiB', timeouts: { head: '15s' } },
      retry: { budget: '20%' },
      instances: { main: { apiKey: 'literal', baseUrl: 'https://api.acme.example/v1' } },
    });
    const again = await world.load(graph.print());
    expect({ ...again.settings, instances: {} }).toEqual({ ...graph.settings, instances: {} });
  });
  test('is read in linear time, whatever the values', async () => {
    const long = 65_536;
    const values = [
      'a'.repeat(long).concat('1'),
      '/'.repeat(long).concat('x'),
      `https://h${'/'.repeat(long)}x`,
      '\n'.repeat(long).concat('x'),
      '$'.repeat(long),
      '${'.repeat(long),
    ];
    const began = process.cpuUsage();
    for (const value of values) {
      const text = GOOD.replace('apiKey:', `baseUrl: "\${V}", region: "\${V}", buffer: "\${V}", tags: { t: "\${V}" }, timeouts: { idle: "\${V}" }, apiKey:`);
      await world.load(text, { env: { V: value } }).catch(() => undefined);
    }
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1000).toBeLessThan(2_000);
  });
  test('comes from text too, with paths relative to the folder given', async () => {
    world.write('elsewhere/key', 'key-beside-the-folder');
    const graph = await world.load('', { file: undefined, text: GOOD.replace('"a-literal-key"', '"${file:key}"'), folder: `${world.folder}/elsewhere` });
    expect((seen(graph.instances.get('main')?.provider).apiKey as Secret).peek()).toBe('key-beside-the-folder');
    expect(graph.file).toBeUndefined();
    expect((await world.problems('', { file: undefined, text: 'a: 1', folder: world.folder })).map((p) => [p.file, p.line, p.code])).toContainEqual([
      undefined,
      1,
      'unknown_key',
    ]);
  });
  test('keeps the counts of memory counters over a reload', async () => {
    const first = await world.load(GOOD);
    const second = await world.load(GOOD, { previous: first });
    const third = await world.load(GOOD);
    expect(second.counters).toBe(first.counters);
    expect(third.counters).not.toBe(first.counters);
  });
});

describe('files of secrets', () => {
  const rotated = (secret: Secret) => new Promise<string | undefined>((resolve) => secret.onRotate(() => resolve(secret.peek())));
  test('are read again when they change, and the old value stays scrubbed', async () => {
    world.write('config/key', 'first-value\n');
    const graph = await world.load(GOOD.replace('"a-literal-key"', '"${file:key}"'), { secretPollMs: 10 });
    const key = seen(graph.instances.get('main')?.provider).apiKey as Secret;
    const next = rotated(key);
    world.write('config/key', 'second-value\n');
    await expect(next).resolves.toBe('second-value');
    expect(graph.secrets()).toEqual(expect.arrayContaining(['first-value', 'second-value']));
  });
  test('follow the swap of a mounted folder', async () => {
    world.write('secrets/..1/key', 'first-value');
    world.write('secrets/..2/key', 'other-value');
    symlinkSync('..1', `${world.folder}/secrets/..data`);
    symlinkSync('..data/key', `${world.folder}/secrets/key`);
    const graph = await world.load(GOOD.replace('"a-literal-key"', '"${file:../secrets/key}"'), { secretPollMs: 10 });
    const key = seen(graph.instances.get('main')?.provider).apiKey as Secret;
    expect(key.peek()).toBe('first-value');
    const next = rotated(key);
    symlinkSync('..2', `${world.folder}/secrets/..new`);
    renameSync(`${world.folder}/secrets/..new`, `${world.folder}/secrets/..data`);
    await expect(next).resolves.toBe('other-value');
  });
  test('that vanish or become empty keep the last good value and warn once', async () => {
    const file = world.write('key', 'good-value');
    const secrets = createSecrets();
    const key = secrets.add({ ref: 'file:key', files: [file], render: () => '' }, 'good-value');
    const log = {
      info: () => undefined,
      warn: (_: object, message: string) => void world.lines.push({ level: 'warn', fields: {}, message }),
      error: () => undefined,
    };
    await secrets.refresh(log);
    await secrets.refresh(log);
    unlinkSync(file);
    await secrets.refresh(log);
    expect(key.peek()).toBe('good-value');
    expect(world.lines.filter((l) => l.level === 'warn')).toHaveLength(1);
  });
});

describe('where the configuration is', () => {
  test('the flag, the variable, the working folder, in this order', () => {
    const { folder } = world;
    const env = { LLM_PROXY_AUTH_CONFIG: 'b.yaml' };
    expect(findConfigurationFile({ flag: 'a.yaml', env, cwd: folder })).toBe(`${folder}/a.yaml`);
    expect(findConfigurationFile({ env, cwd: folder })).toBe(`${folder}/b.yaml`);
    world.write('llm-proxy-auth.yaml', GOOD);
    expect(findConfigurationFile({ env: {}, cwd: folder })).toBe(`${folder}/llm-proxy-auth.yaml`);
    expect(findConfigurationFile({ env: { LLM_PROXY_AUTH_CONFIG: '' }, cwd: folder })).toBe(`${folder}/llm-proxy-auth.yaml`);
  });
});

describe('the reference', () => {
  test('has a type and a description for every key, those of plugins with the kind they belong to', async () => {
    const graph = await world.load(`${PLUGINS}\nauth: none\ninstances: { main: { provider: acme, apiKey: a-literal-key } }\n`);
    const options = configurationReference(graph.plugins);
    expect(options.filter((o) => o.plugin === undefined && (o.type === '' || o.description === '')).map((o) => o.path)).toEqual([]);
    expect(options.find((o) => o.path === 'server.bodyLimit')).toMatchObject({ type: 'size', default: '32MiB', required: false });
    expect(options.find((o) => o.path === 'instances.*.apiKey')).toMatchObject({
      type: 'secret',
      required: true,
      env: 'ACME_API_KEY',
      plugin: { name: '@acme/provider-acme', group: 'provider', kind: 'acme' },
    });
    expect(options.find((o) => o.path === 'auth[].keys[].key')).toMatchObject({ type: 'secret' });
  });
  test('lists the paths of the core, each once', () => {
    const paths = schemaPaths();
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toEqual(
      expect.arrayContaining([
        'server.port',
        'server.tls.cert',
        'models[].targets[].weight',
        'models[].fallback.on',
        'policies[].limits[].requests',
        'instances.*.tags.*',
        'instances.*.timeouts.idle',
        'auth[].use',
        'fidelity',
      ]),
    );
  });
});
