import {
  asObject,
  type Building,
  type ChatRequest,
  type Fields,
  flagField,
  invalid,
  type Json,
  Late,
  type Ledger,
  objectField,
  parseJson,
  readSearchTool,
  some,
  stringifyJson,
  type Tool,
  textField,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { formOf, withForm } from '../form.ts';
import { textMember } from '../invalid.ts';
import { remainderOf, restore } from '../remainder.ts';
import { ANTHROPIC } from '../wire.ts';
import { cacheOf } from './read-blocks.ts';
import { writeCache } from './write-blocks.ts';

const KNOWN: ReadonlySet<string> = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);
type FunctionTool = Extract<Tool, { kind: 'function' }>;

/** A function tool as it is written in the usual spelling; `rest` belongs to this dialect. */
export const writeFunction = (tool: FunctionTool, mine: boolean): Building => ({
  name: tool.name,
  ...some('description', tool.description),
  input_schema: tool.schema,
  ...some('strict', tool.strict),
  ...writeCache(tool),
  ...(mine ? tool.rest : {}),
});
const readTool = (wire: Json, param: string): Tool => {
  const t = asObject(wire);
  if (t === undefined) throw invalid(param, 'A tool is an object.');
  const type = textField(t, 'type', `${param}.type`);
  if (type !== undefined && type !== 'custom') return { kind: 'server', origin: { dialect: ANTHROPIC, payload: { json: stringifyJson(t) } } };
  const schema = asObject(t.input_schema);
  if (schema === undefined) throw invalid(`${param}.input_schema`, 'A tool needs input_schema.');
  const tool: Tool = {
    kind: 'function',
    name: textMember(t, 'name', `${param}.name`),
    ...some('description', textField(t, 'description', `${param}.description`)),
    schema,
    ...some('strict', flagField(t, 'strict', `${param}.strict`)),
    ...cacheOf(t.cache_control),
    ...some('rest', unknownFields(t, KNOWN)),
  };
  return withForm(tool, { left: new Late(() => remainderOf(writeFunction(tool, true), t)) });
};
export const readTools = (tools: Json): readonly Tool[] => {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw invalid('tools', "'tools' must be a list.");
  return tools.map((tool: Json, i) => readTool(tool, `tools[${i}]`));
};
const SEARCH = /^web_search_\d{8}$/;
const searchOf = (tool: Tool): Fields | undefined => {
  const wire = tool.kind === 'server' ? asObject(parseJson(tool.origin.payload.json)) : undefined;
  return typeof wire?.type === 'string' && SEARCH.test(wire.type) ? wire : undefined;
};
/** The request for a provider that searches by itself. A search under conditions that such a one is not told stays this vendor's own. */
export const withSearch = (request: ChatRequest, ledger: Ledger): ChatRequest => {
  const at = request.tools.findIndex((tool) => searchOf(tool) !== undefined);
  const tool = request.tools[at];
  if (tool === undefined) return request;
  const others = request.tools.filter((_tool, i) => i !== at);
  if (request.toolChoice === 'none') return { ...request, tools: others };
  const { max_uses: uses, cache_control: _cache, ...wire } = searchOf(tool) ?? {};
  const webSearch = readSearchTool(wire);
  if ('beyond' in webSearch) return request;
  if (uses !== undefined && uses !== null) ledger.note('ignored', 'tools[].max_uses', 'the provider decides how often it searches');
  return { ...request, tools: others, webSearch };
};
/** Tools that were read from this dialect, as they came. */
export const writeOwnTools = (tools: readonly Tool[]): readonly Fields[] =>
  tools.flatMap((tool): readonly Fields[] => {
    if (tool.kind === 'function') return [restore(writeFunction(tool, true), formOf(tool)?.left?.value)];
    return tool.kind === 'server' && tool.origin.dialect === ANTHROPIC ? [parseJson(tool.origin.payload.json) as Fields] : [];
  });

const CHOICES: Readonly<Record<string, ChatRequest['toolChoice']>> = Object.freeze({ auto: 'auto', any: 'required', none: 'none' });
/** `tool_choice` says two things: which tool, and whether several at once. */
export const readToolChoice = (body: Fields): Pick<ChatRequest, 'toolChoice' | 'parallelTools'> => {
  const choice = objectField(body, 'tool_choice');
  if (choice === undefined) return {};
  const type = textMember(choice, 'type', 'tool_choice.type');
  const named = type === 'tool' ? { name: textMember(choice, 'name', 'tool_choice.name') } : CHOICES[type];
  if (named === undefined) throw invalid('tool_choice.type', "'tool_choice' is auto, any, none or tool.");
  const off = flagField(choice, 'disable_parallel_tool_use', 'tool_choice.disable_parallel_tool_use');
  return { toolChoice: named, ...some('parallelTools', off === undefined ? undefined : !off) };
};
const WORDS = Object.freeze({ auto: 'auto', required: 'any', none: 'none' } as const);
/** One call at a time is said with the choice, and made one where there is none; `none` cannot say it and needs not. */
export const writeToolChoice = (r: Pick<ChatRequest, 'toolChoice' | 'parallelTools'>): Fields | undefined => {
  const { toolChoice } = r;
  const one = r.parallelTools === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === undefined) return r.parallelTools === false ? { type: 'auto', ...one } : undefined;
  if (typeof toolChoice === 'object') return { type: 'tool', name: toolChoice.name, ...one };
  return { type: WORDS[toolChoice], ...(toolChoice === 'none' ? {} : one) };
};
