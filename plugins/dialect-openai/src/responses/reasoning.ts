import {
  asList,
  asText,
  type Fields,
  invalid,
  isObject,
  type Json,
  type Origin,
  parseJson,
  type Seal,
  sameValue,
  stringifyJson,
  type ThinkingPart,
} from '@llm-proxy-auth/plugin';
import { originOf, ownOrigin, wordOf } from './wire.ts';

const PURPOSE = 'responses.reasoning';
/** Tells our envelopes from what the vendor itself encrypted. */
const PREFIX = 'lpa1.';

/** A foreign provider's signed thinking as `encrypted_content`: sealed, so that a client can carry it and cannot make one. */
export const sealOrigin = (seal: Seal, origin: Origin, redacted: boolean): string =>
  PREFIX + seal.seal(PURPOSE, Buffer.from(stringifyJson({ dialect: origin.dialect, model: origin.model, payload: origin.payload.json, redacted })));

const opened = (seal: Seal, sealed: string, param: string): Fields => {
  const bytes = seal.open(PURPOSE, sealed.slice(PREFIX.length));
  if (bytes === undefined) throw invalid(param, 'encrypted_content was changed or was not issued by this gateway; send it back as it was received.');
  const value = parseJson(Buffer.from(bytes).toString('utf8'));
  return isObject(value) ? value : {};
};
const joined = (value: Json): string =>
  asList(value)
    .filter(isObject)
    .map((entry) => wordOf(entry.text))
    .join('\n\n');
/** The summary, or the raw reasoning of open models that have none. */
export const reasoningText = (item: Fields): string => (asList(item.summary).length > 0 ? joined(item.summary) : joined(item.content));
export const summaryOf = (text: string): readonly Fields[] => (text === '' ? [] : [{ type: 'summary_text', text }]);

const plain = (text: string): Fields => ({ type: 'reasoning', summary: summaryOf(text) });
export const readReasoning = (item: Fields, param: string, seal: Seal): ThinkingPart => {
  const sealed = asText(item.encrypted_content);
  const text = reasoningText(item);
  if (sealed?.startsWith(PREFIX)) {
    const envelope = opened(seal, sealed, `${param}.encrypted_content`);
    const origin: Origin = { dialect: wordOf(envelope.dialect), model: asText(envelope.model), payload: { json: wordOf(envelope.payload) } };
    return { kind: 'thinking', text, redacted: envelope.redacted === true, origin };
  }
  return { kind: 'thinking', text, redacted: false, ...(sameValue(plain(text), item) ? {} : { origin: originOf(item) }) };
};
/** A reasoning item for the provider; undefined for thinking that another vendor signed. */
export const writeReasoning = (part: ThinkingPart): Fields | undefined => {
  const own = ownOrigin(part.origin);
  if (own?.type === 'reasoning') return own;
  return part.origin === undefined ? plain(part.text) : undefined;
};
/** A reasoning item of an answer; `seal` when the client asked for `reasoning.encrypted_content`. */
export const answerReasoning = (part: ThinkingPart, id: string, seal: Seal | undefined): Fields => {
  const own = ownOrigin(part.origin);
  if (own?.type === 'reasoning') return own;
  const encrypted = seal !== undefined && part.origin !== undefined ? { encrypted_content: sealOrigin(seal, part.origin, part.redacted) } : {};
  return { id, type: 'reasoning', summary: summaryOf(part.text), ...encrypted };
};
