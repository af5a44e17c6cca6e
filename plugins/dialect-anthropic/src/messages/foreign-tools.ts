import {
  type Building,
  type Call,
  type ChatRequest,
  type Fields,
  fitSchema,
  type Lost,
  plainSchema,
  refuseServerTool,
  some,
  type Tool,
} from '@llm-proxy-auth/plugin';
import type { Family } from '../families.ts';
import { ANTHROPIC } from '../wire.ts';
import { writeOwnTools, writeToolChoice } from './tools.ts';
import { type Writing, writeCache } from './write-blocks.ts';

/** Free text has a name of its own in the object that input is here. */
const FREE_TEXT: Fields = Object.freeze({ type: 'object', properties: { input: { type: 'string' } }, required: ['input'], additionalProperties: false });

const described = (description: string | undefined): Fields => some('description', description === '' ? undefined : description);
const writeFunction = (tool: Extract<Tool, { kind: 'function' }>, native: boolean, writing: Writing): Building => {
  const { lost } = writing;
  const { schema, wrapped } = plainSchema(tool);
  if (wrapped) lost('tools.schema', 'input that is one of several things stands in a member of an object', 'emulated');
  else if (schema !== tool.schema) lost('tools.schema', 'the input of a tool is said to be an object', 'emulated');
  const base = { name: writing.name(tool.name), ...described(tool.description) };
  if (tool.strict === undefined) return { ...base, input_schema: schema, ...writeCache(tool) };
  if (tool.strict && !native) lost('tools.strict', 'the model does not hold its calls to a schema');
  if (!tool.strict || !native) return { ...base, input_schema: schema, ...(tool.strict ? {} : { strict: false }), ...writeCache(tool) };
  const fitted = fitSchema(schema);
  if (fitted.changed) lost('tools.schema', 'keywords that the provider refuses stand in descriptions', 'clamped');
  return { ...base, input_schema: fitted.schema, strict: true, ...writeCache(tool) };
};
const writeCustom = (tool: Extract<Tool, { kind: 'custom' }>, writing: Writing): Building => {
  writing.lost('tools', 'a tool of free text takes an object with one member', 'emulated');
  if (tool.grammar !== undefined) writing.lost('tools.grammar', 'the provider holds free text to no grammar');
  return { name: writing.name(tool.name), ...described(tool.description), input_schema: FREE_TEXT, ...writeCache(tool) };
};
const writeServer = (tool: Extract<Tool, { kind: 'server' }>, r: ChatRequest, lost: Lost): readonly Fields[] => {
  if (tool.origin.dialect === ANTHROPIC) return writeOwnTools([tool]);
  refuseServerTool(tool, r, lost);
  return [];
};
/** Tools of another dialect. `native`: the model holds calls to schemas. */
export const writeTools = (r: ChatRequest, native: boolean, writing: Writing): readonly Fields[] =>
  r.tools.flatMap((tool): readonly Fields[] => {
    if (tool.kind === 'server') return writeServer(tool, r, writing.lost);
    return [tool.kind === 'function' ? writeFunction(tool, native, writing) : writeCustom(tool, writing)];
  });
/** Names that the provider got for tools of free text. */
export const freeNames = (tools: readonly Tool[], writing: Writing): ReadonlySet<string> =>
  new Set(tools.flatMap((tool) => (tool.kind === 'custom' ? [writing.name(tool.name)] : [])));

/** The choice as far as the model and what is asked of it allow. Without tools there is nothing to choose from. */
export const fitToolChoice = (
  r: ChatRequest,
  written: readonly Fields[],
  thinks: boolean,
  family: Family,
  call: Call,
  writing: Writing,
): Fields | undefined => {
  const { lost } = writing;
  const { toolChoice, parallelTools } = r;
  if (written.length === 0) {
    if (toolChoice !== undefined && toolChoice !== 'auto' && toolChoice !== 'none') lost('toolChoice', 'there are no tools to choose from');
    return undefined;
  }
  const asked = typeof toolChoice === 'object' ? { name: writing.name(toolChoice.name) } : toolChoice;
  const forced = asked === 'required' || typeof asked === 'object';
  if (!forced) return writeToolChoice({ toolChoice: asked, parallelTools });
  if (family.forced && call.endpoint.capabilities.forcedTool !== false && !thinks) return writeToolChoice({ toolChoice: asked, parallelTools });
  lost('toolChoice', thinks ? 'a model that thinks chooses its tools itself' : `${call.model} chooses its tools itself`, 'emulated');
  return writeToolChoice({ toolChoice: 'auto', parallelTools });
};
