import {
  ApplyGuardrailCommand,
  type BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamCommandInput,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { type Recording, recordedPath } from '../src/index.ts';
import { collected } from './bedrock-support.ts';

/** What the vendor's SDK makes of an answer, in the terms of `expectations`. */
export type Seen = {
  readonly text?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[];
  readonly signatures?: readonly string[];
  readonly finish?: string | undefined;
  readonly usage?: object | undefined;
  readonly errorStatus?: number | undefined;
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly inputTokens?: number | undefined;
  /** Bodies of InvokeModel, whole or each chunk. */
  readonly native?: readonly unknown[];
};

const least: Pick<ConverseCommandInput, 'messages'> = { messages: [{ role: 'user', content: [{ text: 'hi' }] }] };
const fields = (value: unknown): Record<string, unknown> => (typeof value === 'object' && value !== null ? { ...value } : {});

/** Binary members are base64 in a recorded body and bytes in the SDK. */
const withBytes = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, name === 'bytes' && typeof one === 'string' ? Buffer.from(one, 'base64') : withBytes(one)]),
  );
};

const modelOf = (recording: Recording): string => decodeURIComponent(/\/model\/([^/]+)\//.exec(`${recordedPath(recording)}/`)?.[1] ?? 'model');

const converse = async (client: BedrockRuntimeClient, input: ConverseCommandInput): Promise<Seen> => {
  const { output, stopReason, usage } = await client.send(new ConverseCommand(input));
  const content = output?.message?.content ?? [];
  return {
    text: content.map(({ text, citationsContent }) => (text ?? '') + (citationsContent?.content ?? []).map((one) => one.text ?? '').join('')).join(''),
    toolCalls: content.flatMap(({ toolUse }) =>
      toolUse === undefined || toolUse.type === 'server_tool_use' ? [] : [{ name: toolUse.name ?? '', arguments: JSON.stringify(toolUse.input) }],
    ),
    signatures: content.flatMap(({ reasoningContent }) => reasoningContent?.reasoningText?.signature ?? []),
    finish: stopReason,
    usage,
  };
};

const converseStream = async (client: BedrockRuntimeClient, input: ConverseStreamCommandInput): Promise<Seen> => {
  const events = await collected((await client.send(new ConverseStreamCommand(input))).stream);
  const calls = new Map<number, { name: string; arguments: string }>();
  const seen = { text: '', signature: '' };
  for (const { contentBlockStart: start, contentBlockDelta: delta } of events) {
    const tool = start?.start?.toolUse;
    if (tool !== undefined && tool.type !== 'server_tool_use') calls.set(start?.contentBlockIndex ?? 0, { name: tool.name ?? '', arguments: '' });
    const call = calls.get(delta?.contentBlockIndex ?? -1);
    if (call !== undefined) call.arguments += delta?.delta?.toolUse?.input ?? '';
    seen.text += delta?.delta?.text ?? '';
    seen.signature += delta?.delta?.reasoningContent?.signature ?? '';
  }
  return {
    text: seen.text,
    toolCalls: [...calls.values()].map((call) => ({ name: call.name, arguments: JSON.stringify(JSON.parse(call.arguments || '{}')) })),
    signatures: seen.signature === '' ? [] : [seen.signature],
    finish: events.find(({ messageStop }) => messageStop !== undefined)?.messageStop?.stopReason,
    usage: events.find(({ metadata }) => metadata !== undefined)?.metadata?.usage,
  };
};

const json = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));

const operations: Readonly<Record<string, (client: BedrockRuntimeClient, recording: Recording, body: Record<string, unknown>) => Promise<Seen>>> = {
  converse: (client, recording, body) => converse(client, { ...least, ...(withBytes(body) as object), modelId: modelOf(recording) }),
  'converse-stream': (client, recording, body) => converseStream(client, { ...least, ...(withBytes(body) as object), modelId: modelOf(recording) }),
  invoke: async (client, recording, body) => {
    const answer = await client.send(new InvokeModelCommand({ modelId: modelOf(recording), body: JSON.stringify(body), contentType: 'application/json' }));
    return { native: [json(answer.body)] };
  },
  'invoke-with-response-stream': async (client, recording, body) => {
    const input = { modelId: modelOf(recording), body: JSON.stringify(body), contentType: 'application/json' };
    const events = await collected((await client.send(new InvokeModelWithResponseStreamCommand(input))).body);
    return { native: events.map(({ chunk }) => json(chunk?.bytes)) };
  },
  'count-tokens': async (client, recording, body) => {
    const input = { modelId: modelOf(recording), ...body } as ConstructorParameters<typeof CountTokensCommand>[0];
    return { inputTokens: (await client.send(new CountTokensCommand(input))).inputTokens };
  },
  apply: async (client, recording, body) => {
    const [, guardrailIdentifier = '', guardrailVersion = ''] = /\/guardrail\/([^/]+)\/version\/([^/]+)/.exec(recordedPath(recording)) ?? [];
    const input = { ...body, guardrailIdentifier, guardrailVersion } as ConstructorParameters<typeof ApplyGuardrailCommand>[0];
    const { action, outputs = [], usage } = await client.send(new ApplyGuardrailCommand(input));
    return { text: outputs.map((one) => one.text ?? '').join(''), finish: action, usage };
  },
};

/** Sends the recorded request with the vendor's SDK and reads its answer. */
export const readBedrock = async (client: BedrockRuntimeClient, recording: Recording): Promise<Seen> => {
  const read = operations[recording.operation];
  if (read === undefined) throw new Error(`The Bedrock SDK has no ${recording.operation}`);
  try {
    return await read(client, recording, fields(recording.request.body));
  } catch (error) {
    if (!(error instanceof Error) || !('$metadata' in error)) throw error;
    const { httpStatusCode } = error.$metadata as { httpStatusCode?: number };
    return { errorStatus: httpStatusCode, errorType: error.name, errorMessage: error.message };
  }
};
