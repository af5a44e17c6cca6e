import { countedTokens, messageEvents, wholeMessage } from './expectations-anthropic.ts';
import { converseEvents, converseMessage, guarded, invoked, invokedEvents } from './expectations-bedrock.ts';
import { geminiAnswer, googleItems } from './expectations-google.ts';
import { ociChatEvents } from './expectations-oci.ts';
import { watsonxChat, watsonxChatEvents, watsonxError, watsonxGeneration, watsonxItems } from './expectations-watsonx.ts';
import type { Recording } from './recordings.ts';
import { recordedBytes } from './replay.ts';

type Fields = Readonly<Record<string, unknown>>;

export type ExpectedToolCall = { readonly name: string; readonly arguments: string };

export type ExpectedError = { readonly message: string; readonly type: unknown; readonly param: unknown; readonly code: unknown };

/** What a client must read out of a recording, whatever stands between the client and the service. */
export type Expectations = {
  readonly surface:
    | 'chat'
    | 'completions'
    | 'responses'
    | 'embeddings'
    | 'models'
    | 'messages'
    | 'countTokens'
    | 'converse'
    | 'invoke'
    | 'guardrail'
    | 'watsonxChat'
    | 'watsonxGeneration'
    | 'watsonxItems'
    | 'ociChat'
    | 'gemini'
    | 'googleItems';
  /** Text of the first choice or of all output messages; '' where there is none. */
  readonly text: string;
  /** Text of each choice; one element for responses. */
  readonly texts: readonly string[];
  /** Calls of the first choice or of the output; an older `function_call` counts as one. */
  readonly toolCalls: readonly ExpectedToolCall[];
  /** What an audio answer says, where there is one. */
  readonly transcript: string | undefined;
  /** Types of the output items of a response (`reasoning`, `web_search_call`, `message` …) or of the blocks of a message, in order. */
  readonly outputTypes: readonly string[];
  /** What the model is said to have thought, all of it as one text; '' where nothing of it is shown. */
  readonly thoughts: string;
  /** What vouches for the thinking of a message, in order. */
  readonly signatures: readonly string[];
  /** `finish_reason` of the first choice, `stop_reason` of a message; for responses the status, with the reason behind it: `incomplete:max_output_tokens`. */
  readonly finish: string | undefined;
  /** The usage object as recorded; undefined where the service sent none. */
  readonly usage: Fields | undefined;
  /** HTTP status of an error answer, else undefined. */
  readonly errorStatus: number | undefined;
  /** The error object of the body; also set for the recorded errors under status 200. */
  readonly error: ExpectedError | undefined;
  /** Ids of a model list, or lengths of embedding vectors (base64 decoded). */
  readonly items: readonly (string | number)[];
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The JSON payloads of an event stream, `[DONE]` left out. */
const payloads = (stream: string): Fields[] =>
  stream
    .split(/\r?\n\r?\n/)
    .map((event) =>
      event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => fields(JSON.parse(data)));

const ofBedrock: Readonly<Record<string, Expectations['surface']>> = {
  converse: 'converse',
  'converse-stream': 'converse',
  invoke: 'invoke',
  'invoke-with-response-stream': 'invoke',
  'count-tokens': 'countTokens',
  apply: 'guardrail',
};

const ofWatsonx: Readonly<Record<string, Expectations['surface']>> = {
  'text/chat': 'watsonxChat',
  'text/chat_stream': 'watsonxChat',
  'text/generation': 'watsonxGeneration',
  'text/generation_stream': 'watsonxGeneration',
  'v1-beta/generation/text': 'watsonxGeneration',
  'text/embeddings': 'watsonxItems',
  'text/rerank': 'watsonxItems',
  'v1-beta/foundation_model_specs': 'watsonxItems',
  token: 'watsonxItems',
};

const ofGoogle: Readonly<Record<string, Expectations['surface']>> = {
  generateContent: 'gemini',
  streamGenerateContent: 'gemini',
  countTokens: 'googleItems',
  predict: 'googleItems',
  embedContent: 'googleItems',
  batchEmbedContents: 'googleItems',
  rawPredict: 'messages',
  streamRawPredict: 'messages',
};

const surfaceOf = ({ operation, provider }: Recording): Expectations['surface'] => {
  if (provider === 'oci') return 'ociChat';
  if (provider === 'gemini' && operation === 'models') return 'googleItems';
  if (operation.endsWith('chat/completions')) return 'chat';
  if (operation === 'messages/count_tokens') return 'countTokens';
  if (operation === 'completions' || operation === 'responses' || operation === 'embeddings' || operation === 'models' || operation === 'messages')
    return operation;
  const found = ofBedrock[operation] ?? ofGoogle[operation] ?? ofWatsonx[operation];
  if (found !== undefined) return found;
  throw new Error(`No expectations for the operation ${operation}`);
};

export type Found = Partial<
  Pick<Expectations, 'texts' | 'toolCalls' | 'transcript' | 'outputTypes' | 'thoughts' | 'signatures' | 'finish' | 'usage' | 'items'>
>;

const callOf = (given: unknown): ExpectedToolCall => ({ name: text(fields(given).name), arguments: text(fields(given).arguments) });

const callsOf = (message: Fields): ExpectedToolCall[] => [
  ...list(message.tool_calls).map((call) => callOf(call.function)),
  ...(isFields(message.function_call) ? [callOf(message.function_call)] : []),
];

/** Servers that speak OpenAI's format have two names for it. */
const thoughtOf = (message: Fields): string => text(message.reasoning_content) || text(message.reasoning);

const usageOf = (body: Fields): Fields | undefined => (isFields(body.usage) ? body.usage : undefined);

const whole = (body: Fields): Found => {
  const choices = list(body.choices);
  const [first] = choices;
  const message = fields(first?.message);
  return {
    texts: choices.map((choice) => ('text' in choice ? text(choice.text) : text(fields(choice.message).content))),
    toolCalls: callsOf(message),
    thoughts: thoughtOf(message),
    transcript: isFields(message.audio) ? text(message.audio.transcript) : undefined,
    finish: first === undefined ? undefined : text(first.finish_reason),
    usage: usageOf(body),
  };
};

/** Adds up the deltas of chat and completions streams. */
const streamed = (chunks: readonly Fields[]): Found => {
  const texts: string[] = [];
  const toolCalls: { name: string; arguments: string }[] = [];
  let thoughts = '';
  let finish: string | undefined;
  let usage: Fields | undefined;
  for (const chunk of chunks) {
    usage = usageOf(chunk) ?? usage;
    for (const choice of list(chunk.choices)) {
      const index = Number(choice.index ?? 0);
      const delta = fields(choice.delta);
      texts[index] = (texts[index] ?? '') + text(choice.text) + text(delta.content);
      if (index !== 0) continue;
      thoughts += thoughtOf(delta);
      if (typeof choice.finish_reason === 'string') finish = choice.finish_reason;
      for (const call of list(delta.tool_calls)) {
        const at = Number(call.index ?? 0);
        const known = toolCalls[at] ?? { name: '', arguments: '' };
        const part = fields(call.function);
        toolCalls[at] = { name: known.name + text(part.name), arguments: known.arguments + text(part.arguments) };
      }
    }
  }
  return { texts, toolCalls, thoughts, finish, usage };
};

const response = (body: Fields): Found => {
  const output = list(body.output);
  const parts = output.filter((item) => item.type === 'message').flatMap((item) => list(item.content));
  const reason = fields(body.incomplete_details).reason;
  return {
    texts: [
      parts
        .filter((part) => part.type === 'output_text')
        .map((part) => text(part.text))
        .join(''),
    ],
    toolCalls: output.filter((item) => item.type === 'function_call').map(callOf),
    outputTypes: output.map((item) => text(item.type)),
    thoughts: output
      .filter((item) => item.type === 'reasoning')
      .flatMap((item) => [...list(item.summary), ...list(item.content)])
      .map((part) => text(part.text))
      .join(''),
    finish: reason === undefined ? text(body.status) : `${text(body.status)}:${text(reason)}`,
    usage: usageOf(body),
  };
};

const responseStream = (events: readonly Fields[]): Found => {
  const terminal = events.findLast((event) => /^response\.(completed|incomplete|failed)$/.test(text(event.type)));
  return response(fields(terminal?.response));
};

const vectorLength = (vector: unknown): number => (typeof vector === 'string' ? Buffer.from(vector, 'base64').length / 4 : (vector as unknown[]).length);

const read = (surface: Expectations['surface'], stream: boolean, raw: string): Found => {
  if (surface === 'watsonxGeneration') return watsonxGeneration(raw, stream);
  if (stream && surface === 'watsonxChat') return watsonxChatEvents(raw);
  if (surface === 'ociChat') return ociChatEvents(raw);
  if (stream && surface === 'gemini') return geminiAnswer(raw.trimStart().startsWith('data:') ? payloads(raw) : list(JSON.parse(raw)));
  if (stream && surface === 'messages') return messageEvents(payloads(raw));
  if (stream) return surface === 'responses' ? responseStream(payloads(raw)) : streamed(payloads(raw));
  const body = fields(JSON.parse(raw));
  if (surface === 'watsonxChat') return watsonxChat(body);
  if (surface === 'watsonxItems') return watsonxItems(body);
  if (surface === 'gemini') return geminiAnswer([body]);
  if (surface === 'googleItems') return googleItems(body);
  if (surface === 'messages') return wholeMessage(body);
  if (surface === 'countTokens') return 'inputTokens' in body ? { items: [Number(body.inputTokens)] } : countedTokens(body);
  if (surface === 'converse') return converseMessage(body);
  if (surface === 'invoke') return invoked(body);
  if (surface === 'guardrail') return guarded(body);
  if (surface === 'responses') return response(body);
  if (surface === 'models') return { items: list(body.data).map((model) => text(model.id)) };
  if (surface === 'embeddings') return { items: list(body.data).map((item) => vectorLength(item.embedding)), usage: usageOf(body) };
  return whole(body);
};

/** The error of Bedrock: its type stands in a header, before the colon. */
const awsError = ({ response }: Recording, body: Fields): ExpectedError | undefined => {
  const type = Object.entries(response.headers).find(([name]) => name.toLowerCase() === 'x-amzn-errortype')?.[1];
  return type === undefined ? undefined : { message: text(body.message ?? body.Message), type: type.split(':')[0], param: undefined, code: undefined };
};

const errorOf = (recording: Recording, raw: string): ExpectedError | undefined => {
  if (!raw.trimStart().startsWith('{')) return undefined;
  const body = fields(JSON.parse(raw));
  const { error } = body;
  if (!isFields(error)) return watsonxError(body) ?? awsError(recording, body);
  return { message: text(error.message), type: error.type, param: error.param, code: error.code };
};

export const expectations = (recording: Recording): Expectations => {
  const bytes = recordedBytes(recording);
  const raw = bytes.toString('utf8');
  const surface = surfaceOf(recording);
  const { status } = recording.response;
  const stream = recording.stream && status < 400;
  const binary = recording.response.body_base64 !== undefined;
  // A front that does not know a path answers with a page.
  const page = status >= 400 && raw.trimStart().startsWith('<');
  const error = stream || binary ? undefined : errorOf(recording, raw);
  const found = binary ? (surface === 'invoke' ? invokedEvents(bytes) : converseEvents(bytes)) : error === undefined && !page ? read(surface, stream, raw) : {};
  const texts = found.texts ?? [];
  return {
    surface,
    text: texts[0] ?? '',
    texts,
    toolCalls: found.toolCalls ?? [],
    transcript: found.transcript,
    outputTypes: found.outputTypes ?? [],
    thoughts: found.thoughts ?? '',
    signatures: found.signatures ?? [],
    finish: found.finish,
    usage: found.usage,
    errorStatus: status >= 400 ? status : undefined,
    error,
    items: found.items ?? [],
  };
};
