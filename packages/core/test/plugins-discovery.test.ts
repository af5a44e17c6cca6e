import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { satisfies } from '../src/plugins/engines.ts';
import { processConditions } from '../src/plugins/entry.ts';
import { packageIntegrity } from '../src/plugins/integrity.ts';
import { isPackageName } from '../src/plugins/name.ts';
import { GOOD, makeWorld, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.dispose());

/** Marks that its module ran. */
const CANARY = `import { writeFileSync } from 'node:fs';
writeFileSync(new URL('./canary', import.meta.url), '');
export default { name: '@acme/canary', api: 1, dialects: {} };
`;
const DIALECT = (name: string, kind = 'extra') =>
  `export default { name: '${name}', api: 1, dialects: { '${kind}': { summary: 'Extra.', config: { type: 'object' }, create: () => ({ name: '${kind}', surfaces: [], error() {}, readError() {} }) } } };`;
const listing = (entry: string) => GOOD.replace('plugins: [', `plugins: [${entry}, `);
const codes = async (entry: string, options = {}) => (await world.problems(listing(entry), options)).map((p) => `${p.line}:${p.column} ${p.path} ${p.code}`);

describe('A119: names that are no package names', () => {
  test.each([
    '../evil',
    './../evil',
    '/abs/x',
    'file:///abs/x',
    'file:x',
    'data:text/javascript,globalThis.canary=1',
    'node:fs',
    'http://evil.example/x.js',
    'https://evil.example/x.js',
    'a/../../b',
    'a/b',
    '@scope',
    '@scope/',
    '@scope/a/b',
    '@/a',
    'UPPER',
    'Mixed-Case',
    '.hidden',
    '_private',
    'with space',
    'a%2fb',
    'a\\\\b',
    'x'.repeat(300),
    'node_modules',
    'é',
    '@acme/canary/index.js',
    '.',
    '..',
    '~x',
    'npm:a',
  ])('%s is refused, and nothing of the list runs', async (name) => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY);
    world.write('config/evil', CANARY);
    world.write('evil/index.js', CANARY);
    const problems = await world.problems(listing(`"@acme/canary", "${name}"`));
    expect(problems).toMatchObject([{ path: 'plugins[1]', code: 'plugin_name', line: 1, column: 27 }]);
    expect([`${folder}/canary`, `${world.folder}/evil/canary`, `${world.folder}/config/canary`].some(existsSync)).toBe(false);
    expect((globalThis as { canary?: number }).canary).toBeUndefined();
  });
  test('a name that begins with ./ but climbs is refused also where local files are allowed', async () => {
    await expect(codes('"./x/../../evil.mjs"', { allowLocalPlugins: true })).resolves.toEqual(['1:11 plugins[0] plugin_name']);
    await expect(codes('"../evil.mjs"', { allowLocalPlugins: true })).resolves.toEqual(['1:11 plugins[0] plugin_name']);
  });
  test('package names are those of the registry', () => {
    expect(['a', '@a/b', 'a-b.c_d', '@acme/provider-x', '1st'].every(isPackageName)).toBe(true);
  });
});

describe('what can be told before a plugin runs', () => {
  const spoilt: readonly (readonly [string, string, object])[] = [
    ['no manifest', 'plugin_manifest', { llmProxyAuth: undefined }],
    ['a manifest that is a list', 'plugin_manifest', { llmProxyAuth: [], name: '@acme/canary' }],
    ['api 99', 'plugin_api', { llmProxyAuth: { api: 99, kinds: ['dialect:canary'] } }],
    ['api as text', 'plugin_api', { llmProxyAuth: { api: '1', kinds: ['dialect:canary'] } }],
    ['no api', 'plugin_api', { llmProxyAuth: { kinds: ['dialect:canary'] } }],
    ['no kinds', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: [] } }],
    ['kinds that are no list', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: 'dialect:canary' } }],
    ['a group that is not built', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['hook:cache'] } }],
    ['a dialect named like a route', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['dialect:transparent'] } }],
    ['pages named like a route', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['pages:admin'] } }],
    ['a dialect of one letter', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['dialect:x'] } }],
    ['reaches everything', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['dialect:canary'], reaches: ['*'] } }],
    ['reaches a URL', 'plugin_manifest', { llmProxyAuth: { api: 1, kinds: ['dialect:canary'], reaches: ['https://x.example'] } }],
    ['another name', 'plugin_manifest', { name: '@acme/other' }],
    ['a newer Node', 'plugin_engines', { engines: { node: '>=99' } }],
    ['a range nobody understands', 'plugin_engines', { engines: { node: 'latest' } }],
    ['no export', 'plugin_manifest', { exports: { './sub': './index.js' } }],
    ['an export of other conditions', 'plugin_manifest', { exports: { browser: './index.js' } }],
    ['a forbidden export', 'plugin_manifest', { exports: { import: null, default: './index.js' } }],
    ['an entry that is not there', 'plugin_missing', { exports: './dist/index.js' }],
    ['an entry outside', 'plugin_location', { exports: './../../outside.js' }],
  ];
  test.each(spoilt)('%s', async (_, code, manifest) => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY, manifest);
    world.write('node_modules/outside.js', CANARY);
    const problems = await world.problems(listing('"@acme/canary"'));
    expect(problems).toMatchObject([{ path: 'plugins[0]', code, line: 1, column: 11 }]);
    expect(problems[0]?.message).toContain('@acme/canary');
    expect(existsSync(`${folder}/canary`)).toBe(false);
    expect(existsSync(`${world.folder}/node_modules/canary`)).toBe(false);
  });
  test('a plugin that is not installed is told with the command that installs it', async () => {
    const problems = await world.problems(listing('"@acme/absent"'));
    expect(problems).toMatchObject([{ code: 'plugin_missing', mend: 'npm install @acme/absent' }]);
  });
  test('one bad plugin keeps all others from running, and all bad ones are told', async () => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY);
    const problems = await world.problems(listing('"@acme/canary", "@acme/absent", "/etc/passwd"').concat('nonsense: 1\n'));
    expect(problems.map((p) => p.code)).toEqual(['plugin_missing', 'plugin_name', 'unknown_key']);
    expect(existsSync(`${folder}/canary`)).toBe(false);
  });
  test('two packages that provide one thing are both named, before either runs', async () => {
    const folder = world.plugin('@acme/canary', ['dialect:openai'], CANARY);
    const problems = await world.problems(listing('"@acme/canary"'));
    expect(problems).toMatchObject([{ path: 'plugins[2]', code: 'plugin_clash' }]);
    expect(problems[0]?.message).toMatch(/@acme\/canary.*@acme\/dialect-plain|@acme\/dialect-plain.*@acme\/canary/);
    expect(existsSync(`${folder}/canary`)).toBe(false);
  });
  test('a package that claims what the gateway has itself', async () => {
    world.plugin('@acme/canary', ['counters:memory'], CANARY);
    await expect(codes('"@acme/canary"')).resolves.toEqual(['1:11 plugins[0] plugin_clash']);
  });
  test('a package that is listed twice', async () => {
    await expect(codes('"@acme/store-ram"')).resolves.toEqual(['1:30 plugins[1] plugin_clash']);
  });
});

describe('integrity', () => {
  test('is sha512 over the sorted lines of all files without node_modules', () => {
    world.write('ig/a.js', 'one\n');
    world.write('ig/b/c.js', 'two\n');
    world.write('ig/package.json', '{}');
    world.write('ig/node_modules/x/i.js', 'evil');
    // Recomputed with sha512sum, sort and base64 of coreutils.
    expect(packageIntegrity(`${world.folder}/ig`)).toBe('sha512-A9HKUWTJXiqozg3AhBHAxXp+r7bonHlEs+ClaGU/3JlBBVz76WAcg6RGVEdoKGhWnOI5nAOkugIKCDNqkKP0NA==');
  });
  test('a package that is pinned as it is loads', async () => {
    const folder = world.plugin('@acme/extra', ['dialect:extra'], DIALECT('@acme/extra'));
    const graph = await world.load(listing(`{ name: "@acme/extra", integrity: "${packageIntegrity(folder)}" }`));
    expect([...graph.dialects.keys()].toSorted()).toEqual(['extra', 'openai']);
  });
  test.each([
    ['a byte of its entry changed', 'index.js', `${CANARY} `],
    ['a file was added', 'lib/more.js', ''],
    ['its manifest changed', 'README', 'other'],
  ])('%s: nothing of it runs', async (_, path, text) => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY);
    world.write('node_modules/@acme/canary/README', 'one');
    const pin = packageIntegrity(folder);
    world.write(`node_modules/@acme/canary/${path}`, text);
    const problems = await world.problems(listing(`{ name: "@acme/canary", integrity: "${pin}" }`));
    expect(problems).toMatchObject([{ path: 'plugins[0]', code: 'plugin_integrity', mend: 'llm-proxy-auth plugins verify --print @acme/canary' }]);
    expect(existsSync(`${folder}/canary`)).toBe(false);
  });
  test('a link inside the package cannot be pinned', async () => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY);
    const pin = packageIntegrity(folder);
    symlinkSync('/etc/hostname', `${folder}/link`);
    await expect(codes(`{ name: "@acme/canary", integrity: "${pin}" }`)).resolves.toEqual(['1:11 plugins[0] plugin_integrity']);
  });
  test('a pin in another form is refused at its place, and nothing runs', async () => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], CANARY);
    await expect(codes('{ name: "@acme/canary", integrity: "sha1-x" }')).resolves.toEqual(['1:46 plugins[0].integrity wrong_value']);
    await expect(codes('{ name: "@acme/canary", integrty: "sha512-x" }')).resolves.toEqual(['1:35 plugins[0] unknown_key']);
    expect(existsSync(`${folder}/canary`)).toBe(false);
  });
});

describe('where plugins are looked for', () => {
  const gateway = () => {
    const folder = `${world.folder}/app/node_modules/@llm-proxy-auth/core`;
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  const place = (path: string, source: string) => {
    world.write(
      `${path}/package.json`,
      JSON.stringify({ name: '@acme/extra', type: 'module', exports: './index.js', llmProxyAuth: { api: 1, kinds: ['dialect:extra'] } }),
    );
    world.write(`${path}/index.js`, source);
    return `${world.folder}/${path}`;
  };
  const folderOf = async (options: object) => (await world.load(listing('"@acme/extra"'), options)).plugins.find((p) => p.name === '@acme/extra')?.folder;

  test('first on the way up from the gateway, then from each plugin root in its order', async () => {
    const own = place('app/node_modules/@acme/extra', DIALECT('@acme/extra'));
    const root = place('roots/b/node_modules/@acme/extra', DIALECT('@acme/extra'));
    const gatewayFolder = gateway();
    await expect(folderOf({ gatewayFolder })).resolves.toBe(own);
    await expect(folderOf({ pluginRoots: [`${world.folder}/roots/a`, `${world.folder}/roots/b`, world.folder] })).resolves.toBe(root);
  });
  test('beside the gateway in the store of pnpm, through the link of its real folder', async () => {
    const real = `${world.folder}/app/node_modules/.pnpm/core@1/node_modules/@llm-proxy-auth/core`;
    mkdirSync(real, { recursive: true });
    mkdirSync(`${world.folder}/app/node_modules/@llm-proxy-auth`, { recursive: true });
    symlinkSync(real, `${world.folder}/app/node_modules/@llm-proxy-auth/core`);
    const stored = place('app/node_modules/.pnpm/extra@1/node_modules/@acme/extra', DIALECT('@acme/extra'));
    mkdirSync(`${world.folder}/app/node_modules/@acme`, { recursive: true });
    symlinkSync(stored, `${world.folder}/app/node_modules/@acme/extra`);
    await expect(folderOf({ gatewayFolder: `${world.folder}/app/node_modules/@llm-proxy-auth/core` })).resolves.toBe(stored);
  });
  test('a link to a folder outside node_modules is refused unless local plugins are allowed', async () => {
    const outside = place('elsewhere/extra', DIALECT('@acme/extra'));
    symlinkSync(outside, `${world.folder}/node_modules/@acme/extra`);
    const problems = await world.problems(listing('"@acme/extra"'));
    expect(problems).toMatchObject([{ code: 'plugin_location', path: 'plugins[0]' }]);
    await expect(folderOf({ allowLocalPlugins: true })).resolves.toBe(outside);
  });
  test('a link into the workspace that holds the gateway too is taken', async () => {
    world.write('pnpm-workspace.yaml', 'packages: [packages/*, plugins/*]\n');
    const member = place('plugins/extra', DIALECT('@acme/extra'));
    symlinkSync(member, `${world.folder}/node_modules/@acme/extra`);
    mkdirSync(`${world.folder}/packages/core`, { recursive: true });
    await expect(folderOf({ gatewayFolder: `${world.folder}/packages/core` })).resolves.toBe(member);
  });
  test('the workspace of somebody else is none', async () => {
    world.write('other/pnpm-workspace.yaml', 'packages: [plugins/*]\n');
    symlinkSync(place('other/plugins/extra', DIALECT('@acme/extra')), `${world.folder}/node_modules/@acme/extra`);
    await expect(codes('"@acme/extra"')).resolves.toEqual(['1:11 plugins[0] plugin_location']);
  });
  test('an entry that is linked out of the package is refused', async () => {
    const folder = world.plugin('@acme/canary', ['dialect:canary'], '', { exports: './entry.js' });
    symlinkSync(world.write('elsewhere/entry.js', CANARY), `${folder}/entry.js`);
    await expect(codes('"@acme/canary"')).resolves.toEqual(['1:11 plugins[0] plugin_location']);
    expect(existsSync(`${world.folder}/elsewhere/canary`)).toBe(false);
  });
});

describe('the entry of a package', () => {
  const CHOICES: readonly (readonly [string, object, readonly string[]])[] = [
    ['text', { exports: './a.js' }, []],
    ['a map of sub-paths', { exports: { '.': './a.js', './x': './b.js' } }, []],
    ['import before require', { exports: { require: './b.js', import: './a.js' } }, []],
    ['nested conditions', { exports: { '.': { node: { require: './b.js', default: './a.js' }, default: './b.js' } } }, []],
    ['the order of the file', { exports: { default: './a.js', import: './b.js' } }, []],
    ['a list', { exports: [{ browser: './b.js' }, './a.js'] }, []],
    ['a condition of this process', { exports: { '@acme/source': './a.js', default: './b.js' } }, ['@acme/source']],
    ['main', { exports: undefined, main: './a.js' }, []],
  ];
  test.each(CHOICES)('%s', async (_, manifest, conditions) => {
    world.plugin('@acme/extra', ['dialect:extra'], '', manifest);
    world.write('node_modules/@acme/extra/a.js', DIALECT('@acme/extra'));
    world.write('node_modules/@acme/extra/b.js', 'throw new Error("the wrong file")');
    await expect(world.load(listing('"@acme/extra"'), { conditions })).resolves.toBeDefined();
  });
  test('conditions of the process are read from its arguments', () => {
    expect(processConditions(['--conditions=a', '-C', 'b', '--conditions', 'c', '--other=d', '-C=e'])).toEqual(['a', 'b', 'c', 'e']);
  });
});

describe('local files', () => {
  const local = { allowLocalPlugins: true };
  test('are loaded only when they are allowed', async () => {
    world.write('config/rules.mjs', DIALECT('./rules.mjs', 'rules'));
    chmodSync(`${world.folder}/config/rules.mjs`, 0o644);
    await expect(codes('./rules.mjs')).resolves.toEqual(['1:11 plugins[0] plugin_local']);
    const graph = await world.load(listing('./rules.mjs'), local);
    expect(graph.dialects.has('rules')).toBe(true);
  });
  test('run their new text after a change', async () => {
    world.write('config/rules.mjs', DIALECT('rules', 'first'));
    await world.load(listing('./rules.mjs'), local);
    world.write('config/rules.mjs', DIALECT('rules', 'second'));
    expect([...(await world.load(listing('./rules.mjs'), local)).dialects.keys()]).toContain('second');
  });
  test.each([0o664, 0o646, 0o666, 0o777])('writable by others (%o) are refused', async (mode) => {
    chmodSync(world.write('config/rules.mjs', CANARY), mode);
    await expect(codes('./rules.mjs', local)).resolves.toEqual(['1:11 plugins[0] plugin_local']);
    expect(existsSync(`${world.folder}/config/canary`)).toBe(false);
  });
  test('linked out of the folder of the configuration are refused, linked within it are taken', async () => {
    symlinkSync(world.write('outside/rules.mjs', CANARY), `${world.folder}/config-link.mjs`);
    mkdirSync(`${world.folder}/config`, { recursive: true });
    symlinkSync('../outside/rules.mjs', `${world.folder}/config/rules.mjs`);
    await expect(codes('./rules.mjs', local)).resolves.toEqual(['1:11 plugins[0] plugin_local']);
    symlinkSync('../outside', `${world.folder}/config/sub`);
    await expect(codes('./sub/rules.mjs', local)).resolves.toEqual(['1:11 plugins[0] plugin_local']);
    expect(existsSync(`${world.folder}/outside/canary`)).toBe(false);
    world.write('config/real.mjs', DIALECT('./inside.mjs', 'inside'));
    symlinkSync('real.mjs', `${world.folder}/config/inside.mjs`);
    expect((await world.load(listing('./inside.mjs'), local)).dialects.has('inside')).toBe(true);
  });
  test('that are not there, or pinned, are refused', async () => {
    await expect(codes('./none.mjs', local)).resolves.toEqual(['1:11 plugins[0] plugin_missing']);
    world.write('config/rules.mjs', CANARY);
    await expect(codes(`{ name: ./rules.mjs, integrity: "sha512-${'A'.repeat(86)}==" }`, local)).resolves.toEqual(['1:11 plugins[0] plugin_integrity']);
  });
});

describe('engines', () => {
  test.each([
    ['22.19.0', '>=22.19', true],
    ['22.18.9', '>=22.19', false],
    ['24.1.0', '^22.19.0 || >=24', true],
    ['23.1.0', '^22.19.0 || >=24', false],
    ['22.20.1', '~22.20', true],
    ['22.21.0', '~22.20', false],
    ['24.3.1', '24', true],
    ['25.0.0', '24', false],
    ['24.3.1', '24.x', true],
    ['24.3.1', '*', true],
    ['24.3.1', '', true],
    ['24.3.1', '>=18 <25', true],
    ['25.0.0', '>=18 <25', false],
    ['20.0.0', '18 - 20', true],
    ['20.9.9', '18 - 20', true],
    ['21.0.0', '18 - 20', false],
    ['24.3.1', '>24', false],
    ['25.0.0', '>24', true],
    ['24.3.1', '<=24.3.1', true],
    ['24.3.2', '<=24.3.1', false],
    ['0.2.9', '^0.2.3', true],
    ['0.3.0', '^0.2.3', false],
    ['v24.21.0', '>= 22', true],
    ['24.3.1', 'lts/*', undefined],
    ['24.3.1', '>=22.x.1', true],
  ] as const)('%s in %s: %s', (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});
