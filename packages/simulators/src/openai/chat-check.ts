import {
  anything,
  boolean,
  type Check,
  checkMembers,
  decimal,
  type Fields,
  fieldsOf,
  integer,
  isFields,
  listOf,
  metadata,
  object,
  objects,
  oneOf,
  string,
  textOf,
  typeName,
} from './check.ts';
import { checkMarks, type Model } from './models.ts';
import { refuse } from './refusal.ts';

const roles = ['system', 'assistant', 'user', 'function', 'tool', 'developer'];
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;
export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

export const namedString: Check = (value, param) => {
  string(value, param);
  if (!namePattern.test(String(value))) throw refuse.pattern(param, '^[a-zA-Z0-9_-]+$');
};

const required = (fields: Fields, name: string, prefix: string): unknown => {
  const value = fields[name];
  if (value === undefined || value === null) throw refuse.missing(`${prefix}${name}`);
  return value;
};

const parts: Readonly<Record<string, string>> = { text: 'text', image_url: 'image_url', input_audio: 'input_audio', file: 'file', refusal: 'refusal' };

const checkContent: Check = (content, param) => {
  if (typeof content === 'string') return;
  if (!Array.isArray(content)) throw refuse.type(param, 'one of a string or array of objects', typeName(content));
  for (const [index, part] of content.entries()) {
    const at = `${param}[${index}]`;
    object(part, at);
    const type = required(part, 'type', `${at}.`);
    oneOf(...Object.keys(parts))(type, `${at}.type`);
    const member = parts[String(type)] ?? '';
    const value = required(part, member, `${at}.`);
    if (type === 'image_url') string(required(fieldsOf(value), 'url', `${at}.image_url.`), `${at}.image_url.url`);
  }
};

const messages: Check = (value, param) => {
  objects(value, param);
  const all = listOf(value);
  if (all.length === 0) throw refuse.emptyArray(param);
  let open: string[] = [];
  for (const [index, message] of all.entries()) {
    const at = `${param}[${index}]`;
    const role = required(message, 'role', `${at}.`);
    oneOf(...roles)(role, `${at}.role`);
    if (message.content !== undefined && message.content !== null) checkContent(message.content, `${at}.content`);
    if (role === 'tool') {
      const id = textOf(required(message, 'tool_call_id', `${at}.`));
      if (open.length === 0)
        throw refuse.plain(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
        );
      if (!open.includes(id))
        throw refuse.plain(`Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`, `messages.[${index}].tool_call_id`);
      open = open.filter((one) => one !== id);
      continue;
    }
    if (open.length > 0) throw unanswered(open, index);
    if (role === 'assistant' && Array.isArray(message.tool_calls)) open = listOf(message.tool_calls).map((call) => textOf(call.id));
  }
  if (open.length > 0) throw unanswered(open, all.length);
};

const unanswered = (open: readonly string[], index: number): Error =>
  refuse.plain(
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${open.join(', ')}`,
    `messages.[${index}].role`,
  );

const tools: Check = (value, param) => {
  objects(value, param);
  for (const [index, tool] of listOf(value).entries()) {
    const at = `${param}[${index}]`;
    const type = required(tool, 'type', `${at}.`);
    oneOf('function', 'custom')(type, `${at}.type`);
    const inner = required(tool, String(type), `${at}.`);
    namedString(required(fieldsOf(inner), 'name', `${at}.${String(type)}.`), `${at}.${String(type)}.name`);
    if (type === 'function' && fieldsOf(inner).parameters !== undefined) object(fieldsOf(inner).parameters, `${at}.function.parameters`);
  }
};

const toolChoice: Check = (value, param) => {
  if (typeof value === 'string') return oneOf('none', 'auto', 'required')(value, param);
  if (!isFields(value)) throw refuse.type(param, "one of one of 'none', 'auto', or 'required' or object", typeName(value));
  if (value.type === 'allowed_tools')
    return objects(required(fieldsOf(required(value, 'allowed_tools', `${param}.`)), 'tools', `${param}.allowed_tools.`), `${param}.allowed_tools.tools`);
  const kind = value.type === 'custom' ? 'custom' : 'function';
  string(required(fieldsOf(required(value, kind, `${param}.`)), 'name', `${param}.${kind}.`), `${param}.${kind}.name`);
};

const responseFormat: Check = (value, param) => {
  object(value, param);
  const type = required(fieldsOf(value), 'type', `${param}.`);
  oneOf('json_object', 'json_schema', 'text')(type, `${param}.type`);
  if (type !== 'json_schema') return;
  const schema = fieldsOf(required(fieldsOf(value), 'json_schema', `${param}.`));
  namedString(required(schema, 'name', `${param}.json_schema.`), `${param}.json_schema.name`);
  checkSchema(schema.schema, textOf(schema.name), param, schema.strict === true);
};

/** The strict-mode rules that users meet: objects all the way say `additionalProperties: false` and require every property. */
export const checkSchema = (schema: unknown, name: string, param: string, strict: boolean): void => {
  if (schema === undefined || schema === null) return;
  object(schema, `${param}.json_schema.schema`);
  if (!strict) return;
  const wrong = (why: string) => refuse.plain(`Invalid schema for response_format '${name}': ${why}`, param, 'invalid_json_schema');
  if (fieldsOf(schema).type !== 'object')
    throw wrong(`schema must be a JSON Schema of 'type: "object"', got 'type: "${String(fieldsOf(schema).type ?? 'None')}"'.`);
  if (fieldsOf(schema).additionalProperties !== false) throw wrong("In context=(), 'additionalProperties' is required to be supplied and to be false.");
};

const stop: Check = (value, param) => {
  if (typeof value === 'string') return;
  if (!Array.isArray(value)) throw refuse.type(param, 'one of a string or array of strings', typeName(value));
  if (value.length > 4) throw refuse.tooLongArray(param, 4, value.length);
  for (const [index, one] of value.entries()) string(one, `${param}[${index}]`);
};

const functions: Check = (value, param) => {
  objects(value, param);
  for (const [index, one] of listOf(value).entries()) namedString(required(one, 'name', `${param}[${index}].`), `${param}[${index}].name`);
};

const functionCall: Check = (value, param) => {
  if (typeof value === 'string') return oneOf('none', 'auto')(value, param);
  string(required(fieldsOf(value), 'name', `${param}.`), `${param}.name`);
};

const streamOptions: Check = (value, param) => {
  object(value, param);
  checkMembers(fieldsOf(value), { include_usage: boolean, include_obfuscation: boolean }, `${param}.`);
};

// In the order in which the service reports several faults of one request.
const table: Readonly<Record<string, Check>> = {
  model: string,
  messages,
  functions,
  function_call: functionCall,
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: boolean,
  max_completion_tokens: integer(1),
  n: integer(1, 128),
  temperature: decimal(0, 2),
  top_p: decimal(0, 1),
  presence_penalty: decimal(-2, 2),
  frequency_penalty: decimal(-2, 2),
  logprobs: boolean,
  top_logprobs: integer(0, 20),
  user: string,
  seed: integer(),
  moderation: object,
  safety_identifier: string,
  prompt_cache_options: object,
  prompt_cache_key: string,
  prompt_cache_retention: oneOf('in_memory', '24h'),
  response_format: responseFormat,
  service_tier: oneOf('auto', 'default', 'fast', 'flex', 'scale', 'priority'),
  max_tokens: integer(1),
  reasoning_effort: oneOf(...efforts),
  logit_bias: object,
  stop,
  stream: boolean,
  stream_options: streamOptions,
  store: boolean,
  metadata,
  prediction: object,
  verbosity: oneOf('low', 'medium', 'high'),
  modalities: anything,
  audio: object,
  web_search_options: object,
};

/** Efforts by model; undefined: of a model that was not looked at. */
const effortsOf = ({ id }: Model): readonly string[] | undefined => {
  if (/^o\d/.test(id)) return ['low', 'medium', 'high'];
  if (/^gpt-5(?:-|$)/.test(id)) return ['minimal', 'low', 'medium', 'high'];
  if (/^gpt-5\.1(?!-codex-max)/.test(id)) return ['none', 'low', 'medium', 'high'];
  return /^gpt-5\.[2-5]/.test(id) ? ['none', 'low', 'medium', 'high', 'xhigh'] : undefined;
};
/** Throws for an effort that a model does not have. */
export const checkEffort = (effort: unknown, param: string, model: Model): void => {
  if (typeof effort === 'string' && effortsOf(model)?.includes(effort) === false) throw refuse.unsupportedEffort(param, effort, model.id);
};
const stopsAt = ({ id }: Model): boolean => /^gpt-(?:5\.[5-9]|[6-9])/.test(id);
const given = (body: Fields, name: string): boolean => body[name] !== undefined && body[name] !== null;

/** A function or a tool of free text that is chosen by its name is one of those that were given. */
export const checkChosen = (choice: unknown, tools: readonly Fields[]): void => {
  const { type, ...rest } = fieldsOf(choice);
  if (type !== 'function' && type !== 'custom') return;
  const nameOf = (one: Fields): unknown => one.name ?? fieldsOf(one[type]).name;
  const name = nameOf(rest);
  if (tools.every((tool) => tool.type !== type || nameOf(tool) !== name))
    throw refuse.plain(`Tool choice '${textOf(name)}' not found in 'tools' parameter.`, 'tool_choice');
};

/** Parameters a reasoning model refuses whatever their value, then values it refuses; and what older families refuse. */
const checkForModel = (body: Fields, model: Model): void => {
  for (const { content } of listOf(body.messages)) checkMarks(content, model);
  if (/search-preview/.test(model.id) && given(body, 'temperature')) throw refuse.unsupportedParameter('temperature');
  if (!model.reasoning) return;
  if (given(body, 'max_tokens')) throw refuse.unsupportedParameter('max_tokens', " Use 'max_completion_tokens' instead.");
  checkEffort(body.reasoning_effort, 'reasoning_effort', model);
  for (const name of ['logit_bias', 'prediction', ...(stopsAt(model) ? [] : ['stop'])]) if (given(body, name)) throw refuse.unsupportedParameter(name);
  if (body.reasoning_effort === 'none') return;
  for (const name of ['presence_penalty', 'frequency_penalty', 'logprobs', 'top_logprobs']) {
    if (given(body, name) && body[name] !== 0 && body[name] !== false) throw refuse.unsupportedParameter(name);
  }
  for (const name of ['temperature', 'top_p']) if (given(body, name) && body[name] !== 1) throw refuse.unsupportedValue(name, body[name]);
};

const mentionsJson = (body: Fields): boolean => /json/i.test(JSON.stringify(body.messages));

/** Throws the service's refusal for a chat request, or returns. */
export const checkChat = (body: Fields, find: (model: string) => Model): Model => {
  if (typeof body.model !== 'string' || body.model === '') {
    if (body.model !== undefined && body.model !== null && body.model !== '') throw refuse.type('model', 'a string', typeName(body.model));
    throw refuse.plain('you must provide a model parameter');
  }
  required(body, 'messages', '');
  checkMembers(body, table);
  const model = find(body.model);
  checkForModel(body, model);
  if (given(body, 'top_logprobs') && body.logprobs !== true)
    throw refuse.plain("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", 'top_logprobs');
  if (given(body, 'stream_options') && body.stream !== true)
    throw refuse.plain("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  if (given(body, 'tool_choice') && body.tool_choice !== 'none' && listOf(body.tools).length === 0)
    throw refuse.plain("'tool_choice' is only allowed when 'tools' are specified.", 'tool_choice');
  checkChosen(body.tool_choice, listOf(body.tools));
  if (given(body, 'parallel_tool_calls') && listOf(body.tools).length === 0)
    throw refuse.plain("'parallel_tool_calls' is only allowed when 'tools' are specified.", 'parallel_tool_calls');
  if (fieldsOf(body.response_format).type === 'json_object' && !mentionsJson(body)) {
    throw refuse.plain("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", 'messages');
  }
  return model;
};
