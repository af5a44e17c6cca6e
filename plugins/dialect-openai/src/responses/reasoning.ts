import {
  asList,
  asText,
  type ChatRequest,
  type Fields,
  isObject,
  type Json,
  look,
  openOrigin,
  type Seal,
  sameValue,
  sealOrigin,
  some,
  type ThinkingPart,
} from '@llm-proxy-auth/plugin';
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
export const readReasoning = (item: Fields, param: string, { seal, signer }: { readonly seal: Seal; readonly signer?: string | undefined }): ThinkingPart => {
  const sealed = asText(item.encrypted_content);
  const text = reasoningText(item);
  const enclosed = openOrigin(seal, PURPOSE, sealed, `${param}.encrypted_content`);
  if (enclosed !== undefined) return { kind: 'thinking', text, ...enclosed };
  return { kind: 'thinking', text, redacted: false, ...(sameValue(plain(text), item) ? {} : { origin: { ...originOf(item), ...some('model', signer) } }) };
};
/** A reasoning item for the provider; undefined for thinking that another vendor signed. */
export const writeReasoning = (part: ThinkingPart): Fields | undefined => {
  const own = ownOrigin(part.origin);
  if (own?.type === 'reasoning') {
    look(part.text); // stands in the item
    return own;
  }
  return part.origin === undefined ? plain(part.text) : undefined;
};
/** Reasoning that its model can read again without the vendor having kept it. `signer`: undefined when it reads none. */
export const isSealedFor = ({ origin }: ThinkingPart, signer: string | undefined): boolean => {
  const own = ownOrigin(origin);
  return signer !== undefined && origin?.model === signer && own?.type === 'reasoning' && asText(own.encrypted_content) !== undefined;
};
/** Whether a request holds reasoning of this vendor. */
export const bringsReasoning = ({ turns }: Pick<ChatRequest, 'turns'>): boolean =>
  turns.some(({ parts }) => parts.some((part) => part.kind === 'thinking' && ownOrigin(part.origin)?.type === 'reasoning'));
/** A reasoning item of an answer; `seal` when the client asked for `reasoning.encrypted_content`. */
export const answerReasoning = (part: ThinkingPart, id: string, seal: Seal | undefined): Fields => {
  const own = ownOrigin(part.origin);
  if (own?.type === 'reasoning') return own;
  const encrypted = seal !== undefined && part.origin !== undefined ? { encrypted_content: sealOrigin(seal, PURPOSE, part.origin, part.redacted) } : {};
  return { id, type: 'reasoning', summary: summaryOf(part.text), ...encrypted };
};
