import { asList, asText, type Fields, isObject, type Json, openOrigin, type Seal, sameValue, sealOrigin, type ThinkingPart } from '@llm-proxy-auth/plugin';
import { originOf, ownOrigin, wordOf } from './wire.ts';

/** A foreign provider's signed thinking travels as `encrypted_content`. */
const PURPOSE = 'responses.reasoning';
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
  const enclosed = openOrigin(seal, PURPOSE, sealed, `${param}.encrypted_content`);
  if (enclosed !== undefined) return { kind: 'thinking', text, ...enclosed };
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
  const encrypted = seal !== undefined && part.origin !== undefined ? { encrypted_content: sealOrigin(seal, PURPOSE, part.origin, part.redacted) } : {};
  return { id, type: 'reasoning', summary: summaryOf(part.text), ...encrypted };
};
