import { type Fields, listOf as fieldsIn, fieldsOf, textOf } from '../openai/check.ts';
import { boolean, type Check, integer, listOf, members, number, object, oneOf, string, variants } from './check.ts';
import type { Model } from './models.ts';
import { refuse } from './refusal.ts';

const url = (member: string): Check => members({ type: string, [member]: members({ url: string, detail: oneOf('AUTO', 'HIGH', 'LOW') }, ['url']) }, [member]);
const content = listOf(
  variants('type', {
    TEXT: members({ type: string, text: string }),
    IMAGE: url('imageUrl'),
    DOCUMENT: url('documentUrl'),
    AUDIO: url('audioUrl'),
    VIDEO: url('videoUrl'),
  }),
);
const said = members({ role: string, content, name: string }, ['content']);
const annotation = members({ type: string, urlCitation: members({ startIndex: integer(), endIndex: integer(), title: string, url: string }) });
const message = variants('role', {
  SYSTEM: said,
  DEVELOPER: said,
  USER: said,
  ASSISTANT: members({
    role: string,
    content,
    name: string,
    refusal: string,
    reasoningContent: string,
    annotations: listOf(annotation),
    toolCalls: listOf(members({ type: oneOf('FUNCTION'), id: string, name: string, arguments: string }, ['type', 'id', 'name'])),
  }),
  TOOL: members({ role: string, content, toolCallId: string }, ['content', 'toolCallId']),
});
/** As the model's own description says. */
const toolName: Check = (value, path) => {
  string(value, path);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(textOf(value))) throw refuse.invalid(`${path} must be a-z, A-Z, 0-9, or contain underscores and dashes`);
};
const tool = members({ type: oneOf('FUNCTION'), name: toolName, description: string, parameters: object }, ['type', 'name']);
const type = members({ type: string });
const toolChoice = variants('type', { AUTO: type, NONE: type, REQUIRED: type, FUNCTION: members({ type: string, name: string }, ['name']) });
const schema = members({ name: string, description: string, schema: object, isStrict: boolean }, ['name']);
const responseFormat = variants('type', { TEXT: type, JSON_OBJECT: type, JSON_SCHEMA: members({ type: string, jsonSchema: schema }, ['jsonSchema']) });

/** Sixteen pairs at most, names of 64 and texts of 512 characters, as the model's own description says. */
const pairs: Check = (value, path) => {
  object(value, path);
  const entries = Object.entries(value as Fields);
  if (entries.length > 16) throw refuse.invalid(`${path} must have at most 16 members`);
  for (const [name, text] of entries) {
    string(text, `${path}.${name}`);
    if (name.length > 64 || textOf(text).length > 512) throw refuse.invalid(`${path}.${name} is too long`);
  }
};

const request = members(
  {
    apiFormat: string,
    messages: listOf(message),
    reasoningEffort: oneOf('NONE', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH'),
    verbosity: oneOf('LOW', 'MEDIUM', 'HIGH'),
    metadata: pairs,
    isStream: boolean,
    streamOptions: members({ isIncludeUsage: boolean }),
    numGenerations: integer(1, 128),
    seed: integer(),
    isEcho: boolean,
    topK: integer(-1),
    topP: number(0, 1),
    temperature: number(0, 2),
    frequencyPenalty: number(-2, 2),
    presencePenalty: number(-2, 2),
    stop: listOf(string),
    logProbs: integer(1),
    maxTokens: integer(1),
    maxCompletionTokens: integer(1),
    logitBias: object,
    prediction: members({ type: oneOf('CONTENT'), content: listOf(members({ type: oneOf('TEXT'), text: string }, ['type', 'text'])) }, ['type', 'content']),
    responseFormat,
    toolChoice,
    isParallelToolCalls: boolean,
    tools: listOf(tool, 128),
    webSearchOptions: members({
      searchContextSize: oneOf('LOW', 'MEDIUM', 'HIGH'),
      userLocation: members({ city: string, region: string, country: string, timezone: string }),
    }),
    serviceTier: oneOf('AUTO', 'DEFAULT', 'PRIORITY'),
  },
  ['messages'],
);

/** Each result answers a call of the assistant's message before it. */
const checkResults = (messages: readonly Fields[]): void => {
  let open = new Set<string>();
  for (const { role, toolCalls, toolCallId } of messages) {
    if (role === 'ASSISTANT') open = new Set(fieldsIn(toolCalls).map(({ id }) => textOf(id)));
    else if (role === 'TOOL' && !open.has(textOf(toolCallId)))
      throw refuse.byModel('Messages with role TOOL must answer a tool call of the message before them.');
    else if (role === 'USER') open = new Set();
  }
};
/** What Google's models behind the service fail with. */
const checkGoogle = (messages: readonly Fields[], tools: readonly Fields[]): void => {
  if (tools.some(({ name }) => !/^[A-Za-z_]/.test(textOf(name)))) throw refuse.byGoogle('Invalid function name. Must start with a letter or an underscore.');
  if (messages.some(({ role, content: parts }) => role === 'ASSISTANT' && fieldsIn(parts).every(({ text }) => textOf(text) === ''))) throw refuse.internal();
  if (messages.some(({ toolCalls }) => fieldsIn(toolCalls).length > 1))
    throw refuse.byGoogle('Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.');
};
/** Throws what the service refuses. */
export const checkGeneric = (chat: Fields, model: Model): void => {
  request(chat, 'chatRequest');
  const messages = fieldsIn(chat.messages);
  if (messages.length === 0) throw refuse.missing('chatRequest.messages');
  if (model.completionLimit && chat.maxTokens !== undefined)
    throw refuse.byModel("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.");
  if (chat.maxTokens !== undefined && chat.maxCompletionTokens !== undefined) throw refuse.byModel('Set either maxTokens or maxCompletionTokens.');
  checkResults(messages);
  if (model.vendor === 'google') checkGoogle(messages, fieldsIn(chat.tools));
  const images = messages.some(({ content: parts }) => fieldsIn(parts).some(({ type: kind }) => kind === 'IMAGE'));
  if (images && !model.images) throw refuse.byModel('This model does not support images.');
  const named = fieldsOf(chat.toolChoice);
  if (named.type === 'FUNCTION' && !fieldsIn(chat.tools).some(({ name }) => name === named.name))
    throw refuse.byModel(`Tool choice names '${textOf(named.name)}', which is not among the tools.`);
};
