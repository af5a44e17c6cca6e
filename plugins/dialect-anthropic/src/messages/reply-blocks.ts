import {
  type Building,
  type Choice,
  type Fields,
  GatewayError,
  type Lost,
  losePart,
  loseProof,
  type Part,
  parseJson,
  type TextPart,
  type ToolCallPart,
} from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';
import { restore } from '../remainder.ts';
import { ANTHROPIC } from '../wire.ts';
import { isOwn, writeCitation } from './citations.ts';
import { inputOf } from './write-blocks.ts';

/** Citations of an answer; what a foreign one says beside page, title and quote is told as lost. */
export const answerCitations = (part: TextPart, lost: Lost): readonly unknown[] =>
  (part.citations ?? []).flatMap((citation): readonly unknown[] => {
    const wire = writeCitation(citation);
    if (!isOwn(citation))
      lost('choices.parts.citations', 'a citation of another vendor is shown as far as it can be', wire === undefined ? 'ignored' : 'emulated');
    return wire === undefined ? [] : [wire];
  });
/** Fields of this dialect: of a part that was read from it, or of a whole answer that was (`mine`). */
export const ownFields = (part: Part, mine: boolean): Fields => (mine || formOf(part) !== undefined ? (part.rest ?? {}) : {});
/** Calls that the model made itself. */
const DIRECT: Fields = Object.freeze({ caller: Object.freeze({ type: 'direct' }) });
/** The block of a call without its input. `caller` is a member that clients are typed to find. */
export const callHead = (part: ToolCallPart, mine: boolean): Building => ({
  type: 'tool_use',
  id: part.id,
  name: part.name,
  input: {},
  ...(formOf(part) === undefined ? DIRECT : {}),
  ...ownFields(part, mine),
});
/** How an answer is written: whether it was read from this dialect, why it ended, and what is told of losses. */
export interface Answering {
  readonly mine: boolean;
  readonly finish: Choice['finish'];
  readonly lost: Lost;
}

const callBlock = (part: ToolCallPart, { mine, finish, lost }: Answering): Building => {
  if ('text' in part.input) {
    lost('choices.parts.input', 'free text stands in a member of an object', 'emulated');
    return { ...callHead(part, mine), input: { input: part.input.text } };
  }
  const input = inputOf(part.input.json);
  if (input !== undefined) return { ...callHead(part, mine), input };
  // A call that was cut is no call: nothing of it may look whole.
  if (finish !== 'length' && finish !== 'context')
    throw new GatewayError('upstream_bad_response', `The provider called ${part.name} with input that is no JSON object.`);
  lost('choices.parts.input', 'the input was cut and is left out', 'emulated');
  return callHead(part, mine);
};
/** Thinking of others is shown without a signature, and so is not sent to the vendor when a client brings it back. */
const thinkingBlock = (part: Extract<Part, { kind: 'thinking' }>): Building | undefined => {
  if (part.origin?.dialect === ANTHROPIC) return parseJson(part.origin.payload.json) as Building;
  return part.redacted ? undefined : { type: 'thinking', thinking: part.text, signature: '' };
};
const blockOf = (part: Part, answering: Answering): Building | undefined => {
  const { mine, lost } = answering;
  if (part.kind === 'text') {
    loseProof(part.origin, ANTHROPIC, lost);
    const citations = answerCitations(part, lost);
    return {
      type: 'text',
      text: part.text,
      ...(citations.length > 0 ? { citations } : formOf(part) === undefined ? { citations: null } : {}),
      ...ownFields(part, mine),
    };
  }
  if (part.kind === 'refusal') {
    lost('choices.parts.refusal', 'a refusal is text here', 'emulated');
    loseProof(part.origin, ANTHROPIC, lost);
    return { type: 'text', text: part.text, citations: null };
  }
  if (part.kind === 'thinking') return thinkingBlock(part);
  if (part.kind === 'toolCall') return callBlock(part, answering);
  return part.kind === 'opaque' && part.origin.dialect === ANTHROPIC ? (parseJson(part.origin.payload.json) as Building) : undefined;
};
/** The block of a part of an answer, or none and a note. A part that was read from this dialect keeps its spelling. */
export const writeAnswerBlock = (part: Part, answering: Answering): readonly Fields[] => {
  const block = blockOf(part, answering);
  if (block !== undefined) return [restore(block, formOf(part)?.left?.value)];
  losePart(part, `choices.parts.${part.kind}`, 'a message has no such part, or another vendor issued it', answering.lost);
  return [];
};
