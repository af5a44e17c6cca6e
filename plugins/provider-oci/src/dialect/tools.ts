import { type ChatRequest, type Fields, type Json, type Lost, refuseServerTool, type Tool, unsupported } from '@llm-proxy-auth/plugin';
import { inlined } from './schema.ts';

/** A tool that a client brought, as a function. */
export interface Callable {
  readonly name: string;
  readonly description: string | undefined;
  readonly schema: Json;
  readonly strict: boolean | undefined;
  readonly free: boolean;
}
const FREE_TEXT: Fields = Object.freeze({
  type: 'object',
  properties: Object.freeze({ input: Object.freeze({ type: 'string' }) }),
  required: Object.freeze(['input']),
});
const callable = (tool: Tool, r: ChatRequest, lost: Lost): Callable | undefined => {
  if (tool.kind === 'server') {
    refuseServerTool(tool, r, lost);
    return undefined;
  }
  const { name, description } = tool;
  if (tool.kind === 'function') return { name, description, schema: inlined(tool.schema, 'tools.schema', lost), strict: tool.strict, free: false };
  lost('tools', 'a tool that takes free text is one that takes an object with it', 'emulated');
  if (tool.grammar !== undefined) lost('tools.grammar', 'the provider does not keep to a grammar');
  return { name, description, schema: FREE_TEXT, strict: undefined, free: true };
};
export const callables = (r: ChatRequest, lost: Lost): readonly Callable[] => r.tools.flatMap((tool) => callable(tool, r, lost) ?? []);
/** Names of tools that take free text, as the client gave them. */
export const freeNames = (tools: readonly Callable[]): ReadonlySet<string> => new Set(tools.filter(({ free }) => free).map(({ name }) => name));
/** The choice of a tool, where there are tools; refused where it names one that there is not. */
export const choiceOf = (r: ChatRequest, tools: readonly Callable[]): NonNullable<ChatRequest['toolChoice']> => {
  const { toolChoice = 'auto' } = r;
  if (typeof toolChoice === 'object' && !tools.some(({ name }) => name === toolChoice.name))
    throw unsupported('toolChoice', `There is no tool ${toolChoice.name} that the provider of this call could be made to use.`);
  return toolChoice;
};
