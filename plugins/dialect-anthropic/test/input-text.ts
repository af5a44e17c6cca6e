import { parseJson, stringifyJson, type ToolCallPart } from '@llm-proxy-auth/plugin';

/** The input of a call as an object on the wire, in one spelling. */
export const inputText = (input: ToolCallPart['input']): string => {
  if ('text' in input) return JSON.stringify({ input: input.text });
  return input.json.trim() === '' ? '{}' : stringifyJson(parseJson(input.json));
};
