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
