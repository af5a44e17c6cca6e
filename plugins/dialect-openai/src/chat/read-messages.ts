import {
  asList,
  asObject,
  asText,
  type Fields,
  invalid,
  isObject,
  type Json,
  Late,
  type Part,
  remainderOf,
  type ToolResultPart,
  type Turn,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { placed, type Restored } from '../carriers/place.ts';
import { readCall, readFunctionCall } from './calls.ts';
import { type Form, withForm } from './form.ts';
import { readPart } from './parts.ts';
import { isPlainText, writeMessage, writeResultMessage } from './write-messages.ts';

const KNOWN: ReadonlySet<string> = new Set([
  'role',
  'content',
  'name',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'function_call',
  'audio',
  'annotations',
  'parsed',
]);
/** Ids of legacy function calls by name, which answers of role `function` refer to by name alone. */
type Functions = Map<string, string>;

const contentParts = (content: Json, param: string): Part[] => {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(param, 'Content is a string or a list of parts.');
  return content.map((part: Json, i) => readPart(part, `${param}[${i}]`));
};
/** A list of one plain text part: the usual spelling is the text itself. */
const isListOfText = (content: Json, parts: readonly Part[]): boolean => Array.isArray(content) && content.length === 1 && isPlainText(parts[0]);
const hasRefusal = (content: Json): boolean => asList(content).some((part) => asObject(part)?.type === 'refusal');

/** A member that is a list where it is written at all. */
const listMember = (m: Fields, name: string, param: string): readonly Json[] => {
  const value = m[name];
  if (value !== undefined && value !== null && !Array.isArray(value)) throw invalid(`${param}.${name}`, `${name} is a list.`);
  return asList(value);
};
const assistantParts = (m: Fields, param: string, functions: Functions): Part[] => {
  const parts = contentParts(m.content, `${param}.content`);
  const refusal = asText(m.refusal);
  if (refusal !== undefined && refusal !== '') parts.push({ kind: 'refusal', text: refusal });
  const audio = asText(asObject(m.audio)?.id);
  if (audio !== undefined) parts.push({ kind: 'audio', media: { file: audio } });
  parts.push(...listMember(m, 'tool_calls', param).map((call, i) => readCall(call, `${param}.tool_calls[${i}]`, `call_${param.replace(/\D/g, '')}_${i}`)));
  if (isObject(m.function_call)) {
    const name = asText(m.function_call.name) ?? '';
    const id = `call_function_${functions.size}`;
    functions.set(name, id);
    parts.push(readFunctionCall(m.function_call, id));
  }
  return parts;
};
/** What a message is read as: parts for a turn of its role, or one tool result, which joins its neighbours in one turn. */
type Reading = { readonly turn: Turn; readonly legacy: boolean } | { readonly result: ToolResultPart; readonly legacy: boolean };
type Read = (m: Fields, param: string, functions: Functions) => Reading;
const plain =
  (role: Turn['role']): Read =>
  (m, param) => {
    if (m.content === undefined || m.content === null) throw invalid(`${param}.content`, 'A message that is not of the assistant needs content.');
    return { turn: { role, parts: contentParts(m.content, `${param}.content`) }, legacy: false };
  };
const readAssistant: Read = (m, param, functions) => ({
  turn: { role: 'assistant', parts: assistantParts(m, param, functions) },
  legacy: isObject(m.function_call),
});
const readTool: Read = (m, param) => {
  const id = asText(m.tool_call_id);
  if (id === undefined) throw invalid(`${param}.tool_call_id`, 'A tool message needs tool_call_id.');
  return { result: { kind: 'toolResult', id, parts: contentParts(m.content, `${param}.content`), failed: false }, legacy: false };
};
const readFunction: Read = (m, param, functions) => {
  const name = asText(m.name);
  if (name === undefined) throw invalid(`${param}.name`, 'A function message needs the name of its function.');
  const id = functions.get(name) ?? `call_function_${functions.size}`;
  return { result: { kind: 'toolResult', id, name, parts: contentParts(m.content, `${param}.content`), failed: false }, legacy: true };
};
const ROLES: Readonly<Record<string, Read>> = Object.freeze({
  system: plain('system'),
  developer: plain('system'),
  user: plain('user'),
  assistant: readAssistant,
  tool: readTool,
  function: readFunction,
});

const resultWithForm = (result: ToolResultPart, legacy: boolean, m: Fields): ToolResultPart => {
  const rest = unknownFields(m, KNOWN);
  const part = rest === undefined ? result : { ...result, rest };
  const form: Form = { legacy, list: isListOfText(m.content, part.parts) };
  return withForm(part, { ...form, left: new Late(() => remainderOf(writeResultMessage(withForm(part, form)), m)) });
};
const turnWithForm = (turn: Turn, legacy: boolean, m: Fields): Turn => {
  const rest = unknownFields(m, KNOWN);
  const name = asText(m.name);
  const named: Turn = { ...turn, ...(name === undefined ? {} : { name }), ...(rest === undefined ? {} : { rest }) };
  const form: Form = { legacy, list: isListOfText(m.content, turn.parts), refusals: hasRefusal(m.content) };
  return withForm(named, { ...form, left: new Late(() => remainderOf(writeMessage(withForm(named, form)), m)) });
};
const NONE: ReadonlyMap<Fields, Restored> = new Map();
/** `messages` in order: one turn each, neighbouring tool messages together. `restored`: what was signed, by message. */
export const readMessages = (messages: Json, restored: ReadonlyMap<Fields, Restored> = NONE): readonly Turn[] => {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', "'messages' must be a list of at least one message.");
  const functions: Functions = new Map();
  const turns: Turn[] = [];
  let results: ToolResultPart[] | undefined;
  messages.forEach((wire: Json, i) => {
    const m = asObject(wire);
    const read = ROLES[asText(m?.role) ?? ''];
    if (m === undefined || read === undefined)
      throw invalid(`messages[${i}].role`, 'A message has one of the roles developer, system, user, assistant, tool and function.');
    const reading = read(m, `messages[${i}]`, functions);
    if ('turn' in reading) {
      results = undefined;
      const back = restored.get(m);
      const turn = back === undefined ? reading.turn : { ...reading.turn, parts: placed(reading.turn.parts, back) };
      turns.push(turnWithForm(turn, reading.legacy, m));
      return;
    }
    if (results === undefined) {
      results = [];
      turns.push({ role: 'user', parts: results });
    }
    results.push(resultWithForm(reading.result, reading.legacy, m));
  });
  return turns;
};
