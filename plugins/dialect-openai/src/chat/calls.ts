import {
  asObject,
  asText,
  type Fields,
  invalid,
  type Json,
  type Part,
  parseJson,
  stringifyJson,
  type ToolCallPart,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { OPENAI } from '../wire.ts';

const KNOWN: ReadonlySet<string> = new Set(['id', 'type', 'function', 'custom', 'index']);
/** SDKs parse arguments as JSON, and a call without any sends no text: `{}` is what it means. */
export const argumentsOf = (json: string): string => (json === '' ? '{}' : json);

const argumentsText = (v: Json, param: string): string => {
  if (v === undefined || v === null) return '';
  if (typeof v === 'string') return v;
  throw invalid(`${param}.arguments`, 'Tool arguments are a string of JSON.');
};
/** One entry of `tool_calls`. `fallbackId` stands in where a compatible server gave none. */
export const readCall = (wire: Json, param: string, fallbackId: string): Part => {
  const c = asObject(wire);
  if (c === undefined) throw invalid(param, 'A tool call is an object.');
  const rest = unknownFields(c, KNOWN);
  const kept = rest === undefined ? {} : { rest };
  const id = asText(c.id) || fallbackId;
  const custom = asObject(c.custom);
  if (custom !== undefined) return { kind: 'toolCall', id, name: asText(custom.name) ?? '', input: { text: asText(custom.input) ?? '' }, ...kept };
  const f = asObject(c.function);
  if (f === undefined) return { kind: 'opaque', origin: { dialect: OPENAI, payload: { json: stringifyJson(c) } } };
  return { kind: 'toolCall', id, name: asText(f.name) ?? '', input: { json: argumentsOf(argumentsText(f.arguments, `${param}.function`)) }, ...kept };
};
/** The legacy `function_call`, which has no id. */
export const readFunctionCall = (wire: Fields, id: string): ToolCallPart => ({
  kind: 'toolCall',
  id,
  name: asText(wire.name) ?? '',
  input: { json: argumentsOf(argumentsText(wire.arguments, 'function_call')) },
});
/** An entry of `tool_calls`. */
export const writeCall = (part: ToolCallPart, mine: boolean): Fields => ({
  id: part.id,
  ...('text' in part.input
    ? { type: 'custom', custom: { name: part.name, input: part.input.text } }
    : { type: 'function', function: { name: part.name, arguments: argumentsOf(part.input.json) } }),
  ...(mine ? part.rest : {}),
});
/** The legacy `function_call`. */
export const writeFunctionCall = (part: ToolCallPart): Fields => ({
  name: part.name,
  arguments: 'text' in part.input ? part.input.text : argumentsOf(part.input.json),
});
/** A tool call only its vendor understands; undefined for another vendor's. */
export const writeOpaqueCall = (part: Part): Fields | undefined =>
  part.kind === 'opaque' && part.origin.dialect === OPENAI ? asObject(parseJson(part.origin.payload.json)) : undefined;
