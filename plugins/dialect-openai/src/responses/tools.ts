import {
  asList,
  asObject,
  asText,
  type ChatRequest,
  type Fields,
  invalid,
  isObject,
  type Json,
  parseJson,
  readSearchTool,
  remainderOf,
  restore,
  some,
  stringifyJson,
  type Tool,
  unsupported,
  type WebSearch,
} from '@llm-proxy-auth/plugin';
import { marked, markOf } from './mark.ts';
import { originOf, ownOrigin, wordOf } from './wire.ts';

type PlainTool = Exclude<Tool, { kind: 'server' }>;
type Choice = ChatRequest['toolChoice'];
/** A tool that `allowed_tools` keeps from the model, with its place in the list. */
interface Hidden {
  readonly at: number;
  readonly tool: Fields;
}
export interface ReadTools {
  readonly tools: readonly Tool[];
  readonly toolChoice?: Choice;
  readonly webSearch?: WebSearch | undefined;
  readonly hidden: readonly Hidden[];
}
/** What becomes of tools that their vendor runs. `search`: the provider of the call searches the web by itself, and has none of the others. */
export type Hosted = 'refuse' | 'carry' | 'search';
const EMPTY_SCHEMA: Fields = Object.freeze({ type: 'object', properties: Object.freeze({}) });

/** The members of a grammar; chat has them one level down, in `format.grammar`. */
const grammarOf = (format: Json): { readonly json: string } | undefined =>
  isObject(format) && format.type === 'grammar' ? { json: stringifyJson({ syntax: format.syntax, definition: format.definition }) } : undefined;
const plainTool = (tool: Fields, name: string): PlainTool => {
  const description = some('description', asText(tool.description));
  if (tool.type === 'custom') return { kind: 'custom', name, ...description, ...some('grammar', grammarOf(tool.format)) };
  const strict = typeof tool.strict === 'boolean' ? { strict: tool.strict } : {};
  return { kind: 'function', name, ...description, schema: isObject(tool.parameters) ? tool.parameters : EMPTY_SCHEMA, ...strict };
};
/** `own`: what the request leaves out stays out; else `strict` is written, which is true here unless told otherwise: a client of any other surface means false. */
const plainFields = (tool: PlainTool, own: boolean): Fields => {
  const head = { type: tool.kind, name: tool.name, ...some('description', tool.description) };
  if (tool.kind === 'function') return { ...head, parameters: tool.schema, ...some('strict', tool.strict ?? (own ? undefined : false)) };
  const grammar = asObject(tool.grammar === undefined ? undefined : parseJson(tool.grammar.json));
  return { ...head, ...(grammar === undefined ? {} : { format: { type: 'grammar', ...grammar } }) };
};
const readTool = (tool: Json, param: string, hosted: Hosted): Tool => {
  if (!isObject(tool)) throw invalid(param, 'A tool must be an object.');
  if (tool.type !== 'function' && tool.type !== 'custom') {
    if (hosted !== 'carry')
      throw unsupported(`${param}.type`, `Tools of type ${JSON.stringify(wordOf(tool.type))} run at their vendor and cannot be translated.`);
    return { kind: 'server', origin: originOf(tool) };
  }
  const name = asText(tool.name);
  if (name === undefined || name === '') throw invalid(`${param}.name`, 'A tool needs a name.');
  const read = plainTool(tool, name);
  return marked(read, remainderOf(plainFields(read, true), tool), 'input');
};
const writeTool = (tool: Tool, own: boolean): Fields => {
  if (tool.kind === 'server') {
    const hosted = ownOrigin(tool.origin);
    if (hosted === undefined) throw unsupported('tools', 'A tool that another vendor runs cannot be translated.');
    return hosted;
  }
  return restore(plainFields(tool, own), own ? markOf(tool) : undefined);
};
/** The tools on the wire. Throws `unsupported_parameter` for a server tool of another vendor. */
export const writeTools = (tools: readonly Tool[], own: boolean): readonly Fields[] => tools.map((tool) => writeTool(tool, own));

const MODES: ReadonlySet<Json> = new Set(['auto', 'none', 'required']);
const readChoice = (choice: Json, hosted: Hosted): Choice => {
  if (choice === undefined || choice === null) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (!isObject(choice)) throw invalid('tool_choice', 'tool_choice must be auto, none, required or an object.');
  if (choice.type === 'function' || choice.type === 'custom') return { name: wordOf(choice.name) };
  if (choice.type === 'allowed_tools' && MODES.has(choice.mode)) return choice.mode === 'required' ? 'required' : 'auto';
  if (hosted === 'carry') return undefined;
  throw unsupported('tool_choice.type', `A tool_choice of type ${JSON.stringify(wordOf(choice.type))} cannot be translated.`);
};
const isAllowed = (tool: Tool, allowed: readonly Json[]): boolean =>
  allowed.some((entry) => isObject(entry) && tool.kind !== 'server' && entry.type === tool.kind && entry.name === tool.name);
/** https://platform.openai.com/docs/guides/tools-web-search: by name, and by the days of its versions. */
const SEARCH = /^web_search(?:_preview)?(?:_\d{4}_\d{2}_\d{2})?$/;
const isSearch = (tool: Json): tool is Fields => isObject(tool) && SEARCH.test(wordOf(tool.type));
/** The search of a provider that does it by itself; undefined where none is asked for, or `tool_choice` leaves it out. */
const searchIn = (wire: readonly Json[], choice: Json): WebSearch | undefined => {
  const at = wire.findIndex(isSearch);
  const tool = wire[at];
  const left = choice === 'none' || (isObject(choice) && choice.type === 'allowed_tools' && !asList(choice.tools).some(isSearch));
  if (!isObject(tool) || left) return undefined;
  const read = readSearchTool(tool);
  if (!('beyond' in read)) return read;
  throw unsupported(`tools[${at}].${read.beyond}`, `The provider of this model searches by itself and is not told ${read.beyond}.`);
};
/** `tools` and `tool_choice`. With `allowed_tools` the model is shown the allowed ones alone. */
export const readTools = (body: Fields, hosted: Hosted): ReadTools => {
  if (body.tools !== undefined && body.tools !== null && !Array.isArray(body.tools)) throw invalid('tools', 'tools must be a list.');
  const wire = asList(body.tools);
  const searches = hosted === 'search' && wire.some(isSearch);
  const tools = wire.flatMap((tool, index) => (searches && isSearch(tool) ? [] : [readTool(tool, `tools[${index}]`, hosted)]));
  const choice = body.tool_choice;
  const webSearch = some('webSearch', searches ? searchIn(wire, choice) : undefined);
  const toolChoice = readChoice(choice, hosted);
  if (!isObject(choice) || choice.type !== 'allowed_tools') return { tools, ...some('toolChoice', toolChoice), ...webSearch, hidden: [] };
  const allowed = asList(choice.tools);
  const hidden = tools.flatMap((tool, at) => (isAllowed(tool, allowed) ? [] : [{ at, tool: wire[at] as Fields }]));
  return { tools: tools.filter((tool) => isAllowed(tool, allowed)), ...some('toolChoice', toolChoice), ...webSearch, hidden };
};
/** Puts tools that `allowed_tools` hid back where they stood. */
export const withHidden = (tools: readonly Fields[], hidden: Json): readonly Fields[] => {
  const all = [...tools];
  for (const entry of asList(hidden)) if (isObject(entry) && typeof entry.at === 'number' && isObject(entry.tool)) all.splice(entry.at, 0, entry.tool);
  return all;
};
export const writeChoice = (choice: Choice, tools: readonly Tool[]): Json => {
  if (typeof choice !== 'object') return choice;
  const custom = tools.some((tool) => tool.kind === 'custom' && tool.name === choice.name);
  return { type: custom ? 'custom' : 'function', name: choice.name };
};
