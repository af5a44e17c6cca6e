import type OpenAI from 'openai';
import { APIError } from 'openai';
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import type { CompletionCreateParams } from 'openai/resources/completions';
import type { EmbeddingCreateParams } from 'openai/resources/embeddings';
import type { Response, ResponseCreateParams } from 'openai/resources/responses/responses';
import type { Expectations } from '../src/index.ts';

export type Seen = Partial<Pick<Expectations, 'texts' | 'toolCalls' | 'transcript' | 'outputTypes' | 'finish' | 'usage' | 'items'>> & {
  readonly errorStatus?: number;
  readonly errorCode?: unknown;
};

const plain = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  value === undefined || value === null ? undefined : JSON.parse(JSON.stringify(value));

const readChat = async (client: OpenAI, body: object): Promise<Seen> => {
  const params = body as ChatCompletionCreateParams;
  if (params.stream !== true) {
    const whole = await client.chat.completions.create({ ...params, stream: false });
    const choices = whole.choices ?? []; // an error under status 200 has none
    const { tool_calls: calls = [], function_call: legacy, audio } = choices[0]?.message ?? {};
    return {
      texts: choices.map((choice) => choice.message.content ?? ''),
      toolCalls: [...calls.flatMap((call) => (call.type === 'function' ? [call.function] : [])), ...(legacy ? [legacy] : [])].map(
        ({ name, arguments: input }) => ({ name, arguments: input }),
      ),
      transcript: audio?.transcript,
      outputTypes: [],
      finish: choices[0]?.finish_reason,
      usage: plain(whole.usage),
      items: [],
    };
  }
  const texts: string[] = [];
  const toolCalls: { name: string; arguments: string }[] = [];
  let finish: string | undefined;
  let usage: Seen['usage'];
  for await (const chunk of await client.chat.completions.create({ ...params, stream: true })) {
    usage = plain(chunk.usage) ?? usage;
    for (const choice of chunk.choices) {
      texts[choice.index] = (texts[choice.index] ?? '') + (choice.delta.content ?? '');
      if (choice.index !== 0) continue;
      finish = choice.finish_reason ?? finish;
      for (const call of choice.delta.tool_calls ?? []) {
        const known = toolCalls[call.index] ?? { name: '', arguments: '' };
        toolCalls[call.index] = { name: known.name + (call.function?.name ?? ''), arguments: known.arguments + (call.function?.arguments ?? '') };
      }
    }
  }
  return { texts, toolCalls, transcript: undefined, outputTypes: [], finish, usage, items: [] };
};

const readCompletions = async (client: OpenAI, body: object): Promise<Seen> => {
  const params = body as CompletionCreateParams;
  if (params.stream !== true) {
    const whole = await client.completions.create({ ...params, stream: false });
    return {
      texts: whole.choices.map(({ text }) => text),
      toolCalls: [],
      transcript: undefined,
      outputTypes: [],
      finish: whole.choices[0]?.finish_reason,
      usage: plain(whole.usage),
      items: [],
    };
  }
  const texts: string[] = [];
  let finish: string | undefined;
  let usage: Seen['usage'];
  for await (const chunk of await client.completions.create({ ...params, stream: true })) {
    usage = plain(chunk.usage) ?? usage;
    for (const choice of chunk.choices) {
      texts[choice.index] = (texts[choice.index] ?? '') + choice.text;
      if (choice.index === 0) finish = choice.finish_reason ?? finish;
    }
  }
  return { texts, toolCalls: [], transcript: undefined, outputTypes: [], finish, usage, items: [] };
};

const responseSeen = (response: Response): Seen => ({
  texts: [response.output_text],
  toolCalls: response.output.flatMap((item) => (item.type === 'function_call' ? [{ name: item.name, arguments: item.arguments }] : [])),
  transcript: undefined,
  outputTypes: response.output.map(({ type }) => type),
  finish: response.incomplete_details?.reason === undefined ? response.status : `${response.status}:${response.incomplete_details.reason}`,
  usage: plain(response.usage),
  items: [],
});

const readResponses = async (client: OpenAI, body: object): Promise<Seen> => {
  const params = body as ResponseCreateParams;
  if (params.stream !== true) return responseSeen(await client.responses.create({ ...params, stream: false }));
  let text = '';
  let last: Response | undefined;
  for await (const event of await client.responses.create({ ...params, stream: true })) {
    if (event.type === 'response.output_text.delta') text += event.delta;
    if (event.type === 'response.completed' || event.type === 'response.incomplete' || event.type === 'response.failed') last = event.response;
  }
  if (last === undefined) throw new Error('The stream had no terminal event');
  return { ...responseSeen(last), texts: [text] };
};

const readEmbeddings = async (client: OpenAI, body: object): Promise<Seen> => {
  // Without a format the SDKs ask for base64, and version 6 then misreads the recorded float arrays: ask for what was recorded.
  const answer = await client.embeddings.create({ encoding_format: 'float', ...body } as EmbeddingCreateParams);
  const items = answer.data.map(({ embedding }) => (typeof embedding === 'string' ? Buffer.from(embedding, 'base64').length / 4 : embedding.length));
  return { texts: [], toolCalls: [], transcript: undefined, outputTypes: [], finish: undefined, usage: plain(answer.usage), items };
};

const readModels = async (client: OpenAI): Promise<Seen> => {
  const items: string[] = [];
  for await (const model of client.models.list()) items.push(model.id);
  return { texts: [], toolCalls: [], transcript: undefined, outputTypes: [], finish: undefined, usage: undefined, items };
};

const readers: Readonly<Partial<Record<Expectations['surface'], (client: OpenAI, body: object) => Promise<Seen>>>> = {
  chat: readChat,
  completions: readCompletions,
  responses: readResponses,
  embeddings: readEmbeddings,
  models: readModels,
};

/** What the vendor's SDK makes of an answer, in the terms of `expectations`. */
export const read = async (client: OpenAI, surface: Expectations['surface'], body: object): Promise<Seen> => {
  const reader = readers[surface];
  if (reader === undefined) throw new Error(`The OpenAI SDK has no ${surface}`);
  try {
    return await reader(client, body);
  } catch (error) {
    if (!(error instanceof APIError) && !(error instanceof Error && 'status' in error)) throw error;
    const { status, code } = error as { status?: number; code?: unknown };
    return { ...(status === undefined ? {} : { errorStatus: status }), errorCode: code };
  }
};
