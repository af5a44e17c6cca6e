import { isUtf8 } from 'node:buffer';
import { asObject, asText, type Fields } from '../json/members.ts';
import { parseJson } from '../json/parse.ts';
import { hasRepeatedKeys } from '../json/unique-keys.ts';

/** Longest token that is looked at, characters. */
export const LONGEST_TOKEN = 16_384;
const LONGEST_KID = 256;

/** A signed token in its compact form, read but not verified: nothing of it may be believed yet. */
export interface Jws {
  readonly header: Fields;
  readonly alg: string;
  readonly kid: string | undefined;
  readonly claims: Fields;
}
/** Why a text is none. `form`: it does not look like one at all. */
export type JwsFault = 'too_long' | 'form' | 'header' | 'critical' | 'claims';
export interface JwsForm {
  /** Segments may end in `=`, as a load balancer of AWS writes them. */
  readonly padded?: boolean | undefined;
}

/** The bytes of one segment: base64url in its only spelling, so that a token has no second form. */
const decoded = (segment: string, padded: boolean): Buffer | undefined => {
  const bare = padded && segment.length % 4 === 0 ? segment.replace(/={1,2}$/, '') : segment;
  const bytes = Buffer.from(bare, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === bare ? bytes : undefined;
};
const objectIn = (bytes: Buffer): Fields | undefined => {
  if (!isUtf8(bytes)) return undefined;
  const source = bytes.toString('utf8');
  try {
    const value = asObject(parseJson(source));
    return value === undefined || hasRepeatedKeys(source, value) ? undefined : value;
  } catch {
    return undefined;
  }
};

/**
 * Reads `header.payload.signature` strictly: three segments, each canonical base64url; header and claims JSON objects without
 * repeated keys; `alg` text, `kid` text or absent. No critical extension is known here, so each is refused (RFC 7515, 4.1.11).
 * Keys that a header brings along (`jku`, `x5u`, `jwk`, `x5c`) are never looked at.
 */
export const readJws = (token: string, { padded = false }: JwsForm = {}): Jws | JwsFault => {
  if (token.length > LONGEST_TOKEN) return 'too_long';
  const segments = token.split('.', 4);
  if (segments.length !== 3) return 'form';
  const [head, body, signature] = segments.map((segment) => decoded(segment, padded));
  if (head === undefined || body === undefined || signature === undefined) return 'form';
  const header = objectIn(head);
  if (header === undefined) return 'header';
  const [alg, kid] = [asText(header.alg), asText(header.kid)];
  if (alg === undefined || (kid === undefined && 'kid' in header) || (kid?.length ?? 1) > LONGEST_KID || kid === '') return 'header';
  if ('crit' in header || 'b64' in header) return 'critical';
  const claims = objectIn(body);
  return claims === undefined ? 'claims' : { header, alg, kid, claims };
};
