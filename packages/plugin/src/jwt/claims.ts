import { type Fields, isObject } from '../json/members.ts';
import type { Json } from '../wire.ts';

export interface TokenTimes {
  /** How far clocks may differ, ms. */
  readonly tolerance: number;
  /** Longest time since `iat`, ms; then `iat` is required. */
  readonly maxAge?: number | undefined;
}
/** A NumericDate in ms; NaN for what is none, and so for numbers that a double cannot hold. */
const moment = (value: Json): number => (typeof value === 'number' && Number.isFinite(value) ? value * 1000 : Number.NaN);

/** Epoch ms after which a token is refused, tolerance included; NaN when `exp` is no number. */
export const endOfToken = (claims: Fields, { tolerance }: TokenTimes): number => moment(claims.exp) + tolerance;
/** Which time of a token does not hold (RFC 7519, 4.1): `exp` is required, `nbf` and `iat` must not be in the future. */
export const timeFault = (claims: Fields, now: number, times: TokenTimes): 'exp' | 'expired' | 'nbf' | 'iat' | 'too_old' | undefined => {
  const { tolerance, maxAge } = times;
  const end = endOfToken(claims, times);
  if (Number.isNaN(end)) return 'exp';
  if (now >= end) return 'expired';
  if (claims.nbf !== undefined && !(moment(claims.nbf) <= now + tolerance)) return 'nbf';
  const issued = moment(claims.iat);
  if (claims.iat !== undefined && !(issued <= now + tolerance)) return 'iat';
  return maxAge !== undefined && !(now - issued <= maxAge + tolerance) ? 'too_old' : undefined;
};

/** Whether `aud`, a text or a list of texts, names one of ours exactly. */
export const audienceFits = (aud: Json, ours: readonly string[]): boolean => {
  const named: readonly Json[] = Array.isArray(aud) ? aud : [aud];
  return named.every((one) => typeof one === 'string') && named.some((one) => ours.includes(one as string));
};

/** Name of a claim, or the names on the way to one inside others: a name may hold dots and slashes. */
export type ClaimPath = string | readonly string[];
export const claimAt = (claims: Fields, path: ClaimPath): Json => {
  let value: Json = claims;
  for (const name of typeof path === 'string' ? [path] : path) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
};
