import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Graph, loadGraph, startGateway } from '@llm-proxy-auth/core';
import type { Principal } from '@llm-proxy-auth/plugin';
import { openaiSimulator, type Simulator } from '@llm-proxy-auth/simulators';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import type { Terminal } from '../terminal.ts';
import { serve } from './start.ts';

/** A provider of the quick start: its package, its stand-in, the variables that hold a real credential, and a call that works. */
interface Stand {
  readonly plugins: readonly string[];
  readonly simulate: (key: string) => Promise<Simulator>;
  readonly variables: readonly string[];
  readonly settings: (simulator: Simulator, key: string) => Readonly<Record<string, unknown>>;
  readonly model: string;
}
const STANDS: Readonly<Record<string, Stand>> = Object.freeze({
  openai: {
    plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai'],
    simulate: (key) => openaiSimulator({ keys: [key] }),
    variables: ['OPENAI_API_KEY'],
    settings: (simulator, key) => ({ baseUrl: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'gpt-4o-mini',
  },
});
const OPERATOR: Principal = Object.freeze({
  id: 'quick-start',
  owner: 'quick-start',
  strategy: 'local',
  credential: 'local',
  groups: [],
  scopes: ['admin'],
  factor: 'none',
});
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

const secretFile = (file: string, make: () => string): string => {
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8');
};

/** The configuration as JSON, which is YAML. */
const configurationOf = (
  folder: string,
  live: ReadonlySet<string>,
  simulators: ReadonlyMap<string, { readonly simulator: Simulator; readonly key: string }>,
): string => {
  const instances = Object.entries(STANDS).map(([name, stand]) => {
    const simulated = simulators.get(name);
    return [name, { provider: name, ...(simulated === undefined || live.has(name) ? {} : stand.settings(simulated.simulator, simulated.key)) }];
  });
  return JSON.stringify({
    plugins: [...new Set([...Object.values(STANDS).flatMap((s) => s.plugins), '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'])],
    ops: { port: 0 },
    store: { use: 'sqlite', path: join(folder, 'store.db') },
    auth: [{ use: 'api-key', pepper: '${file:pepper}' }],
    instances: Object.fromEntries(instances),
    models: Object.entries(STANDS).map(([name, stand]) => ({ name: stand.model, targets: [{ instance: name, model: stand.model }] })),
  });
};

/** The key is made once; the store knows it, the file keeps it for the next start. */
const keyOf = async (folder: string, graph: Graph): Promise<string> => {
  const file = join(folder, 'key');
  if (existsSync(file)) return readFileSync(file, 'utf8');
  const create = graph.admin.find((a) => a.operation.name === 'keys.create');
  if (create === undefined) throw new Error('The key plugin brings no keys.create.');
  const made = (await create.operation.run(
    { name: `quick-start-${randomBytes(4).toString('hex')}`, scopes: ['explain', 'metrics'] },
    OPERATOR,
    create.host,
  )) as { key: string };
  return secretFile(file, () => made.key);
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
  usage: 'llm-proxy-auth quick-start [--live NAME,NAME]',
  summary: 'Serves simulated providers on 127.0.0.1:8080 with a key that it prints; --live uses real accounts for those named.',
  example: 'quick-start --live openai',
  async run(words, terminal) {
    const bare = words.find((w, i) => !w.startsWith('-') && words[i - 1] !== '--live');
    if (bare !== undefined) throw new UsageError(`"${bare}" is not understood; options of npm start stand behind two dashes: npm start -- --live ${bare}`);
    const parsed = parse(words, { live: { type: 'string' } }, 0);
    const live = liveOf(parsed.values.live);
    const folder = join(terminal.cwd(), 'data', 'quick-start');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    secretFile(join(folder, 'pepper'), () => randomBytes(32).toString('hex'));
    const simulators = new Map<string, { simulator: Simulator; key: string }>();
    for (const [name, stand] of Object.entries(STANDS)) {
      if (live.has(name)) continue;
      const key = `sk-simulated-${randomBytes(16).toString('hex')}`;
      simulators.set(name, { simulator: await stand.simulate(key), key });
    }
    const variables = Object.entries(STANDS).flatMap(([name, stand]) => (live.has(name) ? [] : stand.variables));
    const env = Object.fromEntries(Object.entries(terminal.env).filter(([name]) => !variables.includes(name)));
    const options = { text: configurationOf(folder, live, simulators), folder, env, allowLocalPlugins: false, pluginRoots: [terminal.cwd()] };
    try {
      const graph = await loadGraph({ ...options, log: QUIET, now: Date.now });
      const key = await keyOf(folder, graph).finally(() => graph.dispose());
      const running = await startGateway(options);
      announce(
        terminal,
        running.urls.server,
        key,
        live,
        variables.filter((v) => terminal.env[v] !== undefined),
      );
      return await serve(running, terminal);
    } finally {
      await Promise.all([...simulators.values()].map(({ simulator }) => simulator.close()));
    }
  },
};
