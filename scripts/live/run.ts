// A gateway of its own before real accounts, a few calls through it, and what they showed and cost.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { knownOf, type Running, startGateway } from '@llm-proxy-auth/core';
import { operate } from '../../packages/cli/src/operator.ts';
import { configurationOf, STANDS } from '../../packages/cli/src/stands.ts';
import { table } from '../../packages/cli/src/terminal.ts';
import { MOST_INPUT, MOST_OUTPUT, paidOf, TRAITS } from './traits.ts';

type Environment = Readonly<Record<string, string | undefined>>;
export interface Asked {
  readonly provider: string;
  readonly model: string;
}
export interface Wanted {
  readonly asked: readonly Asked[];
  readonly env: Environment;
  readonly say: (line: string) => void;
  /** More settings of an instance, by provider: those that no variable has. */
  readonly settings?: Readonly<Record<string, object>>;
}
const credentialsOf = (provider: string): readonly string[] => STANDS[provider]?.credentials ?? [];
const READ = Object.keys(STANDS)
  .map((name) => `${name} ${credentialsOf(name).join(' or ')}`)
  .join('; ');

/** What the words of the command ask for; a line that says why not, when they cannot be done with this environment. */
export const askedOf = (words: readonly string[], env: Environment): readonly Asked[] | string => {
  const asked = words.map((word) => {
    const [provider = '', ...model] = word.split('=');
    return { provider, model: model.join('=') || (Object.hasOwn(STANDS, provider) ? (STANDS[provider]?.model ?? '') : '') };
  });
  const names = asked.map(({ provider }) => provider);
  const has = (name: string) => credentialsOf(name).some((variable) => (env[variable] ?? '') !== '');
  const unknown = names.find((name) => !Object.hasOwn(STANDS, name));
  const without = names.filter((name) => !has(name));
  const why =
    (names.length === 0 && 'no provider is named') ||
    (unknown !== undefined && `"${unknown}" is no provider`) ||
    (new Set(names).size < names.length && 'a provider is named twice') ||
    (without.length > 0 && `the environment has no credentials for ${without.join(', ')}`);
  return why ? `Nothing was called: ${why}. pnpm test:live PROVIDER[=MODEL] … reads ${READ}` : asked;
};

const open = async (folder: string, { asked, env, settings = {} }: Wanted): Promise<Running> => {
  writeFileSync(join(folder, 'pepper'), randomBytes(32).toString('hex'), { mode: 0o600 });
  const { models: _models, instances, server, ...sections } = configurationOf(folder, new Map(), env);
  const plugins = asked.flatMap(({ provider }) => STANDS[provider]?.plugins ?? []);
  const configuration = {
    ...sections,
    // The OpenAI SDK asks all of them.
    plugins: [...new Set(['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite', ...plugins])],
    server: { ...server, port: 0 },
    retry: { attempts: 1 },
    // One caller is no overload, however busy the machine is with others.
    limits: { eventLoopDelay: '60s' },
    // Azure's models are the deployments that are named.
    instances: Object.fromEntries(
      asked.map(({ provider: name, model }) => [
        name,
        { ...instances[name], ...settings[name], ...(name === 'azure' ? { deployments: { [model]: model } } : {}) },
      ]),
    ),
  };
  return startGateway({
    text: JSON.stringify(configuration),
    folder,
    env,
    allowLocalPlugins: false,
    pluginRoots: [process.cwd()],
    destination: { write: () => undefined },
  });
};
/** USD that the calls of one provider cost at most; undefined: nobody here knows its prices. */
const mostOf = ({ graph }: Running, { provider, model }: Asked): number | undefined => {
  const instance = graph.instances.get(provider);
  const price = instance === undefined ? undefined : knownOf(instance, model).price;
  return price === undefined ? undefined : (paidOf(provider) * (MOST_INPUT * price.input + MOST_OUTPUT * price.output)) / 1_000_000;
};
const usd = (amount: number | undefined): string => (amount === undefined ? 'unknown' : amount.toFixed(6));

/** Tries everything of a provider; what each trait came to. */
const tried = async (running: Running, key: string, one: Asked, say: Wanted['say']): Promise<readonly string[]> => {
  const cells: string[] = [];
  for (const [name, traitOf] of Object.entries(TRAITS)) {
    const trait = traitOf(one.provider);
    const since = performance.now();
    const [cell = '', seen] =
      trait === undefined
        ? ['-', 'not tried here']
        : await trait({ url: running.urls.server, key, ...one }).then(
            (text) => ['ok', text],
            (error: unknown) => ['FAILED', error instanceof Error ? error.message : String(error)],
          );
    cells.push(cell);
    say(`  ${cell.padEnd(6)} ${name.padEnd(6)} ${seen} (${Math.round(performance.now() - since)} ms)`);
  }
  return cells;
};
const reported = async (running: Running, { asked, say }: Wanted): Promise<boolean> => {
  const { key } = await operate<{ readonly key: string }>(running.graph, 'keys.create', { name: 'live' });
  const results: { readonly one: Asked; readonly cells: readonly string[]; readonly most: number | undefined }[] = [];
  for (const one of asked) {
    const most = mostOf(running, one);
    say(`${one.provider}: ${one.model}, ${paidOf(one.provider)} answers of at most ${MOST_OUTPUT} tokens, at most ${usd(most)} USD`);
    results.push({ one, most, cells: await tried(running, key, one, say) });
  }
  await running.audit.flush();
  const { rows } = await operate<{ readonly rows: readonly { readonly instance: string; readonly cost: number }[] }>(running.graph, 'usage.list', {
    by: ['instance'],
  });
  const costOf = ({ one, most }: (typeof results)[number]) => (most === undefined ? undefined : rows.find(({ instance }) => instance === one.provider)?.cost);
  say('');
  const lines = results.map((result) => [result.one.provider, ...result.cells, usd(result.most), usd(costOf(result))]);
  say(table([['provider', ...Object.keys(TRAITS), 'USD at most', 'USD'], ...lines]).trimEnd());
  return results.every(({ cells }) => !cells.includes('FAILED'));
};

/** Calls the providers that are named; true when everything that was tried went well. */
export const live = async (wanted: Wanted): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), 'lpa-live-'));
  try {
    const running = await open(folder, wanted);
    try {
      return await reported(running, wanted);
    } finally {
      await running.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
