import { asList, asObject, asText, type Fields, type Finish, isObject, type Json, type Lost, type RefusalPart, unknownFields } from '@llm-proxy-auth/plugin';
import { isKnownWord } from '../finish.ts';

const WHY = 'only the provider’s own clients have a place for it';
const QUIET = new Set(
  'content finishReason finishMessage index avgLogprobs tokenCount logprobsResult citationMetadata groundingMetadata safetyRatings'.split(' '),
);
const holds = (value: Json): boolean =>
  value !== undefined && value !== null && value !== '' && (typeof value !== 'object' || Object.keys(value as object).length > 0);
/** Ratings of an answer in which nothing was found say nothing. */
const isFinding = (rating: Json): boolean => {
  const o = asObject(rating) ?? {};
  return o.blocked === true || (o.probability !== undefined && o.probability !== 'NEGLIGIBLE');
};
const told = (name: string, value: Json, lost: Lost): void => {
  if (holds(value)) lost(`rest.fields.${name}`, WHY);
};
/** Why the vendor says that it gave no answer, as the refusal that others have a place for; undefined where it says nothing of it. */
export const refusalOf = (finish: Finish, wire: Json): RefusalPart | undefined => {
  const text = finish === 'filter' ? asText(wire)?.trim() : undefined;
  return text === undefined || text === '' ? undefined : { kind: 'refusal', text };
};
/** What a candidate says beyond the conversation, for clients of other dialects. `refused`: its message is told as a refusal. */
export const loseBeyond = (candidate: Fields, refused: boolean, lost: Lost): void => {
  const grounding = unknownFields(asObject(candidate.groundingMetadata) ?? {}, ['groundingChunks', 'groundingSupports']) ?? {};
  if (Object.values(grounding).some(holds)) lost('rest.fields.groundingMetadata', WHY);
  if (asList(candidate.safetyRatings).some(isFinding)) lost('rest.fields.safetyRatings', WHY);
  if (!refused) told('finishMessage', candidate.finishMessage, lost);
  for (const [name, value] of Object.entries(candidate)) if (!QUIET.has(name)) told(name, value, lost);
  if (!isKnownWord(candidate.finishReason))
    lost('choices.finish', `the answer ended with ${asText(candidate.finishReason) ?? 'a reason of its own'}`, 'emulated');
};
/** The same of the answer round its candidates. */
export const loseAround = (rest: Fields, lost: Lost): void => {
  for (const [name, value] of Object.entries(rest)) {
    if (name !== 'promptFeedback') told(name, value, lost);
    else if (isObject(value) && asList(value.safetyRatings).some(isFinding)) lost('rest.fields.promptFeedback', WHY);
  }
};
