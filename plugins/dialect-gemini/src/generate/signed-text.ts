import { createHash } from 'node:crypto';
import {
  asList,
  asNumber,
  asObject,
  asText,
  type Lost,
  look,
  type Origin,
  type Part,
  parseJson,
  stringifyJson,
  type TextPart,
  type ThinkingPart,
} from '@llm-proxy-auth/plugin';
import { ownSignature, signatureOrigin } from '../carried.ts';
import { GEMINI } from '../wire.ts';

/*
 * Gemini signs texts, too, which no other dialect does. All of them have a place for thinking that nobody can read, so the signature
 * travels as that, behind its text. It says which text it signs: what clients join is cut there again, and what they changed is not signed.
 */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 8);

/** What carries the signature of a text, for clients of other dialects; undefined where there is none of this vendor. */
export const signatureBehind = (text: string, origin: Origin | undefined): (ThinkingPart & { readonly origin: Origin }) | undefined => {
  const thoughtSignature = ownSignature(origin);
  if (origin === undefined || thoughtSignature === undefined) return undefined;
  const payload = { json: stringifyJson({ thoughtSignature, signs: [text.length, digest(text)] }) };
  return { kind: 'thinking', text: '', redacted: true, origin: { ...origin, payload } };
};
/** A part of an answer with its signature behind it, where it is a text. A text that is nothing but signed is no part of its own. */
export const unsigned = (part: Part): readonly Part[] => {
  const behind = part.kind === 'text' ? signatureBehind(part.text, part.origin) : undefined;
  if (part.kind !== 'text' || behind === undefined) return [part];
  const { origin: _signed, ...bare } = part;
  return part.text === '' ? [behind] : [bare, behind];
};

interface Mark {
  readonly length: number;
  readonly digest: string;
  readonly origin: Origin;
}
const markOf = (part: Part): Mark | undefined => {
  if (part.kind !== 'thinking' || part.origin?.dialect !== GEMINI) return undefined;
  const { thoughtSignature, signs } = asObject(parseJson(part.origin.payload.json)) ?? {};
  const signature = asText(thoughtSignature);
  const [length, said] = asList(signs);
  if (signature === undefined || asNumber(length) === undefined) return undefined;
  look(part);
  return { length: asNumber(length) ?? 0, digest: asText(said) ?? '', origin: signatureOrigin(signature, undefined, part.origin.model, '') };
};
const isSigned = (part: Part, mark: Mark): part is TextPart =>
  part.kind === 'text' &&
  part.origin === undefined &&
  part.text.length >= mark.length &&
  digest(part.text.slice(part.text.length - mark.length)) === mark.digest;
/** The parts of an answer that a client brings back, with signatures on the texts that they sign. */
export const signedAgain = (parts: readonly Part[], lost: Lost): readonly Part[] => {
  const out: Part[] = [];
  for (const part of parts) {
    const mark = markOf(part);
    if (mark === undefined) out.push(part);
    else if (mark.length === 0) out.push({ kind: 'text', text: '', origin: mark.origin });
    else {
      const at = out.findLastIndex((one) => isSigned(one, mark));
      const text = out[at];
      if (text?.kind !== 'text') {
        lost('turns.parts.origin', 'the text that was signed is another one now');
        continue;
      }
      const cut = text.text.length - mark.length;
      const before: readonly Part[] = cut === 0 ? [] : [{ kind: 'text', text: text.text.slice(0, cut) }];
      out.splice(at, 1, ...before, { ...text, text: text.text.slice(cut), origin: mark.origin });
    }
  }
  return out;
};
