import {
  type DocumentPart,
  type Fields,
  type Kept,
  type Lost,
  type MediaPart,
  type Part,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
  typeOfBytes,
  unsupported,
  wrapInput,
} from '@llm-proxy-auth/plugin';
import { cachePointOf } from '../blocks/cache.ts';
import { ownCitation } from '../blocks/citations.ts';
import { formatOf } from '../blocks/formats.ts';
import { writeDocument, writeMedia, writeSearchResult } from '../blocks/media.ts';
import { writeThinking } from '../blocks/thinking.ts';
import { inputOf, writeOwnBlock } from '../blocks/write.ts';
import { losePart } from '../lost.ts';
import { type Family, familyOf } from './families.ts';
import { callId, toolName } from './words.ts';

/** What writing a conversation of another dialect depends on. */
export interface Writing {
  readonly family: Family;
  readonly lost: Lost;
  /** Kinds of media that the endpoint does not take. */
  readonly lacks: ReadonlySet<Part['kind']>;
  readonly documentName: (name: string | undefined) => string;
  /** The cache point behind what carries a mark, as far as the provider takes them. */
  readonly cachePoint: (kept: Kept) => Fields | undefined;
  /** Tools whose input stands in a member of an object, by the names of the client. */
  readonly wrapped: ReadonlySet<string>;
}
/** Families whose results hold media, and may say that the call failed; an ARN of an unknown family may be one of them. */
const FAMILIES_WITH_RESULTS: ReadonlySet<string> = new Set(['anthropic', 'amazon', '']);

/** The provider refuses text that is nothing but white space. */
const writeText = (part: Extract<Part, { kind: 'text' | 'refusal' }>, { lost }: Writing): readonly Fields[] => {
  if (part.kind === 'refusal') lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
  if (part.text.trim() === '') {
    if (part.text !== '') lost('turns.parts.text', 'the provider takes no text of white space alone');
    return [];
  }
  const citations = part.kind === 'text' ? (part.citations ?? []) : [];
  if (citations.length === 0) return [{ text: part.text }];
  const own = citations.flatMap((one) => ownCitation(one) ?? []);
  if (own.length < citations.length) lost('turns.parts.citations', 'another vendor issued them');
  return own.length === 0 ? [{ text: part.text }] : [{ citationsContent: { content: [{ text: part.text }], citations: own } }];
};
const noMedia = (part: MediaPart | DocumentPart): Error => {
  const { media } = part;
  const why = 'url' in media ? 'from a URL; send its bytes' : 'file' in media ? 'that another vendor stores; send its bytes' : `of type ${media.type}`;
  return unsupported('turns.parts.media', `The provider of this call takes no ${part.kind} ${why}.`);
};
const noteMedia = (part: MediaPart, lost: Lost): void => {
  if (part.transcript !== undefined) lost('turns.parts.transcript', 'the provider takes no transcript');
};
/** A picture of the format that its bytes say: the model looks at them, and refuses one that is said to be another. */
const pictured = (part: MediaPart, lost: Lost): MediaPart => {
  const { kind, media } = part;
  if (kind !== 'image' || !('base64' in media)) return part;
  const type = typeOfBytes(media.base64);
  const format = type === undefined ? undefined : formatOf('image', type);
  if (type === undefined || format === undefined || format === formatOf('image', media.type)) return part;
  lost('turns.parts.media', `the picture is ${type}, by its bytes`, 'emulated');
  return { ...part, media: { ...media, type } };
};
const writeForeignMedia = (part: MediaPart | DocumentPart, writing: Writing): Fields => {
  if (writing.lacks.has(part.kind)) throw unsupported('turns.parts.media', `The model of this call takes no ${part.kind}.`);
  if (part.kind !== 'document') {
    const media = writeMedia(pictured(part, writing.lost), false);
    if (media === undefined) throw noMedia(part);
    noteMedia(part, writing.lost);
    return { [part.kind]: media };
  }
  return writeForeignDocument(part, writing);
};
/** Claude alone knows where a document was found, and in which texts it was given. */
const knowsTexts = ({ vendor }: Family): boolean => vendor === 'anthropic' || vendor === '';
const writeForeignDocument = (part: DocumentPart, writing: Writing): Fields => {
  const { name, title, pieces } = part;
  const found = knowsTexts(writing.family) ? writeSearchResult(part, false) : undefined;
  if (found !== undefined) return found;
  if (part.found !== undefined) writing.lost('turns.parts.found', 'the model is not told where a document was found');
  const isJoined = pieces !== undefined && !knowsTexts(writing.family);
  if (isJoined) writing.lost('turns.parts.pieces', 'the texts of a document are one text', 'emulated');
  const block = writeDocument(isJoined ? { ...part, pieces: undefined } : part, 'x', false);
  if (block === undefined) throw noMedia(part);
  if (title !== undefined && name !== undefined && title !== name) writing.lost('turns.parts.title', 'a document has one name here');
  if (title !== undefined && name === undefined) writing.lost('turns.parts.title', 'the title is the name here', 'emulated');
  return { document: { ...(block.document as Fields), name: writing.documentName(name ?? title) } };
};
const writeCall = (part: ToolCallPart, { family, lost, wrapped }: Writing): Fields => {
  const wrap = (key: string, why: string) => (text: string) => {
    lost('turns.parts.input', why, 'emulated');
    return { [key]: text };
  };
  const how =
    'text' in part.input
      ? wrap('input', 'free text is a member of an object here')
      : wrap('rawInvalidInput', 'input that is no JSON object is a member of one');
  const input = inputOf(part.input, how);
  return { toolUse: { toolUseId: callId(part.id, family, lost), name: toolName(part.name), input: wrapped.has(part.name) ? wrapInput(input) : input } };
};
/** What a result holds; `moved` goes into the message behind the results, where the model takes no media inside them. */
const writeResult = (part: ToolResultPart, writing: Writing): { readonly block: Fields; readonly moved: readonly Fields[] } => {
  const { family, lost } = writing;
  const content: Fields[] = [];
  const moved: Fields[] = [];
  for (const inner of part.parts) {
    if (inner.kind === 'text' || inner.kind === 'refusal') content.push(...writeText(inner, writing).map(({ text }) => ({ text })));
    else if (inner.kind === 'image' || inner.kind === 'document' || inner.kind === 'video') {
      const place = FAMILIES_WITH_RESULTS.has(family.vendor) ? content : moved;
      place.push(writeForeignMedia(inner, writing));
    } else losePart(inner, 'turns', 'a result has no such part', lost);
  }
  if (moved.length > 0) lost('turns.parts.parts', 'media of a result stands behind the results', 'emulated');
  // A failure without a word is refused.
  const isSaid = part.failed && content.length > 0 && FAMILIES_WITH_RESULTS.has(family.vendor);
  if (part.failed && !isSaid) lost('turns.parts.failed', 'the model is not told that the call failed');
  if (content.length === 0 && family.vendor !== 'anthropic' && family.vendor !== '') content.push({ text: '' });
  return { block: { toolResult: { toolUseId: callId(part.id, family, lost), content, ...(isSaid ? { status: 'error' } : {}) } }, moved };
};
/** Reasoning that another family signed is of no use to this one. */
const isForeignProof = (part: ThinkingPart, { family }: Writing): boolean => {
  const model = part.origin?.model;
  return model !== undefined && familyOf(model, undefined).vendor !== family.vendor && family.vendor !== '';
};
/** Thinking that goes back to the family that signed it. */
export const ownThinking = (part: ThinkingPart, writing: Writing): Fields | undefined =>
  isForeignProof(part, writing) ? undefined : writeThinking(part, false);
const bodyOf = (part: Exclude<Part, ToolResultPart>, user: boolean, writing: Writing): readonly Fields[] => {
  const { lost } = writing;
  if (part.kind === 'text' || part.kind === 'refusal') return writeText(part, writing);
  if (part.kind === 'toolCall') return [writeCall(part, writing)];
  if (part.kind === 'opaque') {
    const own = writeOwnBlock(part);
    if (own === undefined) losePart(part, 'turns', 'only its vendor understands it', lost);
    return own === undefined ? [] : [own];
  }
  if (part.kind === 'thinking') {
    const own = ownThinking(part, writing);
    if (own === undefined) losePart(part, 'turns', 'the provider takes reasoning back that it signed itself', lost);
    return own === undefined ? [] : [{ reasoningContent: own }];
  }
  if (user) return [writeForeignMedia(part, writing)];
  losePart(part, 'turns', 'only the user can show it', lost);
  return [];
};
interface Blocks {
  readonly results: readonly Fields[];
  readonly others: readonly Fields[];
}
/** The blocks of a turn; results apart, because they stand first in a message. */
export const foreignBlocks = (parts: readonly Part[], user: boolean, writing: Writing): Blocks => {
  const results: Fields[] = [];
  const others: Fields[] = [];
  for (const part of parts) {
    const at = part.kind === 'toolResult' ? results : others;
    const before = at.length;
    if (part.kind !== 'toolResult') others.push(...bodyOf(part, user, writing));
    else {
      const { block, moved } = writeResult(part, writing);
      results.push(block);
      others.push(...moved);
    }
    const point = at.length === before ? undefined : writing.cachePoint(part);
    if (point !== undefined) at.push(point);
  }
  return { results, others };
};
/** Cache points as far as the provider takes them: the last of the request, and none where it has no cache. */
export const cachePoints = (total: number, most: number, lost: Lost): ((kept: Kept) => Fields | undefined) => {
  let skip = Math.max(0, total - most);
  if (skip > 0) lost('turns.parts.cache', `the provider takes ${most} cache points`, 'clamped');
  return (kept) => {
    if (most === 0 || kept.cache === undefined) return undefined;
    skip -= 1;
    return skip >= 0 ? undefined : cachePointOf(kept);
  };
};
