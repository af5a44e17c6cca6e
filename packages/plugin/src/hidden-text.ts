import type { Origin } from './conversation.ts';
import { asObject, asText, some } from './json/members.ts';
import { parseJson, stringifyJson } from './json/parse.ts';

/** Whose a proof is that holds its text: no vendor's, so that every dialect seals it as what it cannot read. */
const HIDDEN = 'lpa.hidden';
/** A proof of thinking that brings its text along, which a client did not ask to see and the vendor wants back. */
export const hideText = (origin: Origin, text: string): Origin => {
  const { dialect, model, payload } = origin;
  return text === '' ? origin : { dialect: HIDDEN, payload: { json: stringifyJson({ dialect, model, payload: payload.json, text }) } };
};
/** The vendor's proof again, with the text where it was hidden. */
export const revealText = (origin: Origin): { readonly origin: Origin; readonly text?: string } => {
  if (origin.dialect !== HIDDEN) return { origin };
  const held = asObject(parseJson(origin.payload.json)) ?? {};
  const payload = { json: asText(held.payload) ?? '' };
  return { origin: { dialect: asText(held.dialect) ?? '', ...some('model', asText(held.model)), payload }, text: asText(held.text) ?? '' };
};
