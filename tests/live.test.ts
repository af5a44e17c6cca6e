import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeAll, STANDS, simulate } from '../packages/cli/src/stands.ts';
import { askedOf, live } from '../scripts/live/run.ts';
import { bareEnvironment, run } from './support/process.ts';

const LONG_MS = 300_000;
const PROVIDERS = Object.keys(STANDS);
let simulated: Awaited<ReturnType<typeof simulate>>;
beforeAll(async () => {
  simulated = await simulate(new Set());
}, LONG_MS);
afterAll(() => closeAll(simulated));
const stoodOf = (name: string) => {
  const stood = simulated.get(name);
  const stand = STANDS[name];
  if (stood === undefined || stand === undefined) throw new Error(`there is no stand-in of ${name}`);
  return { ...stood, ...stand };
};
const pnpmLive = (words: readonly string[], env: Readonly<Record<string, string>>) =>
  run(['--disable-warning=ExperimentalWarning', '--conditions=@llm-proxy-auth/source', 'scripts/live.mjs', ...words], bareEnvironment(env));
/** Cells of the table at the end, by provider. */
const tableOf = (text: string): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    (text.trim().split('\n\n').at(-1) ?? '').split('\n').map((line) => {
      const [name = '', ...cells] = line.trim().split(/ {2,}/);
      return [name, cells];
    }),
  );

const settingsOf = (name: string) => stoodOf(name).settings(stoodOf(name).simulator, stoodOf(name).key);
const TRAITS = ['models', 'chat', 'stream', 'tool', 'error', 'native'];
/** A limit of tokens as each vendor writes it. */
const BOUND = /"(?:max_tokens|max_completion_tokens|maxTokens|maxOutputTokens)":256\b/;

test(
  'every provider shows every trait through the gateway, each request is bounded, and the cost is told',
  async () => {
    const lines: string[] = [];
    const timeouts = { connect: '60s' };
    const settings = Object.fromEntries(PROVIDERS.map((name) => [name, { ...settingsOf(name), timeouts }]));
    const asked = PROVIDERS.map((provider) => ({ provider, model: stoodOf(provider).model }));
    const holds = await live({ asked, settings, env: bareEnvironment(), say: (line) => lines.push(line) });
    const text = lines.join('\n');
    const table = tableOf(text);
    const native = (name: string) => (name === 'watsonx' || name === 'oci' ? '-' : 'ok');
    const expected = PROVIDERS.map((name) => [name, ['ok', 'ok', 'ok', 'ok', 'ok', native(name)]] as const);
    expect(
      PROVIDERS.map((name) => [name, table[name]?.slice(0, TRAITS.length)]),
      text,
    ).toEqual(expected);
    expect([holds, table.provider]).toEqual([true, [...TRAITS, 'USD at most', 'USD']]);
    const [most, cost] = (table.bedrock ?? []).slice(-2).map(Number);
    expect(most).toBeGreaterThan(cost ?? 0);
    expect(cost).toBeGreaterThan(0);
    // Another host than the vendor's own: nobody knows its prices.
    expect(table.openai?.slice(-2)).toEqual(['unknown', 'unknown']);
    for (const name of PROVIDERS) {
      const bodies = stoodOf(name)
        .simulator.requests.map((one) => one.body.toString())
        .filter((body) => /Say hello|weather/.test(body));
      expect(bodies.length, name).toBeGreaterThanOrEqual(3);
      expect(
        bodies.filter((body) => !BOUND.test(body)),
        name,
      ).toEqual([]);
    }
  },
  LONG_MS,
);
test(
  'what fails is told, the rest is tried all the same, and the exit code is 1',
  async () => {
    const { simulator, key } = stoodOf('openai');
    simulator.script({ when: (one) => one.body.includes('"stream":true'), status: 500 });
    const it = pnpmLive(['openai'], { OPENAI_API_KEY: key, OPENAI_BASE_URL: simulator.url });
    expect([await it.ended, tableOf(it.out()).openai?.slice(0, TRAITS.length)], it.out() + it.err()).toEqual([1, ['ok', 'ok', 'FAILED', 'ok', 'ok', 'ok']]);
  },
  LONG_MS,
);
test(
  'the accounts are those of the environment, and a model may be named',
  async () => {
    const { simulator, key } = stoodOf('anthropic');
    const it = pnpmLive(['anthropic=claude-haiku-4-5'], { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: simulator.url, OPENAI_API_KEY: 'not named' });
    expect([await it.ended, Object.keys(tableOf(it.out()))], it.out() + it.err()).toEqual([0, ['provider', 'anthropic']]);
    expect(it.out()).toContain('anthropic: claude-haiku-4-5, 4 answers of at most 256 tokens');
  },
  LONG_MS,
);

test.each<readonly [string, readonly string[], Readonly<Record<string, string>>, string]>([
  ['no provider is named', [], { OPENAI_API_KEY: 'k' }, 'no provider is named'],
  ['the environment has no credentials', ['openai', 'bedrock'], { OPENAI_API_KEY: '' }, 'the environment has no credentials for openai, bedrock'],
  ['one of two has none', ['openai', 'bedrock'], { OPENAI_API_KEY: 'k' }, 'the environment has no credentials for bedrock'],
  ['a provider is not known', ['opnai'], { OPENAI_API_KEY: 'k' }, '"opnai" is no provider'],
  ['a provider is named twice', ['openai', 'openai=gpt-4o'], { OPENAI_API_KEY: 'k' }, 'a provider is named twice'],
])('nothing is called when %s', (_title, words, env, why) => {
  const line = askedOf(words, env);
  expect(line).toMatch(`Nothing was called: ${why}.`);
  expect(line).toMatch(/^[^\n]*openai OPENAI_API_KEY; anthropic ANTHROPIC_API_KEY; azure AZURE_OPENAI_API_KEY or [^\n]*; oci OCI_[^\n]*$/);
});
test('an account that is described in part is a line, not a trace', async () => {
  const it = pnpmLive(['azure'], { AZURE_OPENAI_API_KEY: 'k' });
  expect([await it.ended, it.err()]).toEqual([1, expect.stringMatching(/^.*azure.*endpoint.*\n(?! +at )/)]);
});
test('pnpm test:live without a name is one line and exit code 2', async () => {
  const it = pnpmLive([], { OPENAI_API_KEY: 'k' });
  expect([await it.ended, it.out(), it.err().trim().split('\n')]).toEqual([2, '', [expect.stringContaining('Nothing was called')]]);
});
