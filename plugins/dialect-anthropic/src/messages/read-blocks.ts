import {
  asFlag,
  asList,
  asObject,
  asText,
  type DocumentPart,
  type Fields,
  flagField,
  invalid,
  isObject,
  type Json,
  type Kept,
  Late,
  type OpaquePart,
  type Part,
  some,
  stringifyJson,
  type ToolResultPart,
  textDocument,
  textField,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { type Form, withForm } from '../form.ts';
import { textMember } from '../invalid.ts';
import { remainderOf } from '../remainder.ts';
import { ANTHROPIC } from '../wire.ts';
import { readCitation, readForeign } from './citations.ts';
import { readSource, readTexts } from './media.ts';
import { writeOwnBlock } from './write-blocks.ts';

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));
/** Members that have a place in the conversation. */
const KNOWN: Readonly<Record<string, ReadonlySet<string>>> = Object.freeze({
  text: set('type text citations cache_control'),
  image: set('type source cache_control'),
  document: set('type source title context citations cache_control'),
  search_result: set('type source title content citations cache_control'),
  tool_use: set('type id name input cache_control caller'),
  tool_result: set('type tool_use_id content is_error cache_control'),
});
/** A hint whose form is not known stays what it is: the vendor's own. */
export const cacheOf = (wire: Json): Pick<Kept, 'cache'> => {
  const hint = asObject(wire);
  if (hint?.type !== 'ephemeral') return {};
  return { cache: hint.ttl === '5m' || hint.ttl === '1h' ? { ttl: hint.ttl } : {} };
};
/** A call that the model made itself is the usual one; others are made by code that runs at the vendor. */
const callerOf = (b: Fields): Fields => (isObject(b.caller) && b.caller.type !== 'direct' ? { caller: b.caller } : {});
const keptOf = (b: Fields, type: string): Pick<Kept, 'rest' | 'cache'> => {
  const rest = { ...unknownFields(b, KNOWN[type] ?? new Set()), ...(type === 'tool_use' ? callerOf(b) : {}) };
  return { ...cacheOf(b.cache_control), ...(Object.keys(rest).length > 0 ? { rest } : {}) };
};
/** What only the vendor understands, as it came. */
export const opaqueOf = (b: Fields): OpaquePart => ({ kind: 'opaque', origin: { dialect: ANTHROPIC, payload: { json: stringifyJson(b) } } });

type Read = (b: Fields, param: string) => Part;
const readText: Read = (b, param) => {
  const citations = asList(b.citations).map((wire) => readForeign(wire) ?? readCitation(wire));
  return { kind: 'text', text: textMember(b, 'text', `${param}.text`), ...(citations.length > 0 ? { citations } : {}), ...keptOf(b, 'text') };
};
/** Signed text goes back byte for byte. Without a signature nobody issued it, and it is no more than text. */
const readThinking: Read = (b, param) => {
  const text = textField(b, 'thinking', `${param}.thinking`) ?? '';
  const signed = asText(b.signature);
  const origin = { dialect: ANTHROPIC, payload: { json: stringifyJson(b) } };
  return { kind: 'thinking', text, redacted: false, ...(signed === undefined || signed === '' ? {} : { origin }) };
};
const readRedacted: Read = (b, param) => {
  textMember(b, 'data', `${param}.data`);
  return { kind: 'thinking', text: '', redacted: true, origin: { dialect: ANTHROPIC, payload: { json: stringifyJson(b) } } };
};
const readImage: Read = (b, param) => {
  const source = asObject(b.source);
  if (source === undefined) throw invalid(`${param}.source`, 'An image needs a source.');
  const media = readSource(source, `${param}.source`);
  return media === undefined ? opaqueOf(b) : { kind: 'image', media, ...keptOf(b, 'image') };
};
const readDocument: Read = (b, param) => {
  const source = asObject(b.source);
  if (source === undefined) throw invalid(`${param}.source`, 'A document needs a source.');
  const said = source.type === 'content' ? readTexts(source.content, `${param}.source.content`) : undefined;
  const media = said === undefined ? readSource(source, `${param}.source`) : undefined;
  if (said === undefined && media === undefined) return opaqueOf(b);
  const part: DocumentPart = {
    kind: 'document',
    ...(media === undefined ? textDocument(said?.texts ?? []) : { media }),
    ...some('title', textField(b, 'title', `${param}.title`)),
    ...some('context', textField(b, 'context', `${param}.context`)),
    ...some('cite', asFlag(asObject(b.citations)?.enabled)),
    ...cacheOf(said?.hint),
    ...keptOf(b, 'document'),
  };
  return part;
};
const readFound: Read = (b, param) => {
  const said = readTexts(b.content, `${param}.content`);
  if (said === undefined) return opaqueOf(b);
  const part: DocumentPart = {
    kind: 'document',
    ...textDocument(said.texts),
    found: textMember(b, 'source', `${param}.source`),
    title: textMember(b, 'title', `${param}.title`),
    ...some('cite', asFlag(asObject(b.citations)?.enabled)),
    ...cacheOf(said.hint),
    ...keptOf(b, 'search_result'),
  };
  return part;
};
const readCall: Read = (b, param) => ({
  kind: 'toolCall',
  id: textMember(b, 'id', `${param}.id`),
  name: textMember(b, 'name', `${param}.name`),
  input: { json: stringifyJson(b.input ?? {}) },
  ...keptOf(b, 'tool_use'),
});
const readResult: Read = (b, param) => {
  const part: ToolResultPart = {
    kind: 'toolResult',
    id: textMember(b, 'tool_use_id', `${param}.tool_use_id`),
    parts: readContent(b.content, `${param}.content`),
    failed: flagField(b, 'is_error', `${param}.is_error`) ?? false,
    ...keptOf(b, 'tool_result'),
  };
  return part;
};
const READERS: Readonly<Record<string, Read>> = Object.freeze({
  text: readText,
  thinking: readThinking,
  redacted_thinking: readRedacted,
  image: readImage,
  document: readDocument,
  search_result: readFound,
  tool_use: readCall,
  tool_result: readResult,
});

const spellingOf = (part: Part, b: Fields): Form => {
  if (part.kind === 'toolResult') return { text: typeof b.content === 'string', absent: b.content === undefined || b.content === null };
  const source = part.kind === 'document' ? asObject(b.source) : undefined;
  return source?.type === 'content' ? { texts: typeof source.content === 'string' ? 'one' : 'list' } : {};
};
/** One content block. What the conversation has no kind for is opaque: server tools and their results, what is new. */
export const readBlock = (wire: Json, param: string): Part => {
  const b = asObject(wire);
  if (b === undefined) throw invalid(param, 'A content block is an object.');
  const type = textMember(b, 'type', `${param}.type`);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) return opaqueOf(b);
  const part = read(b, param);
  if (part.kind === 'opaque') return part;
  const form = spellingOf(part, b);
  return withForm(part, { ...form, left: new Late(() => remainderOf(writeOwnBlock(withForm(part, form)) ?? {}, b)) });
};
/** Content of a message or a result: text, blocks, or nothing. */
export const readContent = (content: Json, param: string): Part[] => {
  if (content === undefined || content === null || content === '') return [];
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) throw invalid(param, 'Content is a string or a list of blocks.');
  return content.map((block: Json, i) => readBlock(block, `${param}[${i}]`));
};
