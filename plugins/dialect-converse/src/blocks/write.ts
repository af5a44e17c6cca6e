import {
  asObject,
  type Fields,
  isObject,
  type Json,
  type Part,
  parseJson,
  restore,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { CONVERSE } from '../wire.ts';
import { cachePointOf } from './cache.ts';
import { writeCitation } from './citations.ts';
import { takenApart, writeDocument, writeMedia, writeSearchResult } from './media.ts';
import { writeThinking } from './thinking.ts';

/** JSON of a text, undefined when it is none. */
export const jsonOf = (text: string): Json => {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
};
const writeText = (part: TextPart): Fields => {
  const { json, pieces } = formOf(part) ?? {};
  const value = json === true ? jsonOf(part.text) : undefined;
  if (value !== undefined) return { json: value };
  const guard = asObject(part.rest?.guardContent);
  if (guard !== undefined) return { guardContent: { text: { text: part.text, ...guard } } };
  const citations = part.citations?.flatMap((one) => writeCitation(one) ?? []) ?? [];
  if (pieces === undefined && citations.length === 0) return { text: part.text };
  return { citationsContent: { content: takenApart(part.text, pieces), ...(citations.length > 0 ? { citations } : {}) } };
};
/** Input of a call as the JSON value it is; `wrap`: where it is no object, which is all the vendor takes. */
export const inputOf = (input: ToolCallPart['input'], wrap: (text: string) => Fields): Json => {
  if ('text' in input) return wrap(input.text);
  if (input.json.trim() === '') return {};
  const value = jsonOf(input.json);
  return isObject(value) ? value : wrap(input.json);
};
const asIs = (text: string): Fields => ({ input: text });
const writeCall = (part: ToolCallPart): Fields => {
  const value = 'json' in part.input ? jsonOf(part.input.json) : undefined;
  return { toolUse: { toolUseId: part.id, name: part.name, input: value ?? inputOf(part.input, asIs), ...part.rest } };
};
const writeResult = (part: ToolResultPart): Fields => {
  const content = part.parts.flatMap((inner) => writeOwnBlocks(inner));
  return { toolResult: { toolUseId: part.id, content, ...(part.failed ? { status: 'error' } : {}), ...part.rest } };
};
const wrapped = (kind: string, inner: Fields | undefined): Fields | undefined => (inner === undefined ? undefined : { [kind]: inner });
/** The block of a part that was read from this surface, without its spelling; undefined for what this surface has no form for. */
export const writeOwnBlock = (part: Part): Fields | undefined => {
  if (part.kind === 'text') return writeText(part);
  if (part.kind === 'refusal') return { text: part.text };
  if (part.kind === 'thinking') return wrapped('reasoningContent', writeThinking(part, true));
  if (part.kind === 'document') return writeSearchResult(part, true) ?? writeDocument(part, part.name, true);
  if (part.kind === 'toolCall') return writeCall(part);
  if (part.kind === 'toolResult') return writeResult(part);
  if (part.kind === 'opaque') return part.origin.dialect === CONVERSE ? asObject(parseJson(part.origin.payload.json)) : undefined;
  const media = writeMedia(part, true);
  if (media === undefined || part.rest?.guardContent === undefined) return wrapped(part.kind, media);
  return { guardContent: { image: unknownFields(media, ['guardContent']) } };
};
/** The same with its spelling and the cache point behind it. */
export const writeOwnBlocks = (part: Part): readonly Fields[] => {
  const block = writeOwnBlock(part);
  const point = cachePointOf(part);
  const blocks = block === undefined ? [] : [restore(block, formOf(part)?.left)];
  return point === undefined ? blocks : [...blocks, point];
};
