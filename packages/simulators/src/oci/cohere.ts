import { type Fields, listOf as fieldsIn, fieldsOf, isFields, textOf } from '../openai/check.ts';
import { tokens } from '../openai/tokens.ts';
import type { Prompt } from '../openai/turn.ts';
import { anything, boolean, type Check, integer, listOf, members, number, object, oneOf, string, variants } from './check.ts';
import type { ChatAnswer } from './generic.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';
import { type Context, type Said, say, usageOf, weigh } from './said.ts';

const call = members({ name: string, parameters: object }, ['name', 'parameters']);
const results = listOf(members({ call, outputs: listOf(object) }, ['call', 'outputs']));
const message = variants('role', {
  USER: members({ role: string, message: string }, ['message']),
  SYSTEM: members({ role: string, message: string }, ['message']),
  CHATBOT: members({ role: string, message: string, toolCalls: listOf(call) }),
  TOOL: members({ role: string, toolResults: results }, ['toolResults']),
});
const TYPES = /^(?:str|float|int|bool|dict|list(?:\[[a-z]+\])?)$/;
const parameter: Check = (value, path) => {
  members({ type: string, description: string, isRequired: boolean }, ['type'])(value, path);
  // A capital bare `List` fails inside the service.
  if (!TYPES.test(textOf(fieldsOf(value).type))) throw refuse.internal();
};
const parameters: Check = (value, path) => {
  object(value, path);
  for (const [name, one] of Object.entries(value as Fields)) parameter(one, `${path}.${name}`);
};
export const toolName: Check = (value, path) => {
  if (typeof value !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value))
    throw refuse.byModel(`invalid request: ${path} must be letters, digits and underscores.`);
};
const tool = members({ name: toolName, description: string, parameterDefinitions: parameters }, ['name', 'description']);
const type = members({ type: string });
export const responseFormat = variants('type', { TEXT: type, JSON_OBJECT: members({ type: string, schema: object }) });
export const sampling = {
  maxTokens: integer(1),
  temperature: number(0, 1),
  topK: integer(0, 500),
  topP: number(0, 1),
  frequencyPenalty: number(0, 1),
  presencePenalty: number(0, 1),
  seed: integer(),
  stopSequences: listOf(string, 5),
  isStream: boolean,
  streamOptions: members({ isIncludeUsage: boolean }),
  isRawPrompting: boolean,
  isSearchQueriesOnly: boolean,
  safetyMode: oneOf('CONTEXTUAL', 'STRICT', 'OFF'),
} as const;
const request = members(
  {
    ...sampling,
    apiFormat: string,
    message: string,
    chatHistory: listOf(message),
    documents: listOf(object),
    responseFormat,
    preambleOverride: string,
    maxInputTokens: integer(1),
    promptTruncation: oneOf('OFF', 'AUTO_PRESERVE_ORDER'),
    isEcho: boolean,
    tools: listOf(tool),
    toolResults: results,
    isForceSingleStep: boolean,
    citationQuality: oneOf('ACCURATE', 'FAST'),
    isSearchRequired: anything,
  },
  ['message'],
);
const checkCohere = (chat: Fields): void => {
  request(chat, 'chatRequest');
  const answered = fieldsIn(chat.toolResults).length > 0;
  if (chat.message === '' && !answered) throw refuse.byModel('invalid request: message must be at least 1 token long or tool results must be specified.');
  if (chat.message !== '' && answered) throw refuse.byModel('invalid request: message must be empty when tool results are specified.');
  const last = fieldsIn(chat.chatHistory).at(-1);
  if (answered && last?.role !== 'CHATBOT') throw refuse.byModel('invalid request: tool results must follow the turn of the chatbot that called the tools.');
};

const schemaOf = (definitions: unknown) => {
  const entries = Object.entries(fieldsOf(definitions));
  const NAMES: Readonly<Record<string, string>> = { str: 'string', float: 'number', int: 'integer', bool: 'boolean', dict: 'object' };
  const typed = (text: string) => (text.startsWith('list') ? { type: 'array', items: { type: 'string' } } : { type: NAMES[text] ?? 'string' });
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, value]) => [name, typed(textOf(fieldsOf(value).type))])),
    required: entries.filter(([, value]) => fieldsOf(value).isRequired === true).map(([name]) => name),
  };
};
const outputs = (value: unknown): string =>
  fieldsIn(value)
    .flatMap((result) => fieldsIn(result.outputs))
    .map((output) => (typeof output.output === 'string' ? output.output : JSON.stringify(output)))
    .join('\n');
const FORMATS: Readonly<Record<string, string>> = { JSON_OBJECT: 'json_object' };
export const formatOf = (chat: Fields): Prompt['format'] => {
  const format = fieldsOf(chat.responseFormat);
  return isFields(format.schema) ? { kind: 'json_schema', schema: format.schema } : { kind: FORMATS[textOf(format.type)] ?? 'text' };
};
const promptOf = (chat: Fields): Omit<Prompt, 'reasoning'> => {
  const tools = fieldsIn(chat.tools).map(({ name, parameterDefinitions }) => ({
    kind: 'function' as const,
    name: textOf(name),
    schema: schemaOf(parameterDefinitions),
  }));
  const result = outputs(chat.toolResults);
  return {
    text: textOf(chat.message),
    toolResult: fieldsIn(chat.toolResults).length === 0 ? undefined : result,
    media: fieldsIn(chat.documents).map(() => 'document'),
    inputTokens: weigh(textOf(chat.preambleOverride), ...fieldsIn(chat.chatHistory).map((one) => textOf(one.message)), textOf(chat.message), result) + 3,
    tools,
    choice: 'auto',
    parallel: true,
    format: formatOf(chat),
    maxTokens: typeof chat.maxTokens === 'number' ? chat.maxTokens : 20,
    stop: Array.isArray(chat.stopSequences) ? chat.stopSequences.map(String) : [],
  };
};
const FINISH = { stop: 'COMPLETE', tool_calls: 'COMPLETE', length: 'MAX_TOKENS', content_filter: 'ERROR_TOXIC' } as const;
const inputOf = (json: string): Fields => fieldsOf(JSON.parse(json));

const responseOf = (chat: Fields, said: Said) => {
  const text = said.text ?? said.refusal ?? '';
  const toolCalls = said.calls.map(({ name, input }) => ({ name, parameters: inputOf(input) }));
  const spoken = chat.message === '' ? [] : [{ role: 'USER', message: chat.message }];
  const history = [...fieldsIn(chat.chatHistory), ...spoken, { role: 'CHATBOT', message: text, ...(toolCalls.length === 0 ? {} : { toolCalls }) }];
  const [document] = fieldsIn(chat.documents);
  const citations =
    document === undefined || text === '' ? {} : { citations: [{ start: 0, end: Math.min(3, text.length), text: text.slice(0, 3), documentIds: ['doc_0'] }] };
  return { apiFormat: 'COHERE', text, chatHistory: history, ...citations, finishReason: FINISH[said.finish], ...(toolCalls.length === 0 ? {} : { toolCalls }) };
};
/** A chat in the format COHERE. The last event of a stream repeats the whole answer. */
export const cohere = (context: Context, model: Model, chat: Fields): ChatAnswer => {
  checkCohere(chat);
  const prompt = promptOf(chat);
  const said = say(context, model, prompt, false);
  const usage = usageOf(prompt.inputTokens, [said]);
  const response = responseOf(chat, said);
  if (chat.isStream !== true) return { response: { ...response, usage } };
  const pieces = tokens(response.text).map((text) => ({ apiFormat: 'COHERE', text }));
  const counted = fieldsOf(chat.streamOptions).isIncludeUsage === true ? [{ apiFormat: 'COHERE', usage }] : [];
  return { events: [...pieces, response, ...counted].map((event) => ({ ...event, pad: context.pad() })) };
};
