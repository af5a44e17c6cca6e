import { type Fields, listOf as fieldsList, fieldsOf, isFields, textOf } from '../openai/check.ts';
import { anything, boolean, type Check, listOf, members, number, object, oneOf, string, text } from './check.ts';
import { invalid, unfit } from './refusal.ts';

const dataUrl =
  (kind: string): Check =>
  (value, name) => {
    string(value, name);
    if (!new RegExp(`^data:${kind}/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+=*$`, 'i').test(String(value)))
      throw unfit(`${name} must be a base64 data URL of ${kind}`);
  };
const asset = members({ id: text }, ['id']);
const PARTS: Readonly<Record<string, Check>> = {
  text: members({ type: string, text: string }, ['text']),
  image_url: members({ type: string, image_url: members({ url: dataUrl('image'), detail: oneOf('low', 'high', 'auto') }), data_asset: asset }),
  video_url: members({ type: string, video_url: members({ url: dataUrl('video') }), data_asset: asset }),
  input_audio: members({ type: string, input_audio: members({ data: text, format: oneOf('wav', 'mp3') }), data_asset: asset }),
};
const part: Check = (value, name) => {
  object(value, name);
  const check = PARTS[textOf(fieldsOf(value).type)];
  if (check === undefined) throw invalid(`Json document validation error: ${name}.type must be one of ${Object.keys(PARTS).join(', ')}`);
  check(value, name);
};
const userContent: Check = (value, name) => (typeof value === 'string' ? undefined : listOf(part, 1)(value, name));
const call = members({ id: text, type: oneOf('function'), function: members({ name: text, arguments: string }, ['name', 'arguments']) }, [
  'id',
  'type',
  'function',
]);
const ROLES: Readonly<Record<string, Check>> = {
  system: members({ role: string, content: string, name: string }, ['content']),
  user: members({ role: string, content: userContent, name: string }, ['content']),
  assistant: members({ role: string, content: string, name: string, refusal: anything, tool_calls: listOf(call, 1) }),
  tool: members({ role: string, content: string, tool_call_id: text }, ['content', 'tool_call_id']),
  control: members({ role: string, content: string, name: string }, ['content']),
};
const message: Check = (value, name) => {
  object(value, name);
  const fields = fieldsOf(value);
  const check = ROLES[textOf(fields.role)];
  if (check === undefined) throw invalid(`Json document validation error: ${name}.role must be one of ${Object.keys(ROLES).join(', ')}`);
  check(value, name);
  if (fields.role === 'assistant' && fields.content === undefined && fields.tool_calls === undefined && fields.refusal === undefined)
    throw invalid(`Json document validation error: ${name}.content is required unless tool_calls is specified`);
};
const tool = members({ type: oneOf('function'), function: members({ name: text, description: string, parameters: object }, ['name']) }, ['type', 'function']);
const format: Check = (value, name) => {
  const schema = members({ name: text, description: string, schema: object, strict: boolean }, ['name', 'schema']);
  members({ type: oneOf('text', 'json_object', 'json_schema'), json_schema: schema }, ['type'])(value, name);
  if (fieldsOf(value).type === 'json_schema' && !isFields(fieldsOf(value).json_schema))
    throw invalid(`Json document validation error: ${name}.json_schema is required`);
};

/** Parameters of chat, whoever answers. */
const PARAMETERS: Readonly<Record<string, Check>> = {
  messages: listOf(message, 1),
  tools: listOf(tool, 1, 128),
  tool_choice_option: oneOf('none', 'auto', 'required'),
  tool_choice: members({ type: oneOf('function'), function: members({ name: text }, ['name']) }, ['type', 'function']),
  frequency_penalty: number(-2, 2),
  presence_penalty: number(-2, 2),
  logit_bias: object,
  logprobs: boolean,
  top_logprobs: number(0, 20, true),
  max_tokens: number(0, 1_000_000, true),
  max_completion_tokens: number(0, 1_000_000, true),
  n: number(1, 128, true),
  response_format: format,
  seed: number(-2_147_483_648, 2_147_483_647, true),
  stop: listOf(string, 1, 6),
  temperature: number(0, 2),
  top_p: number(0, 1),
  time_limit: number(1, 600_000, true),
  repetition_penalty: number(0.1, 2),
  length_penalty: number(0, 10),
  include_reasoning: boolean,
  reasoning_effort: oneOf('low', 'medium', 'high'),
  guided_choice: listOf(string, 1),
  guided_regex: string,
  guided_grammar: string,
  guided_json: anything,
  chat_template_kwargs: object,
};
const CRYPTO: Readonly<Record<string, Check>> = { crypto: members({ key_ref: text }, ['key_ref']) };
const MODEL: Readonly<Record<string, Check>> = { model_id: text, project_id: text, space_id: text };

/** Which API is asked. */
export type Asked = { readonly stream: boolean; readonly deployed: boolean };

const checkTogether = (body: Fields): void => {
  if (body.tool_choice !== undefined && body.tool_choice_option !== undefined) throw unfit('Only one of tool_choice and tool_choice_option can be specified');
  const choosing = body.tool_choice !== undefined || body.tool_choice_option === 'required';
  if (choosing && body.tools === undefined) throw unfit('tools must be specified when a tool is to be called');
  const name = textOf(fieldsOf(fieldsOf(body.tool_choice).function).name);
  if (body.tool_choice !== undefined && !fieldsList(body.tools).some((one) => fieldsOf(one.function).name === name))
    throw unfit(`tool_choice names the tool ${name}, which is not among tools`);
  if (body.top_logprobs !== undefined && body.logprobs !== true) throw unfit('logprobs must be set to true if top_logprobs is used');
};
/** A result answers a call that stands before it. */
const checkResults = (body: Fields): void => {
  const called = new Set<string>();
  for (const one of fieldsList(body.messages)) {
    for (const made of fieldsList(one.tool_calls)) called.add(textOf(made.id));
    if (one.role === 'tool' && !called.has(textOf(one.tool_call_id))) throw unfit(`tool_call_id ${textOf(one.tool_call_id)} does not answer a tool call`);
  }
};
/** Refuses a chat request as the service does. */
export const checkChat = (body: unknown, { stream, deployed }: Asked): Fields => {
  const table = { ...PARAMETERS, ...(stream ? {} : CRYPTO), ...(deployed ? { context: string } : MODEL) };
  members(table, deployed ? ['messages'] : ['model_id', 'messages'])(body, '');
  const fields = fieldsOf(body);
  if (deployed && fieldsList(fields.messages).some(({ role }) => role === 'system'))
    throw unfit('messages with role system cannot be specified for a deployment; the prompt template has its own');
  checkTogether(fields);
  checkResults(fields);
  return fields;
};
