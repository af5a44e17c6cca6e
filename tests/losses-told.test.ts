import Anthropic from '@anthropic-ai/sdk';
import { anthropicSimulator, bedrockSimulator, exampleCredential, type Simulator } from '@llm-proxy-auth/simulators';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Bench, openBench, PROVIDER_KEY } from './support/gateway.ts';

const CLAUDE = 'claude-sonnet-4-6';
const PLUGINS = ['dialect-anthropic', 'dialect-converse', 'dialect-gemini', 'provider-anthropic', 'provider-bedrock'].map((name) => `@llm-proxy-auth/${name}`);
let anthropic: Simulator;
let aws: Simulator;
let bench: Bench;
beforeAll(async () => {
  anthropic = await anthropicSimulator({ keys: [PROVIDER_KEY] });
  aws = await bedrockSimulator({});
  const { accessKeyId, secretAccessKey } = exampleCredential;
  bench = await openBench({
    plugins: PLUGINS,
    instances: {
      claude: { provider: 'anthropic', baseUrl: anthropic.url, insecureUpstream: true, apiKey: PROVIDER_KEY },
      aws: {
        provider: 'bedrock',
        region: 'us-east-1',
        baseUrl: aws.url,
        insecureUpstream: true,
        credentials: { type: 'static', accessKeyId, secretAccessKey },
      },
    },
    sections: {
      retry: { attempts: 1 },
      models: [
        {
          name: 'two',
          targets: [
            { instance: 'main', model: 'gpt-4o-mini' },
            { instance: 'claude', model: CLAUDE },
          ],
        },
      ],
    },
  });
});
beforeEach(() => {
  for (const simulator of [anthropic, aws, bench.simulator]) simulator.clear();
});
afterAll(async () => {
  await bench.close();
  await anthropic.close();
  await aws.close();
});

const ask = async (path: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(bench.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const notes = answer.headers.get('x-lpa-fidelity')?.split(',') ?? [];
  return { status: answer.status, code: answer.headers.get('x-lpa-code'), instance: answer.headers.get('x-lpa-instance'), notes, text: await answer.text() };
};
const MESSAGES = [{ role: 'user', content: 'x' }];

describe('after a fallback', () => {
  test('nothing is told of what the abandoned target would have lost', async () => {
    const asked = { model: 'two', max_tokens: 50, top_k: 5, messages: MESSAGES };
    expect((await ask('/anthropic/v1/messages', asked)).notes).toContain('ignored=top_k');
    bench.simulator.script({ status: 429 });
    const { status, instance, notes } = await ask('/anthropic/v1/messages', asked);
    expect([status, instance, notes]).toEqual([200, 'claude', []]);
    expect(anthropic.requests.at(-1)?.json()).toMatchObject({ model: CLAUDE, top_k: 5 });
  });
});

describe('parameters that SDKs send as headers', () => {
  const NOVA = 'us.amazon.nova-lite-v1:0';
  const sent = (name: 'claude' | 'aws' | 'main', headers: Readonly<Record<string, string>> = {}) =>
    new Anthropic({ baseURL: `${bench.url}/anthropic/${name}`, apiKey: bench.key, maxRetries: 0 }).messages
      .create(
        {
          model: { claude: CLAUDE, aws: NOVA, main: 'gpt-4o-mini' }[name],
          max_tokens: 50,
          messages: [{ role: 'user', content: 'x' }],
          user_profile_id: 'uprof_1',
          workspace_id: 'wrkspc_1',
        },
        { headers },
      )
      .withResponse();
  test('whom a call is for reaches Anthropic, whose workspace it is stays ours and is told', async () => {
    const { response } = await sent('claude');
    expect(response.headers.get('x-lpa-fidelity')).toBe('ignored=workspace_id');
    const asked = anthropic.requests.at(-1);
    expect([asked?.header('anthropic-user-profile-id'), asked?.header('anthropic-workspace-id')]).toEqual(['uprof_1', undefined]);
  });
  test.each(['main', 'aws'] as const)('both are told of %s', async (name) => {
    const { response } = await sent(name);
    expect(response.headers.get('x-lpa-fidelity')?.split(',')).toEqual(expect.arrayContaining(['ignored=user_profile_id', 'ignored=workspace_id']));
  });
  test.each([
    ['claude', 'workspace_id'],
    ['main', 'user_profile_id'],
    ['aws', 'user_profile_id'],
  ] as const)('none is lost at %s where nothing may be', async (name, param) => {
    const refused = await sent(name, { 'x-lpa-fidelity': 'reject' }).catch((cause: unknown) => cause);
    expect(refused).toMatchObject({ status: 400, message: expect.stringContaining(param) });
  });
  test('betas and keys of repetition of OpenAI’s clients pass to it and are told elsewhere', async () => {
    const headers = { 'openai-beta': 'x=1', 'idempotency-key': 'k1' };
    const own = await ask('/openai/main/v1/chat/completions', { model: 'gpt-4o-mini', messages: MESSAGES }, headers);
    expect(own.notes).toEqual([]);
    expect(bench.simulator.requests.at(-1)?.header('openai-beta')).toBe('x=1');
    const other = await ask('/openai/claude/v1/chat/completions', { model: CLAUDE, messages: MESSAGES, max_completion_tokens: 9 }, headers);
    expect(other.notes).toEqual(expect.arrayContaining(['ignored=openai-beta', 'ignored=idempotency-key']));
  });
});
