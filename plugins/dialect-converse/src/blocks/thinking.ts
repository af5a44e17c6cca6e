import { Buffer } from 'node:buffer';
import {
  asObject,
  type Fields,
  look,
  type Origin,
  openOrigin,
  parseJson,
  type Seal,
  sealOrigin,
  some,
  stringifyJson,
  type ThinkingPart,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { anObject, textField } from '../invalid.ts';
import { CONVERSE, isEmpty } from '../wire.ts';

const PURPOSE = 'converse.reasoning';
/** Undefined: not an envelope of ours. Throws 400 for one that was changed. */
const opened = (seal: Seal | undefined, text: string | undefined, param: string): Origin | undefined =>
  seal === undefined ? undefined : openOrigin(seal, PURPOSE, text, param)?.origin;
const own = (payload: Fields, model: string | undefined): Origin => ({ dialect: CONVERSE, ...some('model', model), payload: { json: stringifyJson(payload) } });

/** What a signature or redacted reasoning is the proof of. `model`: who made it, where that is known. */
export const signedOrigin = (signature: string, seal: Seal | undefined, model: string | undefined, param: string): Origin =>
  opened(seal, signature, param) ?? own({ signature }, model);
export const redactedOrigin = (redactedContent: string, seal: Seal | undefined, model: string | undefined, param: string): Origin => {
  const text = seal === undefined ? undefined : Buffer.from(redactedContent, 'base64').toString();
  return opened(seal, text, param) ?? own({ redactedContent }, model);
};

/** `reasoningContent`; undefined when it holds neither text nor anything redacted. */
export const readThinking = (wire: unknown, param: string, seal: Seal | undefined, model: string | undefined): ThinkingPart | undefined => {
  const o = anObject(wire, param);
  const redacted = textField(o, 'redactedContent', param);
  if (redacted !== undefined && Object.keys(o).length === 1)
    return { kind: 'thinking', text: '', redacted: true, origin: redactedOrigin(redacted, seal, model, `${param}.redactedContent`) };
  if (o.reasoningText === undefined || Object.keys(o).length > 1) return undefined;
  const at = `${param}.reasoningText`;
  const said = anObject(o.reasoningText, at);
  const signature = textField(said, 'signature', at);
  const rest = unknownFields(said, ['text', 'signature']);
  return {
    kind: 'thinking',
    text: textField(said, 'text', at) ?? '',
    redacted: false,
    ...some('origin', signature === undefined ? undefined : signedOrigin(signature, seal, model, `${at}.signature`)),
    ...some('rest', rest),
  };
};

/** The members of the vendor's that an origin holds; undefined for another vendor's. */
export const ownProof = (origin: Origin | undefined): Fields | undefined =>
  origin?.dialect === CONVERSE ? asObject(parseJson(origin.payload.json)) : undefined;
/** A block for the vendor: only what it signed itself, or what its own client sent. */
export const writeThinking = (part: ThinkingPart, mine: boolean): Fields | undefined => {
  const proof = ownProof(part.origin);
  if (proof?.redactedContent !== undefined) {
    look([part.text, part.redacted]); // the proof says both
    return { redactedContent: proof.redactedContent };
  }
  if (proof === undefined && (!mine || part.origin !== undefined || part.redacted)) return undefined;
  return { reasoningText: { text: part.text, ...proof, ...(mine ? part.rest : {}) } };
};
/** A block for a client, with the proof of another vendor sealed. */
export const answerThinking = (part: ThinkingPart, seal: Seal, mine: boolean): Fields => {
  const proof = ownProof(part.origin);
  if (proof?.redactedContent !== undefined) return { redactedContent: proof.redactedContent };
  const { origin } = part;
  const carried = origin === undefined || proof !== undefined ? undefined : sealOrigin(seal, PURPOSE, origin, part.redacted);
  if (part.redacted && carried !== undefined) return { redactedContent: Buffer.from(carried).toString('base64') };
  const signature = proof ?? (carried === undefined ? {} : { signature: carried });
  return { reasoningText: { text: part.text, ...(isEmpty(signature) ? {} : signature), ...(mine ? part.rest : {}) } };
};
