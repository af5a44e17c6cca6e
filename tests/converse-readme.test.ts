import { readFileSync } from 'node:fs';
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({ vendor: 'bedrock' });
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => bench.close());

const page = readFileSync(new URL('../plugins/dialect-converse/README.md', import.meta.url), 'utf8');
const [, example = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
/** The example of the page as it stands, but for where the gateway is. */
const run = async (): Promise<string> => {
  const source = example.replace(/^import .*$/m, '').replace('http://127.0.0.1:8080/converse/bedrock_main', `${bench.url}/converse/main`);
  const AsyncFunction = (async () => undefined).constructor as new (...args: string[]) => (...args: unknown[]) => Promise<void>;
  let said = '';
  const process = { env: { LPA_KEY: bench.key }, stdout: { write: (text: string) => (said += text) } };
  await new AsyncFunction('BedrockRuntimeClient', 'ConverseStreamCommand', 'process', source)(BedrockRuntimeClient, ConverseStreamCommand, process);
  return said;
};

test.each([
  ['no keys of AWS', undefined],
  ['keys of AWS', 'AKIAIOSFODNN7EXAMPLE'],
])('the example of the page speaks with %s in the environment', async (_name, key) => {
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  for (const name of ['AWS_PROFILE', 'AWS_BEARER_TOKEN_BEDROCK']) vi.stubEnv(name, undefined);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, key);
  expect(await run()).toBe('You said: Hello');
});
