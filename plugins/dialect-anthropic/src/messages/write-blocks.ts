import {
  type Building,
  type Citation,
  type Fields,
  isObject,
  type Json,
  type Kept,
  type Lost,
  look,
  losePart,
  type Part,
  parseJson,
  type TextPart,
  type ThinkingPart,
  type ToolCallPart,
  type ToolResultPart,
  wrapInput,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { unheard } from '../lost.ts';
import { restore } from '../remainder.ts';
import { ANTHROPIC } from '../wire.ts';
import { isOwn, writeCitation } from './citations.ts';
import { writeDocument, writeFound, writeImage } from './media.ts';

/** How blocks are written: for whom, and what is told of losses. */
export interface Writing {
  /** The conversation was read from this dialect. */
  readonly mine: boolean;
  readonly lost: Lost;
  /** Names and ids as the provider takes them. */
  readonly name: (name: string) => string;
  readonly id: (id: string) => string;
  /** Tools whose input stands in a member of an object, by the names of the client. */
  readonly wrapped: ReadonlySet<string>;
}
const asIs = (text: string): string => text;
/** What this dialect's own client sent goes on as it came. */
export const OWN: Writing = Object.freeze({ mine: true, lost: unheard, name: asIs, id: asIs, wrapped: new Set<string>() });

/** Text on which nothing hangs. What hangs on others is not looked at here: the ledger tells what nobody reads. */
export const isPlainText = (part: Part | undefined): part is TextPart =>
  part?.kind === 'text' && Object.keys(part).every((key) => key === 'kind' || key === 'text');
export const writeCache = (kept: Kept): Fields => {
  const { cache } = kept;
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ...(cache.ttl === undefined ? {} : { ttl: cache.ttl }) } };
};
const writeKept = (part: Kept, mine: boolean): Fields => ({ ...writeCache(part), ...(mine ? part.rest : {}) });

const writeCitations = (citations: readonly Citation[] | undefined, { lost }: Writing): Fields => {
  if (citations === undefined || citations.length === 0) return {};
  const own = citations.filter(isOwn);
  if (own.length < citations.length) lost('turns.parts.citations', 'another vendor issued it');
  return own.length > 0 ? { citations: own.map(writeCitation) } : {};
};
/** Input is an object on the wire: free text stands in one of its members. */
const writeInput = ({ name, input }: ToolCallPart, { lost, wrapped }: Writing): Json => {
  if ('text' in input) {
    lost('turns.parts.input', 'free text stands in a member of an object', 'emulated');
    return { input: input.text };
  }
  const value = inputOf(input.json);
  if (value !== undefined) return wrapped.has(name) ? wrapInput(value) : value;
  lost('turns.parts.input', 'input that is no JSON object stands in a member of one', 'emulated');
  return { input: input.json };
};
/** The object of a call's input; nothing at all is an empty one. Undefined for anything else. */
export const inputOf = (json: string): Json | undefined => {
  if (json.trim() === '') return {};
  try {
    const value = parseJson(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
const writeCall = (part: ToolCallPart, writing: Writing): Building => ({
  type: 'tool_use',
  id: writing.id(part.id),
  name: writing.name(part.name),
  input: writeInput(part, writing),
  ...writeKept(part, writing.mine),
});
const isBlank = (part: Part): boolean => part.kind === 'text' && part.text.trim() === '';
const refusedText = (text: string, lost: Lost): TextPart => {
  lost('turns.parts.refusal', 'a refusal is text here', 'emulated');
  return { kind: 'text', text };
};
/** Blocks of nothing but white space are refused: such text joins its neighbour, and alone it is left out. */
export const spoken = (parts: readonly Part[], lost: Lost): readonly Part[] => {
  // Nothing is to be done of most turns.
  if (parts.every((part) => part.kind !== 'refusal' && !isBlank(part))) return parts;
  const out: Part[] = [];
  for (const said of parts) {
    const part = said.kind === 'refusal' ? refusedText(said.text, lost) : said;
    const last = out.at(-1);
    const joins = last !== undefined && (isBlank(part) || isBlank(last)) && isPlainText(part) && isPlainText(last);
    if (!joins) {
      out.push(part);
      continue;
    }
    const whole = last.text === '' || part.text === '' || (isBlank(last) && isBlank(part));
    if (!whole) lost('turns.parts.text', 'a text of nothing but white space joins its neighbour', 'emulated');
    out[out.length - 1] = { kind: 'text', text: `${last.text}${part.text}` };
  }
  if (out.some((part) => isBlank(part) && (part as TextPart).text !== '')) lost('turns.parts.text', 'a text of nothing but white space is refused');
  return out.filter((part) => !isBlank(part));
};
const INSIDE: ReadonlySet<Part['kind']> = new Set(['text', 'image', 'document', 'opaque']);
/** Content in its usual spelling: text alone as text. */
export const writeContent = (parts: readonly Part[], text: boolean, writing: Writing): Json => {
  const [first] = parts;
  if (text && first === undefined) return '';
  if (text && parts.length === 1 && isPlainText(first)) return first.text;
  return parts.flatMap((part) => writeBlock(part, writing));
};
const resultContent = (part: ToolResultPart, writing: Writing): Fields => {
  const form = formOf(part);
  const fitting = part.parts.filter((inner) => fits(inner, writing.lost));
  const parts = writing.mine ? fitting : spoken(fitting, writing.lost);
  if (parts.length === 0 && (form === undefined || form.absent === true)) return {};
  const text = form === undefined ? parts.length === 1 && isPlainText(parts[0]) : form.text === true;
  return { content: writeContent(parts, text, writing) };
};
const fits = (inner: Part, lost: Lost): boolean => {
  if (INSIDE.has(inner.kind)) return true;
  losePart(inner, `turns.parts.${inner.kind}`, 'a result has no such part', lost);
  return false;
};
/** A failure without a word is refused. */
const writeFailed = ({ failed }: ToolResultPart, content: Fields, { mine, lost }: Writing): Fields => {
  if (!failed) return {};
  if (mine || content.content !== undefined) return { is_error: true };
  lost('turns.parts.failed', 'the model is not told that a call failed which said nothing');
  return {};
};
const writeResult = (part: ToolResultPart, writing: Writing): Building => {
  const content = resultContent(part, writing);
  return {
    type: 'tool_result',
    tool_use_id: writing.id(part.id),
    ...content,
    ...writeFailed(part, content, writing),
    ...writeKept(part, writing.mine),
  };
};

/** Thinking that goes back to this vendor, which signed it. */
export const isOwnThinking = ({ origin }: ThinkingPart): boolean => origin?.dialect === ANTHROPIC;

type Write<K extends Part['kind']> = (part: Extract<Part, { kind: K }>, writing: Writing) => Building | undefined;
const WRITERS: { readonly [K in Part['kind']]: Write<K> } = Object.freeze({
  text: (part, writing) => ({ type: 'text', text: part.text, ...writeCitations(part.citations, writing), ...writeKept(part, writing.mine) }),
  refusal: (part, { lost }) => ({ type: 'text', text: refusedText(part.text, lost).text }),
  // Only what this vendor signed may go back to it: unsigned thinking is refused, or shown as text.
  thinking: (part) => {
    if (part.origin === undefined || !isOwnThinking(part)) return undefined;
    look(part); // its text stands in the payload
    return parseJson(part.origin.payload.json) as Building;
  },
  image: (part, { mine, lost }) => ({ type: 'image', source: writeImage(part, mine, lost), ...writeKept(part, mine) }),
  audio: () => undefined,
  video: () => undefined,
  document: (part, { mine, lost }) => {
    const title = part.title ?? part.name;
    if (title !== undefined && part.title === undefined) lost('turns.parts.name', 'the name stands as title', 'emulated');
    const cited = part.cite === undefined ? {} : { citations: { enabled: part.cite } };
    const content = part.found === undefined ? undefined : writeFound(part, lost);
    if (content !== undefined) return { type: 'search_result', source: part.found ?? '', title: title ?? '', content, ...cited, ...writeKept(part, mine) };
    return {
      type: 'document',
      source: writeDocument(part, mine, lost),
      ...(title === undefined ? {} : { title }),
      ...(part.context === undefined ? {} : { context: part.context }),
      ...cited,
      ...writeKept(part, mine),
    };
  },
  toolCall: writeCall,
  toolResult: writeResult,
  opaque: (part) => (part.origin.dialect === ANTHROPIC ? (parseJson(part.origin.payload.json) as Building) : undefined),
});
/** The block of a part, or none and a note. */
export const writeBlock = (part: Part, writing: Writing): readonly Fields[] => {
  const block = (WRITERS[part.kind] as Write<Part['kind']>)(part, writing);
  if (block === undefined) {
    losePart(part, `turns.parts.${part.kind}`, 'the provider has no such part, or another vendor issued it', writing.lost);
    return [];
  }
  return [writing.mine ? restore(block, formOf(part)?.left?.value) : block];
};
/** The block of a part that was read from this dialect, in the usual spelling. */
export const writeOwnBlock = (part: Part): Fields | undefined => (WRITERS[part.kind] as Write<Part['kind']>)(part, OWN);
