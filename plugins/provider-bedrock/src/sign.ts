import { type Attempt, type CorrectedClock, type CredentialCache, GatewayError, type Host, type Secret, type UpstreamRequest } from '@llm-proxy-auth/plugin';
import type { Scope } from '@llm-proxy-auth/plugin/sigv4';
import { secretText } from './credentials.ts';
import { scopeOf } from './hosts.ts';
import { isForeign } from './own-arn.ts';
import { type AwsCredentials, dropSignature, type SigV4 } from './sigv4.ts';

const FOREIGN = 'The ARN names another account than that of the credential of this instance.';
type Sign = (request: UpstreamRequest, attempt: Pick<Attempt, 'fresh'>) => void | Promise<void>;

/** A Bedrock API key; it is asked for on every call, so that it follows rotation. */
export const bearerSigner = (token: Secret, host: Host): Sign => {
  const put = (request: UpstreamRequest, value: string): void => {
    dropSignature(request.headers);
    request.headers.push('authorization', `Bearer ${value.trim()}`);
  };
  return (request) => {
    const value = secretText(token, host);
    return typeof value === 'string' ? put(request, value) : value.then((known) => put(request, known));
  };
};

export interface Signing {
  readonly region: string;
  /** Of hosts that do not say: `bedrock` or `bedrock-mantle`. */
  readonly service: string;
  readonly clock: CorrectedClock;
  readonly cache: CredentialCache<AwsCredentials>;
  readonly sign: SigV4;
  /** True once, after AWS refused our time and not our credential. */
  readonly clockOnly: () => boolean;
}
/** Signature Version 4 for the region and service that the host stands for. */
export const awsSigner = ({ region, service, clock, cache, sign, clockOnly }: Signing): Sign => {
  const scopes = new Map<string, Scope>();
  const scopeFor = (origin: string): Scope => {
    const known = scopes.get(origin);
    if (known !== undefined) return known;
    const made = scopeOf(new URL(origin).hostname, region, service);
    scopes.set(origin, made);
    return made;
  };
  const put = (request: UpstreamRequest, credentials: AwsCredentials): void => {
    const { account } = credentials;
    if (account !== undefined && isForeign(request.path, account)) throw new GatewayError('operation_not_allowed', FOREIGN, { param: 'model' });
    sign(request, credentials, scopeFor(request.origin), clock.now());
  };
  return (request, { fresh }) => {
    const found = cache.get(fresh && !clockOnly());
    return found instanceof Promise ? found.then((credentials) => put(request, credentials)) : put(request, found);
  };
};
