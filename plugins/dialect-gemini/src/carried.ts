import { Buffer } from 'node:buffer';
import { asObject, asText, invalid, type Origin, parseJson, type Seal, some, stringifyJson } from '@llm-proxy-auth/plugin';
import { GEMINI } from './wire.ts';

const PURPOSE = 'gemini.signature';
/** Tells our envelopes from what the vendor signed. Signatures are base64 for clients, so the mark fills whole groups of it. */
const MARK = 'lpa01.';
export const PREFIX = Buffer.from(MARK).toString('base64');
/** What stands for the signature of a call that Gemini did not make; the service then asks for none. */
export const UNSIGNED = 'skip_thought_signature_validator';

const own = (thoughtSignature: string, model: string | undefined): Origin => ({
  dialect: GEMINI,
  ...some('model', model),
  payload: { json: stringifyJson({ thoughtSignature }) },
});
/** Undefined: not an envelope of ours. Throws 400 for one that was changed. */
const opened = (seal: Seal | undefined, signature: string, param: string): Origin | undefined => {
  if (seal === undefined || !signature.startsWith(PREFIX)) return undefined;
  const bytes = seal.open(PURPOSE, Buffer.from(signature, 'base64').toString().slice(MARK.length));
  if (bytes === undefined) throw invalid(param, `'${param}' was changed or was not issued by this gateway; send it back as it was received.`);
  const envelope = asObject(parseJson(Buffer.from(bytes).toString())) ?? {};
  return { dialect: asText(envelope.dialect) ?? '', ...some('model', asText(envelope.model)), payload: { json: asText(envelope.payload) ?? '' } };
};
/** What a `thoughtSignature` is the proof of. `seal`: a client brings it back, so that it may be another vendor's. `model`: who made it. */
export const signatureOrigin = (signature: string, seal: Seal | undefined, model: string | undefined, param: string): Origin =>
  opened(seal, signature, param) ?? own(signature, model);
/** The vendor's own signature, byte for byte; undefined for another vendor's proof. */
export const ownSignature = (origin: Origin | undefined): string | undefined => {
  if (origin?.dialect !== GEMINI) return undefined;
  return asText(asObject(parseJson(origin.payload.json))?.thoughtSignature);
};
/** A signature for a client: the vendor's own, or another vendor's proof, sealed, so that a client can carry it and cannot make one. */
export const carriedSignature = (origin: Origin | undefined, seal: Seal): string | undefined => {
  if (origin === undefined || origin.dialect === GEMINI) return ownSignature(origin);
  const { dialect, model, payload } = origin;
  return Buffer.from(MARK + seal.seal(PURPOSE, Buffer.from(stringifyJson({ dialect, model, payload: payload.json })))).toString('base64');
};
