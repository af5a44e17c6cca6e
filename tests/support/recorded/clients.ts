import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient, ConverseCommand, type ConverseCommandInput, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { Expectations, ExpectedToolCall } from '@llm-proxy-auth/simulators';
import OpenAI from 'openai';
import { geminiAnswer } from '../../../packages/simulators/src/expectations-google.ts';

/** What a client of some dialect read of an answer, in that vendor's own words. */
export type Heard = Pick<Expectations, 'texts' | 'toolCalls' | 'thoughts'> &
  Partial<Pick<Expectations, 'finish' | 'usage'>> & { readonly errorStatus?: number | undefined };
export interface Asking {
  /** Of the gateway, without a dialect. */
  readonly url: string;
  readonly key: string;
  readonly instance: string;
  readonly model: string;
  readonly stream: boolean;
  /** It wants to be shown what the model thinks; said where the format can say so. */
  readonly asksThoughts: boolean;
}
/** Says hi with the vendor's own SDK. */
export type Client = (asking: Asking) => Promise<Heard>;

const plain = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  value === undefined || value === null ? undefined : JSON.parse(JSON.stringify(value));
const messages = [{ role: 'user' as const, content: 'hi' }];
const THINKING = { type: 'enabled' as const, budget_tokens: 2000 };
const FAILED = { texts: [], toolCalls: [], thoughts: '' };
/** Every SDK tells the status of a refusal in a member of its own; an error in a stream has none. */
const refusable =
  (ask: Client): Client =>
  async (asking) => {
    try {
      return await ask(asking);
    } catch (error) {
      const { status, $metadata } = error as { readonly status?: unknown; readonly $metadata?: { readonly httpStatusCode?: number } };
      const found = status ?? $metadata?.httpStatusCode;
      if (typeof found !== 'number') throw error;
      return { ...FAILED, errorStatus: found };
    }
  };

/** Where this gateway shows thinking in a format that has no place for it: signed blocks, in one piece. */
type Shown = { readonly thinking_blocks?: readonly { readonly thinking?: string }[]; readonly reasoning_content?: string };
const shownIn = (message: object | undefined): string => {
  const { thinking_blocks: blocks = [], reasoning_content: plainly = '' } = (message ?? {}) as Shown;
  return blocks.map(({ thinking }) => thinking ?? '').join('') + plainly;
};
const openai: Client = async ({ url, key, instance, model, stream }) => {
  const client = new OpenAI({ baseURL: `${url}/openai/${instance}/v1`, apiKey: key, maxRetries: 0 });
  const body = { model, messages, max_completion_tokens: 9000 };
  if (!stream) {
    const { choices = [], usage } = await client.chat.completions.create(body);
    const message = choices[0]?.message;
    return {
      texts: [message?.content ?? ''],
      // One recording is of a time when there was but one call.
      toolCalls: [...(message?.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call.function] : [])), message?.function_call ?? []].flat(),
      thoughts: shownIn(message),
      finish: choices[0]?.finish_reason,
      usage: plain(usage),
    };
  }
  const heard = { text: '', thoughts: '' };
  const calls: { name: string; arguments: string }[] = [];
  let finish: string | undefined;
  let usage: Heard['usage'];
  for await (const chunk of await client.chat.completions.create({ ...body, stream, stream_options: { include_usage: true } })) {
    usage = plain(chunk.usage) ?? usage;
    const choice = chunk.choices.find(({ index }) => index === 0);
    heard.text += choice?.delta.content ?? '';
    heard.thoughts += shownIn(choice?.delta);
    finish = choice?.finish_reason ?? finish;
    for (const { index, function: made } of choice?.delta.tool_calls ?? []) {
      const known = calls[index] ?? { name: '', arguments: '' };
      calls[index] = { name: known.name + (made?.name ?? ''), arguments: known.arguments + (made?.arguments ?? '') };
    }
  }
  return { texts: [heard.text], toolCalls: calls, thoughts: heard.thoughts, finish, usage };
};

const anthropic: Client = async ({ url, key, instance, model, stream, asksThoughts }) => {
  const client = new Anthropic({ baseURL: `${url}/anthropic/${instance}`, apiKey: key, maxRetries: 0 });
  const body = { model, max_tokens: 9000, messages, ...(asksThoughts ? { thinking: THINKING } : {}) };
  const { content, stop_reason: finish, usage } = stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
  return {
    texts: [content.map((block) => (block.type === 'text' ? block.text : '')).join('')],
    toolCalls: content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, arguments: JSON.stringify(block.input) }] : [])),
    thoughts: content.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    finish: finish ?? undefined,
    usage: plain(usage),
  };
};

const converse: Client = async ({ url, key, instance, model, stream, asksThoughts }) => {
  const endpoint = `${url}/converse/${instance}`;
  const client = new BedrockRuntimeClient({ region: 'us-east-1', endpoint, token: { token: key }, authSchemePreference: ['httpBearerAuth'], maxAttempts: 1 });
  const input: ConverseCommandInput = {
    modelId: model,
    messages: [{ role: 'user', content: [{ text: 'hi' }] }],
    inferenceConfig: { maxTokens: 9000 },
    ...(asksThoughts ? { additionalModelRequestFields: { thinking: THINKING } } : {}),
  };
  try {
    if (!stream) {
      const { output, stopReason: finish, usage } = await client.send(new ConverseCommand(input));
      const content = output?.message?.content ?? [];
      return {
        texts: [content.map(({ text, citationsContent }) => (text ?? '') + (citationsContent?.content ?? []).map((one) => one.text ?? '').join('')).join('')],
        toolCalls: content.flatMap(({ toolUse }) =>
          toolUse === undefined || toolUse.type === 'server_tool_use' ? [] : [{ name: toolUse.name ?? '', arguments: JSON.stringify(toolUse.input) }],
        ),
        thoughts: content.map(({ reasoningContent }) => reasoningContent?.reasoningText?.text ?? '').join(''),
        finish,
        usage: plain(usage),
      };
    }
    const heard = { text: '', thoughts: '' };
    const calls = new Map<number, { name: string; arguments: string }>();
    let finish: string | undefined;
    let usage: Heard['usage'];
    for await (const event of (await client.send(new ConverseStreamCommand(input))).stream ?? []) {
      const { contentBlockStart: begun, contentBlockDelta: grown, messageStop, metadata } = event;
      const tool = begun?.start?.toolUse;
      if (tool !== undefined && tool.type !== 'server_tool_use') calls.set(begun?.contentBlockIndex ?? 0, { name: tool.name ?? '', arguments: '' });
      const call = calls.get(grown?.contentBlockIndex ?? -1);
      if (call !== undefined) call.arguments += grown?.delta?.toolUse?.input ?? '';
      heard.text += grown?.delta?.text ?? '';
      heard.thoughts += grown?.delta?.reasoningContent?.text ?? '';
      finish = messageStop?.stopReason ?? finish;
      usage = plain(metadata?.usage) ?? usage;
    }
    return { texts: [heard.text], toolCalls: [...calls.values()], thoughts: heard.thoughts, finish, usage };
  } finally {
    client.destroy();
  }
};

const gemini: Client = async ({ url, key, instance, model, stream, asksThoughts }) => {
  const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${url}/gemini/${instance}` } });
  const asked = { model, contents: 'hi', config: asksThoughts ? { thinkingConfig: { includeThoughts: true, thinkingBudget: 2000 } } : {} };
  const pieces: GenerateContentResponse[] = [];
  if (stream) for await (const piece of await models.generateContentStream(asked)) pieces.push(piece);
  else pieces.push(await models.generateContent(asked));
  const first = ({ candidates = [] }: GenerateContentResponse) => candidates.find(({ index = 0 }) => index === 0);
  const parts = pieces.flatMap((piece) => first(piece)?.content?.parts ?? []);
  const said = (thought: boolean): string => parts.map((part) => ((part.thought ?? false) === thought ? (part.text ?? '') : '')).join('');
  const last = (of: (piece: GenerateContentResponse) => unknown): unknown => pieces.map(of).findLast((found) => found !== undefined);
  // Arguments that come in pieces are the client's to join: the SDK hands them on as they are.
  const toolCalls: readonly ExpectedToolCall[] = geminiAnswer(pieces.map((piece) => ({ candidates: [first(piece) ?? {}] }))).toolCalls ?? [];
  const reason = last((piece) => first(piece)?.finishReason) ?? last(({ promptFeedback }) => promptFeedback?.blockReason);
  return {
    texts: [said(false)],
    toolCalls,
    thoughts: said(true),
    // This format has one word for an answer that calls and for any other.
    finish: toolCalls.length > 0 && reason === 'STOP' ? 'tool_calls' : String(reason),
    usage: plain(last(({ usageMetadata }) => usageMetadata)),
  };
};

export const CLIENTS = Object.freeze({
  openai: refusable(openai),
  anthropic: refusable(anthropic),
  converse: refusable(converse),
  gemini: refusable(gemini),
});
