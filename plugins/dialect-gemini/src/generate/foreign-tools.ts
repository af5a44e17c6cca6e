import {
  asObject,
  type ChatRequest,
  type Fields,
  isObject,
  type Json,
  parseJson,
  refuseSearch,
  refuseServerTool,
  some,
  type Tool,
} from '@llm-proxy-auth/plugin';
import { lightSchema } from '../schema/light.ts';
import { writeSchema } from '../schema/write.ts';
import { GEMINI } from '../wire.ts';
import type { Writing } from './foreign-parts.ts';
import { toolName } from './tool-names.ts';
import { writeToolChoice } from './tools.ts';

/** Free text has a name of its own in the object that input is here. */
const FREE_TEXT: Fields = Object.freeze({
  type: 'object',
  properties: Object.freeze({ input: Object.freeze({ type: 'string' }) }),
  required: Object.freeze(['input']),
});
const takesNothing = (schema: Json): boolean =>
  !isObject(schema) ||
  Object.keys(schema).length === 0 ||
  (schema.type === 'object' && isObject(schema.properties) && Object.keys(schema.properties).length === 0 && schema.$ref === undefined);

/** The schema of a function under the name that the model's generation reads. A function that takes nothing has none. */
const parameters = (schema: Json, { family, lost }: Writing): Fields => {
  if (family.jsonSchema) return isObject(schema) && Object.keys(schema).length === 0 ? {} : { parametersJsonSchema: lightSchema(schema, 'tools.schema', lost) };
  return takesNothing(schema) ? {} : { parameters: writeSchema(schema, 'tools.schema', lost) };
};
const described = (description: string | undefined): Fields => some('description', description === '' ? undefined : description);
const writeTool = (tool: Exclude<Tool, { kind: 'server' }>, writing: Writing): Fields => {
  const { lost } = writing;
  const name = toolName(tool.name);
  if (name !== tool.name) lost('tools.name', 'the provider takes other characters in a name', 'emulated');
  if (tool.kind === 'function') return { name, ...described(tool.description), ...parameters(tool.schema, writing) };
  lost('tools', 'a tool of free text takes an object with one member', 'emulated');
  if (tool.grammar !== undefined) lost('tools.grammar', 'the provider holds free text to no grammar');
  return { name, ...described(tool.description), ...parameters(FREE_TEXT, writing) };
};
const ownServer = (tool: Tool): Fields | undefined =>
  tool.kind === 'server' && tool.origin.dialect === GEMINI ? asObject(parseJson(tool.origin.payload.json)) : undefined;

/** The vendor's own search, for a client that lets the model look things up; how much it reads, and for whom, the vendor decides. */
const search = (r: ChatRequest, functions: boolean, { family, lost }: Writing): readonly Fields[] => {
  const { webSearch } = r;
  if (webSearch === undefined) return [];
  if (functions && !family.searchWithTools) {
    refuseSearch(r, lost, 'The model does not search beside functions.');
    return [];
  }
  if (webSearch.size !== undefined) lost('webSearch.size', 'the provider decides how much it reads');
  if (webSearch.location !== undefined) lost('webSearch.location', 'the provider searches for nowhere in particular');
  for (const path of ['webSearch', 'tools']) lost(path, 'a tool of the provider searches', 'emulated');
  return [{ googleSearch: {} }];
};

export interface ForeignTools {
  readonly tools: readonly Fields[];
  readonly config: Fields | undefined;
  readonly names: ReadonlyMap<string, string>;
  readonly free: ReadonlySet<string>;
}
/** The choice of another dialect; a function that is to keep to its schema is asked for by the mode. */
const choiceOf = (r: ChatRequest, written: number, searches: boolean, { lost }: Writing): Fields | undefined => {
  const { toolChoice, parallelTools } = r;
  const strict = r.tools.some((tool) => tool.kind === 'function' && tool.strict === true);
  if (parallelTools === false) lost('parallelTools', 'the model decides how many calls it makes');
  if (written === 0) {
    if (toolChoice !== undefined && toolChoice !== 'auto' && toolChoice !== 'none') lost('toolChoice', 'there are no tools to choose from');
    return undefined;
  }
  if (strict) lost('tools.strict', 'all calls keep to their schemas, or none does', 'emulated');
  // Beside a search of the vendor's own, functions are called in this mode.
  if (searches) lost('toolChoice', 'functions are called in another mode beside a search', 'emulated');
  if ((strict || searches) && (toolChoice === undefined || toolChoice === 'auto')) return { mode: 'VALIDATED' };
  return writeToolChoice(typeof toolChoice === 'object' ? { name: toolName(toolChoice.name) } : toolChoice);
};
/** `tools` and `toolConfig` for the tools of another dialect. */
export const foreignTools = (r: ChatRequest, writing: Writing): ForeignTools => {
  const { lost } = writing;
  const names = new Map<string, string>();
  const free = new Set<string>();
  const functions: Fields[] = [];
  const servers: Fields[] = [];
  for (const tool of r.tools) {
    if (tool.kind === 'server') {
      const own = ownServer(tool);
      if (own === undefined) refuseServerTool(tool, r, lost);
      else servers.push(own);
      continue;
    }
    functions.push(writeTool(tool, writing));
    if (toolName(tool.name) !== tool.name) names.set(toolName(tool.name), tool.name);
    if (tool.kind === 'custom') free.add(toolName(tool.name));
  }
  const searches = search(r, functions.length > 0, writing);
  const tools = [...(functions.length > 0 ? [{ functionDeclarations: functions }] : []), ...servers, ...searches];
  const choice = choiceOf(r, functions.length, searches.length > 0, writing);
  return { tools, config: choice === undefined ? undefined : { functionCallingConfig: choice }, names, free };
};
