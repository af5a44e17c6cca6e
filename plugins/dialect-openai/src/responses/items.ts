import {
  asList,
  asText,
  type Fields,
  invalid,
  type Json,
  type Part,
  remainderOf,
  type Seal,
  some,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { type Marking, markedTexts, writeBreakpoint } from '../breakpoints.ts';
import { type Flavour, isContent, readContent, writeContent } from './content.ts';
import { type Mark, marked, withId } from './mark.ts';
import { readReasoning, writeReasoning } from './reasoning.ts';
import { originOf, ownOrigin, wordOf } from './wire.ts';

/** How items are read: `hosted: 'carry'` keeps items only the vendor understands as opaque parts, `'refuse'` answers 400. */
export interface Reading {
  readonly flavour: Flavour;
  readonly hosted: 'refuse' | 'carry';
  readonly seal: Seal;
  /** Who made the answer, where what it seals goes through clients of other dialects and must come back to that model. */
  readonly signer?: string | undefined;
}
/** What one item contributes to a turn. */
export interface Piece {
  readonly role: Turn['role'];
  readonly parts: readonly Part[];
  readonly message: boolean;
}
/** How items are written. `custom`: ids of calls of custom tools; `marking`: how marks for the cache are written, if at all. */
export interface Writing {
  readonly flavour: Flavour;
  readonly own: boolean;
  readonly marking: Marking | undefined;
  readonly custom: ReadonlySet<string>;
}
const ROLES: Readonly<Record<string, Turn['role']>> = Object.freeze({ user: 'user', system: 'system', developer: 'system', assistant: 'assistant' });

/** Text with nothing beside it. Only what could be written is looked at: the rest is the ledger's. */
const isPlainText = (parts: readonly Part[], output: boolean, marking: Marking | undefined): boolean => {
  const [part] = parts;
  if (parts.length !== 1 || part?.kind !== 'text') return false;
  if (output && (part.citations !== undefined || part.logprobs !== undefined)) return false;
  return output || marking === undefined || part.cache === undefined;
};
const contentOf = (parts: readonly Part[], list: boolean, output: boolean, writing: Writing): string | readonly Fields[] => {
  const [first] = parts;
  if (!list) return first?.kind === 'text' ? first.text : '';
  return parts.map((part) => writeContent(part, { flavour: writing.flavour, output, marking: writing.marking })).filter((content) => content !== undefined);
};
/** A message's content is a string where plain text is sent, and always a list in answers. */
const listsMessage = (role: Turn['role'], parts: readonly Part[], writing: Pick<Writing, 'flavour' | 'marking'>): boolean =>
  writing.flavour === 'output' || !isPlainText(parts, role === 'assistant', writing.marking);
const listsResult = (parts: readonly Part[], marking: Marking | undefined): boolean => parts.length > 0 && !isPlainText(parts, false, marking);
const writeMessage = (role: Turn['role'], parts: readonly Part[], mark: Mark | undefined, writing: Writing): Fields => {
  const list = listsMessage(role, parts, writing) !== (mark?.list === true);
  const content = mark?.empty === true ? [] : contentOf(parts, list, role === 'assistant', writing);
  return writing.flavour === 'output' ? { type: 'message', status: 'completed', content, role } : { role, content };
};
const writeCall = (part: ToolCallPart, writing: Writing): Fields => {
  const status = writing.flavour === 'output' ? { status: 'completed' } : {};
  if ('text' in part.input) return { type: 'custom_tool_call', ...status, call_id: part.id, input: part.input.text, name: part.name };
  return { type: 'function_call', ...status, arguments: part.input.json === '' ? '{}' : part.input.json, call_id: part.id, name: part.name };
};
const writeResult = (part: ToolResultPart, mark: Mark | undefined, writing: Writing): Fields => {
  const parts = writing.own || writing.marking === undefined ? part.parts : markedTexts(part.parts, part);
  const list = listsResult(parts, writing.marking) !== (mark?.list === true);
  const output = contentOf(parts, list, false, { ...writing, flavour: 'input' });
  const { name } = part;
  const type = writing.custom.has(part.id) ? 'custom_tool_call_output' : 'function_call_output';
  // The call's id says it all to the vendor; the name goes back only to where it stood.
  return { type, call_id: part.id, output, ...(writing.own ? some('name', name) : {}) };
};
/** True for a part that can stand in an item of a turn with this role. `own`: it was read from this surface, where the model may show images. */
export const isWritable = (role: Turn['role'], part: Part, own: boolean): boolean => {
  if (part.kind === 'toolCall' || part.kind === 'toolResult') return true;
  if (part.kind === 'thinking') return writeReasoning(part) !== undefined;
  if (part.kind === 'opaque') return ownOrigin(part.origin) !== undefined;
  if (part.kind === 'text' || part.kind === 'refusal') return true;
  return (own || role !== 'assistant') && writeContent(part, { flavour: 'input', output: false }) !== undefined;
};
/** The item that a group of parts is written as, before its mark is restored. Undefined when this surface has no form for it. */
export const writeItem = (role: Turn['role'], parts: readonly Part[], mark: Mark | undefined, writing: Writing): Fields | undefined => {
  const [part] = parts;
  if (part?.kind === 'toolCall') return writeCall(part, writing);
  if (part?.kind === 'toolResult') return writeResult(part, mark, writing);
  if (part?.kind === 'thinking') return writeReasoning(part);
  if (part?.kind === 'opaque') return ownOrigin(part.origin);
  return writeMessage(role, parts, mark, writing);
};

const withMark = (role: Turn['role'], parts: readonly Part[], item: Fields, reading: Reading, hints: Mark, custom = false): readonly Part[] => {
  const last = parts.at(-1);
  const id = reading.flavour === 'output' ? asText(item.id) : undefined;
  if (last === undefined) return parts;
  const call = last.kind === 'toolResult' && custom ? new Set([last.id]) : new Set<string>();
  const written = writeItem(role, parts, hints, { flavour: reading.flavour, own: true, marking: writeBreakpoint, custom: call }) ?? {};
  const left = remainderOf(id === undefined ? written : { id, ...written }, item);
  const mark = left === undefined && Object.keys(hints).length === 0 ? undefined : { ...left, ...hints };
  return parts.map((part) => withId(part, id)).map((part, index) => (index === parts.length - 1 ? marked(part, mark, reading.flavour) : part));
};
const readMessage = (item: Fields, param: string, reading: Reading): Piece => {
  const role = ROLES[wordOf(item.role)];
  if (role === undefined) throw invalid(`${param}.role`, 'A message needs a role of user, assistant, system or developer.');
  const content = item.content;
  if (typeof content !== 'string' && !Array.isArray(content)) throw invalid(`${param}.content`, 'A message needs content: text or a list of parts.');
  const read = typeof content === 'string' ? [] : content.map((entry, index) => readContent(entry, `${param}.content[${index}]`));
  const parts: readonly Part[] = read.length > 0 ? read : [{ kind: 'text', text: wordOf(content) }];
  const empty = typeof content !== 'string' && content.length === 0;
  const list = !empty && listsMessage(role, parts, { flavour: reading.flavour, marking: writeBreakpoint }) === (typeof content === 'string');
  return { role, message: true, parts: withMark(role, parts, item, reading, { ...(empty ? { empty } : {}), ...(list ? { list } : {}) }) };
};
const readCall = (item: Fields, param: string, reading: Reading): Piece => {
  const id = asText(item.call_id);
  const name = asText(item.name);
  if (id === undefined || name === undefined) throw invalid(param, 'A tool call needs call_id and name.');
  const said = item.type === 'custom_tool_call' ? 'input' : 'arguments';
  const text = item[said];
  if (reading.hosted === 'refuse' && text !== undefined && text !== null && typeof text !== 'string')
    throw invalid(`${param}.${said}`, `${said} of a tool call is text.`);
  const input = said === 'input' ? { text: wordOf(text) } : { json: wordOf(text) };
  return { role: 'assistant', message: false, parts: withMark('assistant', [{ kind: 'toolCall', id, name, input }], item, reading, {}) };
};
const readResult = (item: Fields, param: string, reading: Reading, custom: ReadonlySet<string>): Piece => {
  const id = asText(item.call_id);
  if (id === undefined) throw invalid(`${param}.call_id`, 'A tool output needs the call_id of the call it answers.');
  const output = item.output;
  if (typeof output !== 'string' && !Array.isArray(output)) throw invalid(`${param}.output`, 'A tool output needs output: text or a list of parts.');
  const text: readonly Part[] = output === '' ? [] : [{ kind: 'text', text: wordOf(output) }];
  const parts = typeof output === 'string' ? text : output.map((entry, index) => readContent(entry, `${param}.output[${index}]`));
  const list = listsResult(parts, writeBreakpoint) === (typeof output === 'string');
  const part: ToolResultPart = { kind: 'toolResult', id, ...some('name', asText(item.name)), parts, failed: false };
  return { role: 'user', message: false, parts: withMark('user', [part], item, reading, list ? { list } : {}, custom.has(id)) };
};
const readHosted = (item: Fields, param: string, reading: Reading): Piece => {
  // EasyInputMessage apart, only references may leave their type out.
  const type = asText(item.type) ?? 'item_reference';
  if (reading.hosted === 'refuse') {
    if (type === 'item_reference') throw unsupported(`${param}.id`, 'item_reference needs stored state, which this route does not keep; send the item itself.');
    throw unsupported(`${param}.type`, `Items of type ${JSON.stringify(type)} are understood by their vendor alone and cannot be translated.`);
  }
  const whole = item.type === type ? item : { ...item, type };
  const part: Part = { kind: 'opaque', origin: originOf(whole) };
  if (reading.flavour === 'output') return { role: 'assistant', message: false, parts: [withId(part, asText(item.id))] };
  return { role: 'assistant', message: false, parts: [marked(part, remainderOf(whole, item), 'input')] };
};
const RESULTS: ReadonlySet<Json> = new Set(['function_call_output', 'custom_tool_call_output']);
const readKnown = (item: Fields, param: string, reading: Reading, custom: ReadonlySet<string>): Piece | undefined => {
  const type = asText(item.type);
  if (type === 'message' || (type === undefined && item.role !== undefined)) return readMessage(item, param, reading);
  if (type === 'function_call' || type === 'custom_tool_call') return readCall(item, param, reading);
  if (RESULTS.has(type)) return readResult(item, param, reading, custom);
  if (type !== 'reasoning') return undefined;
  const part = readReasoning(item, param, reading);
  return { role: 'assistant', message: false, parts: [reading.flavour === 'output' ? withId(part, asText(item.id)) : part] };
};
/** Whether the model can hold the item: the output of a hosted call has no `call_id`, and there is content without a place of its own. */
const isHeld = (item: Fields): boolean => {
  if (item.type === 'reasoning') return true;
  if (RESULTS.has(item.type) && asText(item.call_id) === undefined) return false;
  return asList(item.content ?? item.output).every(isContent);
};
/** One item of `input` or `output`. `custom`: ids of the custom tools' calls seen so far. */
export const readItem = (item: Fields, param: string, reading: Reading, custom: ReadonlySet<string>): Piece => {
  if (reading.hosted === 'carry' && !isHeld(item)) return readHosted(item, param, reading);
  return readKnown(item, param, reading, custom) ?? readHosted(item, param, reading);
};
