import { asObject, asText, type Part, parseJson, type ToolCallPart, unwrapInput } from '@llm-proxy-auth/plugin';
import type { Memo } from './memo.ts';

/** Free text as it stands in the object that input is on the wire; other input is taken for the text itself. */
export const freeText = (json: string): string => {
  try {
    return asText(asObject(parseJson(json === '' ? '{}' : json))?.input) ?? json;
  } catch {
    return json;
  }
};
/** A call with the client's own name for its tool. */
export const renamed = (call: ToolCallPart, memo: Memo): ToolCallPart => {
  const name = memo.names.get(call.name);
  return name === undefined ? call : { ...call, name };
};
/** A part of an answer as the client asked for it: its own names, free text for tools of free text, the answer itself for a tool that stood for it. */
export const undone = (part: Part, memo: Memo): Part => {
  if (part.kind !== 'toolCall') return part;
  const json = 'json' in part.input ? part.input.json : part.input.text;
  if (part.name === memo.answer) return { kind: 'text', text: json };
  if (memo.wrapped?.has(part.name) === true) return { ...renamed(part, memo), input: { json: unwrapInput(json) } };
  return memo.free.has(part.name) ? { ...renamed(part, memo), input: { text: freeText(json) } } : renamed(part, memo);
};
