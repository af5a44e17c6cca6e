import {
  type Building,
  type Fields,
  type Lost,
  losePart,
  type Part,
  restore,
  type TextPart,
  type ToolCallPart,
  type ToolResultPart,
  type Turn,
  unsupported,
} from '@llm-proxy-auth/plugin';
import { type Marking, markedTexts } from '../breakpoints.ts';
import { unheard } from '../lost.ts';
import { writeCall, writeFunctionCall, writeOpaqueCall } from './calls.ts';
import { type Form, formOf } from './form.ts';
import { writePart } from './parts.ts';

/** How turns are written. `mine`: the request was read from this surface; `marking`: how foreign marks for the cache are, if at all. */
export interface Writing {
  readonly mine: boolean;
  readonly lost: Lost;
  readonly marking?: Marking | undefined;
}
const OWN: Writing = Object.freeze({ mine: true, lost: unheard });

/** Text that needs no list: nothing hangs on it. */
export const isPlainText = (part: Part | undefined): part is TextPart => part?.kind === 'text' && part.rest === undefined && part.cache === undefined;
const writeParts = (parts: readonly Part[], { mine, lost, marking }: Writing): readonly Fields[] =>
  parts.flatMap((part): readonly Fields[] => {
    const wire = writePart(part, mine, marking);
    if (wire === undefined) losePart(part, `turns.parts.${part.kind}`, 'chat completions have no such part', lost);
    else if (part.kind === 'image' && 'file' in part.media) lost('turns.parts.image', 'a stored image is a file here', 'emulated');
    else if (!mine && part.kind === 'document' && part.name === undefined && 'base64' in part.media)
      lost('turns.parts.name', 'the provider wants a name for each file', 'defaulted');
    return wire === undefined ? [] : [wire];
  });
type Content = string | readonly Fields[];
const ownContent = (parts: readonly Part[], form: Form, writing: Writing): Content => {
  const [first] = parts;
  if (first === undefined) return '';
  return parts.length === 1 && form.list !== true && isPlainText(first) ? first.text : writeParts(parts, writing);
};
/** Content of another dialect: one text as text, several each as a part. Undefined where nothing of it has a form here. */
const foreignContent = (given: readonly Part[], writing: Writing): Content | undefined => {
  const parts = given.filter((part) => part.kind !== 'text' || part.text !== '');
  if (parts.length === 0) return '';
  const content = writeParts(parts, writing);
  const [first] = content;
  if (first === undefined) return undefined;
  return content.length === 1 && typeof first.text === 'string' && Object.keys(first).length === 2 ? first.text : content;
};
const writeContent = (parts: readonly Part[], form: Form, writing: Writing): Content | undefined =>
  writing.mine ? ownContent(parts, form, writing) : foreignContent(parts, writing);
/** Text of a foreign tool result or system turn: media has no place there. */
const writeTextContent = (parts: readonly Part[], form: Form, writing: Writing): Content => {
  const { mine, lost } = writing;
  if (mine) return ownContent(parts, form, writing);
  const texts = parts.filter((p) => p.kind === 'text');
  if (lost !== unheard) for (const part of parts) if (part.kind !== 'text') losePart(part, `turns.parts.${part.kind}`, 'only text can stand here', lost);
  return foreignContent(texts, writing) ?? '';
};
const head = (role: string, turn: Turn): Building => ({ role, ...(turn.name === undefined ? {} : { name: turn.name }) });

const isCall = (p: Part): p is ToolCallPart => p.kind === 'toolCall';
/** Where a part stands in a message: content first, then refusal, audio that the vendor stores, and calls. */
const placeOf = (part: Part, inContent: boolean): number => {
  if (part.kind === 'refusal') return inContent ? 0 : 1;
  if (part.kind === 'audio') return 'file' in part.media ? 2 : 0;
  return part.kind === 'toolCall' || writeOpaqueCall(part)?.id !== undefined ? 3 : 0;
};
/** Content, refusal, audio and calls are members of their own: where they stood among each other is lost. */
const noteOrder = (parts: readonly Part[], inContent: boolean, lost: Lost): void => {
  let last = 0;
  let refusals = 0;
  for (const part of parts) {
    if (part.kind === 'thinking') continue;
    if (part.kind === 'refusal') refusals += 1;
    const place = placeOf(part, inContent);
    if (place < last || (refusals > 1 && !inContent))
      return lost('turns.parts', 'a message has its content, refusal, audio and calls in this order', 'emulated');
    last = place;
  }
};
/**
 * Reasoning has no place here, and the vendor takes no marks on what the model said. An answer of another dialect of which nothing is
 * left is no message.
 */
const writeAssistant = (turn: Turn, form: Form, { mine, lost }: Writing): readonly Fields[] => {
  const calls = turn.parts.filter(isCall);
  const audio = turn.parts.find((p) => p.kind === 'audio' && 'file' in p.media);
  const refusals = form.refusals === true ? [] : turn.parts.filter((p) => p.kind === 'refusal');
  const opaque = turn.parts.map(writeOpaqueCall).filter((o) => o !== undefined && 'id' in o);
  const content = turn.parts.filter(
    (p) =>
      !isCall(p) &&
      p !== audio &&
      p.kind !== 'thinking' &&
      (p.kind !== 'refusal' || form.refusals === true) &&
      !(p.kind === 'opaque' && 'id' in (writeOpaqueCall(p) ?? {})),
  );
  noteOrder(turn.parts, form.refusals === true, lost);
  for (const part of turn.parts) if (part.kind === 'thinking') losePart(part, `turns.parts.${part.kind}`, 'chat completions take no reasoning back', lost);
  const rest = calls.length + opaque.length + refusals.length > 0 || audio !== undefined;
  const written = content.length === 0 && rest ? null : writeContent(content, form, { mine, lost });
  if (!rest && (written === undefined || (content.length === 0 && turn.parts.length > 0 && !mine))) return [];
  const legacy = form.legacy === true ? calls[0] : undefined;
  const toolCalls = legacy === undefined ? [...calls.map((c) => writeCall(c, mine)), ...opaque] : [];
  const media = audio?.kind === 'audio' && 'file' in audio.media ? { audio: { id: audio.media.file } } : {};
  const message = {
    ...head('assistant', turn),
    content: written ?? null,
    ...(refusals.length > 0 ? { refusal: refusals.map((r) => r.text).join('') } : {}),
    ...media,
    ...(toolCalls.length > 0 ? { tool_calls: toolCalls } : {}),
    ...(legacy === undefined ? {} : { function_call: writeFunctionCall(legacy) }),
  };
  return [message];
};
const writeResult = (part: ToolResultPart, { mine, lost, marking }: Writing): Fields => {
  const form = formOf(part) ?? {};
  const texts = mine ? part.parts : part.parts.filter(({ kind }) => kind === 'text');
  const marked = mine || marking === undefined ? texts : markedTexts(texts, part);
  const content = writeTextContent(marked, form, { mine, lost: mine ? lost : unheard, marking });
  const { name } = part;
  const message = form.legacy === true ? { role: 'function', name: name ?? '', content } : { role: 'tool', tool_call_id: part.id, content };
  return mine ? restore({ ...message, ...part.rest }, form.left?.value) : message;
};
const MEDIA: ReadonlySet<Part['kind']> = new Set(['image', 'document', 'audio', 'video']);
/** Without the picture, paper, sound or film that a question is about it is another question. */
const refuseMedia = (part: Part): void => {
  if (!MEDIA.has(part.kind) || writePart(part, false) !== undefined) return;
  const how = 'media' in part && 'url' in part.media ? ' by its URL' : '';
  throw unsupported('turns.parts.media', `The provider of this call takes no ${part.kind}${how}.`);
};
const isResult = (p: Part): p is ToolResultPart => p.kind === 'toolResult';
/**
 * Results come first, one message each, because every call must be answered before anything else is said. What a foreign
 * result holds beside text (a screenshot) follows in the user's message.
 */
const writeUser = (turn: Turn, form: Form, writing: Writing): readonly Fields[] => {
  const { mine, lost } = writing;
  const results = turn.parts.filter(isResult);
  const moved = mine ? [] : results.flatMap((r) => r.parts.filter((p) => p.kind !== 'text'));
  const said = [...moved, ...turn.parts.filter((p) => !isResult(p))];
  if (!mine) said.forEach(refuseMedia);
  if (moved.some((part) => writePart(part, false) !== undefined)) lost('turns.parts.parts', 'media of a tool result stands in the next message', 'emulated');
  const messages = results.map((r) => writeResult(r, writing));
  if (said.length === 0 && messages.length > 0) return messages;
  const content = writeContent(said, form, writing);
  return content === undefined ? messages : [...messages, { ...head('user', turn), content }];
};

/** The message of a tool result that was read from this surface. */
export const writeResultMessage = (part: ToolResultPart): Fields => writeResult(part, OWN);
/** The message of a turn that was read from this surface. */
export const writeMessage = (turn: Turn): Fields => writeTurn(turn, 'system', OWN)[0] ?? {};
/** The messages a turn becomes. `system`: the role for system turns. */
export const writeTurn = (turn: Turn, system: 'system' | 'developer', writing: Writing): readonly Fields[] => {
  const form = formOf(turn) ?? {};
  const messages =
    turn.role === 'assistant'
      ? writeAssistant(turn, form, writing)
      : turn.role === 'system'
        ? [{ ...head(system, turn), content: writeTextContent(turn.parts, form, writing) }]
        : writeUser(turn, form, writing);
  const last = messages.at(-1);
  if (!writing.mine || last === undefined || (turn.parts.length > 0 && turn.parts.every(isResult))) return messages;
  return [...messages.slice(0, -1), restore({ ...last, ...turn.rest }, form.left?.value)];
};
