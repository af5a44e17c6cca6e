import { asText, type Fields } from '@llm-proxy-auth/plugin';
import { audienceFits, endOfToken, timeFault } from '@llm-proxy-auth/plugin/jwt';
import { accountOfClaims, PREFIX } from './account.ts';
import type { Config } from './config.ts';

/** Tokens of secrets, as clusters made them before 1.24, say this of their issuer. */
const LEGACY = 'kubernetes/serviceaccount';
/** How far clocks may differ when a token is young; its end is exact. */
const TOLERANCE_MS = 60_000;

/**
 * Whether a token says that it is of a service account of this cluster. Nothing is believed yet; one of another kind is another
 * strategy's, and where the issuer is configured so is that of another cluster.
 */
export const isOfServiceAccount = (claims: Fields, issuer: string | undefined): boolean => {
  if (issuer !== undefined) return claims.iss === issuer || claims.iss === LEGACY;
  return claims.iss === LEGACY || 'kubernetes.io' in claims || asText(claims.sub)?.startsWith(PREFIX) === true;
};

/** Epoch ms at which a token ends. */
export const endOf = (claims: Fields): number => endOfToken(claims, { tolerance: 0 });

/** What of the claims does not hold, whoever signed them; undefined when all do. */
export const claimFault = (claims: Fields, { audience, mode, longestLife }: Config, now: number): string | undefined => {
  if (claims.iss === LEGACY) return 'legacy_token';
  if (!audienceFits(claims.aud, [audience])) return 'audience';
  const time = timeFault(claims, now, { tolerance: TOLERANCE_MS });
  if (time !== undefined) return time;
  const end = endOf(claims);
  if (now >= end) return 'expired';
  if (typeof claims.iat !== 'number') return 'iat';
  if (mode !== 'tokenreview' && end - claims.iat * 1000 > longestLife) return 'lives_too_long';
  return accountOfClaims(claims) === undefined ? 'not_a_service_account' : undefined;
};
