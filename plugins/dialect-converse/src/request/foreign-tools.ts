import {
  asObject,
  type ChatRequest,
  type Fields,
  fitSchema,
  isObject,
  type Json,
  type Lost,
  parseJson,
  plainSchema,
  refuseServerTool,
  some,
  type Tool,
} from '@llm-proxy-auth/plugin';
import { CONVERSE } from '../wire.ts';
import type { Writing } from './foreign-blocks.ts';
import { NO_INPUT } from './tools.ts';
import { toolName } from './words.ts';

/** What writing a request changed and reading its answer undoes. */
export interface Memo {
  /** Names that the client gave its tools, by those that the provider got. */
  readonly names: ReadonlyMap<string, string>;
  /** Tools that take free text, by the names that the provider got. */
  readonly free: ReadonlySet<string>;
  /** Tools whose input stands in a member of an object, by the names that the provider got. */
  readonly wrapped?: ReadonlySet<string> | undefined;
  /** An answer or calls are held to a schema. */
  readonly held?: boolean | undefined;
  /** The model is made to call a tool. */
  readonly forced?: boolean | undefined;
  /** The tool that stands for an answer that follows a schema. */
  readonly answer?: string | undefined;
  /** The client speaks another dialect: what it cannot be told is noted where the answer is read. */
  readonly foreign?: true | undefined;
  /** Sequences that end an answer, as the provider got them. */
  readonly stop?: readonly string[] | undefined;
}
export const NO_MEMO: Memo = Object.freeze({ names: new Map<string, string>(), free: new Set<string>() });

const FREE_TEXT: Fields = Object.freeze({
  type: 'object',
  properties: Object.freeze({ input: Object.freeze({ type: 'string' }) }),
  required: Object.freeze(['input']),
});
type Written = { readonly wire: Fields; readonly free: boolean } | undefined;
const schemaOf = (tool: Extract<Tool, { kind: 'function' }>, { lost, family }: Writing): Fields => {
  const { schema } = tool;
  if (family.vendor === 'anthropic' && isObject(schema)) {
    const plain = plainSchema(tool);
    if (plain.wrapped) lost('tools.schema', 'input that is one of several things stands in a member of an object', 'emulated');
    else if (plain.schema !== schema) lost('tools.schema', 'the provider wants a schema of an object', 'emulated');
    return plain.schema;
  }
  if (isObject(schema) && schema.type === 'object') return schema;
  lost('tools.schema', 'the provider wants a schema of an object', 'emulated');
  return isObject(schema) ? { type: 'object', ...schema, ...(schema.type === undefined ? {} : { type: 'object' }) } : NO_INPUT;
};
/** A schema that the provider holds answers or calls to. */
export const keptTo = (schema: Json, path: string, lost: Lost): Json => {
  const fitted = fitSchema(schema);
  if (fitted.changed) lost(path, 'keywords that the provider refuses stand in descriptions', 'clamped');
  return fitted.schema;
};
const description = (tool: Exclude<Tool, { kind: 'server' }>, { lost }: Writing): Fields => {
  if (tool.description !== '') return some('description', tool.description);
  lost('tools.description', 'the provider takes no empty description');
  return {};
};
const writeTool = (tool: Tool, r: ChatRequest, writing: Writing): Written => {
  const { lost, family } = writing;
  if (tool.kind === 'server') {
    const own = tool.origin.dialect === CONVERSE ? asObject(parseJson(tool.origin.payload.json)) : undefined;
    if (own === undefined) refuseServerTool(tool, r, lost);
    return own === undefined ? undefined : { wire: own, free: false };
  }
  const name = toolName(tool.name);
  if (name !== tool.name) lost('tools.name', 'the provider takes letters, digits, _ and - alone', 'emulated');
  const said = { name, ...description(tool, writing) };
  if (tool.kind === 'function') {
    const { strict } = tool;
    if (strict !== undefined && !family.schemas) lost('tools.strict', 'the model does not keep to schemas');
    const kept = family.schemas ? some('strict', strict) : {};
    const json = schemaOf(tool, writing);
    return { wire: { toolSpec: { ...said, inputSchema: { json: kept.strict === true ? keptTo(json, 'tools.schema', lost) : json }, ...kept } }, free: false };
  }
  lost('tools', 'a tool that takes free text is one that takes an object with it', 'emulated');
  return { wire: { toolSpec: { ...said, inputSchema: { json: FREE_TEXT } } }, free: true };
};
/** The provider wants the tools of calls that stand in the conversation, whether or not they may be called again. */
const fromHistory = (r: ChatRequest, writing: Writing): readonly Fields[] => {
  const names = new Set(r.turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'toolCall' ? [toolName(part.name)] : []))));
  const answers = r.turns.some(({ parts }) => parts.some((part) => part.kind === 'toolResult'));
  if (names.size === 0 && answers) names.add('unknown');
  if (names.size > 0) writing.lost('tools', 'the provider wants the tools of earlier calls', 'defaulted');
  return [...names].map((name) => ({ toolSpec: { name, inputSchema: { json: NO_INPUT } } }));
};
const NO_CALLS = 'Do not call any tools.';
interface Tools {
  readonly tools: readonly Fields[];
  readonly choice: ChatRequest['toolChoice'];
  /** What the model is told because there is no parameter for it. */
  readonly told?: string | undefined;
  readonly memo: Memo;
}
const allowedChoice = (choice: ChatRequest['toolChoice'], thinks: boolean, { family, lost }: Writing): ChatRequest['toolChoice'] => {
  const named = typeof choice === 'object' ? { name: toolName(choice.name) } : choice;
  if (named === undefined || named === 'auto' || named === 'none' || (family.forced && !thinks)) return named;
  lost('toolChoice', thinks ? 'a model that reasons chooses its tools itself' : 'the model cannot be made to call a tool', 'emulated');
  return 'auto';
};
/** `toolConfig` for one tool that must be called: those of earlier calls stand beside it, and the answer is its input. */
const answering = (r: ChatRequest, history: boolean, answer: Fields, writing: Writing): Tools => {
  const name = String(answer.name);
  const earlier = history ? fromHistory(r, writing).filter(({ toolSpec }) => asObject(toolSpec)?.name !== name) : [];
  return { tools: [...earlier, { toolSpec: answer }], choice: { name }, memo: { ...NO_MEMO, answer: name } };
};
/** A tool that the family cannot be told by name is the only one that it is given. */
const alone = (tools: readonly Fields[], choice: ChatRequest['toolChoice'], { family, lost }: Writing): Pick<Tools, 'tools' | 'choice'> => {
  if (typeof choice !== 'object' || family.names) return { tools, choice };
  const only = tools.filter(({ toolSpec }) => asObject(toolSpec)?.name === choice.name);
  if (only.length < tools.length) lost('tools', 'the model is made to call a tool by having no other', 'emulated');
  lost('toolChoice', 'the model must call the only tool that it is given', 'emulated');
  return { tools: only, choice: 'required' };
};
/** `toolConfig` for the tools of another dialect. `thinks`: the model is told to reason, and refuses to be made to call. */
export const foreignTools = (r: ChatRequest, writing: Writing, thinks: boolean, answer?: Fields | undefined): Tools => {
  const { lost, family } = writing;
  const history = r.turns.some(({ parts }) => parts.some((part) => part.kind === 'toolCall' || part.kind === 'toolResult'));
  const none = r.toolChoice === 'none';
  if (answer !== undefined) {
    if (r.toolChoice !== undefined && r.toolChoice !== 'none') lost('toolChoice', 'there is no tool to choose');
    const { tools, choice, memo } = answering(r, history, answer, writing);
    return { tools, choice: family.names ? choice : 'required', memo };
  }
  const written = r.tools.map((tool) => ({ tool, out: writeTool(tool, r, writing) }));
  const names = new Map<string, string>();
  const free = new Set<string>();
  for (const { tool, out } of written) {
    if (tool.kind === 'server' || out === undefined) continue;
    if (toolName(tool.name) !== tool.name) names.set(toolName(tool.name), tool.name);
    if (out.free) free.add(toolName(tool.name));
  }
  const memo: Memo = { names, free, wrapped: new Set([...writing.wrapped].map(toolName)) };
  const tools = written.flatMap(({ tool, out }) => {
    if (out === undefined) return [];
    const point = writing.cachePoint(tool);
    if (point !== undefined && family.vendor === 'amazon') lost('tools.cache', 'the model caches no tools');
    return point === undefined || family.vendor === 'amazon' ? [out.wire] : [out.wire, point];
  });
  if (tools.length === 0) {
    if (r.toolChoice !== undefined && r.toolChoice !== 'none') lost('toolChoice', 'there is no tool to choose');
    return { tools: history ? fromHistory(r, writing) : [], choice: undefined, memo };
  }
  if (none) lost('toolChoice', history ? 'the model is asked in words to call nothing' : 'the tools are left out', 'emulated');
  if (none && !history) {
    lost('tools', 'a model that may call nothing needs no tools', 'emulated');
    return { tools: [], choice: undefined, memo };
  }
  const asked = none ? 'auto' : allowedChoice(r.toolChoice, thinks, writing);
  return { ...alone(tools, asked, writing), ...(none ? { told: NO_CALLS } : {}), memo };
};
