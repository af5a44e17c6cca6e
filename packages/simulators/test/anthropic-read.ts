import type Anthropic from '@anthropic-ai/sdk';
import { APIError } from '@anthropic-ai/sdk';
import type { Expectations } from '../src/index.ts';

export type MessageSeen = Partial<Pick<Expectations, 'texts' | 'toolCalls' | 'outputTypes' | 'signatures' | 'finish' | 'usage' | 'items'>> & {
  readonly errorStatus?: number;
  readonly errorType?: unknown;
  readonly errorMessage?: unknown;
};

const plain = (value: unknown): Readonly<Record<string, unknown>> => JSON.parse(JSON.stringify(value));

const messageSeen = (message: Anthropic.Message): MessageSeen => ({
  texts: [message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')],
  toolCalls: message.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, arguments: JSON.stringify(block.input) }] : [])),
  outputTypes: message.content.map(({ type }) => type),
  signatures: message.content.flatMap((block) => (block.type === 'thinking' ? [block.signature] : [])),
  finish: message.stop_reason ?? '',
  usage: plain(message.usage),
  items: [],
});

const asked = async (client: Anthropic, surface: Expectations['surface'], body: object): Promise<MessageSeen> => {
  if (surface === 'countTokens') {
    const { input_tokens: tokens } = await client.messages.countTokens(body as Anthropic.MessageCountTokensParams);
    return { texts: [], toolCalls: [], outputTypes: [], signatures: [], items: [tokens] };
  }
  const params = body as Anthropic.MessageCreateParams;
  if (params.stream === true) return messageSeen(await client.messages.stream(params).finalMessage());
  // The time-out is named because the SDK guesses that long answers take longer than it waits.
  return messageSeen(await client.messages.create({ ...params, stream: false }, { timeout: 60_000 }));
};

/** What the vendor's SDK makes of an answer, in the terms of `expectations`. */
export const readAnthropic = async (client: Anthropic, surface: Expectations['surface'], body: object): Promise<MessageSeen> => {
  try {
    return await asked(client, surface, body);
  } catch (error) {
    if (!(error instanceof APIError) && !(error instanceof Error && 'status' in error)) throw error;
    const { status, error: sent } = error as { status?: number; error?: { error?: { type?: unknown; message?: unknown } } };
    return { ...(status === undefined ? {} : { errorStatus: status }), errorType: sent?.error?.type, errorMessage: sent?.error?.message };
  }
};
