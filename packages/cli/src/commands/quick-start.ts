import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Graph, startGateway } from '@llm-proxy-auth/core';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import { operate } from '../operator.ts';
import { closeAll, configurationOf, STANDS, simulate, withoutAccounts } from '../stands.ts';
import type { Terminal } from '../terminal.ts';
import { serve } from './start.ts';

/** Written whole or not at all, for its owner alone. */
const writeSecret = (file: string, text: string): string => {
  const half = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(half, text, { mode: 0o600, flag: 'wx' });
  renameSync(half, file);
  return text;
};
const readSecret = (file: string): string | undefined => {
  if (!existsSync(file)) return undefined;
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8');
};

/** The key is made once; the store knows it, the file keeps it for the next start. One that the store does not know is made anew. */
const keyOf = async (folder: string, graph: Graph): Promise<string> => {
  const file = join(folder, 'key');
  const kept = readSecret(file);
  const listed = await operate<{ readonly keys: readonly { readonly id: string; readonly status: string }[] }>(graph, 'keys.list', {});
  if (kept !== undefined && listed.keys.some(({ id, status }) => status === 'active' && kept.startsWith(`lpa_${id}_`))) return kept;
  const name = `quick-start-${randomBytes(4).toString('hex')}`;
  const { key } = await operate<{ readonly key: string }>(graph, 'keys.create', { name, scopes: ['explain', 'metrics'] });
  return writeSecret(file, key);
};

const liveOf = (value: unknown): ReadonlySet<string> => {
  const names = typeof value === 'string' ? value.split(',').filter((n) => n !== '') : [];
  for (const name of names) if (!Object.hasOwn(STANDS, name)) throw new UsageError(`--live knows ${Object.keys(STANDS).join(', ')}, not "${name}".`);
  return new Set(names);
};

const announce = (terminal: Terminal, url: string, key: string, live: ReadonlySet<string>, found: readonly string[]): void => {
  const lines = [
    '',
    `LLM Proxy Auth serves on ${url}`,
    `  providers: ${Object.keys(STANDS)
      .map((n) => `${n} (${live.has(n) ? 'live' : 'simulated'})`)
      .join(', ')}`,
    ...(found.length === 0 ? [] : [`  credentials found, not used: ${found.join(', ')}   (npm start -- --live NAME uses them)`]),
    `  API key:   ${key}`,
    '',
    'Try it:',
    `  curl ${url}/openai/openai/v1/chat/completions -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}'`,
    '',
    'With the OpenAI SDK:',
    `  import OpenAI from 'openai';`,
    `  const client = new OpenAI({ baseURL: '${url}/openai/openai/v1', apiKey: '${key}' });`,
    `  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] });`,
    '  console.log(answer.choices[0].message.content);',
    '',
    'Ctrl-C stops it.',
    '',
  ];
  terminal.stdout.write(`${lines.join('\n')}\n`);
};

export const quickStart: Command = {
  usage: 'llm-proxy-auth quick-start [--live NAME,NAME] [--data DIR]',
  summary:
    'Serves simulated providers on 127.0.0.1:8080 with a key that it prints; --live uses real accounts for those named, --data keeps key and store elsewhere.',
  example: 'quick-start --live openai',
  async run(words, terminal) {
    const bare = words.find((w, i) => !w.startsWith('-') && words[i - 1] !== '--live' && words[i - 1] !== '--data');
    if (bare !== undefined) throw new UsageError(`"${bare}" is not understood; options of npm start stand behind two dashes: npm start -- --live ${bare}`);
    const parsed = parse(words, { live: { type: 'string' }, data: { type: 'string' } }, 0);
    const live = liveOf(parsed.values.live);
    const folder = typeof parsed.values.data === 'string' ? resolve(terminal.cwd(), parsed.values.data) : join(terminal.cwd(), 'data', 'quick-start');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const pepper = join(folder, 'pepper');
    if (readSecret(pepper) === undefined) {
      // Keys that were made with another pepper can never be verified again.
      rmSync(join(folder, 'key'), { force: true });
      writeSecret(pepper, randomBytes(32).toString('hex'));
    }
    const simulated = await simulate(live);
    const env = withoutAccounts(terminal.env, simulated);
    try {
      const running = await startGateway({
        text: JSON.stringify(configurationOf(folder, simulated, env)),
        folder,
        env,
        allowLocalPlugins: false,
        pluginRoots: [terminal.cwd()],
        destination: terminal.stdout,
      });
      const served = serve(running, terminal);
      const key = await keyOf(folder, running.graph).catch(async (error: unknown) => {
        await running.close();
        throw error;
      });
      const found = [...simulated.keys()].flatMap((name) => STANDS[name]?.credentials ?? []).filter((name) => (terminal.env[name] ?? '') !== '');
      announce(terminal, running.urls.server, key, live, found);
      return await served;
    } finally {
      await closeAll(simulated);
    }
  },
};
