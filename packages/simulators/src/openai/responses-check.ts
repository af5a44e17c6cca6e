import { checkChosen, checkEffort, checkSchema, efforts, namedString } from './chat-check.ts';
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
import { checkMarks, type Model, type Models } from './models.ts';
import { refuse } from './refusal.ts';

const hosted = [
  'web_search',
  'web_search_preview',
  'file_search',
  'code_interpreter',
  'computer_use_preview',
  'image_generation',
  'mcp',
  'local_shell',
  'tool_search',
];
const roles = ['user', 'system', 'developer', 'assistant'];
const partTypes = ['input_text', 'input_image', 'input_file', 'output_text', 'refusal', 'summary_text', 'text'];

const required = (fields: Fields, name: string, prefix: string): unknown => {
  const value = fields[name];
  if (value === undefined || value === null) throw refuse.missing(`${prefix}${name}`);
  return value;
};

const content: Check = (value, param) => {
  if (typeof value === 'string') return;
  if (!Array.isArray(value)) throw refuse.type(param, 'one of a string or array of objects', typeName(value));
  for (const [index, part] of value.entries()) {
    object(part, `${param}[${index}]`);
    oneOf(...partTypes)(required(part, 'type', `${param}[${index}].`), `${param}[${index}].type`);
    if (part.type === 'input_image' && part.image_url !== undefined) string(part.image_url, `${param}[${index}].image_url`);
  }
};

const input: Check = (value, param) => {
  if (typeof value === 'string') return;
  if (!Array.isArray(value)) throw refuse.type(param, 'one of a string or array of objects', typeName(value));
  for (const [index, item] of value.entries()) {
    const at = `${param}[${index}]`;
    object(item, at);
    if (item.type !== undefined && item.type !== 'message') {
      string(item.type, `${at}.type`);
      continue;
    }
    oneOf(...roles)(required(item, 'role', `${at}.`), `${at}.role`);
    content(required(item, 'content', `${at}.`), `${at}.content`);
  }
};

const tools: Check = (value, param) => {
  objects(value, param);
  for (const [index, tool] of listOf(value).entries()) {
    const at = `${param}[${index}]`;
    const type = required(tool, 'type', `${at}.`);
    oneOf('function', 'custom', ...hosted)(type, `${at}.type`);
    if (type === 'function' || type === 'custom') namedString(required(tool, 'name', `${at}.`), `${at}.name`);
  }
};

const toolChoice: Check = (value, param) => {
  if (typeof value === 'string') return oneOf('none', 'auto', 'required')(value, param);
  if (!isFields(value)) throw refuse.type(param, "one of one of 'none', 'auto', or 'required' or object", typeName(value));
  required(value, 'type', `${param}.`);
};

const text: Check = (value, param) => {
  object(value, param);
  const options = fieldsOf(value);
  if (options.verbosity !== undefined && options.verbosity !== null) oneOf('low', 'medium', 'high')(options.verbosity, `${param}.verbosity`);
  if (options.format === undefined || options.format === null) return;
  object(options.format, `${param}.format`);
  const format = fieldsOf(options.format);
  oneOf('text', 'json_object', 'json_schema')(required(format, 'type', `${param}.format.`), `${param}.format.type`);
  if (format.type !== 'json_schema') return;
  namedString(required(format, 'name', `${param}.format.`), `${param}.format.name`);
  checkSchema(required(format, 'schema', `${param}.format.`), textOf(format.name), `${param}.format.schema`, format.strict === true);
};

const reasoning: Check = (value, param) => {
  object(value, param);
  const { effort } = fieldsOf(value);
  if (effort !== undefined && effort !== null) oneOf(...efforts)(effort, `${param}.effort`);
};

const streamOptions: Check = (value, param) => {
  object(value, param);
  checkMembers(fieldsOf(value), { include_obfuscation: boolean }, `${param}.`);
};

const table: Readonly<Record<string, Check>> = {
  model: string,
  input,
  instructions: string,
  previous_response_id: string,
  conversation: anything,
  prompt: object,
  background: boolean,
  include: anything,
  max_output_tokens: integer(16),
  max_tool_calls: integer(1),
  temperature: decimal(0, 2),
  top_p: decimal(0, 1),
  top_logprobs: integer(0, 20),
  tools,
  tool_choice: toolChoice,
  parallel_tool_calls: boolean,
  text,
  reasoning,
  store: boolean,
  metadata,
  stream: boolean,
  stream_options: streamOptions,
  service_tier: oneOf('auto', 'default', 'fast', 'flex', 'scale', 'priority'),
  truncation: oneOf('auto', 'disabled'),
  context_management: anything,
  moderation: object,
  prompt_cache_key: string,
  prompt_cache_retention: oneOf('in_memory', '24h'),
  prompt_cache_options: object,
  safety_identifier: string,
  user: string,
};

const given = (body: Fields, name: string): boolean => body[name] !== undefined && body[name] !== null;

/** Throws the service's refusal for a responses request, or returns the model. Unlike chat, an unknown model is a 400. */
export const checkResponses = (body: Fields, models: Models): Model => {
  if (body.model === null) throw refuse.type('model', 'a string', 'an object'); // sic
  if (body.model === undefined || body.model === '') throw refuse.missing('model');
  string(body.model, 'model');
  checkMembers(body, table);
  if (!given(body, 'input') && !given(body, 'previous_response_id') && !given(body, 'prompt') && !given(body, 'conversation')) throw refuse.missing('input');
  const id = textOf(body.model);
  const model = models.find(id);
  if (model === undefined) throw refuse.plain(`The requested model '${id}' does not exist.`, 'model', 'model_not_found');
  if (model.kind !== 'chat') throw refuse.plain(`The requested model '${id}' cannot be used with the Responses API.`, 'model', 'invalid_value');
  for (const { content, output } of Array.isArray(body.input) ? listOf(body.input) : []) checkMarks(content ?? output, model);
  if (given(body, 'stream_options') && body.stream !== true)
    throw refuse.plain("The 'stream_options' parameter is only allowed when 'stream' is enabled.", 'stream_options');
  checkChosen(body.tool_choice, listOf(body.tools));
  checkEffort(fieldsOf(body.reasoning).effort, 'reasoning.effort', model);
  if (model.reasoning && fieldsOf(body.reasoning).effort !== 'none') {
    for (const name of ['temperature', 'top_p', 'top_logprobs'])
      if (given(body, name) && body[name] !== 1 && body[name] !== 0) throw refuse.unsupportedParameter(name);
  }
  return model;
};
