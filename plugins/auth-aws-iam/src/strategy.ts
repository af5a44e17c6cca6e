import { hash, randomBytes } from 'node:crypto';
import { type AuthResult, type AuthStrategy, GatewayError, type Host, type Principal, questions } from '@llm-proxy-auth/plugin';
import { compileAllow, permissionSetOf } from './allow.ts';
import { Away, asker } from './ask.ts';
import type { SignedCall } from './call.ts';
import type { Config } from './config.ts';
import { endpointTable } from './endpoints.ts';
import type { Identity } from './identity.ts';
import { type Nonces, openNonces } from './nonces.ts';
import { readToken } from './read.ts';
import { Refused, refuse } from './refused.ts';
import { PREFIX } from './token.ts';

/** An answer of the token service is believed this long, ms. */
const BELIEVED = 60_000;
const RETRY_MS = 1000;

const SLOTS: AuthStrategy['slots'] = Object.freeze(['bearer', 'api-key'] as const);
const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });

const principalOf = (identity: Identity, expires: number): Principal => {
  const { account, kind, name, userId } = identity;
  const id = kind === 'root' ? `aws:${account}:root` : `aws:${account}:${kind}/${name}`;
  const set = permissionSetOf(identity);
  return Object.freeze({
    id,
    owner: id,
    strategy: 'aws-iam',
    credential: userId,
    groups: Object.freeze(set === undefined ? [] : [`permission-set/${set}`]),
    scopes: Object.freeze([]),
    factor: 'none',
    expires,
  });
};
/** What an error of a question means; anything else is a defect and thrown on. */
const resultOf = (error: unknown): AuthResult => {
  if (error instanceof Refused) return { is: 'denied', reason: error.reason };
  if (error instanceof Away) return { is: 'unavailable', reason: error.reason, retryAfterMs: RETRY_MS };
  throw error;
};
const originOf = ({ endpoint, insecureEndpoint }: Config): string | undefined => {
  if (endpoint === undefined) return undefined;
  const { origin, protocol, pathname } = new URL(endpoint);
  if (pathname !== '/') throw new GatewayError('invalid_request', 'endpoint of aws-iam is a host without a path.', { param: 'endpoint' });
  if (protocol === 'https:' || insecureEndpoint) return origin;
  throw new GatewayError('invalid_request', 'endpoint of aws-iam begins with https:// unless insecureEndpoint is true.', { param: 'endpoint' });
};

/** Identities of AWS: a signed question "who am I", which the gateway puts to AWS for the caller. */
export const strategy = (config: Config, host: Host): AuthStrategy => {
  const { gatewayId, regions, allow, oneTime } = config;
  const endpoints = endpointTable(regions);
  const allowed = compileAllow(allow);
  const ask = asker(host, gatewayId, originOf(config));
  const nonces: Nonces | undefined = oneTime ? openNonces(host) : undefined;
  const prefix = randomBytes(32).toString('base64');
  const asked = questions<AuthResult>({ now: host.now, refusal: 'denied' });

  const answered = async (call: SignedCall): Promise<AuthResult> => {
    const identity = await ask(call);
    if (!allowed(identity)) refuse('not_allowed');
    // Only now: strangers with an account at AWS fill no store.
    if (nonces !== undefined) await nonces.use(call.accessKeyId, call.nonce ?? refuse('nonce_missing'), call.ends);
    const now = host.now();
    return { is: 'principal', principal: principalOf(identity, call.ends), cacheUntil: oneTime ? now : Math.min(now + BELIEVED, call.ends), epoch: 0 };
  };
  /** One question for all who show the same token at the same time; a token that is taken once is never shared. */
  const shared = (token: string, address: string, call: SignedCall): AuthResult | Promise<AuthResult> => {
    const key = hash('sha256', oneTime ? randomBytes(32).toString('base64') : prefix + token, 'base64');
    return asked.ask(key, address, () => answered(call).catch(resultOf)) ?? { is: 'unavailable', reason: 'too_many_questions', retryAfterMs: RETRY_MS };
  };
  return {
    slots: SLOTS,
    challenge: 'Bearer realm="llm-proxy-auth"',
    issued: false,
    authenticate: ({ credential: { slot, value }, peer: { address } }) => {
      if (!SLOTS.includes(slot) || !value.startsWith(PREFIX)) return NOT_MINE;
      try {
        const call = readToken(value, gatewayId, { endpoints, now: host.now() });
        if (oneTime && call.nonce === undefined) refuse('nonce_missing');
        return shared(value, address, call);
      } catch (error) {
        return resultOf(error);
      }
    },
  };
};
