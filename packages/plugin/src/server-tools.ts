import type { ChatRequest, Tool } from './conversation.ts';
import { unsupported } from './json/checks.ts';
import { asObject, asText } from './json/members.ts';
import { parseJson } from './json/parse.ts';
import type { Lost } from './lost.ts';

type ServerTool = Extract<Tool, { readonly kind: 'server' }>;
/** Its vendor's word for it: the type, else the member that it is. */
const wordOf = ({ origin }: ServerTool): string => {
  const wire = asObject(parseJson(origin.payload.json)) ?? {};
  return asText(wire.type) ?? Object.keys(wire)[0] ?? '';
};
/**
 * Throws 400 `unsupported_parameter` for a tool that its vendor defines (and runs, or leaves to the client to run) and the provider of the call
 * has not: without what the tool finds or does, the answer would be another. Where the model may call nothing, the tool is only noted.
 */
export const refuseServerTool = (tool: ServerTool, { toolChoice }: Pick<ChatRequest, 'toolChoice'>, lost: Lost): void => {
  const what = `The tool ${JSON.stringify(wordOf(tool))} is known to its vendor alone, and the provider of this call does not have it.`;
  if (toolChoice !== 'none') throw unsupported('tools', what);
  lost('tools', what);
};
/** The same for a search that is asked for by a parameter, where none is made; `what` says why. */
export const refuseSearch = (
  { webSearch, toolChoice }: Pick<ChatRequest, 'toolChoice' | 'webSearch'>,
  lost: Lost,
  what = 'The provider of this call does not search the web.',
): void => {
  if (webSearch === undefined) return;
  if (toolChoice !== 'none') throw unsupported('webSearch', what);
  lost('webSearch', what);
};
