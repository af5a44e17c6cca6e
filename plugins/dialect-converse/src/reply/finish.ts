import { asObject, asText, type Call, type Finish, GatewayError, type Json } from '@llm-proxy-auth/plugin';
import type { Memo } from '../request/foreign-tools.ts';

/** The reasons of the SDK's `StopReason`; one that it has not counts as `stop`. */
const READ: Readonly<Record<string, Finish>> = Object.freeze({
  end_turn: 'stop',
  tool_use: 'tool',
  max_tokens: 'length',
  stop_sequence: 'stop',
  guardrail_intervened: 'filter',
  content_filtered: 'filter',
  malformed_model_output: 'stop',
  malformed_tool_use: 'stop',
  model_context_window_exceeded: 'context',
});
/** Why an answer is none: the provider could not read what its model wrote. */
const MALFORMED: ReadonlySet<string> = new Set(['malformed_model_output', 'malformed_tool_use']);
const WRITE: Readonly<Record<Finish, string>> = Object.freeze({
  stop: 'end_turn',
  length: 'max_tokens',
  tool: 'tool_use',
  filter: 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
  context: 'model_context_window_exceeded',
});
const BY_SEQUENCE = 'stop_sequence';
/** Reasons that another word stands for. */
const OTHERS: ReadonlySet<Finish> = new Set(['refusal', 'pause']);
/**
 * Notes for a client of another dialect a reason that it has no word for. Throws `upstream_bad_response` for an answer of which
 * nothing could be read; the provider's own client is told as it was.
 */
export const checkFinish = (word: string | undefined, isEmpty: boolean, memo: Memo | undefined, { ledger }: Pick<Call, 'ledger'>): void => {
  if (memo?.foreign !== true || word === undefined) return;
  const isMalformed = MALFORMED.has(word);
  if (isMalformed && isEmpty) throw new GatewayError('upstream_bad_response', `The model wrote nothing that its provider could read (${word}).`);
  if (isMalformed || READ[word] === undefined) ledger.note('emulated', 'choices.finish', `another word stands for ${word}`);
};
export const readFinish = (word: string | undefined): Finish => READ[word ?? ''] ?? 'stop';
/** A sequence that ended an answer has a reason of its own. */
export const writeFinish = (finish: Finish, stopSequence: string | undefined): string =>
  finish === 'stop' && stopSequence !== undefined ? BY_SEQUENCE : WRITE[finish];
export const isOtherWord = (finish: Finish): boolean => OTHERS.has(finish);
/** The vendor's own word, where the conversation has another one for it. */
export const ownWord = (word: string | undefined): string | undefined =>
  word === undefined || word === BY_SEQUENCE || WRITE[readFinish(word)] === word ? undefined : word;
/** Where Claude says which sequence it was, in whole answers and in streams. The provider passes over a field that an answer has not. */
export const SEQUENCE_PATHS: readonly string[] = Object.freeze(['/stop_sequence', '/delta/stop_sequence']);
/**
 * The sequence that ended an answer: the one that the model names, or the only one that it was given; else empty. Undefined when
 * none did. `additional`: the answer's `additionalModelResponseFields`.
 */
export const stopSequenceOf = (word: string | undefined, additional: Json, memo: Memo | undefined): string | undefined => {
  if (word !== BY_SEQUENCE) return undefined;
  const fields = asObject(additional);
  const [only = '', ...others] = memo?.stop ?? [];
  return asText(fields?.stop_sequence) ?? asText(asObject(fields?.delta)?.stop_sequence) ?? (others.length === 0 ? only : '');
};
