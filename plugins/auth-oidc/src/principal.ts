import type { AuthResult, Fields } from '@llm-proxy-auth/plugin';
import { type ClaimGrants, grantsOf } from '@llm-proxy-auth/plugin/jwt';
import { subjectOf } from './claims.ts';
import type { IssuerConfig } from './config.ts';

/** A verified token is believed this long without being looked at again, ms. */
const BELIEVED = 30_000;

export const denied = (reason: string): AuthResult => Object.freeze({ is: 'denied', reason });

const wantedOf = (config: IssuerConfig): ClaimGrants =>
  config.type === 'cognito' && config.groups === undefined ? { ...config, groups: { claim: 'cognito:groups' } } : config;

export interface Life {
  readonly now: number;
  /** Epoch ms, without tolerance; undefined when the issuer does not say. */
  readonly exp: number | undefined;
  /** Epoch ms after which the token is refused. */
  readonly end: number | undefined;
}
/** The caller that checked claims speak of: issuer and subject, never an address. */
export const principalOf = (claims: Fields, config: IssuerConfig, { now, exp, end }: Life): AuthResult => {
  const subject = subjectOf(claims);
  const grants = grantsOf(claims, wantedOf(config));
  if (subject === undefined) return denied('subject');
  if (grants === undefined) return denied('groups');
  const id = `oidc:${config.name}:${subject}`;
  return {
    is: 'principal',
    principal: Object.freeze({ id, owner: id, strategy: 'oidc', credential: id, ...grants, factor: 'none', expires: end }),
    cacheUntil: Math.min(now + BELIEVED, exp ?? Number.POSITIVE_INFINITY),
    epoch: 0,
  };
};
