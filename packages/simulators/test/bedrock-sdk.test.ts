import Anthropic from '@anthropic-ai/sdk';
import { BedrockClient, GetInferenceProfileCommand, ListFoundationModelsCommand, ListInferenceProfilesCommand } from '@aws-sdk/client-bedrock';
import {
  AccessDeniedException,
  ApplyGuardrailCommand,
  type ContentBlock,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  GetAsyncInvokeCommand,
  InternalServerException,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  ListAsyncInvokesCommand,
  type Message,
  ModelStreamErrorException,
  ServiceUnavailableException,
  StartAsyncInvokeCommand,
  ThrottlingException,
  ValidationException,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, test } from 'vitest';
import { bedrockFault, exampleCredential, exceptionFrame } from '../src/index.ts';
import { collected, newestId, profileId, useBedrock, withClient } from './bedrock-support.ts';

const simulator = useBedrock({
  applicationProfiles: { abc123def456: 'anthropic.claude-sonnet-4-5-20250929-v1:0' },
  denied: ['meta.llama3-8b-instruct-v1:0'],
  apiKeys: { 'bedrock-api-key-simulated': Number.POSITIVE_INFINITY },
});
const user = (text: string): Message => ({ role: 'user', content: [{ text }] });
const weather = {
  toolSpec: { name: 'get_weather', inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } } },
};
const clock = { toolSpec: { name: 'clock', inputSchema: { json: { type: 'object', properties: {} } } } };
const anthropic = (content: string, more: object = {}): string =>
  JSON.stringify({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 4096, messages: [{ role: 'user', content }], ...more });
const decoded = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
const failure = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('Converse by the vendor SDK with default options', () => {
  test('a text answer over HTTP/2, signed', async () => {
    const answer = await withClient(simulator(), (client) => client.send(new ConverseCommand({ modelId: profileId, messages: [user('Hello')] })));
    expect(answer.output?.message).toEqual({ role: 'assistant', content: [{ text: 'You said: Hello' }] });
    expect([answer.stopReason, answer.usage?.totalTokens]).toEqual(['end_turn', (answer.usage?.inputTokens ?? 0) + (answer.usage?.outputTokens ?? 0)]);
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const [request] = simulator().requests;
    expect([request?.httpVersion, request?.path]).toEqual(['2.0', '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse']);
    expect(request?.header('authorization')).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
  });

  test('the same over HTTP/1.1', async () => {
    const requestHandler = new NodeHttpHandler();
    const send = withClient(simulator(), (client) => client.send(new ConverseCommand({ modelId: profileId, messages: [user('Hello')] })), { requestHandler });
    expect((await send).output?.message?.content).toEqual([{ text: 'You said: Hello' }]);
    expect(simulator().requests[0]?.httpVersion).toBe('1.1');
  });

  test('the ARN of an application inference profile', async () => {
    const modelId = simulator().profileArn('abc123def456');
    const answer = await withClient(simulator(), (client) => client.send(new ConverseCommand({ modelId, messages: [user('Hello')] })));
    expect(answer.stopReason).toBe('end_turn');
    expect(simulator().requests[0]?.path).toContain('application-inference-profile%2Fabc123def456/converse');
  });

  test('two tools at once, and the loop with their results', async () => {
    const toolConfig = { tools: [weather, clock] };
    const first = [user('call get_weather with {"city":"Oslo"} and clock')];
    await withClient(simulator(), async (client) => {
      const called = await client.send(new ConverseCommand({ modelId: profileId, messages: first, toolConfig }));
      const content = called.output?.message?.content ?? [];
      const uses = content.flatMap(({ toolUse }) => (toolUse === undefined ? [] : [toolUse]));
      expect(called.stopReason).toBe('tool_use');
      expect(uses.map(({ name, input }) => [name, input])).toEqual([
        ['get_weather', { city: 'Oslo' }],
        ['clock', {}],
      ]);
      const results = uses.map(({ toolUseId }): ContentBlock => ({ toolResult: { toolUseId, content: [{ text: 'fine' }] } }));
      const messages: Message[] = [...first, { role: 'assistant', content }, { role: 'user', content: results }];
      const told = await client.send(new ConverseCommand({ modelId: profileId, messages, toolConfig }));
      expect(told.output?.message?.content).toEqual([{ text: 'The tool said: fine\nfine' }]);
      const missing = await failure(client.send(new ConverseCommand({ modelId: profileId, messages: [...messages.slice(0, 2), user('Go on')], toolConfig })));
      expect(missing).toBeInstanceOf(ValidationException);
      expect((missing as Error).message).toContain('Expected toolResult blocks at messages.2.content for the following Ids: ');
    });
  });

  test('thinking comes back with its signature, and is refused when a byte or the past is another', async () => {
    await withClient(simulator(), async (client) => {
      const asked = [user('What is it?')];
      const { output } = await client.send(new ConverseCommand({ modelId: newestId, messages: asked }));
      const content = output?.message?.content ?? [];
      expect(content[0]?.reasoningContent?.reasoningText?.signature).toMatch(/^Eq/);
      const next = (past: Message[], given: ContentBlock[]) =>
        failure(client.send(new ConverseCommand({ modelId: newestId, messages: [...past, { role: 'assistant', content: given }, user('And?')] })));
      expect(await next(asked, content)).toBeUndefined();
      const [, ...rest] = content;
      const forged = { reasoningContent: { reasoningText: { text: 'other', signature: content[0]?.reasoningContent?.reasoningText?.signature } } };
      expect(((await next(asked, [forged, ...rest])) as Error).message).toContain('messages.1.content.0: Invalid `signature` in `thinking` block');
      expect(((await next([user('Another question')], content)) as Error).message).toContain('bound to a different conversation');
      expect(await next(asked, rest)).toBeUndefined();
    });
  });

  test('redacted thinking comes back as it was given out, whole and streamed', async () => {
    await withClient(simulator(), async (client) => {
      const asked = [user('think in secret')];
      const { output } = await client.send(new ConverseCommand({ modelId: newestId, messages: asked }));
      const content = output?.message?.content ?? [];
      const events = await collected((await client.send(new ConverseStreamCommand({ modelId: newestId, messages: asked }))).stream);
      const streamed = events.find(({ contentBlockDelta }) => contentBlockDelta?.delta?.reasoningContent !== undefined)?.contentBlockDelta?.delta;
      expect(content[0]?.reasoningContent?.redactedContent).toBeDefined();
      expect(streamed?.reasoningContent?.redactedContent).toEqual(content[0]?.reasoningContent?.redactedContent);
      const next = [...asked, { role: 'assistant' as const, content }, user('And?')];
      expect((await client.send(new ConverseCommand({ modelId: newestId, messages: next }))).stopReason).toBe('end_turn');
    });
  });

  test('a cached prefix is written once and read then', async () => {
    await withClient(simulator(), async (client) => {
      const system = [{ text: 'Long rules.' }, { cachePoint: { type: 'default' as const } }];
      const usage = async () => (await client.send(new ConverseCommand({ modelId: profileId, system, messages: [user('Hello')] }))).usage;
      const [first, second] = [await usage(), await usage()];
      expect([first?.cacheReadInputTokens, second?.cacheWriteInputTokens]).toEqual([0, 0]);
      expect(second?.cacheReadInputTokens).toBe(first?.cacheWriteInputTokens);
      expect(second?.totalTokens).toBe((second?.inputTokens ?? 0) + (second?.outputTokens ?? 0) + (second?.cacheReadInputTokens ?? 0));
    });
  });
});

describe('ConverseStream by the vendor SDK', () => {
  const stream = (text: string, more: object = {}) =>
    withClient(simulator(), async (client) =>
      collected((await client.send(new ConverseStreamCommand({ modelId: profileId, messages: [user(text)], ...more }))).stream),
    );

  test('text without a start event, metadata last', async () => {
    const events = await stream('write 3 words');
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('')).toBe('word1 word2 word3');
  });

  test('a tool without arguments has no delta', async () => {
    const events = await stream('call clock', { toolConfig: { tools: [clock] } });
    expect(events.map((event) => Object.keys(event)[0])).toEqual(['messageStart', 'contentBlockStart', 'contentBlockStop', 'messageStop', 'metadata']);
  });

  test('an exception inside the stream is thrown as its class', async () => {
    simulator().script({
      endWith: { after: 2, frame: exceptionFrame('throttlingException', { message: 'Too many tokens, please wait before trying again.' }) },
    });
    expect(await failure(stream('write 9 words'))).toBeInstanceOf(ThrottlingException);
    const payload = { message: 'The model failed.', originalStatusCode: 500, originalMessage: 'oops' };
    simulator().script({ endWith: { after: 2, frame: exceptionFrame('modelStreamErrorException', payload) } });
    const error = await failure(stream('write 9 words'));
    expect(error).toBeInstanceOf(ModelStreamErrorException);
    expect((error as ModelStreamErrorException).originalStatusCode).toBe(500);
  });

  test('a stream in pieces of one byte reads the same', async () => {
    const whole = await stream('write 30 words');
    simulator().script({ rechunk: { size: 1 } });
    const cut = await stream('write 30 words');
    expect(cut).toEqual(whole);
  });

  test('a damaged frame is noticed by its CRC', async () => {
    const frame = exceptionFrame('throttlingException', { message: 'x' });
    frame.writeUInt8(frame.readUInt8(20) ^ 1, 20);
    simulator().script({ malformed: { before: 1, frame } });
    expect(String(await failure(stream('write 9 words')))).toMatch(/checksum/i);
  });

  test('a client that aborts is seen', async () => {
    const controller = new AbortController();
    simulator().script({ stall: { at: 200 } });
    await withClient(simulator(), async (client) => {
      const answer = await client.send(new ConverseStreamCommand({ modelId: profileId, messages: [user('write 9 words')] }), {
        abortSignal: controller.signal,
      });
      const reading = failure(collected(answer.stream));
      controller.abort();
      const request = await simulator().waitForAbort();
      expect([request.bytesSent, request.progress]).toEqual([200, 'head']);
      await reading;
    });
  });
});

describe('InvokeModel by the vendor SDK', () => {
  const invoke = (modelId: string, body: string) =>
    withClient(simulator(), (client) => client.send(new InvokeModelCommand({ modelId, body, contentType: 'application/json', accept: 'application/json' })));

  test('a Claude answers with a message', async () => {
    const answer = await invoke(profileId, anthropic('Hello'));
    const message = JSON.parse(decoded(answer.body));
    expect([message.type, message.content, message.stop_reason]).toEqual(['message', [{ type: 'text', text: 'You said: Hello' }], 'end_turn']);
    expect(message.id).toMatch(/^msg_bdrk_/);
  });

  test('its stream is the events of the Messages API, metrics in the last', async () => {
    const body = anthropic('call clock', { tools: [{ name: 'clock', input_schema: { type: 'object', properties: {} } }] });
    const events = await withClient(simulator(), async (client) => {
      const answer = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: profileId, body, contentType: 'application/json' }));
      return (await collected(answer.body)).map(({ chunk }) => JSON.parse(decoded(chunk?.bytes)));
    });
    expect(events.map(({ type }) => type)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.at(-1)).toHaveProperty(['amazon-bedrock-invocationMetrics', 'outputTokenCount']);
  });

  test.each([
    ['amazon.titan-embed-text-v2:0', { inputText: 'a b', dimensions: 256 }, (body: { embedding: number[] }) => body.embedding.length, 256],
    [
      'cohere.embed-english-v3',
      { texts: ['a', 'b'], input_type: 'search_query' },
      (body: { embeddings: number[][] }) => body.embeddings.map((one) => one.length),
      [1024, 1024],
    ],
    [
      'amazon.nova-2-multimodal-embeddings-v1:0',
      {
        taskType: 'SINGLE_EMBEDDING',
        singleEmbeddingParams: { embeddingPurpose: 'GENERIC_INDEX', embeddingDimension: 384, text: { truncationMode: 'END', value: 'a' } },
      },
      (body: { embeddings: { embedding: number[] }[] }) => body.embeddings[0]?.embedding.length,
      384,
    ],
    [
      'cohere.rerank-v3-5:0',
      { api_version: 2, query: 'red fox', documents: ['blue', 'red fox', 'red'] },
      (body: { results: { index: number }[] }) => body.results.map(({ index }) => index),
      [1, 2, 0],
    ],
    [
      'amazon.rerank-v1:0',
      { query: 'red fox', documents: ['blue', 'red fox', 'red'] },
      (body: { results: { index: number }[] }) => body.results.map(({ index }) => index),
      [1, 2, 0],
    ],
    ['amazon.titan-text-express-v1', { inputText: 'Hi' }, (body: { results: { outputText: string }[] }) => body.results[0]?.outputText, 'You said: Hi'],
    [
      'amazon.nova-lite-v1:0',
      { schemaVersion: 'messages-v1', messages: [user('Hi')] },
      (body: { output: { message: Message } }) => body.output.message.content,
      [{ text: 'You said: Hi' }],
    ],
    [
      'openai.gpt-oss-20b-1:0',
      { messages: [{ role: 'user', content: 'Hi' }] },
      (body: { choices: { message: { content: string } }[] }) => body.choices[0]?.message.content,
      'You said: Hi',
    ],
  ])('%s', async (modelId, body, pick, expected) => {
    const answer = await invoke(modelId, JSON.stringify(body));
    expect((pick as (body: unknown) => unknown)(JSON.parse(decoded(answer.body)))).toEqual(expected);
  });
});

describe('errors by the vendor SDK', () => {
  const converse = (modelId = profileId, config = {}) =>
    withClient(simulator(), (client) => client.send(new ConverseCommand({ modelId, messages: [user('Hello')] })), config);

  test('an unknown model, one without access, one that needs a profile', async () => {
    expect(await failure(converse('nobody.model'))).toBeInstanceOf(ValidationException);
    expect(await failure(converse('meta.llama3-8b-instruct-v1:0'))).toBeInstanceOf(AccessDeniedException);
    expect(((await failure(converse('anthropic.claude-opus-5-5'))) as Error).message).toContain('with on-demand throughput isn’t supported');
  });

  test('a throttled request is tried again by the client, a validation error is not', async () => {
    simulator().script({ status: 429, times: 2 });
    const answer = await converse();
    expect([answer.$metadata.attempts, simulator().requests.length]).toEqual([3, 3]);
    simulator().clear();
    simulator().script({ status: 400 });
    await failure(converse());
    expect(simulator().requests.length).toBe(1);
  });

  test.each([
    [429, ThrottlingException],
    [500, InternalServerException],
    [503, ServiceUnavailableException],
    [403, AccessDeniedException],
  ])('status %i is its class', async (status, type) => {
    simulator().script({ status, times: Number.POSITIVE_INFINITY });
    expect(await failure(converse(profileId, { maxAttempts: 1 }))).toBeInstanceOf(type);
  });

  test.each([
    ['ModelNotReadyException', 429],
    ['ModelTimeoutException', 408],
    ['ModelErrorException', 424],
    ['ServiceQuotaExceededException', 400],
    ['ResourceNotFoundException', 404],
  ] as const)('%s is scripted by its name', async (name, httpStatusCode) => {
    simulator().script(bedrockFault(name));
    expect(await failure(converse(profileId, { maxAttempts: 1 }))).toMatchObject({ name, $metadata: { httpStatusCode } });
  });

  test('wrong secret, unknown key, wrong region', async () => {
    const named = async (config: object) => ((await failure(converse(profileId, { maxAttempts: 1, ...config }))) as Error).name;
    expect(await named({ credentials: { ...exampleCredential, secretAccessKey: 'other' } })).toBe('InvalidSignatureException');
    expect(await named({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'other' } })).toBe('UnrecognizedClientException');
    expect(await named({ region: 'eu-west-1' })).toBe('InvalidSignatureException');
  });

  test('a Bedrock API key instead of a signature', async () => {
    const keyed = (token: string) => converse(profileId, { token: { token }, authSchemePreference: ['httpBearerAuth'], credentials: undefined });
    expect((await keyed('bedrock-api-key-simulated')).stopReason).toBe('end_turn');
    expect(((await failure(keyed('bedrock-api-key-wrong'))) as Error).message).toBe('Authentication failed: Please make sure your API Key is valid.');
  });
});

describe('the rest of the service by the vendor SDK', () => {
  test('models and profiles, page by page', async () => {
    const client = new BedrockClient({ region: simulator().region, endpoint: simulator().url, credentials: { ...exampleCredential } });
    const { modelSummaries = [] } = await client.send(new ListFoundationModelsCommand({ byOutputModality: 'EMBEDDING' }));
    expect(modelSummaries.map(({ modelId }) => modelId)).toContain('amazon.titan-embed-text-v2:0');
    const found: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new ListInferenceProfilesCommand({ maxResults: 25, ...(nextToken === undefined ? {} : { nextToken }) }));
      found.push(...(page.inferenceProfileSummaries ?? []).map(({ inferenceProfileId }) => inferenceProfileId ?? ''));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    expect([new Set(found).size, found.includes(profileId)]).toEqual([found.length, true]);
    expect(found.length).toBeGreaterThan(25);
    const own = await client.send(new ListInferenceProfilesCommand({ typeEquals: 'APPLICATION' }));
    expect(own.inferenceProfileSummaries?.map(({ inferenceProfileArn }) => inferenceProfileArn)).toEqual([simulator().profileArn('abc123def456')]);
    const one = await client.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier: simulator().profileArn('abc123def456') }));
    expect(one.models?.[0]?.modelArn).toBe('arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0');
    client.destroy();
  });

  test('tokens are counted for foundation models, not for profiles', async () => {
    const count = (modelId: string) =>
      withClient(simulator(), (client) => client.send(new CountTokensCommand({ modelId, input: { converse: { messages: [user('one two three')] } } })));
    expect((await count('anthropic.claude-sonnet-4-5-20250929-v1:0')).inputTokens).toBe(6);
    expect(((await failure(count(profileId))) as Error).message).toBe("The provided model doesn't support counting tokens.");
  });

  test('an asynchronous invocation is in progress at the first look and completed at the second', async () => {
    await withClient(simulator(), async (client) => {
      const outputDataConfig = { s3OutputDataConfig: { s3Uri: 's3://bucket/out' } };
      const { invocationArn } = await client.send(new StartAsyncInvokeCommand({ modelId: 'amazon.nova-lite-v1:0', modelInput: {}, outputDataConfig }));
      const look = async () => (await client.send(new GetAsyncInvokeCommand({ invocationArn }))).status;
      expect([await look(), await look()]).toEqual(['InProgress', 'Completed']);
      const { asyncInvokeSummaries } = await client.send(new ListAsyncInvokesCommand({}));
      expect(asyncInvokeSummaries?.map((one) => one.invocationArn)).toEqual([invocationArn]);
      expect(await failure(client.send(new GetAsyncInvokeCommand({ invocationArn: `${invocationArn}x` })))).toMatchObject({
        $metadata: { httpStatusCode: 404 },
      });
    });
  });

  test('Claude answers the Anthropic SDK at its own path, whole, streamed and with errors', async () => {
    const client = new Anthropic({ baseURL: `${simulator().url}/anthropic`, authToken: 'bedrock-api-key-simulated', apiKey: null, maxRetries: 0 });
    const ask = { model: 'anthropic.claude-haiku-4-5-20251001-v1:0', max_tokens: 50, messages: [{ role: 'user' as const, content: 'Hello' }] };
    expect((await client.messages.create(ask)).content).toEqual([{ type: 'text', text: 'You said: Hello' }]);
    expect((await client.messages.stream(ask).finalMessage()).content).toEqual([{ type: 'text', text: 'You said: Hello' }]);
    expect(await failure(client.messages.create({ ...ask, model: 'nobody' }))).toMatchObject({
      status: 400,
      error: { error: { type: 'invalid_request_error' } },
    });
  });

  test('a guardrail intervenes', async () => {
    const apply = (text: string) =>
      withClient(simulator(), (client) =>
        client.send(new ApplyGuardrailCommand({ guardrailIdentifier: 'gr1', guardrailVersion: '1', source: 'INPUT', content: [{ text: { text } }] })),
      );
    expect((await apply('fine')).action).toBe('NONE');
    expect((await apply('please trip the filter')).action).toBe('GUARDRAIL_INTERVENED');
  });
});
