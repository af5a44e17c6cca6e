import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../packages/cli/src/index.ts';

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
/** A folder to run commands in, with its own configuration and its own installed packages. */
export interface Shell {
  readonly folder: string;
  write(path: string, text: string): string;
  /** Installs a package; `source` is its index.js. */
  plugin(name: string, source: string, manifest?: object): void;
  /** Runs one command line in this process and waits for its end. */
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  remove(): void;
}
export const shell = (): Shell => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-shell-'));
  const write = (path: string, text: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    // A relative store would stand where the process was started, and outlive the test.
    writeFileSync(file, text.replace('./store.db', join(folder, 'store.db')));
    return file;
  };
  return {
    folder,
    write,
    plugin(name, source, manifest = {}) {
      const whole = { name, version: '1.0.0', type: 'module', exports: './index.js', llmProxyAuth: { api: 1, kinds: ['auth:extra'] }, ...manifest };
      write(`node_modules/${name}/package.json`, JSON.stringify(whole));
      write(`node_modules/${name}/index.js`, source);
    },
    async run(words, env = {}) {
      let out = '';
      let err = '';
      const said = (text: string): void => {
        out += text;
      };
      const complained = (text: string): void => {
        err += text;
      };
      const nothing = (): void => undefined;
      const terminal = { env, stdout: { write: said, isTTY: false }, stderr: { write: complained }, cwd: () => folder, on: nothing, off: nothing };
      const code = await run(words, terminal);
      return { code, out, err };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
/** A configuration that starts; `changes` replaces its sections, `undefined` removes one. */
export const configuration = (changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'],
    server: { port: 0 },
    ops: { port: 0 },
    limits: { eventLoopDelay: '60s' },
    store: { use: 'sqlite', path: './store.db' },
    auth: [{ use: 'api-key', pepper: 'pepper-canary-0123456789abcdef0123456789' }],
    instances: { main: { provider: 'openai', apiKey: 'sk-canary-0123456789' } },
    ...changes,
  });
