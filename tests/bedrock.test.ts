import Anthropic from '@anthropic-ai/sdk';
import { BedrockClient, ListFoundationModelsCommand, ListInferenceProfilesCommand } from '@aws-sdk/client-bedrock';
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { type BedrockSimulator, bedrockSimulator, exampleCredential } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench } from './support/gateway.ts';

const DIALECTS = ['@llm-proxy-auth/dialect-anthropic', '@llm-proxy-auth/dialect-converse', '@llm-proxy-auth/provider-bedrock'];
const NOVA = 'amazon.nova-lite-v1:0';
const PROFILE = `team-a-${'x'.repeat(100)}`;
let simulator: BedrockSimulator;
let bench: Bench;

const instance = (more: object = {}) => ({
  provider: 'bedrock',
  region: 'us-east-1',
  baseUrl: simulator.url,
  insecureUpstream: true,
  credentials: { type: 'static', accessKeyId: exampleCredential.accessKeyId, secretAccessKey: exampleCredential.secretAccessKey },
  ...more,
});
beforeAll(async () => {
  simulator = await bedrockSimulator({ applicationProfiles: { [PROFILE]: NOVA } });
  bench = await openBench({
    plugins: DIALECTS,
    instances: { aws: instance({ default: true, aliases: true }), plain: instance() },
    sections: { models: [{ name: 'fast-chat', targets: [{ instance: 'aws', model: NOVA }] }] },
  });
});
afterAll(async () => {
  await bench.close();
  await simulator.close();
});

/** The SDK with the gateway's key as its bearer token, and default options otherwise. */
const options = (key = bench.key, at = 'aws') => ({
  region: 'us-east-1',
  endpoint: `${bench.url}/transparent/${at}`,
  token: { token: key },
  authSchemePreference: ['httpBearerAuth'],
  maxAttempts: 1,
});
const messages = [{ role: 'user' as const, content: [{ text: 'Hello' }] }];
const last = () => {
  const request = simulator.requests.at(-1);
  if (request === undefined) throw new Error('nothing reached the simulator');
  return request;
};

describe('the AWS SDK in transparent mode', () => {
  test('speaks Converse to any kind of model id, which is written once into the path', async () => {
    const client = new BedrockRuntimeClient(options());
    for (const modelId of [NOVA, 'us.amazon.nova-lite-v1:0', simulator.profileArn(PROFILE)]) {
      const answer = await client.send(new ConverseCommand({ modelId, messages }));
      expect(answer.output?.message?.content?.[0]?.text).toBeTypeOf('string');
      expect(last().target).toBe(`/model/${encodeURIComponent(modelId)}/converse`);
    }
    expect(simulator.profileArn(PROFILE).length).toBeGreaterThan(160);
  });
  test('is given binary streams as they are', async () => {
    const client = new BedrockRuntimeClient(options());
    const { stream } = await client.send(new ConverseStreamCommand({ modelId: NOVA, messages }));
    const kinds: string[] = [];
    for await (const event of stream ?? []) kinds.push(Object.keys(event)[0] ?? '');
    expect(kinds[0]).toBe('messageStart');
    expect(kinds.at(-1)).toBe('metadata');
  });
  test('invokes models, whole and as a stream, with the headers of Bedrock', async () => {
    const client = new BedrockRuntimeClient(options());
    const body = JSON.stringify({ messages, inferenceConfig: { maxTokens: 20 } });
    const answer = await client.send(new InvokeModelCommand({ modelId: NOVA, body, contentType: 'application/json', trace: 'ENABLED' }));
    expect(JSON.parse(new TextDecoder().decode(answer.body))).toHaveProperty('output');
    expect(Buffer.from(last().body).toString()).toBe(body);
    expect(last().header('x-amzn-bedrock-trace')).toBe('ENABLED');
    const { body: chunks } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: NOVA, body, contentType: 'application/json' }));
    let count = 0;
    for await (const { chunk } of chunks ?? []) count += chunk === undefined ? 0 : 1;
    expect(count).toBeGreaterThan(1);
  });
  test.each([
    ['amazon.nova-lite-v1:0', { messages, inferenceConfig: { maxTokens: 20 } }],
    ['us.anthropic.claude-haiku-4-5-20251001-v1:0', { anthropic_version: 'bedrock-2023-05-31', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] }],
    ['mistral.mistral-large-2402-v1:0', { prompt: '<s>[INST] Hi [/INST]', max_tokens: 20 }],
    ['cohere.command-light-text-v14', { prompt: 'Hi', max_tokens: 20 }],
  ])('is counted by what %s says it used, whole and as a stream', async (modelId, body) => {
    const client = new BedrockRuntimeClient(options());
    const input = { modelId, body: JSON.stringify(body), contentType: 'application/json' };
    const seen = bench.lines.length;
    const fresh = () => bench.lines.slice(seen).filter((line) => line.msg === 'request');
    await client.send(new InvokeModelCommand(input));
    const { body: chunks } = await client.send(new InvokeModelWithResponseStreamCommand(input));
    for await (const _ of chunks ?? []);
    await expect.poll(() => fresh().length).toBe(2);
    const [whole, stream] = fresh();
    expect(whole).toMatchObject({ inputTokens: expect.any(Number), outputTokens: expect.any(Number) });
    expect(stream).toMatchObject({ inputTokens: whole?.inputTokens, outputTokens: whole?.outputTokens, stream: 'complete' });
  });
  test('counts tokens', async () => {
    const client = new BedrockRuntimeClient(options());
    const answer = await client.send(new CountTokensCommand({ modelId: 'anthropic.claude-sonnet-4-20250514-v1:0', input: { converse: { messages } } }));
    expect(answer.inputTokens).toBeGreaterThan(0);
  });
  test('lists what there is from the control plane', async () => {
    const client = new BedrockClient(options());
    expect((await client.send(new ListFoundationModelsCommand({}))).modelSummaries?.map((m) => m.modelId)).toContain(NOVA);
    const page = await client.send(new ListInferenceProfilesCommand({ maxResults: 1 }));
    expect(page.inferenceProfileSummaries).toHaveLength(1);
    expect(last().target).toBe('/inference-profiles?maxResults=1');
  });
  test('may name a model by its name in the configuration, where the instance says so', async () => {
    const client = new BedrockRuntimeClient(options());
    await client.send(new ConverseCommand({ modelId: 'fast-chat', messages }));
    expect(last().target).toBe(`/model/${encodeURIComponent(NOVA)}/converse`);
    const plain = new BedrockRuntimeClient(options(bench.key, 'plain'));
    await expect(plain.send(new ConverseCommand({ modelId: 'fast-chat', messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 400 } });
  });
  test('may use the models that its key allows: an id, or a name of the configuration', async () => {
    const key = await bench.makeKey({ models: ['fast-*', 'us.amazon.*'] });
    const client = new BedrockRuntimeClient(options(key));
    await client.send(new ConverseCommand({ modelId: 'fast-chat', messages }));
    await client.send(new ConverseCommand({ modelId: 'us.amazon.nova-lite-v1:0', messages }));
    const before = simulator.requests.length;
    for (const modelId of [NOVA, simulator.profileArn(PROFILE)])
      await expect(client.send(new ConverseCommand({ modelId, messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    expect(simulator.requests).toHaveLength(before);
  });
  test('claude-code#45343: the key of a caller never takes the place of a signature', async () => {
    const client = new BedrockRuntimeClient(options());
    await client.send(new ConverseCommand({ modelId: NOVA, messages }));
    expect(last().header('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
    expect(JSON.stringify(last().headers)).not.toContain(bench.key);
  });
  test("an SDK's own signature is no credential, and nothing of it is handed on", async () => {
    const dummy = { accessKeyId: 'AKIADUMMY', secretAccessKey: 'dummy', sessionToken: 'dummy-token' };
    const client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint: `${bench.url}/transparent/aws`, credentials: dummy, maxAttempts: 1 });
    await expect(client.send(new ConverseCommand({ modelId: NOVA, messages }))).rejects.toMatchObject({ $metadata: { httpStatusCode: 401 } });
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-api-key'] = bench.key;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await client.send(new ConverseCommand({ modelId: NOVA, messages }));
    expect(last().header('x-amz-security-token')).toBeUndefined();
    expect(last().header('authorization')).not.toContain('AKIADUMMY');
  });
  test('is told of an operation that the table lacks', async () => {
    const answer = await fetch(`${bench.url}/transparent/aws/model/x.y/invoke-with-bidirectional-stream`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bench.key}` },
    });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([403, 'operation_not_allowed']);
  });
});

describe('the OpenAI SDK at Bedrock', () => {
  const client = () => new OpenAI({ baseURL: `${bench.url}/openai/aws/v1`, apiKey: bench.key, maxRetries: 0 });
  test.each([
    ['amazon.titan-embed-text-v2:0', 256, 3],
    ['amazon.nova-2-multimodal-embeddings-v1:0', 384, 3],
    ['cohere.embed-v4:0', 512, 1],
  ])('gets embeddings of %s in the order of its inputs', async (model, dimensions, calls) => {
    const before = simulator.requests.length;
    const input = ['one', 'two', 'three'];
    const whole = await client().embeddings.create({ model, input, dimensions });
    expect(simulator.requests.length - before).toBe(calls);
    expect(whole.data.map(({ index, embedding }) => [index, embedding.length])).toEqual([0, 1, 2].map((i) => [i, dimensions]));
    expect(whole.usage.prompt_tokens).toBeGreaterThan(0);
    for (const [i, text] of input.entries()) {
      const single = await client().embeddings.create({ model, input: text, dimensions });
      expect(single.data[0]?.embedding).toEqual(whole.data[i]?.embedding);
    }
  });
  test('is told by name what cannot be embedded', async () => {
    const answer = client().embeddings.create({ model: 'amazon.titan-embed-text-v2:0', input: 'a', dimensions: 300 });
    await expect(answer).rejects.toMatchObject({ status: 400, param: 'dimensions' });
    await expect(client().embeddings.create({ model: NOVA, input: 'a' })).rejects.toMatchObject({ status: 404 });
  });
  test('speaks to models of OpenAI in its own API, bytes as they are', async () => {
    const model = 'openai.gpt-oss-20b-1:0';
    const answer = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] });
    expect(answer.choices[0]?.message.content).toBeTypeOf('string');
    expect(last().target).toBe('/openai/v1/chat/completions');
    const stream = await client().chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }], stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).not.toBe('');
  });
  test('lists foundation models and profiles', async () => {
    const ids: string[] = [];
    for await (const { id } of client().models.list()) ids.push(id);
    expect(ids).toContain(NOVA);
    expect(ids).toContain('us.amazon.nova-lite-v1:0');
  });
});

describe('the Anthropic SDK at Bedrock', () => {
  const client = (at = 'aws') => new Anthropic({ baseURL: `${bench.url}/anthropic/${at}`, apiKey: bench.key, maxRetries: 0 });
  const question = { max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
  test('speaks to Claude through InvokeModel, whole and in binary streams', async () => {
    const model = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
    const answer = await client().messages.create({ ...question, model });
    expect(answer.content[0]?.type).toBe('text');
    expect(last().target).toBe(`/model/${encodeURIComponent(model)}/invoke`);
    expect(JSON.parse(Buffer.from(last().body).toString())).toMatchObject({ anthropic_version: 'bedrock-2023-05-31' });
    const whole = await client()
      .messages.stream({ ...question, model })
      .finalMessage();
    expect([whole.stop_reason, whole.usage.output_tokens > 0]).toEqual(['end_turn', true]);
    expect(last().target).toBe(`/model/${encodeURIComponent(model)}/invoke-with-response-stream`);
  });
  test('speaks to other models through Converse', async () => {
    const answer = await client().messages.create({ ...question, model: NOVA });
    expect(answer.content[0]?.type).toBe('text');
    expect(last().target).toBe(`/model/${encodeURIComponent(NOVA)}/converse`);
  });
  test('counts tokens of a profile by its model', async () => {
    const { input_tokens } = await client().messages.countTokens({ model: 'us.anthropic.claude-sonnet-4-20250514-v1:0', messages: question.messages });
    expect(input_tokens).toBeGreaterThan(0);
    expect(last().target).toBe('/model/anthropic.claude-sonnet-4-20250514-v1%3A0/count-tokens');
  });
  test('counts what the call takes: signed thinking, tools of the vendor, a document alone', async () => {
    const asked = {
      model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      thinking: { type: 'enabled' as const, budget_tokens: 2000 },
      tools: [
        { name: 'look', input_schema: { type: 'object' as const, properties: {} } },
        { type: 'bash_20250124' as const, name: 'bash' as const },
      ],
    };
    const document = { type: 'document' as const, source: { type: 'base64' as const, media_type: 'application/pdf' as const, data: 'JVBERi0xLjQK' } };
    const begun = [
      { role: 'user' as const, content: [document] },
      { role: 'user' as const, content: 'call look' },
    ];
    const { content } = await client().messages.create({ ...asked, max_tokens: 3000, messages: begun });
    const results = content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'nothing' }] : [],
    );
    expect([content[0]?.type, results.length]).toEqual(['thinking', 1]);
    const history = [...begun, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }];
    const counted = await client()
      .messages.countTokens({ ...asked, messages: history })
      .withResponse();
    const { usage } = await client().messages.create({ ...asked, max_tokens: 3000, messages: history });
    expect([counted.data.input_tokens, counted.response.headers.get('x-lpa-fidelity')]).toEqual([usage.input_tokens, null]);
  });
});
describe('what an instance adds to every call', () => {
  test('is there whatever the client wrote', async () => {
    const other = await openBench({
      plugins: DIALECTS,
      instances: { aws: instance({ guardrail: { id: 'gr-ours', version: '3' }, betas: ['interleaved-thinking-2025-05-14'] }) },
    });
    try {
      const aws = new BedrockRuntimeClient({ ...options(other.key), endpoint: `${other.url}/converse/aws` });
      const sent = () => JSON.parse(Buffer.from(last().body).toString()) as Record<string, unknown>;
      const guardrailConfig = { guardrailIdentifier: 'gr-theirs', guardrailVersion: '1' };
      await aws.send(new ConverseCommand({ modelId: NOVA, messages, guardrailConfig })).catch(() => undefined);
      expect(sent()).toMatchObject({ messages, guardrailConfig: { guardrailIdentifier: 'gr-ours', guardrailVersion: '3' } });
      const anthropic = new Anthropic({ baseURL: `${other.url}/anthropic/aws`, apiKey: other.key, maxRetries: 0 });
      const model = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
      await anthropic.messages.create({ model, max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] }).catch(() => undefined);
      expect(sent()).toMatchObject({ anthropic_beta: ['interleaved-thinking-2025-05-14'] });
      expect(last().header('x-amzn-bedrock-guardrailidentifier')).toBe('gr-ours');
    } finally {
      await other.close();
    }
  });
});

describe('routes of the earlier gateway', () => {
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${bench.url}${path}`, {
      method: 'POST',
      headers: { 'x-api-key': bench.key, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const inner = '{"inputText":"Hello  World",\n"dimensions": 256}';
  test.each(['/v1/bedrock/invoke-model', '/bedrock/invoke-model'])('%s takes the envelope apart and gives the answer back as it is', async (path) => {
    const answer = await post(path, { modelId: 'amazon.titan-embed-text-v2:0', contentType: 'application/json', accept: 'application/json', body: inner });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(answer.headers.get('x-amzn-requestid')).toBeTypeOf('string');
    expect(((await answer.json()) as { embedding: number[] }).embedding).toHaveLength(256);
    expect([last().target, Buffer.from(last().body).toString()]).toEqual(['/model/amazon.titan-embed-text-v2%3A0/invoke', inner]);
    expect(last().header('content-length')).toBe(String(inner.length));
  });
  test('names of the configuration stand for models there, whatever the instance says', async () => {
    const answer = await post('/model/fast-chat/converse', { messages });
    expect(answer.status).toBe(200);
    expect(last().target).toBe(`/model/${encodeURIComponent(NOVA)}/converse`);
  });
  test('a native path keeps its bytes', async () => {
    const body = '{ "messages":[{"role":"user","content":[{"text":"h\\u00e9"}]}] }';
    expect((await post(`/model/${encodeURIComponent(NOVA)}/converse`, body)).status).toBe(200);
    expect(Buffer.from(last().body).toString()).toBe(body);
  });
  test.each([
    ['/v1/bedrock/invoke-model', '{', 400, 'invalid_json'],
    ['/v1/bedrock/invoke-model', '{"modelId":"m.x"}', 400, 'invalid_request'],
    ['/v1/bedrock/invoke-model', '{"modelId":"../x","body":"{}"}', 404, 'model_not_found'],
    ['/model/x.y/delete', '{}', 403, 'operation_not_allowed'],
  ])('%s with %s is refused', async (path, body, status, code) => {
    const before = simulator.requests.length;
    const answer = await post(path, body);
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([status, code]);
    expect(simulator.requests).toHaveLength(before);
  });
  test('nothing is told without a credential', async () => {
    for (const path of ['/v1/bedrock/invoke-model', '/bedrock/invoke-model', '/model/x.y/converse']) {
      const answer = await fetch(`${bench.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
      expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([401, 'missing_credentials']);
    }
  });
  test('a key for other models is refused whatever the envelope says', async () => {
    const key = await bench.makeKey({ models: ['fast-*'] });
    const answer = await post('/v1/bedrock/invoke-model', { modelId: NOVA, body: '{}' }, { 'x-api-key': key });
    expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([403, 'model_not_allowed']);
  });
  test('several instances without a default are ambiguous', async () => {
    const other = await openBench({ plugins: ['@llm-proxy-auth/provider-bedrock'], instances: { one: instance(), two: instance() } });
    try {
      const answer = await fetch(`${other.url}/model/${encodeURIComponent(NOVA)}/converse`, {
        method: 'POST',
        headers: { 'x-api-key': other.key, 'content-type': 'application/json' },
        body: JSON.stringify({ messages }),
      });
      expect([answer.status, answer.headers.get('x-lpa-code')]).toEqual([400, 'ambiguous_instance']);
    } finally {
      await other.close();
    }
  });
});
