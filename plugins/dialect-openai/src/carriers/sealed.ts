import { asObject, asText, ENVELOPE, type Fields, type Json, type Seal } from '@llm-proxy-auth/plugin';
import { type Carried, decode, encode } from './record.ts';

/** Seals what is carried for one caller; `place`: what it is bound to beside. */
export interface Sealing {
  close(place: string, bytes: Uint8Array): string;
  /** Undefined: forged, changed, another caller's, or of another place. */
  open(place: string, sealed: string): Carried | undefined;
}
export const sealingFor = (seal: Seal, owner: string): Sealing => {
  const purpose = (place: string): string => JSON.stringify(['chat.carrier', owner, place]);
  return {
    close: (place, bytes) => seal.seal(purpose(place), bytes),
    open(place, sealed) {
      const bytes = seal.open(purpose(place), sealed);
      return bytes === undefined ? undefined : decode(bytes);
    },
  };
};

/** A block of `thinking_blocks`, as LiteLLM and those who follow it have them; the whole of what was signed stands in the signature. */
export const writeBlock = (carried: Carried, sealing: Sealing): Fields => {
  const [signed] = carried.thinking;
  const sealed = ENVELOPE + sealing.close('thinking', encode(carried));
  return signed?.redacted === true ? { type: 'redacted_thinking', data: sealed } : { type: 'thinking', thinking: signed?.text ?? '', signature: sealed };
};
const envelopeIn = (text: string | undefined): string | undefined => (text?.startsWith(ENVELOPE) === true ? text.slice(ENVELOPE.length) : undefined);
const sealedBlock = (block: Json): string | undefined => {
  const o = asObject(block);
  return envelopeIn(o?.type === 'redacted_thinking' ? asText(o.data) : asText(o?.signature));
};
/** Whether a block is one of ours, which nobody else could use. */
export const isOwnBlock = (block: Json): boolean => sealedBlock(block) !== undefined;
export const readBlock = (block: Json, sealing: Sealing): Carried | undefined => {
  const sealed = sealedBlock(block);
  return sealed === undefined ? undefined : sealing.open('thinking', sealed);
};

/** The member of a tool call in which Google's endpoints of this API carry a signature, and which their clients send back. */
export const writeExtra = (carried: Carried, vendorId: string, sealing: Sealing): Fields => ({
  extra_content: { google: { thought_signature: ENVELOPE + sealing.close(`signature ${vendorId}`, encode(carried)) } },
});
const sealedExtra = (call: Fields): string | undefined => envelopeIn(asText(asObject(asObject(call.extra_content)?.google)?.thought_signature));
export const hasOwnExtra = (call: Fields): boolean => sealedExtra(call) !== undefined;
export const readExtra = (call: Fields, vendorId: string, sealing: Sealing): Carried | undefined => {
  const sealed = sealedExtra(call);
  return sealed === undefined ? undefined : sealing.open(`signature ${vendorId}`, sealed);
};
