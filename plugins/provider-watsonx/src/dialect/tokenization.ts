import {
  asObject,
  type Call,
  type ChatRequest,
  type Json,
  type Lost,
  losePart,
  lostTo,
  type Part,
  type ProviderHalf,
  stringifyJson,
  type Tool,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { answerOf, countOf, missing } from './answer.ts';

const textOf = (part: Part, lost: Lost): readonly string[] => {
  if (part.kind === 'text' || part.kind === 'refusal') return [part.text];
  if (part.kind === 'toolCall') return [part.name, 'json' in part.input ? part.input.json : part.input.text];
  if (part.kind === 'toolResult') return part.parts.flatMap((inner) => textOf(inner, lost));
  losePart(part, `turns.parts.${part.kind}`, 'only text can be counted', lost);
  return [];
};
const toolText = (tool: Tool, lost: Lost): readonly string[] => {
  if (tool.kind === 'function') return [tool.name, tool.description ?? '', stringifyJson(tool.schema)];
  lost('tools', 'only function tools can be counted');
  return [];
};
/** `text/tokenization` counts one text: that of the conversation, without what the model's own template adds. */
const write = (r: ChatRequest, call: Call): { readonly body: Json } => {
  const lost = lostTo(call.ledger);
  lost('turns', 'the text is counted without what the template of the model adds', 'emulated');
  const texts = [...r.tools.flatMap((tool) => toolText(tool, lost)), ...r.turns.flatMap(({ parts }) => parts.flatMap((part) => textOf(part, lost)))];
  return { body: { model_id: call.model, input: texts.filter((text) => text !== '').join('\n') } };
};
const read = (reply: UpstreamReply): { readonly input: number } => {
  const input = countOf(asObject(answerOf(reply).result)?.token_count);
  if (input === undefined) throw missing('a count');
  return { input };
};
export const tokenization: ProviderHalf<'countTokens'> = Object.freeze({ write, read });
