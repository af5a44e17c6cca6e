import { type Fields, type Finish, type Lost, losePart, type Part, type Seal, some, type ToolCallPart } from '@llm-proxy-auth/plugin';
import { packCallId } from '../call-ids.ts';
import { carriedSignature, ownSignature } from '../carried.ts';
import { formOf } from '../form.ts';
import { GEMINI } from '../wire.ts';
import { writeMedia } from './media.ts';
import type { Memo } from './memo.ts';
import { unsigned } from './signed-text.ts';
import { undone } from './tool-names.ts';
import { argsOf, ownPart } from './write-parts.ts';

/** A call as clients of other dialects get it: its id brings back what the provider needs again. */
const packed = (part: ToolCallPart): ToolCallPart => {
  const native = formOf(part)?.unnamed === true ? undefined : part.id;
  const signature = ownSignature(part.origin);
  if (native === undefined && signature === undefined) return part;
  // Beyond 8 KiB the call goes on without its signature, and the mark for unsigned calls will stand for it.
  const id = packCallId({ native, signature }, part.id) ?? packCallId({ native, signature: undefined }, part.id);
  return { ...part, id: id ?? part.id };
};
/** A part of a provider's answer as the client asked for it; a signature that its dialect has no place for stands behind its text. */
export const fittedParts = (part: Part, memo: Memo): readonly Part[] => {
  const own = undone(part, memo);
  if (memo.mine) return [own];
  return own.kind === 'toolCall' ? [packed(own)] : unsigned(own);
};

/** What writing an answer depends on. */
export interface Answering {
  readonly seal: Seal;
  readonly lost: Lost;
  /** Why the answer ended, where that is known. */
  readonly finish?: Finish | undefined;
  /** Takes a call whose arguments are no JSON, while it is not known why the answer ends. */
  hold?(part: ToolCallPart): void;
}
const foreignText = (part: Extract<Part, { kind: 'text' | 'refusal' }>, { seal, lost }: Answering): Fields => {
  if (part.kind === 'refusal') lost('choices.parts.refusal', 'a refusal is text here', 'emulated');
  return { text: part.text, ...some('thoughtSignature', carriedSignature(part.origin, seal)) };
};
const foreignCall = (part: ToolCallPart, { seal, lost, finish, hold }: Answering): Fields | undefined => {
  const { fields: args, was } = argsOf(part.input);
  if (was === 'broken' && hold !== undefined) {
    hold(part);
    return undefined;
  }
  // A call that was cut is no call: nothing of it may look whole.
  if (was === 'broken' && (finish === 'length' || finish === 'context')) {
    lost('choices.parts.toolCall', 'a call that was cut is left out');
    return undefined;
  }
  if (was === 'text') lost('choices.parts.input', 'free text stands in a member of an object', 'emulated');
  else if (was !== 'object') lost('choices.parts.input', 'input that is no object stands in a member of one', 'emulated');
  return { functionCall: { id: part.id, name: part.name, args }, ...some('thoughtSignature', carriedSignature(part.origin, seal)) };
};
/** A part of an answer; the vendor's own as it came, others' with their proof sealed. Undefined where the dialect has no form for it, which is noted. */
export const writeAnswerPart = (part: Part, mine: boolean, answering: Answering): Fields | undefined => {
  const { lost, seal } = answering;
  if (mine && (part.kind !== 'opaque' || part.origin.dialect === GEMINI)) return ownPart(part);
  if (part.kind === 'text' || part.kind === 'refusal') return foreignText(part, answering);
  if (part.kind === 'thinking') return { text: part.text, thought: true, ...some('thoughtSignature', carriedSignature(part.origin, seal)) };
  if (part.kind === 'toolCall') return foreignCall(part, answering);
  if (part.kind === 'opaque' && part.origin.dialect === GEMINI) return ownPart(part);
  if (part.kind === 'opaque' || part.kind === 'toolResult') {
    losePart(part, `choices.parts.${part.kind}`, 'only its vendor understands it', lost);
    return undefined;
  }
  if ('file' in part.media) {
    losePart(part, `choices.parts.${part.kind}`, 'the file is stored at another vendor', lost);
    return undefined;
  }
  if (part.kind !== 'document' && part.transcript !== undefined) lost('choices.parts.transcript', 'what is said has no place beside its sound');
  return writeMedia(part, true);
};
