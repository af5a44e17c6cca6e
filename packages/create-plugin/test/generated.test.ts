import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type PluginFacts, pluginSuite } from '@llm-proxy-auth/contract-tests';
import type { Plugin } from '@llm-proxy-auth/plugin';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSwept } from '../../../tests/support/swept.ts';
import { KINDS, type Kind, run } from '../src/index.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const KEY = '0123456789abcdef0123456789abcdef01234567';
const TOKEN = 'token-of-the-server-0123456789abcdef';
const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});
const empty = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'lpa-create-'));
  roots.push(root);
  return root;
};
const running = async (folder: string, ...words: readonly string[]) => {
  const [output, error] = [new PassThrough(), new PassThrough()];
  const code = await run(words, { folder, input: new PassThrough(), output, error });
  return { code, said: String(output.read() ?? ''), wrong: String(error.read() ?? '') };
};
/** A plugin as the command writes it, where a package manager would put it, with the packages of this workspace beside it. */
const written = async (kind: Kind): Promise<{ readonly root: string; readonly folder: string; readonly name: string }> => {
  const root = empty();
  const name = `@big-corp/${kind}-my-own`;
  const { code, wrong } = await running(root, name, '--kind', kind, '--folder', `node_modules/${name}`, '--yes');
  expect([code, wrong]).toEqual([0, '']);
  const folder = join(root, 'node_modules', name);
  const links = { '@llm-proxy-auth/plugin': 'packages/plugin', '@llm-proxy-auth/contract-tests': 'packages/contract-tests' };
  const tools = { typebox: 'packages/plugin/node_modules/typebox', vitest: 'node_modules/vitest' };
  for (const [link, target] of Object.entries({ ...links, ...tools })) {
    const at = join(folder, 'node_modules', link);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT, target), at, 'dir');
  }
  return { root, folder, name };
};
const of = async <T>(folder: string, path: string): Promise<T> => (await import(pathToFileURL(join(folder, path)).href)) as T;
const made = await Promise.all(
  KINDS.map(async (kind) => {
    const one = await written(kind);
    const { default: plugin } = await of<{ readonly default: Plugin }>(one.folder, 'src/index.ts');
    const { facts } = await of<{ readonly facts: PluginFacts }>(one.folder, 'test/facts.ts');
    return { kind, ...one, plugin, facts };
  }),
);
for (const { plugin, folder, facts } of made) pluginSuite({ describe, it }, { plugin, folder, facts });

const serve = async (kind: Kind, configuration: object) => {
  const { root, name } = made.find((one) => one.kind === kind) ?? { root: '', name: '' };
  const gateway = await startSwept({
    text: JSON.stringify({
      server: { port: 0 },
      ops: { port: 0 },
      limits: { eventLoopDelay: '60s' },
      store: { use: 'sqlite', path: ':memory:' },
      ...configuration,
    }),
    folder: root,
    pluginRoots: [root],
  });
  onTestFinished(() => gateway.close());
  expect(JSON.stringify(configuration)).toContain(name);
  return gateway.urls;
};
interface Answer {
  readonly status: number;
  readonly said: string | undefined;
}
/** One call of OpenAI's chat. */
const chat = async (url: string, headers: Readonly<Record<string, string>>): Promise<Answer> => {
  const answer = await fetch(`${url}/openai/main/v1/chat/completions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  const { choices } = (await answer.json()) as { readonly choices?: readonly { readonly message: { readonly content: string } }[] };
  return { status: answer.status, said: choices?.[0]?.message.content };
};
/** Serves the plugin and asks it once, with this credential. */
const asked = async (kind: Kind, configuration: object, credential: string): Promise<Answer> =>
  chat((await serve(kind, configuration)).server ?? '', { authorization: `Bearer ${credential}` });
/** A server of chats, and the tokens that it was sent. */
const chatServer = async (): Promise<{ readonly url: string; readonly tokens: readonly unknown[] }> => {
  const tokens: unknown[] = [];
  const answer = { id: '1', object: 'chat.completion', created: 1, model: 'gpt-4o', usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello', refusal: null }, logprobs: null, finish_reason: 'stop' }];
  const server = createServer((request, response) => {
    tokens.push(request.headers['x-my-own-token']);
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...answer, choices })));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, tokens };
};
const plugins = (...names: readonly string[]): readonly string[] => ['dialect-openai', 'store-sqlite', ...names].map((name) => `@llm-proxy-auth/${name}`);

it('a provider that was written serves a request, with its own token', async () => {
  const { url, tokens } = await chatServer();
  const answer = await asked(
    'provider',
    {
      plugins: ['@big-corp/provider-my-own', ...plugins('auth-api-key')],
      auth: [{ use: 'api-key', keys: [{ name: 'one', key: KEY }] }],
      instances: { main: { provider: 'my-own', baseUrl: `${url}/v1`, token: TOKEN, insecureUpstream: true } },
    },
    KEY,
  );
  expect([answer, tokens]).toEqual([{ status: 200, said: 'Hello' }, [TOKEN]]);
});
it('a strategy that was written lets in who has a credential of it, and nobody else', async () => {
  const simulator = await openaiSimulator({ keys: [KEY] });
  onTestFinished(() => simulator.close());
  const { issue } = await of<{ issue(name: string, end: number, secret: string): string }>(
    made.find(({ kind }) => kind === 'auth')?.folder ?? '',
    'src/index.ts',
  );
  const configuration = {
    plugins: ['@big-corp/auth-my-own', ...plugins('provider-openai')],
    auth: [{ use: 'my-own', secret: KEY }],
    policies: [{ match: { principal: 'myown:alice' }, allow: {} }],
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: KEY, insecureUpstream: true } },
  };
  const end = Math.floor(Date.now() / 1000) + 60;
  expect(await asked('auth', configuration, issue('alice', end, KEY))).toEqual({ status: 200, said: 'You said: Hello' });
  expect((await asked('auth', configuration, issue('alice', end, 'another secret'))).status).toBe(401);
});
/** A gateway before OpenAI's stand-in, whose callers have keys. */
const before = async (kind: Kind, more: object) => {
  const simulator = await openaiSimulator({ keys: [KEY] });
  onTestFinished(() => simulator.close());
  return serve(kind, {
    plugins: [`@big-corp/${kind}-my-own`, ...plugins('provider-openai', 'auth-api-key')],
    auth: [{ use: 'api-key', keys: [{ name: 'one', key: KEY, scopes: ['admin'] }] }],
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: KEY, insecureUpstream: true } },
    ...more,
  });
};
const bearer = { authorization: `Bearer ${KEY}` };
/** Runs an operation; what it gives. */
const operate = async (url: string, name: string, input: object, headers: Readonly<Record<string, string>> = bearer) => {
  const answer = await fetch(`${url}/admin/v1/${name}`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  return { status: answer.status, output: (await answer.json()) as Readonly<Record<string, string>> };
};
it('a store that was written keeps keys: one that was made lets in until it is revoked', async () => {
  const { server = '', admin = '' } = await before('store', { store: { use: 'my-own' }, admin: { port: 0 } });
  const { output } = await operate(admin, 'keys.create', { name: 'ci' });
  const own = { authorization: `Bearer ${output.key}` };
  expect(await chat(server, own)).toEqual({ status: 200, said: 'You said: Hello' });
  expect((await operate(admin, 'keys.revoke', { key: output.id })).status).toBe(200);
  expect((await chat(server, own)).status).toBe(401);
});
it('a factor that was written lets in who has a code, once', async () => {
  const { server = '', admin = '' } = await before('factor', {
    admin: { port: 0 },
    factor: { use: 'my-own' },
    keyEncryption: { current: 'k1', keys: { k1: `${'a1'.repeat(31)}b2` } },
  });
  const { codeOf } = await of<{ codeOf(secret: Uint8Array, at: number): string }>(made.find(({ kind }) => kind === 'factor')?.folder ?? '', 'src/index.ts');
  const { output } = await operate(admin, 'keys.create', { name: 'ci', totp: true });
  const { secret = '' } = (await operate(admin, 'my-own.enroll', { owner: 'key:ci' })).output;
  const own = { authorization: `Bearer ${output.key}` };
  expect((await chat(server, own)).status).toBe(401);
  const code = codeOf(Buffer.from(secret, 'base64'), Date.now());
  const wrong = `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
  expect((await chat(server, { ...own, 'x-totp-code': wrong })).status).toBe(401);
  // The minute may end in between.
  const answers = [
    await chat(server, { ...own, 'x-totp-code': code }),
    await chat(server, { ...own, 'x-totp-code': codeOf(Buffer.from(secret, 'base64'), Date.now()) }),
  ];
  expect(answers.map(({ status }) => status)).toContain(200);
  expect((await chat(server, { ...own, 'x-totp-code': code })).status).toBe(401);
});
it('a dialect that was written reaches providers of another', async () => {
  const { server = '' } = await before('dialect', {});
  const ask = async (more: object) => {
    const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', text: 'Hello' }], ...more });
    const answer = await fetch(`${server}/my-own/main/talk`, { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' }, body });
    return { status: answer.status, lost: answer.headers.get('x-lpa-fidelity'), text: await answer.text() };
  };
  const whole = await ask({ temperature: 0.5, color: 'red' });
  expect([whole.status, JSON.parse(whole.text)]).toMatchObject([200, { choices: [{ parts: [{ kind: 'text', text: 'You said: Hello' }], finish: 'stop' }] }]);
  expect(whole.lost).toContain('ignored=color');
  const events = (await ask({ stream: true })).text
    .split('\n\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as { readonly type: string; readonly text?: string });
  expect(events.map(({ text = '' }) => text).join('')).toBe('You said: Hello');
  expect(events.at(-1)?.type).toBe('end');
  expect(await ask({ messages: 'Hello' })).toMatchObject({ status: 400, text: expect.stringContaining('messages is a list') });
});
it.each([
  [['--kind', 'auth'], 'The name of the plugin is missing.'],
  [['acme'], '--kind is one of provider, dialect, auth, factor, store.'],
  [['acme', '--kind', 'hook'], '--kind is one of provider, dialect, auth, factor, store.'],
  [['Acme', '--kind', 'auth'], '"Acme" is no name of a plugin'],
  [['acme', 'more', '--kind', 'auth'], '"more" is not understood here.'],
  [['acme', '--kind', 'auth', '--force'], "Unknown option '--force'"],
])('%j is a usage error that writes nothing', async (words, wrong) => {
  const folder = empty();
  const done = await running(folder, ...words);
  expect([done.code, done.said, readdirSync(folder)]).toEqual([2, '', []]);
  expect(done.wrong).toContain(wrong);
});
it('a folder that holds something is left alone', async () => {
  const folder = empty();
  mkdirSync(join(folder, 'auth-acme'));
  writeFileSync(join(folder, 'auth-acme/mine.txt'), 'mine');
  const { code, wrong } = await running(folder, 'acme', '--kind', 'auth', '--yes');
  expect([code, wrong, readdirSync(join(folder, 'auth-acme'))]).toEqual([1, 'auth-acme is not empty; --folder names another.\n', ['mine.txt']]);
});
it('on a terminal it asks first', async () => {
  const folder = empty();
  const [input, output] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()];
  input.write('n\n');
  expect(await run(['acme', '--kind', 'auth'], { folder, input, output, error: new PassThrough() })).toBe(1);
  expect([String(output.read()), existsSync(join(folder, 'auth-acme'))]).toEqual(['Write auth-acme to auth-acme? [Y/n] ', false]);
});
it('help says how', async () => {
  const { code, said } = await running(empty(), '--help');
  expect([code, said.split('\n', 1)[0]]).toEqual([0, 'create-llm-proxy-plugin NAME --kind provider|dialect|auth|factor|store [--folder DIR] [--yes]']);
});
