import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, type ConverseStreamOutput, CountTokensCommand } from '@aws-sdk/client-bedrock-runtime';
import { type BedrockSimulator, bedrockSimulator, exampleCredential } from '@llm-proxy-auth/simulators';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const NOVA = 'us.amazon.nova-lite-v1:0';
const ARN = `arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/${'a'.repeat(12)}`;
let bench: Bench;
let aws: BedrockSimulator;
beforeAll(async () => {
  aws = await bedrockSimulator({ applicationProfiles: { [ARN.split('/')[1] ?? '']: 'amazon.nova-lite-v1:0' } });
  bench = await openBench({
    plugins: ['@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/provider-bedrock'],
    instances: {
      aws: {
        provider: 'bedrock',
        region: 'us-east-1',
        baseUrl: aws.url,
        insecureUpstream: true,
        credentials: { type: 'static', accessKeyId: exampleCredential.accessKeyId, secretAccessKey: exampleCredential.secretAccessKey },
      },
    },
    sections: { retry: { attempts: 1 }, models: [{ name: 'fast:1', targets: [{ instance: 'main', model: 'gpt-4.1-mini' }] }] },
  });
});
afterEach(() => bench.simulator.clear());
afterAll(async () => {
  await bench.close();
  await aws.close();
});
/** The SDK as it comes: HTTP/2 to the gateway, the key as its bearer token. */
const sdk = (instance: string): BedrockRuntimeClient =>
  new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${bench.url}/converse${instance}`,
    token: { token: bench.key },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
  });
const asked = (modelId: string, text = 'Hello') => ({ modelId, messages: [{ role: 'user' as const, content: [{ text }] }] });
const collect = async (
  client: BedrockRuntimeClient,
  input: ConstructorParameters<typeof ConverseStreamCommand>[0],
): Promise<readonly ConverseStreamOutput[]> => {
  const events: ConverseStreamOutput[] = [];
  for await (const event of (await client.send(new ConverseStreamCommand(input))).stream ?? []) events.push(event);
  return events;
};
const textOf = (events: readonly ConverseStreamOutput[]): string => events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('');

describe('an unmodified AWS SDK reaches a provider of another dialect', () => {
  test('with a whole answer', async () => {
    const got = await sdk('/main').send(new ConverseCommand(asked('gpt-4.1-mini')));
    expect(got.output?.message?.content).toEqual([{ text: 'You said: Hello' }]);
    expect(got.stopReason).toBe('end_turn');
    expect(got.usage?.totalTokens).toBeGreaterThan(0);
  });
  test('with a stream, over HTTP/2', async () => {
    const events = await collect(sdk('/main'), asked('gpt-4.1-mini'));
    expect(textOf(events)).toBe('You said: Hello');
    expect(Object.keys(events[0] ?? {})).toEqual(['messageStart']);
    expect(events.at(-1)?.metadata?.usage?.totalTokens).toBeGreaterThan(0);
    const line = await bench.line((one) => one.route === '/converse/model/{model+}/converse-stream');
    expect(line).toMatchObject({ status: 200, stream: 'complete' });
    expect(sdk('/main').config.requestHandler.metadata?.handlerProtocol).toBe('h2');
  });
  test('with a model name that chooses the provider, its colon encoded', async () => {
    const got = await sdk('').send(new ConverseCommand(asked('fast:1')));
    expect(got.output?.message?.content).toEqual([{ text: 'You said: Hello' }]);
  });
  test('and has its tokens counted', async () => {
    const input = { converse: { messages: asked('m').messages } };
    const counted = await sdk('/main').send(new CountTokensCommand({ modelId: 'gpt-4.1-mini', input }));
    expect(counted.inputTokens).toBeGreaterThan(0);
    expect(bench.simulator.requests.at(-1)?.path).toBe('/v1/responses/input_tokens');
  });
  test('and has an exception for a stream that breaks off behind text, not an end', async () => {
    bench.simulator.script({ rechunk: { size: 200 }, cut: { at: 1400, how: 'rst' } });
    const { stream } = await sdk('/main').send(new ConverseStreamCommand(asked('gpt-4.1-mini', 'write 60 words')));
    const kinds: string[] = [];
    const read = async (): Promise<void> => {
      for await (const event of stream ?? []) kinds.push(Object.keys(event)[0] ?? '');
    };
    await expect(read()).rejects.toMatchObject({ name: 'ModelStreamErrorException' });
    expect([kinds[0], kinds.includes('contentBlockDelta'), kinds.includes('messageStop'), kinds.includes('metadata')]).toEqual([
      'messageStart',
      true,
      false,
      false,
    ]);
  });
  test('and is told its errors by their names', async () => {
    await expect(sdk('').send(new ConverseCommand(asked('nobody:1')))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
    const denied = new BedrockRuntimeClient({
      region: 'us-east-1',
      endpoint: `${bench.url}/converse/main`,
      token: { token: 'lpa_no' },
      authSchemePreference: ['httpBearerAuth'],
      maxAttempts: 1,
    });
    await expect(denied.send(new ConverseCommand(asked('m')))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 401 },
    });
  });
});
describe('an unmodified AWS SDK reaches Bedrock', () => {
  test.each([NOVA, ARN])('as model %s, whole and streamed', async (model) => {
    const got = await sdk('/aws').send(new ConverseCommand(asked(model)));
    expect(got.output?.message?.content?.[0]?.text).toContain('Hello');
    const events = await collect(sdk('/aws'), asked(model));
    expect(textOf(events)).toBe(got.output?.message?.content?.[0]?.text);
    expect(events.at(-1)?.metadata?.usage?.totalTokens).toBeGreaterThan(0);
  });
  test.each(['%2F', '/'])('when an ARN comes with %s for its slash and raw colons', async (slash) => {
    const path = ARN.replaceAll('/', slash);
    const answer = await fetch(`${bench.url}/converse/aws/model/${path}/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: asked(ARN).messages }),
    });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { stopReason: string }).stopReason).toBe('end_turn');
  });
  test('and counts tokens of a conversation, with a profile of a geography too', async () => {
    const input = { converse: { system: [{ text: 'Be kind.' }], messages: asked('m').messages } };
    for (const modelId of ['anthropic.claude-opus-5-5', 'us.anthropic.claude-opus-5-5']) {
      const got = await sdk('/aws').send(new CountTokensCommand({ modelId, input }));
      expect(got.inputTokens).toBeGreaterThan(0);
    }
  });
  test('and a stream of HTTP/1.1 has the type of an event stream', async () => {
    const answer = await fetch(`${bench.url}/converse/aws/model/${encodeURIComponent(NOVA)}/converse-stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: asked(NOVA).messages }),
    });
    expect(answer.headers.get('content-type')).toBe('application/vnd.amazon.eventstream');
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });
});
describe('a client of another dialect is refused what Converse has not', () => {
  const url = 'https://images.example/a.png';
  test.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['messages[].content[]', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }],
  ])('in its own words: %s', async (param, more) => {
    const answer = await fetch(`${bench.url}/openai/aws/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: NOVA, messages: [{ role: 'user', content: 'Hello' }], ...more }),
    });
    expect([answer.status, ((await answer.json()) as { error: { param: string } }).error.param]).toEqual([400, param]);
  });
});
