import { anything, array, boolean, type Check, fieldsOf, listOf, members, nullable, object, oneOf, pattern, string, tagged, textOf } from './check.ts';
import { cacheControl } from './content-check.ts';
import type { Model } from './models.ts';
import { at, invalid } from './refusal.ts';
import { strictSchema } from './schema-check.ts';

const inputSchema: Check = (value, path) => {
  object(value, path);
  const schema = fieldsOf(value);
  const { type } = schema;
  if (['anyOf', 'oneOf', 'allOf'].some((key) => schema[key] !== undefined))
    throw at(path, 'input_schema does not support oneOf, allOf, or anyOf at the top level');
  if (type === undefined) throw at(`${path}.type`, 'Field required');
  if (type !== 'object') throw at(`${path}.type`, "Input should be 'object'");
};

const custom: Check = (value, path) => {
  members({
    'name!': pattern(/^[a-zA-Z0-9_-]{1,128}$/),
    'input_schema!': inputSchema,
    type: nullable(string),
    description: string,
    cache_control: cacheControl,
    strict: boolean,
    defer_loading: boolean,
    eager_input_streaming: nullable(boolean),
    input_examples: array(object),
    allowed_callers: array(string),
  })(value, path);
  const { strict, input_schema: schema } = fieldsOf(value);
  if (strict === true) strictSchema(schema, `${path}.input_schema`);
};

/** Tools the service knows by their type; their own members are not looked at. */
const known = [
  'bash_20250124',
  'browser_toolset_20260801',
  'code_execution_20250522',
  'code_execution_20250825',
  'code_execution_20260120',
  'code_execution_20260521',
  'computer_toolset_20260801',
  'memory_20250818',
  'text_editor_20250124',
  'text_editor_20250429',
  'text_editor_20250728',
  'tool_search_tool_bm25_20251119',
  'tool_search_tool_regex_20251119',
  'web_fetch_20250910',
  'web_fetch_20260209',
  'web_fetch_20260309',
  'web_fetch_20260318',
  'web_search_20250305',
  'web_search_20260209',
  'web_search_20260318',
];

export const tool = tagged({ custom, ...Object.fromEntries(known.map((name): [string, Check] => [name, anything])) }, 'custom');

export const toolChoice = tagged({
  auto: members({ 'type!': string, disable_parallel_tool_use: boolean }),
  any: members({ 'type!': string, disable_parallel_tool_use: boolean }),
  tool: members({ 'type!': string, 'name!': string, disable_parallel_tool_use: boolean }),
  none: members({ 'type!': oneOf('none') }),
});

/** What tools and the choice among them must be to each other and to the model. */
export const checkTools = (body: Readonly<Record<string, unknown>>, model: Model): void => {
  const names = listOf(body.tools).map(({ name }) => textOf(name));
  if (new Set(names).size !== names.length) throw invalid('tools: Tool names must be unique.');
  if (body.tool_choice === undefined) return;
  const choice = fieldsOf(body.tool_choice);
  if (names.length === 0 && choice.type !== 'none') throw invalid('tool_choice: may only be specified while providing tools');
  if (choice.type === 'tool' && !names.includes(textOf(choice.name))) throw invalid(`tool_choice: Tool '${textOf(choice.name)}' not found in provided tools`);
  if ((choice.type === 'tool' || choice.type === 'any') && !model.forcedTools) {
    throw invalid(`tool_choice: forced tool use ('${String(choice.type)}') is not supported on this model`);
  }
};
