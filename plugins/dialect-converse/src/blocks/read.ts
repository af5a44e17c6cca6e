import {
  asList,
  asObject,
  asText,
  type Fields,
  invalid,
  type Json,
  type Part,
  remainderOf,
  some,
  stringifyJson,
  type TextPart,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { type Form, formOf, withForm } from '../form.ts';
import { anObject, textField } from '../invalid.ts';
import { CONVERSE } from '../wire.ts';
import { cacheOf, isCachePoint } from './cache.ts';
import { readCitation } from './citations.ts';
import type { Reading } from './context.ts';
import { joinedTexts, readDocument, readMedia, readSearchResult } from './media.ts';
import { readThinking } from './thinking.ts';
import { writeOwnBlock } from './write.ts';

/** A block that only its vendor understands. */
const opaque = (wire: Fields): Part => ({ kind: 'opaque', origin: { dialect: CONVERSE, payload: { json: stringifyJson(wire) } } });
const text = (value: Json, param: string): TextPart => {
  const said = asText(value);
  if (said === undefined) throw invalid(param, `'${param}' must be a string.`);
  return { kind: 'text', text: said };
};
const cited = (value: Json, param: string): Part | undefined => {
  const o = anObject(value, param);
  const content = joinedTexts(asList(o.content));
  if (content === undefined || unknownFields(o, ['content', 'citations']) !== undefined) return undefined;
  const citations = asList(o.citations).map(readCitation);
  const part: TextPart = { kind: 'text', text: content.text, ...(citations.length > 0 ? { citations } : {}) };
  return withForm(part, { pieces: content.pieces });
};
/** A guarded block says to other vendors what it says unguarded; that it is guarded stands in `rest`. */
const guarded = (value: Json, param: string, reading: Reading): Part | undefined => {
  const o = anObject(value, param);
  const said = asObject(o.text);
  if (said !== undefined && Object.keys(o).length === 1)
    return { ...text(said.text, `${param}.text.text`), rest: { guardContent: unknownFields(said, ['text']) ?? {} } };
  if (asObject(o.image) === undefined || Object.keys(o).length > 1) return undefined;
  const image = readMedia('image', o.image, `${param}.image`, reading);
  return { ...image, rest: { ...image.rest, guardContent: {} } };
};
/** What the vendor runs itself is no call that a client could answer. */
const call = (value: Json, param: string): Part | undefined => {
  const o = anObject(value, param);
  if (o.type !== undefined && o.type !== null && o.type !== 'tool_use') return undefined;
  const id = textField(o, 'toolUseId', param);
  const name = textField(o, 'name', param);
  if (id === undefined || name === undefined) throw invalid(param, `'${param}' needs toolUseId and name.`);
  const rest = unknownFields(o, ['toolUseId', 'name', 'input', 'type']);
  return { kind: 'toolCall', id, name, input: { json: stringifyJson(o.input ?? {}) }, ...some('rest', rest) };
};
const json = (value: Json): Part => withForm({ kind: 'text', text: stringifyJson(value) } as TextPart, { json: true });
const result = (value: Json, param: string, reading: Reading): Part | undefined => {
  const o = anObject(value, param);
  if ((o.type !== undefined && o.type !== null) || reading.role === 'assistant') return undefined;
  const id = textField(o, 'toolUseId', param);
  if (id === undefined) throw invalid(`${param}.toolUseId`, `'${param}.toolUseId' is missing.`);
  if (o.content !== undefined && o.content !== null && !Array.isArray(o.content)) throw invalid(`${param}.content`, `'${param}.content' must be a list.`);
  const parts = asList(o.content).map((inner, i) => readBlock(inner, `${param}.content[${i}]`, reading, RESULT));
  const rest = unknownFields(o, ['toolUseId', 'content', 'status']);
  return { kind: 'toolResult', id, parts, failed: textField(o, 'status', param) === 'error', ...some('rest', rest) };
};
type Reader = (value: Json, param: string, reading: Reading) => Part | undefined;
const RESULT: Readonly<Record<string, Reader>> = Object.freeze({
  text,
  json,
  image: (v, param, reading) => readMedia('image', v, param, reading),
  document: readDocument,
  video: (v, param, reading) => readMedia('video', v, param, reading),
  searchResult: readSearchResult,
});
const CONTENT: Readonly<Record<string, Reader>> = Object.freeze({
  ...RESULT,
  json: () => undefined,
  audio: (v, param, reading) => readMedia('audio', v, param, reading),
  guardContent: guarded,
  citationsContent: cited,
  reasoningContent: (v, param, { seal, model }) => readThinking(v, param, seal, model),
  toolUse: call,
  toolResult: result,
});
/** With the spelling that the part itself does not say. */
const spelled = (part: Part, wire: Fields): Part => {
  const left = remainderOf(writeOwnBlock(part) ?? {}, wire);
  return left === undefined ? part : withForm(part, { ...formOf(part), left });
};
const readBlock = (wire: Json, param: string, reading: Reading, readers: Readonly<Record<string, Reader>>): Part => {
  const block = anObject(wire, param);
  const [kind, more] = Object.keys(block).filter((key) => block[key] !== null && block[key] !== undefined);
  if (kind === undefined) throw invalid(param, `'${param}' must hold a block.`);
  const part = more === undefined && Object.hasOwn(readers, kind) ? readers[kind]?.(block[kind], `${param}.${kind}`, reading) : undefined;
  return part === undefined ? opaque(block) : spelled(part, block);
};
/** Blocks of a message or of `system`; a cache point is a mark on what stands before it. */
export const readBlocks = (list: readonly Json[], param: string, reading: Reading): readonly Part[] => {
  const parts: Part[] = [];
  list.forEach((wire, i) => {
    const block = asObject(wire);
    const last = parts.at(-1);
    const point = block === undefined ? undefined : isCachePoint(block);
    if (point !== undefined && last !== undefined && last.cache === undefined)
      parts[parts.length - 1] = withForm({ ...last, cache: cacheOf(point) }, { ...(formOf(last) as Form | undefined), cachePoint: point });
    else parts.push(readBlock(wire, `${param}[${i}]`, reading, CONTENT));
  });
  return parts;
};
