// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration itself
import { existsSync } from 'node:fs';
import type { Host } from '@llm-proxy-auth/plugin';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

const hostOf = (thing: unknown): Host => (thing as { host: Host }).host;
const listing = (entry: string) => GOOD.replace('plugins: [', `plugins: [${entry}, `);
const brief = async (text: string, options = {}) => (await world.problems(text, options)).map((p) => `${p.line}:${p.column} ${p.path} ${p.code}`);
/** A plugin package of one dialect, with the parts of its text that a test spoils. */
const extra = (parts: { readonly head?: string; readonly plugin?: string; readonly factory?: string; readonly create?: string } = {}) => {
  const { head = '', create = `() => ({ name: 'extra', surfaces: [], error() {}, readError() {} })` } = parts;
  const factory = parts.factory ?? `{ summary: 'Extra.', config: { type: 'object' }, create: ${create} }`;
  return `${head}\nexport default ${parts.plugin ?? `{ name: '@acme/extra', api: 1, dialects: { extra: ${factory} } }`};`;
};
const install = (source: string) => world.plugin('@acme/extra', ['dialect:extra'], source);

describe('A121: a plugin that fails while it is imported', () => {
  test('throws', async () => {
    install(extra({ head: 'throw new TypeError("boom");' }));
    const problems = await world.problems(listing('"@acme/extra"'));
    expect(problems).toMatchObject([{ path: 'plugins[0]', code: 'plugin_import', line: 1, column: 11, mend: 'npm install @acme/extra@latest' }]);
    expect(problems[0]?.message).toMatch(/@acme\/extra.*boom/);
  });
  test('throws no error at all', async () => {
    install(extra({ head: 'throw undefined;' }));
    await expect(brief(listing('"@acme/extra"'))).resolves.toEqual(['1:11 plugins[0] plugin_import']);
  });
  test('does not parse', async () => {
    install('export default {');
    await expect(brief(listing('"@acme/extra"'))).resolves.toEqual(['1:11 plugins[0] plugin_import']);
  });
  test('imports what is not there', async () => {
    install(extra({ head: 'import "./missing.js";' }));
    await expect(brief(listing('"@acme/extra"'))).resolves.toEqual(['1:11 plugins[0] plugin_import']);
  });
  test('never ends', async () => {
    install(extra({ head: 'await new Promise(() => { setInterval(() => {}, 1e6).unref(); });' }));
    await expect(brief(listing('"@acme/extra"'), { pluginTimeoutMs: 50 })).resolves.toEqual(['1:11 plugins[0] plugin_timeout']);
  });
  test('all that fail are told, with the problems of the file', async () => {
    install(extra({ head: 'throw new Error("one");' }));
    world.plugin('@acme/other', ['auth:other'], 'export default 7;');
    await expect(brief(listing('"@acme/extra", "@acme/other"').replace('{ use: badge }', '{ use: other }').concat('nonsense: 1\n'))).resolves.toEqual([
      '1:11 plugins[0] plugin_import',
      '1:26 plugins[1] plugin_shape',
      '6:1  unknown_key',
    ]);
  });
});

describe('A121: a plugin that is not what it should be', () => {
  test.each([
    ['no object', { plugin: '7' }],
    ['a list', { plugin: '[]' }],
    ['another name', { plugin: `{ name: '@acme/extras', api: 1, dialects: {} }` }],
    ['another api', { plugin: `{ name: '@acme/extra', api: 2, dialects: {} }` }],
    ['a kind less than the manifest', { plugin: `{ name: '@acme/extra', api: 1 }` }],
    [
      'a kind more than the manifest',
      {
        plugin: `{ name: '@acme/extra', api: 1, dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } }, auth: { more: { summary: 'x', config: { type: 'object' }, create() {} } } }`,
      },
    ],
    ['another kind', { plugin: `{ name: '@acme/extra', api: 1, dialects: { extras: { summary: 'x', config: { type: 'object' }, create() {} } } }` }],
    ['a group that is a list', { plugin: `{ name: '@acme/extra', api: 1, dialects: [] }` }],
    [
      'a group that is not built',
      { plugin: `{ name: '@acme/extra', api: 1, dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } }, hooks: {} }` },
    ],
    ['a factory that is a function', { factory: '() => {}' }],
    ['no summary', { factory: `{ config: { type: 'object' }, create() {} }` }],
    ['no create', { factory: `{ summary: 'x', config: { type: 'object' } }` }],
    ['no schema', { factory: `{ summary: 'x', create() {} }` }],
    ['a schema that is no object', { factory: `{ summary: 'x', config: { type: 'string' }, create() {} }` }],
    [
      'an admin operation without a verb',
      { plugin: `{ name: '@acme/extra', api: 1, admin: [{ name: 'keys' }], dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } } }` },
    ],
    [
      'an admin operation without run',
      {
        plugin: `{ name: '@acme/extra', api: 1, admin: [{ name: 'keys.list', summary: 'x', scope: 'keys', input: {}, output: {} }], dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } } }`,
      },
    ],
    [
      'a shortcut without open',
      {
        plugin: `{ name: '@acme/extra', api: 1, shortcuts: [{ method: 'POST', pattern: '/x', provider: 'y' }], dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } } }`,
      },
    ],
  ])('%s', async (_, parts) => {
    install(extra(parts));
    const problems = await world.problems(listing('"@acme/extra"'));
    expect(problems).toMatchObject([{ path: 'plugins[0]', code: 'plugin_shape', line: 1, column: 11 }]);
    expect(problems[0]?.message).toContain('@acme/extra');
  });
  test('two plugins with one admin operation are both named', async () => {
    install(
      extra({
        plugin: `{ name: '@acme/extra', api: 1, admin: [{ name: 'badges.list', summary: 'x', scope: 'keys', input: {}, output: {}, run() {} }], dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } } }`,
      }),
    );
    const problems = await world.problems(listing('"@acme/extra"'));
    expect(problems).toMatchObject([{ code: 'plugin_clash' }]);
    expect(problems[0]?.message).toMatch(/badges\.list.*@acme\/extra.*@acme\/auth-badge/);
  });
  test('a shortcut within the routes of a dialect is told with both names', async () => {
    install(
      extra({
        plugin: `{ name: '@acme/extra', api: 1, shortcuts: [{ method: 'POST', pattern: '/openai/x', provider: 'acme', open() {} }], dialects: { extra: { summary: 'x', config: { type: 'object' }, create() {} } } }`,
      }),
    );
    const problems = await world.problems(listing('"@acme/extra"'));
    expect(problems).toMatchObject([{ code: 'plugin_clash', path: 'plugins[0]' }]);
    expect(problems[0]?.message).toMatch(/@acme\/extra.*@acme\/dialect-plain/);
  });
});

describe('A121: a plugin that fails while it is created', () => {
  test.each([
    ['throws', 'plugin_create', `() => { throw new Error('no disk') }`],
    ['rejects', 'plugin_create', `async () => { throw new Error('no disk') }`],
    ['throws no error', 'plugin_create', `() => { throw null }`],
    ['never ends', 'plugin_timeout', '() => new Promise(() => {})'],
    ['makes nothing', 'plugin_shape', '() => undefined'],
    ['makes half a thing', 'plugin_shape', `() => ({ name: 'extra', surfaces: [] })`],
    ['makes a thing of another name', 'plugin_shape', `() => ({ name: 'other', surfaces: [], error() {}, readError() {} })`],
  ])('%s', async (_, code, create) => {
    install(extra({ create }));
    const problems = await world.problems(listing('"@acme/extra"'), { pluginTimeoutMs: 100 });
    expect(problems).toMatchObject([{ path: 'plugins', code }]);
    expect(problems[0]?.message).toContain('@acme/extra');
  });
  test.each([
    ['none', '{}'],
    ['no index', `{ 'page.js': '1' }`],
    ['a file of a type that is not served', `{ 'index.html': '<p>', 'run.exe': 'x' }`],
    ['a path', `{ 'index.html': '<p>', '../index.html': '<p>' }`],
    ['a file that is no text', `{ 'index.html': 7 }`],
  ])('pages with files that are none: %s', async (_, files) => {
    const source = `export default { name: '@acme/board', api: 1, pages: { board: { summary: 'x', config: { type: 'object' }, create: () => ({ files: ${files} }) } } };`;
    world.plugin('@acme/board', ['pages:board'], source);
    const problems = await world.problems(listing('"@acme/board"').concat('admin: { port: 0 }\npages: [{ use: board }]\n'));
    expect(problems).toMatchObject([{ path: 'pages[0]', code: 'plugin_shape' }]);
  });
  test('an instance and a strategy that fail are told at their places, together', async () => {
    world.plugin(
      '@acme/bad',
      ['provider:bad', 'auth:bad'],
      `const bad = { summary: 'Bad.', config: { type: 'object' }, create() { throw new Error('out of order'); } };\nexport default { name: '@acme/bad', api: 1, providers: { bad }, auth: { bad } };`,
    );
    const text = listing('"@acme/bad"').replace('{ use: badge }', '{ use: bad }').concat('  second: { provider: bad }\n');
    await expect(brief(text)).resolves.toEqual(['3:5 auth[0] plugin_create', '6:11 instances.second plugin_create']);
  });
  test('what a plugin says about its failure never shows a secret', async () => {
    world.plugin(
      '@acme/bad',
      ['auth:bad'],
      `export default { name: '@acme/bad', api: 1, auth: { bad: { summary: 'Bad.', config: { type: 'object', properties: { pepper: { type: 'string', lpa: 'secret' } } }, create(config) { throw new Error('cannot use ' + config.pepper.peek()); } } } };`,
    );
    const problems = await world.problems(listing('"@acme/bad"').replace('{ use: badge }', '{ use: bad, pepper: "${P}" }'), { env: { P: 'canary-of-pepper' } });
    expect(problems).toMatchObject([{ code: 'plugin_create' }]);
    expect(problems[0]?.message).toMatch(/cannot use \[secret\]/);
  });
  test('nothing is created while anything is wrong', async () => {
    const folder = install(
      extra({
        head: `import { writeFileSync } from 'node:fs';`,
        create: `() => { writeFileSync(new URL('./created', import.meta.url), ''); return { name: 'extra', surfaces: [], error() {}, readError() {} }; }`,
      }),
    );
    await expect(brief(listing('"@acme/extra"').concat('nonsense: 1\n'))).resolves.toEqual(['6:1  unknown_key']);
    expect(existsSync(`${folder}/created`)).toBe(false);
    await world.load(listing('"@acme/extra"'));
    expect(existsSync(`${folder}/created`)).toBe(true);
  });
  test('no partial start: what was created before is closed, also what comes too late', async () => {
    const closing = (name: string, ms: number, work: string) =>
      `import { writeFileSync } from 'node:fs';
       const create = async (config, host) => { await new Promise((done) => setTimeout(done, ${ms})); ${work} };
       const mark = (what) => writeFileSync(new URL('./' + what, import.meta.url), '');
       export default { name: '@acme/${name}', api: 1, auth: { ${name}: { summary: 'x', config: { type: 'object' }, create } } };`;
    const made = `return { slots: [], challenge: '', issued: true, authenticate() {}, close: async () => { mark('closed'); } }`;
    const quick = world.plugin('@acme/quick', ['auth:quick'], closing('quick', 0, made));
    const late = world.plugin('@acme/late', ['auth:late'], closing('late', 150, made));
    await expect(
      brief(listing('"@acme/quick", "@acme/late"').replace('{ use: badge }', '{ use: quick }\n  - { use: late }'), { pluginTimeoutMs: 60 }),
    ).resolves.toEqual(['4:5 auth[1] plugin_timeout']);
    expect(existsSync(`${quick}/closed`)).toBe(true);
    await expect.poll(() => existsSync(`${late}/closed`)).toBe(true);
  });
});

describe('the order of creation', () => {
  const TELLING = (name: string, group: string, kind: string, thing: string) =>
    `const create = async (config, host) => {
       const tries = {};
       for (const [what, use] of Object.entries({ store: () => host.store.get('s', 'k'), counters: () => host.counters.take([], 0), seal: () => host.seal.seal('p', new Uint8Array(1)) })) { try { await use(); tries[what] = true; } catch { tries[what] = false; } }
       globalThis.tries ??= {}; globalThis.tries['${kind}'] = tries;
       return ${thing};
     };
     export default { name: '${name}', api: 1, ${group}: { '${kind}': { summary: 'x', config: { type: 'object' }, create } } };`;
  test('store, sealing key, counters, then the rest; each finds what is before it, and counters end before the store', async () => {
    const store = `(() => { const rows = new Map(); return { get: async (s, k) => rows.get(s + k), list: async () => [], commit: async ([c]) => { rows.set(c.space + c.key, { value: c.value, version: 1 }); return true; }, append() {}, read() {}, changed() {}, close: async () => { globalThis.ended.push('store'); } }; })()`;
    world.plugin('@acme/store-tell', ['store:tell'], TELLING('@acme/store-tell', 'stores', 'tell', store));
    world.plugin(
      '@acme/counters-tell',
      ['counters:tells'],
      TELLING(
        '@acme/counters-tell',
        'counters',
        'tells',
        '{ take: () => ({ ok: true, lease: "" }), beat() {}, settle() {}, close: async () => { await host.store.get("s", "k"); globalThis.ended.push("counters"); } }',
      ),
    );
    world.plugin(
      '@acme/auth-tell',
      ['auth:telling'],
      TELLING('@acme/auth-tell', 'auth', 'telling', `{ slots: [], challenge: '', issued: true, authenticate() {} }`),
    );
    const ended: string[] = [];
    Object.assign(globalThis, { ended });
    const graph = await world.load(
      listing('"@acme/store-tell", "@acme/counters-tell", "@acme/auth-tell"')
        .replace('{ use: badge }', '{ use: telling }')
        .concat('store: { use: tell }\ncounters: { use: tells }\n'),
    );
    expect((globalThis as { tries?: object }).tries).toEqual({
      tell: { store: false, counters: false, seal: false },
      tells: { store: true, counters: false, seal: true },
      telling: { store: true, counters: true, seal: true },
    });
    await graph.dispose();
    expect(ended).toEqual(['counters', 'store']);
  });
  test('dispose closes everything once, the store last, and ends the signal of hosts', async () => {
    const graph = await world.load(GOOD);
    const host = hostOf(graph.strategies[0]?.strategy);
    expect(host.signal.aborted).toBe(false);
    await Promise.all([graph.dispose(), graph.dispose()]);
    expect(host.signal.aborted).toBe(true);
    await expect(graph.store.get('closed', 'closed')).resolves.toMatchObject({ version: 1 });
  });
  test('admin operations come with the host of their plugin, when the plugin is in use', async () => {
    const graph = await world.load(GOOD);
    const ofPlugins = graph.admin.filter((a) => a.host !== graph.host);
    expect(ofPlugins.map((a) => [a.operation.name, a.host.name])).toEqual([['badges.list', '@acme/auth-badge']]);
    expect(hostOf(graph.strategies[0]?.strategy)).toBe(ofPlugins[0]?.host);
    const none = await world.load(GOOD.replace('auth:\n  - { use: badge }', 'auth: none'));
    expect(none.admin.filter((a) => a.host !== none.host)).toEqual([]);
  });
});
