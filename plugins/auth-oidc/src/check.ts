import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config, IssuerConfig } from './config.ts';

const LONGEST_TOLERANCE = 60_000;
const LOOPBACK = /^http:\/\/(?:127\.[0-9]+\.[0-9]+\.[0-9]+|localhost|\[::1\])(?::[0-9]+)?(?:\/|$)/;
/** awslabs/aws-jwt-verify, src/cognito-verifier.ts; the host's region is the pool's. */
const USER_POOL = /^https:\/\/cognito-idp\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/((?:[a-z]{2}-(?:gov-)?[a-z]+-[0-9]))_[a-zA-Z0-9]+$/;

/** Whether the issuer may be asked at this URL: https, or plain http on this machine where that was said. */
export const mayAsk = (url: string, { insecureIssuer }: Pick<IssuerConfig, 'insecureIssuer'>): boolean =>
  URL.canParse(url) && !/[\\@#\s]/.test(url) && (url.startsWith('https://') || (insecureIssuer && LOOPBACK.test(url)));

const refuse = (issuer: IssuerConfig, param: string, what: string): GatewayError =>
  new GatewayError('invalid_request', `Issuer ${issuer.name} of oidc ${what}.`, { param });

const checkCognito = (issuer: IssuerConfig): void => {
  const [, region, poolRegion] = USER_POOL.exec(issuer.issuer) ?? [];
  if (!LOOPBACK.test(issuer.issuer) && (region === undefined || region !== poolRegion))
    throw refuse(issuer, 'issuer', 'is no user pool: https://cognito-idp.<region>.amazonaws.com/<pool id>');
  for (const param of ['tokenUse', 'clientId'] as const)
    if (issuer[param] === undefined)
      throw refuse(issuer, param, `must say ${param}, as tokens of every use and client of the pool look alike; null accepts all`);
  for (const param of ['audience', 'profile', 'idTokens'] as const)
    if (issuer[param] !== undefined && issuer[param] !== false && issuer[param] !== 'any')
      throw refuse(issuer, param, `has ${param}, which does not go with type: cognito`);
};
const checkOther = (issuer: IssuerConfig): void => {
  if (issuer.audience === undefined) throw refuse(issuer, 'audience', 'must say which audience is ours, or tokens for every other API would be accepted');
  for (const param of ['tokenUse', 'clientId'] as const)
    if (issuer[param] !== undefined) throw refuse(issuer, param, `has ${param}, which goes with type: cognito; write clients`);
};
const checkIntrospection = (issuer: IssuerConfig): void => {
  const { introspection } = issuer;
  if (introspection === undefined) return;
  if ((introspection.clientSecret === undefined) === (introspection.privateKey === undefined))
    throw refuse(issuer, 'introspection', 'needs exactly one of introspection.clientSecret and introspection.privateKey');
  if (introspection.privateKey !== undefined && introspection.algorithm === undefined)
    throw refuse(issuer, 'introspection.algorithm', 'must say the algorithm of its private key');
};
const checkIssuer = (issuer: IssuerConfig): void => {
  if (!LOOPBACK.test(issuer.issuer) && issuer.insecureIssuer) throw refuse(issuer, 'insecureIssuer', 'is not on this machine, so that it must speak https');
  for (const url of [issuer.issuer, issuer.jwksUri, issuer.introspection?.endpoint])
    if (url !== undefined && !mayAsk(url, issuer)) throw refuse(issuer, 'issuer', 'must speak https; plain http on this machine needs insecureIssuer: true');
  if (issuer.tolerance > LONGEST_TOLERANCE) throw refuse(issuer, 'tolerance', 'tolerates more than 60s');
  if (issuer.type === 'cognito') checkCognito(issuer);
  else checkOther(issuer);
  checkIntrospection(issuer);
};

/** What a schema cannot say. Throws `invalid_request`. */
export const checkConfig = ({ issuers }: Config): void => {
  for (const [i, issuer] of issuers.entries()) {
    checkIssuer(issuer);
    const before = issuers.slice(0, i);
    if (before.some((other) => other.name === issuer.name)) throw refuse(issuer, 'name', 'is there twice');
    if (before.some((other) => other.issuer === issuer.issuer)) throw refuse(issuer, 'issuer', 'has the same issuer as another');
    if (issuer.introspection !== undefined && before.some((other) => other.introspection !== undefined))
      throw refuse(issuer, 'introspection', 'is not the first with introspection; a token must not be shown to two');
  }
};
