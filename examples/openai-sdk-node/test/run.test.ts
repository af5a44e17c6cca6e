import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openaiSimulator } from '@llm-proxy-auth/simulators';
import { expect, it, onTestFinished } from 'vitest';
import { startSwept } from '../../../tests/support/swept.ts';

const KEY = '0123456789abcdef0123456789abcdef01234567';
const PROVIDER_KEY = 'sk-provider-0123456789abcdef';

it('chats, streams, runs a tool and embeds with nothing but the SDK’s own variables', async () => {
  const simulator = await openaiSimulator({ keys: [PROVIDER_KEY] });
  onTestFinished(() => simulator.close());
  const configuration = {
    plugins: ['@llm-proxy-auth/dialect-openai', '@llm-proxy-auth/provider-openai', '@llm-proxy-auth/auth-api-key', '@llm-proxy-auth/store-sqlite'],
    server: { port: 0 },
    ops: { port: 0 },
    store: { use: 'sqlite', path: ':memory:' },
    auth: [{ use: 'api-key', keys: [{ name: 'example', key: KEY }] }],
    instances: { main: { provider: 'openai', baseUrl: simulator.url, apiKey: PROVIDER_KEY, insecureUpstream: true } },
  };
  const folder = fileURLToPath(new URL('..', import.meta.url));
  const gateway = await startSwept({
    text: JSON.stringify(configuration),
    folder,
  });
  onTestFinished(() => gateway.close());

  const env = { PATH: process.env.PATH, OPENAI_BASE_URL: `${gateway.urls.server}/openai/main/v1`, OPENAI_API_KEY: KEY };
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../src/index.ts', import.meta.url))], { env });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^chat: .*rainbow/);
  expect(lines[1]).toMatch(/^stream: .*Count to five/);
  expect(lines[2]).toMatch(/^tools: It is sunny in Paris\. .*sunny/);
  expect(lines[3]).toBe('embeddings: 2 vectors of 1536 numbers');
});
