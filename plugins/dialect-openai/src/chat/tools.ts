import {
  asFlag,
  asList,
  asObject,
  asText,
  type ChatRequest,
  type Fields,
  invalid,
  isObject,
  type Json,
  type Lost,
  parseJson,
  refuseServerTool,
  stringifyJson,
  type Tool,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { hintOf } from '../hint.ts';
import { OPENAI } from '../wire.ts';

const FUNCTION: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict']);
const CUSTOM: ReadonlySet<string> = new Set(['name', 'description', 'format']);
/** A function without `parameters` takes none. */
const NO_PARAMETERS: Fields = Object.freeze({ type: 'object', properties: Object.freeze({}) });

const nameOf = (f: Fields, param: string): string => {
  const name = asText(f.name);
  if (name === undefined || name === '') throw invalid(`${param}.name`, 'A tool needs a name.');
  return name;
};
const described = (f: Fields): { readonly description?: string } => {
  const description = asText(f.description);
  return description === undefined ? {} : { description };
};
const readFunction = (f: Fields, param: string, hint?: Json): Tool => {
  const cache = hintOf(hint);
  const strict = asFlag(f.strict);
  const rest = unknownFields(f, FUNCTION);
  return {
    kind: 'function',
    name: nameOf(f, param),
    ...described(f),
    schema: f.parameters ?? NO_PARAMETERS,
    ...(strict === undefined ? {} : { strict }),
    ...(rest === undefined ? {} : { rest }),
    ...(cache === undefined ? {} : { cache }),
  };
};
/** A grammar is the members of `format.grammar`; the other surfaces have them one level up. Free text is the default. */
const grammarOf = (format: Json): { readonly json: string } | undefined =>
  isObject(format) && format.type === 'grammar' && format.grammar !== undefined ? { json: stringifyJson(format.grammar) } : undefined;
const readCustom = (c: Fields, param: string, hint: Json): Tool => {
  const cache = hintOf(hint);
  const rest = unknownFields(c, CUSTOM);
  const grammar = grammarOf(c.format);
  return {
    kind: 'custom',
    name: nameOf(c, param),
    ...described(c),
    ...(grammar === undefined ? {} : { grammar }),
    ...(rest === undefined ? {} : { rest }),
    ...(cache === undefined ? {} : { cache }),
  };
};
const readTool = (wire: Json, i: number): Tool => {
  const t = asObject(wire);
  if (t === undefined) throw invalid(`tools[${i}]`, 'A tool is an object.');
  if (isObject(t.function)) return readFunction(t.function, `tools[${i}].function`, t.cache_control);
  if (isObject(t.custom)) return readCustom(t.custom, `tools[${i}].custom`, t.cache_control);
  if (t.type === 'function' || asText(t.type) === undefined) throw invalid(`tools[${i}].function`, 'A function tool needs function.');
  return { kind: 'server', origin: { dialect: OPENAI, payload: { json: stringifyJson(t) } } };
};
const wireName = (tool: Json): string | undefined => {
  const t = asObject(tool);
  return asText(asObject(t?.function)?.name) ?? asText(asObject(t?.custom)?.name) ?? asText(t?.name);
};
/** Tools that a request has, offered or not. */
export const toolCount = (body: Fields): number => asList(body.tools).length + asList(body.functions).length;
/** `tools`, or the deprecated `functions`; of them only what `allowed_tools` names. */
export const readTools = (body: Fields): readonly Tool[] => {
  if (body.tools !== undefined && body.tools !== null && !Array.isArray(body.tools)) throw invalid('tools', "'tools' must be a list.");
  const legacy = asList(body.functions).map((f, i) => readFunction(asObject(f) ?? {}, `functions[${i}]`));
  const tools = [...asList(body.tools).map(readTool), ...legacy];
  const allowed = asObject(asObject(body.tool_choice)?.allowed_tools);
  if (allowed === undefined) return tools;
  const names = new Set(asList(allowed.tools).map(wireName));
  return tools.filter((t) => t.kind !== 'server' && names.has(t.name));
};
const MODES: ReadonlySet<string> = new Set(['auto', 'none', 'required']);
/** `tool_choice`, or the deprecated `function_call`. */
export const readToolChoice = (body: Fields): ChatRequest['toolChoice'] => {
  const choice = body.tool_choice ?? body.function_call;
  if (choice === undefined || choice === null) return undefined;
  const o = asObject(choice);
  const mode = asText(choice) ?? asText(asObject(o?.allowed_tools)?.mode);
  if (mode !== undefined && MODES.has(mode)) return mode as 'auto' | 'none' | 'required';
  const name = o === undefined ? undefined : wireName(o);
  if (name === undefined)
    throw invalid(
      body.tool_choice === undefined || body.tool_choice === null ? 'function_call' : 'tool_choice',
      "A tool choice is 'none', 'auto', 'required' or names a tool.",
    );
  return { name };
};

const body = (tool: Exclude<Tool, { kind: 'server' }>, mine: boolean): Fields => ({
  name: tool.name,
  ...(tool.description === undefined ? {} : { description: tool.description }),
  ...(mine ? tool.rest : {}),
});
const writeFunction = (tool: Extract<Tool, { kind: 'function' }>, mine: boolean): Fields => ({
  ...body(tool, mine),
  parameters: tool.schema,
  ...(tool.strict === undefined ? {} : { strict: tool.strict }),
});
const writeCustom = (tool: Extract<Tool, { kind: 'custom' }>, mine: boolean): Fields => ({
  ...body(tool, mine),
  ...(tool.grammar === undefined ? {} : { format: { type: 'grammar', grammar: parseJson(tool.grammar.json) } }),
});
/** An entry of `tools`; undefined for another vendor's server tool. */
const writeTool = (tool: Tool, mine: boolean): Fields | undefined => {
  if (tool.kind === 'function') return { type: 'function', function: writeFunction(tool, mine) };
  if (tool.kind === 'custom') return { type: 'custom', custom: writeCustom(tool, mine) };
  return tool.origin.dialect === OPENAI ? asObject(parseJson(tool.origin.payload.json)) : undefined;
};
const writeChoice = (choice: NonNullable<ChatRequest['toolChoice']>, tools: readonly Tool[]): Json => {
  if (typeof choice === 'string') return choice;
  const custom = tools.some((t) => t.kind === 'custom' && t.name === choice.name);
  return custom ? { type: 'custom', custom: { name: choice.name } } : { type: 'function', function: { name: choice.name } };
};
/** `tools` and `tool_choice`, or `functions` and `function_call`. Throws `unsupported_parameter` for a tool that another vendor runs. */
export const writeTools = (r: ChatRequest, mine: boolean, legacy: boolean, lost: Lost): Fields => {
  const { tools, toolChoice } = r;
  if (legacy) {
    const functions = tools.flatMap((t) => (t.kind === 'function' ? writeFunction(t, mine) : []));
    const call = toolChoice === undefined ? {} : { function_call: typeof toolChoice === 'string' ? toolChoice : { name: toolChoice.name } };
    return { ...(functions.length > 0 ? { functions } : {}), ...call };
  }
  const written = tools.flatMap((t) => {
    const wire = writeTool(t, mine);
    if (wire === undefined && t.kind === 'server') refuseServerTool(t, r, lost);
    return wire ?? [];
  });
  if (written.length === 0) {
    if (toolChoice !== undefined) lost('toolChoice', 'there is no tool to choose');
    return {};
  }
  return {
    tools: written,
    ...(toolChoice === undefined ? {} : { tool_choice: writeChoice(toolChoice, tools) }),
    ...(r.parallelTools === undefined ? {} : { parallel_tool_calls: r.parallelTools }),
  };
};
