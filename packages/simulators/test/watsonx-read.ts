import type { WatsonXAI } from '@ibm-cloud/watsonx-ai';
import type { Expectations, Recording } from '../src/index.ts';
import { collected } from './watsonx-support.ts';

export type Read = Partial<Pick<Expectations, 'texts' | 'toolCalls' | 'outputTypes' | 'finish' | 'usage' | 'items'>> & {
  readonly errorStatus?: number;
  readonly errorMessage?: string;
};
type Fields = Readonly<Record<string, unknown>>;
type Made = { readonly name: string; readonly arguments: string };

/** Arguments that a model wrote as JSON text of JSON text are the client's to read twice. */
const unwrapped = (input: string): string => (input.startsWith('"') ? String(JSON.parse(input)) : input);
const plain = (value: unknown): Fields => JSON.parse(JSON.stringify(value ?? {}));

const readChat = (body: WatsonXAI.TextChatResponse): Read => {
  const [first] = body.choices;
  const calls = first?.message?.tool_calls ?? [];
  return {
    texts: body.choices.map(({ message }) => message?.content ?? ''),
    toolCalls: calls.map(({ function: made }) => ({ name: made.name, arguments: unwrapped(made.arguments) })),
    outputTypes: first?.message?.reasoning_content ? ['reasoning'] : [],
    finish: first?.finish_reason,
    usage: plain(body.usage),
  };
};
type Chunk = { readonly event?: string; readonly data?: WatsonXAI.TextChatStreamItem };
const readChatStream = (events: readonly Chunk[]): Read => {
  const texts: string[] = [];
  const calls: Made[] = [];
  let thought = '';
  let finish: string | undefined;
  let usage: unknown;
  for (const { data } of events) {
    if (typeof data !== 'object') continue;
    usage = data.usage ?? usage;
    for (const { index = 0, delta, finish_reason: reason } of data.choices ?? []) {
      texts[index] = (texts[index] ?? '') + (delta?.content ?? '');
      if (index !== 0) continue;
      thought += (delta as { readonly reasoning_content?: string } | undefined)?.reasoning_content ?? '';
      finish = reason ?? finish;
      for (const call of (delta?.tool_calls ?? []) as unknown as { readonly index: number; readonly function: Made }[]) {
        const known = calls[call.index] ?? { name: '', arguments: '' };
        calls[call.index] = { name: known.name + call.function.name, arguments: known.arguments + call.function.arguments };
      }
    }
  }
  const toolCalls = calls.map((call) => ({ ...call, arguments: unwrapped(call.arguments) }));
  return { texts, toolCalls, outputTypes: thought === '' ? [] : ['reasoning'], finish, ...(usage === undefined ? {} : { usage: plain(usage) }) };
};
const readGeneration = (results: WatsonXAI.TextGenResponse['results']): Read => ({
  texts: [results.map(({ generated_text: text }) => text).join('')],
  finish: results.at(-1)?.stop_reason,
  usage: {
    input_token_count: Math.max(0, ...results.map(({ input_token_count: n }) => n ?? 0)),
    generated_token_count: results.at(-1)?.generated_token_count,
  },
});

const project = { projectId: 'project-1' };
/** Asks as the recording was asked, or with the least that the operation takes, and reads the answer with the vendor's client. */
const asked = async (client: WatsonXAI, { operation, model, request }: Recording): Promise<Read> => {
  const modelId = model === '' ? 'm' : model;
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const { input = 'hi' } = (request.body ?? {}) as { readonly input?: string };
  if (operation === 'text/chat') return readChat((await client.textChat({ modelId, ...project, messages })).result);
  if (operation === 'text/chat_stream')
    return readChatStream((await collected(await client.textChatStream({ modelId, ...project, messages, returnObject: true }))) as Chunk[]);
  if (operation === 'text/generation' || operation === 'v1-beta/generation/text')
    return readGeneration((await client.generateText({ modelId, ...project, input })).result.results);
  if (operation === 'text/generation_stream') {
    const events = await collected(await client.generateTextStream({ modelId, ...project, input, returnObject: true }));
    return readGeneration((events as unknown as { readonly data: WatsonXAI.TextGenResponse }[]).flatMap(({ data }) => data.results));
  }
  if (operation === 'text/embeddings') {
    const { result } = await client.embedText({ modelId, ...project, inputs: ['a', 'b', 'c'] });
    return { items: result.results.map(({ embedding }) => embedding.length), usage: { input_token_count: result.input_token_count } };
  }
  if (operation === 'text/rerank') {
    const { result } = await client.textRerank({ modelId, ...project, query: 'q', inputs: [{ text: 'a' }] });
    return { items: result.results.map(({ score }) => score), usage: { input_token_count: result.input_token_count } };
  }
  const { result } = await client.listFoundationModelSpecs();
  return { items: (result.resources ?? []).map(({ model_id: id }) => id) };
};
export const readWatsonx = async (client: WatsonXAI, one: Recording): Promise<Read> => {
  try {
    return await asked(client, one);
  } catch (error) {
    const { status, message } = error as { readonly status?: number; readonly message?: string };
    if (status === undefined) throw error;
    return { errorStatus: status, ...(message === undefined ? {} : { errorMessage: message }) };
  }
};
/** Paths of today for operations that were recorded under another. */
export const pathOf = ({ operation }: Recording): string | undefined =>
  operation === 'v1-beta/generation/text'
    ? '/ml/v1/text/generation'
    : operation === 'v1-beta/foundation_model_specs'
      ? '/ml/v1/foundation_model_specs'
      : undefined;
