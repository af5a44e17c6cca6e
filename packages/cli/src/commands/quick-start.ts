import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Graph, startGateway } from '@llm-proxy-auth/core';
import type { Principal } from '@llm-proxy-auth/plugin';
import type { OciSimulator, Simulator } from '@llm-proxy-auth/simulators';
import { ACCOUNTS, type Account } from '../accounts.ts';
import { parse, UsageError } from '../arguments.ts';
import type { Command } from '../commands.ts';
import type { Terminal } from '../terminal.ts';
import { serve } from './start.ts';

/** A provider of the quick start: its stand-in, and where a real account is described in the environment. */
interface Stand extends Account {
  readonly simulate: (key: string) => Promise<Simulator>;
  /** Everything of the vendor in the environment; a simulated instance sees none of it. */
  readonly variables: RegExp;
  /** Variable that moves the vendor's API elsewhere. */
  readonly base: string;
  readonly settings: (simulator: Simulator, key: string) => Readonly<Record<string, unknown>>;
  readonly model: string;
}
/** Key id of the simulated account. */
const AWS_KEY_ID = 'AKIDQUICKSTART';
/** Project of the simulated account. */
const WATSONX_PROJECT = 'quick-start';
/** Project of the simulated account. */
const GOOGLE_PROJECT = 'quick-start';
const STANDS: Readonly<Record<string, Stand>> = Object.freeze({
  openai: {
    ...ACCOUNTS.openai,
    // Loaded by nobody else: a gateway that serves holds no stand-ins in memory.
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).openaiSimulator({ keys: [key] }),
    variables: /^OPENAI_/,
    base: 'OPENAI_BASE_URL',
    settings: (simulator, key) => ({ baseUrl: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'gpt-4o-mini',
  },
  anthropic: {
    ...ACCOUNTS.anthropic,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).anthropicSimulator({ keys: [key] }),
    variables: /^ANTHROPIC_/,
    base: 'ANTHROPIC_BASE_URL',
    settings: (simulator, key) => ({ baseUrl: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'claude-sonnet-4-6',
  },
  azure: {
    ...ACCOUNTS.azure,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).azureSimulator({ keys: [key] }),
    variables: /^(?:AZURE_|OPENAI_API_VERSION$|IDENTITY_(?:ENDPOINT|HEADER)$)/,
    base: 'AZURE_OPENAI_ENDPOINT',
    settings: (simulator, key) => ({ endpoint: simulator.url, apiKey: key, insecureUpstream: true }),
    model: 'gpt-4.1-mini',
  },
  bedrock: {
    ...ACCOUNTS.bedrock,
    simulate: async (secretAccessKey) => {
      const { awsCredentials, bedrockSimulator } = await import('@llm-proxy-auth/simulators');
      const arn = 'arn:aws:iam::123456789012:user/quick-start';
      return bedrockSimulator({ credentials: awsCredentials({ known: [{ accessKeyId: AWS_KEY_ID, secretAccessKey, arn }] }) });
    },
    variables: /^AWS_/,
    base: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
    settings: (simulator, secretAccessKey) => ({
      baseUrl: simulator.url,
      credentials: { type: 'static', accessKeyId: AWS_KEY_ID, secretAccessKey },
      insecureUpstream: true,
    }),
    model: 'amazon.nova-lite-v1:0',
  },
  vertex: {
    ...ACCOUNTS.vertex,
    simulate: async (token) => {
      const { googleAccounts, vertexSimulator } = await import('@llm-proxy-auth/simulators');
      const accounts = googleAccounts({ known: { [token]: `quick-start@${GOOGLE_PROJECT}.iam.gserviceaccount.com` } });
      return vertexSimulator({ accounts, project: GOOGLE_PROJECT });
    },
    variables: /^GOOGLE_/,
    base: 'GOOGLE_VERTEX_BASE_URL',
    settings: (simulator, token) => ({
      baseUrl: simulator.url,
      project: GOOGLE_PROJECT,
      location: 'us-central1',
      credentials: { type: 'token', token },
      insecureUpstream: true,
    }),
    model: 'gemini-2.5-flash',
  },
  watsonx: {
    ...ACCOUNTS.watsonx,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).watsonxSimulator({ apiKeys: [key], projects: [WATSONX_PROJECT] }),
    variables: /^WATSONX_/,
    base: 'WATSONX_AI_URL',
    settings: (simulator, key) => ({
      baseUrl: simulator.url,
      projectId: WATSONX_PROJECT,
      apiKey: key,
      credentials: { iamUrl: simulator.url },
      insecureUpstream: true,
    }),
    model: 'ibm/granite-3-3-8b-instruct',
  },
  oci: {
    ...ACCOUNTS.oci,
    simulate: async (key) => (await import('@llm-proxy-auth/simulators')).ociSimulator({ apiKeys: [key] }),
    variables: /^OCI_/,
    // No variable moves the API of OCI.
    base: '',
    settings: (simulator) => {
      const { url, user, compartment } = simulator as OciSimulator;
      return { baseUrl: url, region: 'us-chicago-1', compartmentId: compartment, credentials: { type: 'api-key', ...user }, insecureUpstream: true };
    },
    model: 'meta.llama-3.3-70b-instruct',
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

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/;
/** A real account is described by the vendor's own variables; a server on this machine may be reached without TLS. */
const liveSettings = (stand: Stand, env: Terminal['env']): Readonly<Record<string, unknown>> =>
  LOOPBACK.test(env[stand.base] ?? '') ? { insecureUpstream: true } : {};

type Simulated = ReadonlyMap<string, { readonly simulator: Simulator; readonly key: string }>;
/** The configuration as JSON, which is YAML. */
const configurationOf = (folder: string, simulated: Simulated, env: Terminal['env']): string => {
  const instances = Object.entries(STANDS).map(([name, stand]) => {
    const stood = simulated.get(name);
    return [name, { provider: name, ...(stood === undefined ? liveSettings(stand, env) : stand.settings(stood.simulator, stood.key)) }];
  });
  return JSON.stringify({
    plugins: [...new Set([...Object.values(STANDS).flatMap((s) => s.plugins), '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'])],
    // Nobody balances load over a machine to try things on: Ctrl-C ends it when the open answers have ended.
    server: { drain: { delay: '0ms', deadline: '5s' } },
    ops: { port: 0 },
    store: { use: 'sqlite', path: join(folder, 'store.db') },
    auth: [{ use: 'api-key', pepper: '${file:pepper}' }],
    instances: Object.fromEntries(instances),
    models: Object.entries(STANDS).map(([name, stand]) => ({ name: stand.model, targets: [{ instance: name, model: stand.model }] })),
  });
};

/** The key is made once; the store knows it, the file keeps it for the next start. One that the store does not know is made anew. */
const keyOf = async (folder: string, graph: Graph): Promise<string> => {
  const file = join(folder, 'key');
  const run = async (name: string, input: object): Promise<unknown> => {
    const entry = graph.admin.find((a) => a.operation.name === name);
    if (entry === undefined) throw new Error(`The key plugin brings no ${name}.`);
    return entry.operation.run(input, OPERATOR, entry.host);
  };
  const kept = readSecret(file);
  const listed = (await run('keys.list', {})) as { readonly keys: readonly { readonly id: string; readonly status: string }[] };
  if (kept !== undefined && listed.keys.some(({ id, status }) => status === 'active' && kept.startsWith(`lpa_${id}_`))) return kept;
  const made = (await run('keys.create', { name: `quick-start-${randomBytes(4).toString('hex')}`, scopes: ['explain', 'metrics'] })) as { key: string };
  return writeSecret(file, made.key);
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
    const simulated = new Map<string, { simulator: Simulator; key: string }>();
    for (const [name, stand] of Object.entries(STANDS)) {
      if (live.has(name)) continue;
      const key = `sk-simulated-${randomBytes(16).toString('hex')}`;
      simulated.set(name, { simulator: await stand.simulate(key), key });
    }
    const unused = Object.entries(STANDS).flatMap(([name, stand]) => (live.has(name) ? [] : [stand]));
    const env = Object.fromEntries(Object.entries(terminal.env).filter(([name]) => !unused.some((stand) => stand.variables.test(name))));
    try {
      const running = await startGateway({
        text: configurationOf(folder, simulated, env),
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
      const found = unused.flatMap((stand) => stand.credentials).filter((name) => (terminal.env[name] ?? '') !== '');
      announce(terminal, running.urls.server, key, live, found);
      return await served;
    } finally {
      await Promise.all([...simulated.values()].map(({ simulator }) => simulator.close()));
    }
  },
};
