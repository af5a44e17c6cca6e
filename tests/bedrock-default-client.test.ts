import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openSigning, type SigningBench } from './support/signing.ts';

const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
let bench: SigningBench['bench'];
let pair: SigningBench['pair'];
beforeAll(async () => {
  ({ bench, pair } = await openSigning());
});
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  bench.simulator.clear();
});
afterAll(() => bench.close());

/** All that an application sets: the region, the address of the gateway, and who it is. */
const known: readonly (readonly [string, string, () => Readonly<Record<string, string>>])[] = [
  ['a key of the gateway as AWS_BEARER_TOKEN_BEDROCK', 'key:k1', () => ({ AWS_BEARER_TOKEN_BEDROCK: bench.key })],
  [
    'a signing key of the gateway as AWS_ACCESS_KEY_ID',
    'awskey:ci',
    () => ({ AWS_ACCESS_KEY_ID: pair.accessKeyId, AWS_SECRET_ACCESS_KEY: pair.secretAccessKey }),
  ],
];
const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
const body = JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] });
const caller = (): unknown => bench.lines.findLast((line) => line.msg === 'request')?.principal;

describe.each(known)('new BedrockRuntimeClient({}) with %s', (_name, principal, environment) => {
  /** Nothing is given in code, so that the SDK chooses its scheme and its HTTP/2 by itself. */
  const open = (mode: string): BedrockRuntimeClient => {
    const all = { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: `${bench.url}/${mode}/main`, ...environment() };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
    const client = new BedrockRuntimeClient({});
    expect(client.config.requestHandler.metadata?.handlerProtocol).toBe('h2');
    return client;
  };
  test.each(['transparent', 'converse'])('below /%s: Converse and ConverseStream', async (mode) => {
    const client = open(mode);
    const whole = await client.send(new ConverseCommand({ modelId: MODEL, messages }));
    expect(whole.output?.message?.content).toEqual([{ text: 'You said: Hello' }]);
    let said = '';
    for await (const event of (await client.send(new ConverseStreamCommand({ modelId: MODEL, messages }))).stream ?? [])
      said += event.contentBlockDelta?.delta?.text ?? '';
    expect([said, caller()]).toEqual(['You said: Hello', principal]);
    expect(bench.simulator.requests.filter(({ method }) => method === 'POST').map(({ target }) => target)).toEqual([
      `/model/${encodeURIComponent(MODEL)}/converse`,
      `/model/${encodeURIComponent(MODEL)}/converse-stream`,
    ]);
    client.destroy();
  });
  test('below /transparent: InvokeModel, whole and streamed', async () => {
    const client = open('transparent');
    const whole = await client.send(new InvokeModelCommand({ modelId: MODEL, contentType: 'application/json', body }));
    expect(JSON.parse(whole.body.transformToString())).toMatchObject({ content: [{ type: 'text', text: 'You said: Hello' }] });
    let said = '';
    for await (const { chunk } of (await client.send(new InvokeModelWithResponseStreamCommand({ modelId: MODEL, contentType: 'application/json', body })))
      .body ?? [])
      said += JSON.parse(Buffer.from(chunk?.bytes ?? []).toString()).delta?.text ?? '';
    expect([said, caller()]).toEqual(['You said: Hello', principal]);
    client.destroy();
  });
  test('below /converse: InvokeModel is an operation that is not there', async () => {
    const client = open('converse');
    await expect(client.send(new InvokeModelCommand({ modelId: MODEL, contentType: 'application/json', body }))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      $metadata: { httpStatusCode: 404 },
    });
    client.destroy();
  });
});
