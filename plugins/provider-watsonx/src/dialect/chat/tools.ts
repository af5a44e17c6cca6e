import { type ChatRequest, type Fields, type Lost, refuseServerTool, type Tool, unsupported } from '@llm-proxy-auth/plugin';

const writeTool = (tool: Tool, r: ChatRequest, lost: Lost): readonly Fields[] => {
  if (tool.kind === 'custom') throw unsupported('tools', 'watsonx.ai has function tools only.');
  if (tool.kind === 'server') {
    refuseServerTool(tool, r, lost);
    return [];
  }
  // `strict` is refused by older servers, and newer ones do not know it: it stays unread, which the ledger says.
  const { name, description, schema } = tool;
  return [{ type: 'function', function: { name, ...(description === undefined ? {} : { description }), parameters: schema } }];
};
/** A mode and a name are members of their own, of which only one may be there. */
const writeChoice = (choice: ChatRequest['toolChoice']): Fields =>
  typeof choice === 'object' ? { tool_choice: { type: 'function', function: { name: choice.name } } } : { tool_choice_option: choice ?? 'auto' };

/** `tools`, `tool_choice_option` and `tool_choice`. */
export const writeTools = (r: ChatRequest, lost: Lost): Fields => {
  const { tools, toolChoice, parallelTools } = r;
  const written = tools.flatMap((tool) => writeTool(tool, r, lost));
  if (written.length === 0) {
    if (toolChoice !== undefined && toolChoice !== 'none' && tools.length > 0) lost('toolChoice', 'there is no tool to choose');
    return {};
  }
  if (parallelTools === false) lost('parallelTools', 'the provider cannot be told to call one tool at a time');
  return { tools: written, ...writeChoice(toolChoice) };
};
