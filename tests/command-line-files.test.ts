import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configuration, type Shell, shell } from './support/command-line.ts';

let place: Shell;
beforeEach(() => {
  place = shell();
});
afterEach(() => place.remove());
const read = (path: string): string => readFileSync(join(place.folder, path), 'utf8');
const FILE = 'llm-proxy-auth.yaml';
const DIGEST = /^sha512-[A-Za-z0-9+/]{86}==$/;
const install = (name: string, text = ''): void => place.plugin(name, `throw new Error('nothing of ${name} may run')${text};`);

describe('plugins lock', () => {
  const roots = (): readonly string[] => ['--plugin-root', place.folder];
  test('pins what is installed, runs none of it, and leaves the rest of the file as it is', async () => {
    for (const name of ['@acme/a', '@acme/b', '@acme/c', '@acme/d']) install(name);
    place.write(
      FILE,
      `# mine
plugins:
  - "@acme/a"   # the first
  - name: "@acme/b"
  - { name: '@acme/c', integrity: "sha512-old" } # changed
  - { name: "@acme/d" }
server: { port: 0 } # stays
`,
    );
    chmodSync(join(place.folder, FILE), 0o640);
    const locked = await place.run(['plugins', 'lock', '--json', ...roots()]);
    expect([locked.code, locked.err]).toEqual([0, '']);
    const rows = JSON.parse(locked.out) as readonly { readonly name: string; readonly pin: string; readonly integrity: string }[];
    expect(rows.map(({ name, pin }) => [name, pin])).toEqual([
      ['@acme/a', 'written'],
      ['@acme/b', 'written'],
      ['@acme/c', 'changed'],
      ['@acme/d', 'written'],
    ]);
    const [a, b, c, d] = rows.map(({ integrity }) => integrity);
    expect(a).toMatch(DIGEST);
    expect(read(FILE)).toBe(`# mine
plugins:
  - { name: "@acme/a", integrity: "${a}" }   # the first
  - name: "@acme/b"
    integrity: "${b}"
  - { name: '@acme/c', integrity: "${c}" } # changed
  - { name: "@acme/d", integrity: "${d}" }
server: { port: 0 } # stays
`);
    expect(statSync(join(place.folder, FILE)).mode & 0o777).toBe(0o640);
    const before = statSync(join(place.folder, FILE)).ino;
    expect((await place.run(['plugins', 'lock', ...roots()])).out).toMatch(/holds/);
    expect(statSync(join(place.folder, FILE)).ino).toBe(before);
    expect((await place.run(['plugins', 'verify', ...roots()])).code).toBe(0);
  });
  test('of those named alone; a file that is JSON stays JSON, a link stays a link', async () => {
    install('@acme/a');
    install('@acme/b');
    place.write('real.yaml', JSON.stringify({ plugins: ['@acme/a', '@acme/b'], server: { port: 0 } }));
    symlinkSync('real.yaml', join(place.folder, FILE));
    expect((await place.run(['plugins', 'lock', '@acme/b', ...roots()])).code).toBe(0);
    const { plugins } = JSON.parse(read('real.yaml')) as { readonly plugins: readonly unknown[] };
    expect(plugins).toEqual(['@acme/a', { name: '@acme/b', integrity: expect.stringMatching(DIGEST) }]);
    expect((await place.run(['plugins', 'lock', '@acme/x', ...roots()])).code).toBe(2);
  });
  test('a list that it cannot change safely is left alone', async () => {
    install('@acme/a');
    const text = 'plugins: ["@acme/a"]\nserver: { port: 0 }\n';
    place.write(FILE, text);
    expect((await place.run(['plugins', 'lock', '--print', ...roots()])).code).toBe(2);
    expect((await place.run(['plugins', 'lock', ...roots()], { PORT: '1', LLM_PROXY_AUTH_CONFIG: join(place.folder, 'none.yaml') })).code).toBe(78);
    expect(read(FILE)).toBe(text);
  });
});

describe('plugins add', () => {
  const add = (...words: readonly string[]) => place.run(['plugins', 'add', ...words, '--plugin-root', place.folder]);
  test('writes an installed package at the end of the list, pinned, and runs none of it', async () => {
    install('@acme/a');
    install('@acme/b');
    place.write(FILE, 'plugins:\n  - "@acme/a" # one\nserver: { port: 0 }\n');
    const added = await add('@acme/b', '--json');
    expect([added.code, added.err]).toEqual([0, '']);
    const [{ integrity = '' } = {}] = JSON.parse(added.out) as readonly { readonly integrity?: string }[];
    expect(read(FILE)).toBe(`plugins:\n  - "@acme/a" # one\n  - { name: "@acme/b", integrity: "${integrity}" }\nserver: { port: 0 }\n`);
    expect(integrity).toMatch(DIGEST);
    expect((await add('@acme/b')).code).toBe(2);
  });
  test.each(['plugins: []\n', '{"plugins":[]}', 'plugins: [ "@acme/b" ]\n', 'plugins:\n- "@acme/b"'])('the list %j takes it too', async (text) => {
    install('@acme/a');
    install('@acme/b');
    place.write(FILE, text);
    expect((await add('@acme/a')).code).toBe(0);
    expect((parse(read(FILE)) as { readonly plugins: readonly unknown[] }).plugins.at(-1)).toEqual({
      name: '@acme/a',
      integrity: expect.stringMatching(DIGEST),
    });
  });
  test.each([
    ['no name', [], 2],
    ['two names', ['@acme/a', '@acme/b'], 2],
    ['a file', ['./rules.mjs'], 2],
    ['what is not installed', ['@acme/none'], 78],
    ['what is no plugin', ['@acme/plain'], 78],
    ['no name of a package', ['@acme/a/../b'], 2],
  ])('%s is refused, and the file stays as it is', async (_what, words, code) => {
    place.plugin('@acme/plain', '', { llmProxyAuth: undefined });
    place.write(FILE, 'plugins: []\n');
    const refused = await add(...words);
    expect([refused.code, refused.out]).toEqual([code, '']);
    expect(read(FILE)).toBe('plugins: []\n');
  });
  test('what is not installed is told with the command that installs it', async () => {
    place.write(FILE, 'plugins: []\n');
    expect((await add('@acme/none')).err).toContain('npm install @acme/none');
  });
});

describe('init', () => {
  test('writes a configuration that is valid with the vendor’s variable, and a pepper for its owner alone', async () => {
    const made = await place.run(['init']);
    expect([made.code, made.err]).toEqual([0, '']);
    expect(made.out).toContain('llm-proxy-auth keys create --name first');
    expect(read('data/pepper')).toMatch(/^[0-9a-f]{64}$/);
    for (const file of [FILE, 'data/pepper']) expect(statSync(join(place.folder, file)).mode & 0o777).toBe(0o600);
    place.write(FILE, read(FILE).replace('./data/llm-proxy-auth.db', './store.db'));
    const checked = await place.run(['check', '--json'], { OPENAI_API_KEY: 'sk-canary-0123456789', PORT: '0' });
    expect([checked.code, checked.err]).toEqual([0, '']);
    expect(JSON.parse(checked.out)).toMatchObject({ ok: true, plugins: 4, instances: [{ name: 'openai', provider: 'openai' }] });
  });
  test('changes nothing that is there, and keeps a pepper', async () => {
    place.write(FILE, 'mine');
    place.write('data/pepper', 'mine');
    expect((await place.run(['init'])).code).toBe(1);
    expect(read(FILE)).toBe('mine');
    expect((await place.run(['init', '--config', 'other.yaml', '--providers', 'openai,anthropic,bedrock', '--json'])).code).toBe(0);
    expect(read('data/pepper')).toBe('mine');
    expect(Object.keys((parse(read('other.yaml')) as { readonly instances: object }).instances)).toEqual(['openai', 'anthropic', 'bedrock']);
  });
  test.each([['--providers', 'acme'], ['--providers', ''], ['here']])('%s %s is no way to call it', async (...words) => {
    expect((await place.run(['init', ...words])).code).toBe(2);
    expect(existsSync(join(place.folder, FILE))).toBe(false);
  });
});

describe('doctor', () => {
  const findings = async (): Promise<{ readonly code: number; readonly all: readonly Readonly<Record<string, string>>[] }> => {
    const { code, out } = await place.run(['doctor', '--json']);
    return { code, all: JSON.parse(out) as readonly Readonly<Record<string, string>>[] };
  };
  test('names what is well and what could be better', async () => {
    place.write(FILE, configuration());
    chmodSync(join(place.folder, FILE), 0o666);
    const { code, all } = await findings();
    expect(code).toBe(0);
    expect(all.map(({ about, is }) => `${about} ${is}`)).toEqual(['node ok', 'file warning', 'plugins warning', 'configuration ok', 'auth ok', 'store ok']);
    expect((await place.run(['doctor'])).out).toContain('plugins lock');
  });
  test('names every problem of a configuration that cannot be served', async () => {
    place.write(FILE, configuration({ plugins: ['@acme/none'], servr: {} }));
    const { code, all } = await findings();
    expect([code, all.every(({ is }) => is === 'failed')]).toEqual([78, true]);
    expect(JSON.stringify(all)).toContain('npm install @acme/none');
  });
});
