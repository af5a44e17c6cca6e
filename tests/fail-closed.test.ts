import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { configuration, type Ended, type Shell, shell } from './support/command-line.ts';

let place: Shell;
beforeEach(() => {
  place = shell();
});
afterEach(() => {
  vi.useRealTimers();
  place.remove();
});

const MAIN = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
const OURS = ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'];
const PEPPER = 'pepper-canary-0123456789abcdef0123456789';
/** Marks that its module ran. */
const CANARY = `import { writeFileSync } from 'node:fs';\nwriteFileSync(new URL('../../../canary', import.meta.url), '');\n`;
const GOOD = `export default { name: '@acme/extra', api: 1, auth: { extra: { summary: 'Extra.', config: { type: 'object', properties: {} }, create: () => ({ slots: ['bearer'], challenge: '', issued: true, authenticate: () => ({ is: 'not-mine' }) }) } } };\n`;
const creating = (how: string): string => GOOD.replace(/create: .*\}\) \}/, `create: ${how} }`);
const HANGING = 'extra hangs';
/** Says that it hangs, to this process, and hangs. */
const HANGS = `process.emit('${HANGING}'); await new Promise(() => undefined)`;
const withExtra = (entry: unknown = '@acme/extra', more: object = {}): string =>
  configuration({ plugins: [...OURS, entry], auth: [{ use: 'extra' }, { use: 'api-key', pepper: PEPPER }], ...more });
const start = (...words: string[]): string[] => ['start', '--plugin-root', place.folder, ...words];

/** What must hold however a start fails: the code, the cause, no listener, no secret, and nothing of a bad package ran. */
const refused = ({ code, out, err }: Ended, words: RegExp): void => {
  expect(err).toMatch(words);
  expect(code).toBe(78);
  expect(out).not.toContain('listening');
  expect(out + err).not.toMatch(/canary|\n\s+at /);
};

interface Case {
  readonly name: string;
  readonly text: () => string;
  readonly env?: Readonly<Record<string, string>>;
  readonly words: RegExp;
}
const written: readonly Case[] = [
  { name: 'no auth', text: () => configuration({ auth: undefined }), words: /auth/ },
  { name: 'an empty list of auth', text: () => configuration({ auth: [] }), words: /auth/ },
  { name: 'auth: null', text: () => configuration({ auth: null }), words: /auth/ },
  { name: 'auth: true', text: () => configuration({ auth: true }), words: /auth/ },
  { name: 'a typo in a strategy', text: () => configuration({ auth: [{ use: 'api-keey' }] }), words: /api-keey[\s\S]*api-key/ },
  { name: 'a strategy nobody brings', text: () => configuration({ auth: [{ use: 'oidc' }] }), words: /oidc/ },
  { name: 'a strategy without `use`', text: () => configuration({ auth: [{ pepper: PEPPER }] }), words: /use/ },
  { name: 'auth: none on every address', text: () => configuration({ auth: 'none', server: { host: '0.0.0.0', port: 0 } }), words: /none|loopback/ },
  { name: 'AUTH_ENABLED=false beside a list', text: () => configuration(), env: { AUTH_ENABLED: 'false' }, words: /AUTH_ENABLED/ },
  { name: 'an unknown section', text: () => configuration({ auth_enabeld: false }), words: /auth_enabeld/ },
  { name: 'an unknown key, with the nearest name', text: () => configuration({ server: { port: 0, bodyLimt: '1MiB' } }), words: /bodyLimt[\s\S]*bodyLimit/ },
  { name: 'an unknown key of a strategy', text: () => configuration({ auth: [{ use: 'api-key', peper: PEPPER }] }), words: /peper[\s\S]*pepper/ },
  {
    name: 'an unknown key of an instance',
    text: () => configuration({ instances: { main: { provider: 'openai', apiKey: 'x', apikey: 'y' } } }),
    words: /apikey/,
  },
  { name: 'what is not built', text: () => configuration({ hooks: [{ use: 'cache' }] }), words: /hooks/ },
  {
    name: 'a limit of tokens in a wrong form',
    text: () => configuration({ policies: [{ match: {}, allow: {}, limits: [{ per: 'principal', tokens: '5 a minute' }] }] }),
    words: /tokens/,
  },
  {
    name: 'a budget without a window',
    text: () => configuration({ policies: [{ match: {}, allow: {}, limits: [{ per: 'principal', budget: { usd: 5 } }] }] }),
    words: /budget[\s\S]*window/,
  },
  { name: 'an empty pepper', text: () => configuration({ auth: [{ use: 'api-key', pepper: '' }] }), words: /pepper/ },
  { name: 'a short pepper', text: () => configuration({ auth: [{ use: 'api-key', pepper: 'short' }] }), words: /pepper/ },
  { name: 'a variable that is not set', text: () => configuration({ auth: [{ use: 'api-key', pepper: '${NOWHERE}' }] }), words: /NOWHERE/ },
  { name: 'a secret file that is not there', text: () => configuration({ auth: [{ use: 'api-key', pepper: '${file:/nowhere/pepper}' }] }), words: /pepper/ },
  { name: 'a provider without a plugin', text: () => configuration({ instances: { main: { provider: 'bedrok' } } }), words: /bedrok/ },
  {
    name: 'a name of models: that leads nowhere',
    text: () => configuration({ models: [{ name: 'a', targets: [{ instance: 'mian', model: 'x' }] }] }),
    words: /mian[\s\S]*main/,
  },
  {
    name: 'plain http to a provider',
    text: () => configuration({ instances: { main: { provider: 'openai', apiKey: 'x', baseUrl: 'http://api.example.com/v1' } } }),
    words: /insecureUpstream/,
  },
  { name: 'text that is no YAML', text: () => 'auth: [', words: /./ },
  { name: 'an anchor', text: () => `a: &x 1\nb: *x\n`, words: /./ },
  { name: 'a key twice', text: () => 'auth: none\nauth: []\n', words: /auth/ },
  { name: 'an empty file', text: () => '', words: /auth|plugins|instances/ },
];
describe('a configuration that is not right ends the start with 78', () => {
  test.each(written)('$name', async ({ text, env = {}, words }) => {
    place.write('llm-proxy-auth.yaml', text());
    refused(await place.run(start(), env), words);
    refused(await place.run(['check'], env), words);
  });
  test('no file at all', async () => refused(await place.run(start()), /no configuration/));
  test('a file that is not there', async () => refused(await place.run(start('--config', 'nowhere.yaml')), /nowhere\.yaml/));
  test('every problem at once, each with its place', async () => {
    place.write('llm-proxy-auth.yaml', configuration({ auth: undefined, servr: {}, instances: { main: { provider: 'nobody' } } }));
    const ended = await place.run(start());
    refused(ended, /servr/);
    expect(ended.err).toMatch(/auth/);
    expect(ended.err).toMatch(/nobody/);
    expect(ended.err).toMatch(/:1:\d+|1:\d+/);
  });
});

const pinned = { name: '@acme/extra', integrity: `sha512-${'A'.repeat(86)}==` };
const packages: readonly (Case & { readonly source?: string; readonly manifest?: object; readonly ran?: true })[] = [
  { name: 'missing', text: () => withExtra('@acme/absent'), words: /@acme\/absent[\s\S]*npm install/ },
  { name: 'another api', text: withExtra, manifest: { llmProxyAuth: { api: 99, kinds: ['auth:extra'] } }, words: /@acme\/extra[\s\S]*api/ },
  { name: 'no manifest', text: withExtra, manifest: { llmProxyAuth: undefined }, words: /llmProxyAuth/ },
  { name: 'engines that are not ours', text: withExtra, manifest: { engines: { node: '>=99' } }, words: /99/ },
  { name: 'tampered', text: () => withExtra(pinned), words: /integrity|sha512/ },
  {
    name: 'a kind that its manifest does not name',
    text: withExtra,
    manifest: { llmProxyAuth: { api: 1, kinds: ['auth:other'] } },
    words: /extra|other/,
    ran: true,
  },
  { name: 'throwing while it is imported', text: withExtra, source: 'throw new Error("no luck");', words: /@acme\/extra[\s\S]*no luck/, ran: true },
  { name: 'not even JavaScript', text: withExtra, source: 'export default {', words: /@acme\/extra/ },
  { name: 'exporting nothing', text: withExtra, source: 'export const x = 1;', words: /@acme\/extra/, ran: true },
  { name: 'throwing when it is created', text: withExtra, source: creating('() => { throw new Error("no luck"); }'), words: /extra[\s\S]*no luck/, ran: true },
  { name: 'creating something else', text: withExtra, source: creating('() => ({})'), words: /extra/, ran: true },
  { name: 'a path for a name', text: () => withExtra('../extra'), words: /\.\.\/extra/ },
  { name: 'a URL for a name', text: () => withExtra('data:text/javascript,1'), words: /data:/ },
  { name: 'a module of Node for a name', text: () => withExtra('node:fs'), words: /node:fs/ },
  { name: 'a local file without the flag', text: () => withExtra('./extra.mjs'), words: /allow-local-plugins/ },
];
describe('a plugin that is not right ends the start with 78', () => {
  test.each(packages)('$name', async ({ text, words, source = GOOD, manifest = {}, ran }) => {
    place.plugin('@acme/extra', CANARY + source, manifest);
    place.write('extra.mjs', CANARY);
    place.write('llm-proxy-auth.yaml', text());
    refused(await place.run(start()), words);
    expect(existsSync(join(place.folder, 'canary'))).toBe(ran === true);
  });
  test.each([
    ['imported', `${HANGS};\n${GOOD}`],
    ['created', creating(`async () => { ${HANGS}; }`)],
  ])('hanging while it is %s: the start waits 30 s and no longer', async (_when, source) => {
    place.plugin('@acme/extra', source);
    place.write('llm-proxy-auth.yaml', withExtra());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const hangs = new Promise<void>((resolve) => {
      process.once(HANGING, resolve);
    });
    let ended: Ended | undefined;
    const started = place.run(start()).then((e) => {
      ended = e;
      return e;
    });
    await Promise.race([hangs, started]);
    // The other plugins take the time that they need: the clock goes on when only this one is waited for.
    while (vi.getTimerCount() > 1) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(29_999);
    expect(ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    refused(await started, /extra/);
  });
  test('the same package, unspoilt, starts as far as the port: the failures above are its own', async () => {
    place.plugin('@acme/extra', GOOD);
    place.write('llm-proxy-auth.yaml', withExtra());
    const { code, err } = await place.run(['check', '--plugin-root', place.folder, '--json']);
    expect([code, err]).toEqual([0, '']);
  });
});

describe('as a process', () => {
  const spawned = (words: readonly string[]): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--conditions=@llm-proxy-auth/source', MAIN, ...words], {
        cwd: place.folder,
        env: { PATH: process.env.PATH ?? '' },
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (piece: Buffer) => {
        out += piece.toString();
      });
      child.stderr.on('data', (piece: Buffer) => {
        err += piece.toString();
      });
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? -1, out, err: err.replaceAll(/^.*ExperimentalWarning.*$|^\(Use `node.*$/gm, '') }));
    });
  test.each([
    ['no auth', () => configuration({ auth: undefined }), /auth/],
    ['an unknown key', () => configuration({ servr: {} }), /servr[\s\S]*server/],
    ['a plugin that throws', withExtra, /@acme\/extra[\s\S]*no luck/],
  ])('%s: exit code 78', async (_name, text, words) => {
    place.plugin('@acme/extra', 'throw new Error("no luck");');
    place.write('llm-proxy-auth.yaml', text());
    refused(await spawned(start()), words);
  });
});
