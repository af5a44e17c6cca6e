import {
  type DocumentPart,
  type Fields,
  type Lost,
  losePart,
  type MediaPart,
  oneText,
  type Part,
  some,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { unpackCallId } from '../call-ids.ts';
import { ownSignature, UNSIGNED } from '../carried.ts';
import type { Family } from '../family.ts';
import { GEMINI } from '../wire.ts';
import { writeDetail, writeMedia } from './media.ts';
import { toolName } from './tool-names.ts';
import { argsOf, writeOwnPart } from './write-parts.ts';

/** What writing the parts of another dialect depends on. */
export interface Writing {
  readonly family: Family;
  readonly lost: Lost;
  /** Names of the tools that were called, by the ids of the calls. */
  readonly called: ReadonlyMap<string, string>;
  /** Signatures are left out, and the mark for unsigned calls stands for them. */
  readonly unsigned: boolean;
}
/** Names of calls by their ids. */
export const calledIn = (turns: readonly Turn[]): ReadonlyMap<string, string> =>
  new Map(turns.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'toolCall' ? [[part.id, part.name] as const] : []))));

/** The id that the provider gets: its own where it issued one; where it did not, one for both sides. Newer models alone take any. */
const idOf = (id: string, { family, lost }: Writing): Fields => {
  const packed = unpackCallId(id);
  if (packed?.native !== undefined && family.ids) return { id: packed.native };
  if (packed !== undefined && packed.native === undefined) return {};
  if (family.ids) return { id };
  lost('turns.parts.id', 'calls and results are told apart by their order', 'emulated');
  return {};
};
const writeCall = (part: ToolCallPart, mustSign: boolean, writing: Writing): Fields => {
  const { lost } = writing;
  const { fields: args, was } = argsOf(part.input);
  if (was === 'broken') throw unsupported('turns.parts.input', `The input of the call '${part.name}' is no JSON.`);
  if (was === 'text') lost('turns.parts.input', 'free text stands in a member of an object', 'emulated');
  if (was === 'value') lost('turns.parts.input', 'input that is no object stands in a member of one', 'emulated');
  const name = toolName(part.name);
  const known = writing.unsigned ? undefined : (ownSignature(part.origin) ?? unpackCallId(part.id)?.signature);
  if (known === undefined && mustSign) lost('turns.parts.origin', 'a call that the provider did not make is marked as one', 'defaulted');
  const signature = known ?? (mustSign ? UNSIGNED : undefined);
  return { functionCall: { ...idOf(part.id, writing), name, args }, ...some('thoughtSignature', signature) };
};
const isMedia = (part: Part): part is MediaPart | DocumentPart => 'media' in part;
/** A result; media that cannot stand in it are told apart from it. */
const writeResult = (part: ToolResultPart, writing: Writing): { readonly wire: Fields; readonly moved: readonly Fields[] } => {
  const { lost, family, called } = writing;
  const name = called.get(part.id) ?? part.name ?? 'unknown';
  if (part.name !== undefined && part.name !== name) lost('turns.parts.name', 'the call says whose result it is', 'emulated');
  const media = part.parts.filter(isMedia).map((one) => mediaOf(one, writing));
  for (const one of part.parts)
    if (!isMedia(one) && one.kind !== 'text' && one.kind !== 'refusal') losePart(one, `turns.parts.${one.kind}`, 'a result holds text and media', lost);
  const inside = family.mediaInResults && media.length > 0;
  if (!inside && media.length > 0) lost('turns.parts.parts', 'media of a result stand behind the results', 'emulated');
  const response = { [part.failed ? 'error' : 'output']: oneText(part.parts, lost) };
  const wire = { functionResponse: { ...idOf(part.id, writing), name: toolName(name), response, ...(inside ? { parts: media } : {}) } };
  return { wire, moved: inside ? [] : media };
};
const mediaOf = (part: MediaPart | DocumentPart, { family, lost }: Writing): Fields => {
  const wire = writeMedia(part, false);
  if (part.kind === 'document') {
    if (part.title !== undefined) lost('turns.parts.title', 'a file has one name');
    if (part.context !== undefined) lost('turns.parts.context', 'a file has no context');
    if (part.cite !== undefined) lost('turns.parts.cite', 'the provider cites what it searched for');
    return wire;
  }
  if (part.detail === undefined) return wire;
  const detail = family.partResolution ? writeDetail(part.detail) : {};
  if (Object.keys(detail).length === 0) lost('turns.parts.detail', 'the model has no such resolution', part.detail === 'auto' ? 'emulated' : 'ignored');
  return { ...wire, ...detail };
};
const writeThinking = (part: ThinkingPart, writing: Writing): readonly Fields[] => {
  if (part.origin?.dialect === GEMINI && !writing.unsigned) return [writeOwnPart({ kind: 'thinking', text: part.text, redacted: false, origin: part.origin })];
  // Thoughts that are shown come without a signature, which the calls behind them have.
  if (part.origin === undefined && part.text !== '') return [{ text: part.text, thought: true }];
  losePart(part, `turns.parts.${part.kind}`, 'the provider takes thoughts back that it signed itself', writing.lost);
  return [];
};
/** A part of a turn but for results. `mustSign`: it is the first call of a step that the provider wants signed. */
export const foreignPart = (part: Exclude<Part, ToolResultPart>, mustSign: boolean, writing: Writing): readonly Fields[] => {
  const { lost } = writing;
  if (part.kind === 'text' || part.kind === 'refusal') {
    if (part.kind === 'refusal') lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
    const signature = writing.unsigned ? undefined : ownSignature(part.origin);
    return part.text === '' && signature === undefined ? [] : [{ text: part.text, ...some('thoughtSignature', signature) }];
  }
  if (part.kind === 'toolCall') return [writeCall(part, mustSign, writing)];
  if (part.kind === 'thinking') return writeThinking(part, writing);
  if (part.kind !== 'opaque') return [mediaOf(part, writing)];
  if (part.origin.dialect === GEMINI) return [writeOwnPart(part)];
  losePart(part, `turns.parts.${part.kind}`, 'only its vendor understands it', lost);
  return [];
};
export const foreignResult = writeResult;
