import { Buffer } from 'node:buffer';
import type { Origin } from './conversation.ts';
import { revealText } from './hidden-text.ts';
import { invalid } from './json/checks.ts';
import { asFlag, asObject, asText, some } from './json/members.ts';
import { parseJson, stringifyJson } from './json/parse.ts';
import type { Seal } from './plugin.ts';

/** What our envelopes begin with, which tells them from what vendors sign. */
export const ENVELOPE = 'lpa1.';
/** What another vendor signed, and whether it hid what it signs. */
export interface Enclosed {
  readonly origin: Origin;
  readonly redacted: boolean;
  /** What it signs, where its client was not shown it. */
  readonly text?: string;
}

/** Sealed, so that a client can carry it in a field of its own dialect and cannot make one. */
export const sealOrigin = (seal: Seal, purpose: string, { dialect, model, payload }: Origin, redacted: boolean): string =>
  ENVELOPE + seal.seal(purpose, Buffer.from(stringifyJson({ dialect, model, payload: payload.json, redacted })));
/** Undefined: not an envelope of ours. Throws 400 that names `param` for one that was changed. */
export const openOrigin = (seal: Seal, purpose: string, text: string | undefined, param: string): Enclosed | undefined => {
  if (text === undefined || !text.startsWith(ENVELOPE)) return undefined;
  const bytes = seal.open(purpose, text.slice(ENVELOPE.length));
  if (bytes === undefined) throw invalid(param, `'${param}' was changed or was not issued by this gateway; send it back as it was received.`);
  const envelope = asObject(parseJson(bytes)) ?? {};
  const origin = { dialect: asText(envelope.dialect) ?? '', ...some('model', asText(envelope.model)), payload: { json: asText(envelope.payload) ?? '' } };
  return { ...revealText(origin), redacted: asFlag(envelope.redacted) ?? false };
};
