import { asList, asObject, asText, type Fields } from '../json/members.ts';
import { parseJson } from '../json/parse.ts';
import type { Bytes } from '../wire.ts';

/** Signature algorithms with a public key. Those with a shared secret (HS256 …) and `none` are never accepted from elsewhere. */
export const SIGNATURES = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
export type Signature = (typeof SIGNATURES)[number];

/** A public key of a set. */
export interface PublicJwk {
  readonly kid: string | undefined;
  readonly alg: string | undefined;
  readonly use: string | undefined;
  readonly operations: readonly unknown[] | undefined;
  /** Its public members alone: `kty` with `n`, `e` or `crv`, `x`, `y`. */
  readonly key: Readonly<Record<string, string>>;
}
const MOST_KEYS = 100;
const MOST_BYTES = 512 * 1024;
/** Bits of an RSA modulus. Larger ones take longer than a request may. */
const [LEAST_BITS, MOST_BITS] = [2048, 8192];
const MEMBERS: Readonly<Record<string, readonly string[]>> = Object.freeze({ RSA: ['n', 'e'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] });
const CURVES: Readonly<Record<string, string>> = Object.freeze({ ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' });
const TYPES: Readonly<Record<string, string>> = Object.freeze({ RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' });

/** Undefined for a key that cannot verify anything here: another type, a member missing, `kid` or `use` no text. */
const publicKeyOf = (jwk: Fields): PublicJwk | undefined => {
  const kty = asText(jwk.kty) ?? '';
  const members = Object.hasOwn(MEMBERS, kty) ? MEMBERS[kty] : undefined;
  if (members === undefined) return undefined;
  const key: Record<string, string> = { kty };
  for (const name of members) {
    const value = asText(jwk[name]);
    if (value === undefined || value === '') return undefined;
    key[name] = value;
  }
  for (const name of ['kid', 'alg', 'use']) if (jwk[name] !== undefined && asText(jwk[name]) === undefined) return undefined;
  if (jwk.key_ops !== undefined && !Array.isArray(jwk.key_ops)) return undefined;
  const operations = jwk.key_ops === undefined ? undefined : asList(jwk.key_ops);
  return Object.freeze({ kid: asText(jwk.kid), alg: asText(jwk.alg), use: asText(jwk.use), operations, key: Object.freeze(key) });
};

/** The public keys of a JSON Web Key Set; undefined when the text is none, or has more than 512 KiB or 100 keys. */
export const readKeySet = (body: Bytes): readonly PublicJwk[] | undefined => {
  if (body.length > MOST_BYTES) return undefined;
  let keys: unknown;
  try {
    keys = asObject(parseJson(body))?.keys;
  } catch {
    return undefined;
  }
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) return undefined;
  return Object.freeze(keys.flatMap((key) => publicKeyOf(asObject(key) ?? {}) ?? []));
};

const isStrong = ({ n = '', e = '' }: Readonly<Record<string, string>>): boolean => {
  const modulus = Buffer.from(n, 'base64url');
  const first = modulus.findIndex((byte) => byte !== 0);
  const bits = first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
  const exponent = Buffer.from(e, 'base64url');
  return bits >= LEAST_BITS && bits <= MOST_BITS && exponent.length <= 4 && Number(`0x0${exponent.toString('hex')}`) >= 3;
};
/** Whether the key may verify this algorithm: type, curve and size, and what it says about itself. */
export const keyFits = ({ key, alg, use, operations }: PublicJwk, wanted: string): boolean => {
  if (!SIGNATURES.some((name) => name === wanted) || key.kty !== TYPES[wanted.slice(0, 2)]) return false;
  if (key.kty === 'RSA' ? !isStrong(key) : key.crv !== CURVES[wanted]) return false;
  if (alg !== undefined && alg !== wanted && !(wanted === 'EdDSA' && alg === 'Ed25519')) return false;
  return (use === undefined || use === 'sig') && (operations === undefined || operations.includes('verify'));
};
