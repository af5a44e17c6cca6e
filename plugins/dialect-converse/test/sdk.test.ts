import { Readable } from 'node:stream';
import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand, type ConverseStreamOutput, CountTokensCommand } from '@aws-sdk/client-bedrock-runtime';
import { type ChatReply, type ErrorLike, eventsOf, type Part } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, client, counting, dialect, writeStream } from './support.ts';

const answer = (parts: readonly Part[], finish: ChatReply['choices'][number]['finish'] = 'stop'): ChatReply => ({
  id: 'reply-1',
  model: 'model-1',
  choices: [{ index: 0, parts, finish }],
  usage: { input: 9, output: 4, cacheRead: 2, cacheWrite: 1, reasoning: 0, estimated: false },
});
/** The SDK with an answer of ours in place of the network. */
const sdk = (body: string | Uint8Array, headers: readonly string[], statusCode = 200): BedrockRuntimeClient => {
  const pairs = Object.fromEntries(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? '']] : [])));
  const handle = async () => ({ response: { statusCode, headers: pairs, body: Readable.from([Buffer.from(body as Uint8Array)]) } });
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 1,
    requestHandler: { handle } as never,
  });
};
const whole = (reply: ChatReply): BedrockRuntimeClient => {
  const { body, headers } = client.write(reply, callOf());
  return sdk(body, headers ?? []);
};
const question = { modelId: 'm', messages: [{ role: 'user' as const, content: [{ text: 'hi' }] }] };
const streamed = async (bytes: Uint8Array): Promise<readonly ConverseStreamOutput[]> => {
  const events: ConverseStreamOutput[] = [];
  const { stream } = await sdk(bytes, ['content-type', 'application/vnd.amazon.eventstream']).send(new ConverseStreamCommand(question));
  for await (const event of stream ?? []) events.push(event);
  return events;
};
const parts: readonly Part[] = [
  { kind: 'thinking', text: 'Hm.', redacted: false, origin: { dialect: 'converse', payload: { json: '{"signature":"c2ln"}' } } },
  { kind: 'text', text: 'So.', citations: [{ url: 'https://a.example/', title: 'A' }] },
  { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '{"a":[1,2]}' } },
  { kind: 'toolCall', id: 'call_2', name: 'g', input: { json: '{}' } },
];

describe('the AWS SDK', () => {
  it('reads a whole answer', async () => {
    const got = await whole(answer(parts, 'tool')).send(new ConverseCommand(question));
    expect(got.stopReason).toBe('tool_use');
    expect(got.usage).toEqual({ inputTokens: 6, outputTokens: 4, totalTokens: 13, cacheReadInputTokens: 2, cacheWriteInputTokens: 1 });
    expect(got.output?.message?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } },
      { citationsContent: { content: [{ text: 'So.' }], citations: [{ title: 'A', location: { web: { url: 'https://a.example/' } } }] } },
      { toolUse: { toolUseId: 'call_1', name: 'f', input: { a: [1, 2] } } },
      { toolUse: { toolUseId: 'call_2', name: 'g', input: {} } },
    ]);
    expect(got.$metadata.requestId).toBe('reply-1');
  });
  it('reads an image as bytes', async () => {
    const image: Part = { kind: 'image', media: { base64: 'AAEC', type: 'image/png' } };
    const got = await whole(answer([image])).send(new ConverseCommand(question));
    expect(got.output?.message?.content?.[0]?.image).toEqual({ format: 'png', source: { bytes: Uint8Array.of(0, 1, 2) } });
    const events = await streamed(writeStream(eventsOf(answer([image]))));
    expect(events[2]?.contentBlockDelta?.delta?.image?.source?.bytes).toEqual(Uint8Array.of(0, 1, 2));
  });
  it('reads a stream from messageStart to metadata', async () => {
    const events = await streamed(writeStream(eventsOf(answer(parts, 'tool'))));
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      ...['contentBlockDelta', 'contentBlockDelta', 'contentBlockStop'],
      ...['contentBlockDelta', 'contentBlockDelta', 'contentBlockStop'],
      ...['contentBlockStart', 'contentBlockDelta', 'contentBlockStop'],
      ...['contentBlockStart', 'contentBlockDelta', 'contentBlockStop'],
      'messageStop',
      'metadata',
    ]);
    expect(events.flatMap((event) => event.contentBlockStart?.start ?? event.contentBlockDelta?.delta ?? [])).toEqual([
      { reasoningContent: { text: 'Hm.' } },
      { reasoningContent: { signature: 'c2ln' } },
      { text: 'So.' },
      { citation: { title: 'A', location: { web: { url: 'https://a.example/' } } } },
      { toolUse: { toolUseId: 'call_1', name: 'f' } },
      { toolUse: { input: '{"a":[1,2]}' } },
      { toolUse: { toolUseId: 'call_2', name: 'g' } },
      { toolUse: { input: '{}' } },
    ]);
    expect(events.at(-1)?.metadata?.usage?.totalTokens).toBe(13);
  });
  it.each([
    ['upstream_rate_limited', 'ThrottlingException'],
    ['upstream_overloaded', 'ServiceUnavailableException'],
    ['invalid_request', 'ValidationException'],
    ['internal_error', 'InternalServerException'],
    ['upstream_stream_truncated', 'ModelStreamErrorException'],
  ] as const)('throws an error %s in a stream as %s', async (code, name) => {
    const [start] = eventsOf(answer([]));
    const failure: ErrorLike = { code, status: 500, message: 'It broke.' };
    const bytes = writeStream([...(start === undefined ? [] : [start]), { type: 'error', error: failure }]);
    await expect(streamed(bytes)).rejects.toMatchObject({ name, message: 'It broke.' });
  });
  it.each([
    ['model_not_allowed', 403, 'AccessDeniedException'],
    ['rate_limit_exceeded', 429, 'ThrottlingException'],
    ['invalid_credentials', 401, 'UnrecognizedClientException'],
    ['model_not_found', 404, 'ResourceNotFoundException'],
    ['unsupported_parameter', 400, 'ValidationException'],
    ['upstream_timeout', 504, 'ModelTimeoutException'],
  ] as const)('throws an answer %s as its exception', async (code, status, name) => {
    const wire = dialect.error({ code, status, message: 'No.' }, 'chat');
    await expect(sdk(wire.body, wire.headers, wire.status).send(new ConverseCommand(question))).rejects.toMatchObject({
      name,
      message: 'No.',
      $metadata: { httpStatusCode: status },
    });
  });
  it('reads a count of tokens', async () => {
    const { body, headers } = counting.client?.write({ input: 42 }, callOf()) ?? { body: '', headers: [] };
    const got = await sdk(body, headers ?? []).send(new CountTokensCommand({ modelId: 'm', input: { converse: { messages: question.messages } } }));
    expect(got.inputTokens).toBe(42);
  });
});
