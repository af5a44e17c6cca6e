import { asList, asObject, asText, type Fields, type Finish, type Json, type Lost, loseBeyond, type RefusalPart, unknownFields } from '@llm-proxy-auth/plugin';
import { isKnownWord } from '../finish.ts';

const WHY = 'only the provider’s own clients have a place for it';
const NONE: ReadonlySet<string> = new Set();
const AROUND: ReadonlySet<string> = new Set(['promptFeedback']);
const QUIET: ReadonlySet<string> = new Set(
  'content finishReason finishMessage index avgLogprobs tokenCount logprobsResult citationMetadata groundingMetadata safetyRatings'.split(' '),
);
/** Ratings of an answer in which nothing was found say nothing. */
const isFinding = (rating: Json): boolean => {
  const o = asObject(rating) ?? {};
  return o.blocked === true || (o.probability !== undefined && o.probability !== 'NEGLIGIBLE');
};
/** Why the vendor says that it gave no answer, as the refusal that others have a place for; undefined where it says nothing of it. */
export const refusalOf = (finish: Finish, wire: Json): RefusalPart | undefined => {
  const text = finish === 'filter' ? asText(wire)?.trim() : undefined;
  return text === undefined || text === '' ? undefined : { kind: 'refusal', text };
};
export interface Told {
  /** Its message is told as a refusal. */
  readonly refused: boolean;
  /** The client asked for probabilities and got none: their mean is then all there is. Else it is what they come to, or was not asked for. */
  readonly improbable: boolean;
}
/** What a candidate says beyond the conversation, for clients of other dialects. */
export const loseCandidate = (candidate: Fields, { refused, improbable }: Told, lost: Lost): void => {
  const grounding = unknownFields(asObject(candidate.groundingMetadata) ?? {}, ['groundingChunks', 'groundingSupports']) ?? {};
  loseBeyond({ groundingMetadata: grounding }, NONE, lost);
  if (asList(candidate.safetyRatings).some(isFinding)) lost('rest.fields.safetyRatings', WHY);
  if (!refused) loseBeyond({ finishMessage: candidate.finishMessage }, NONE, lost);
  if (improbable) loseBeyond({ avgLogprobs: candidate.avgLogprobs }, NONE, lost);
  loseBeyond(candidate, QUIET, lost);
  if (!isKnownWord(candidate.finishReason))
    lost('choices.finish', `the answer ended with ${asText(candidate.finishReason) ?? 'a reason of its own'}`, 'emulated');
};
/** The same of the answer round its candidates. */
export const loseAround = (rest: Fields, lost: Lost): void => {
  if (asList(asObject(rest.promptFeedback)?.safetyRatings).some(isFinding)) lost('rest.fields.promptFeedback', WHY);
  loseBeyond(rest, AROUND, lost);
};
