import { hash, randomBytes } from 'node:crypto';
import { type AuthResult, type AuthStrategy, GatewayError, type Host, type Principal, questions } from '@llm-proxy-auth/plugin';
import { type Jws, readJws } from '@llm-proxy-auth/plugin/jwt';
import { type Account, accountOfClaims, groupsOf } from './account.ts';
import { Away, apiServer } from './api-server.ts';
import { background } from './background.ts';
import { claimFault, endOf, isOfServiceAccount } from './claims.ts';
import type { Config } from './config.ts';
import { offline } from './offline.ts';
import { type Reviewed, reviewAccess, reviewToken } from './review.ts';

/** How long a signature is believed, and what the API server said, ms. */
const [VERIFIED, REVIEWED] = [30_000, 10_000];
const RETRY_MS = 1000;

const SLOTS: AuthStrategy['slots'] = Object.freeze(['bearer'] as const);
const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string): AuthResult => ({ is: 'denied', reason });
const unavailable = (reason: string): AuthResult => ({ is: 'unavailable', reason, retryAfterMs: RETRY_MS });

const principalOf = (account: Account, expires: number): Principal => {
  const { namespace, name, uid, pod } = account;
  const id = `sa:${namespace}/${name}`;
  const credential = pod === undefined ? `uid/${uid}` : `pod/${pod.name}/${pod.uid}`;
  return Object.freeze({ id, owner: id, strategy: 'kubernetes', credential, groups: groupsOf(account), scopes: [], factor: 'none', expires });
};
const checkServer = ({ server, insecureServer }: Config): void => {
  if (insecureServer || server.startsWith('https://')) return;
  throw new GatewayError('invalid_request', 'server of kubernetes begins with https:// unless insecureServer is true.', { param: 'server' });
};

/** Service accounts of a cluster, by tokens that are made for the gateway. */
export const strategy = (config: Config, host: Host): AuthStrategy => {
  checkServer(config);
  const { audience, mode, rbac, issuer } = config;
  const allow = new Set(config.allow);
  const api = apiServer(host, config);
  const keys = offline(host, api, config);
  const later = background(host.now);
  const asked = questions<AuthResult>({ now: host.now, refusal: 'denied' });
  const prefix = randomBytes(32).toString('base64');
  const allowed = ({ namespace, name }: Account): boolean => allow.has(`${namespace}/${name}`) || allow.has(`${namespace}/*`);
  const believed = mode === 'jwks' && rbac === undefined ? VERIFIED : REVIEWED;

  const verified = async (token: string, jws: Jws): Promise<Reviewed> => {
    const fault = await keys.fault(token, jws);
    const account = accountOfClaims(jws.claims);
    return fault === undefined && account !== undefined ? { is: 'account', account } : { is: 'refused', reason: fault ?? 'not_a_service_account' };
  };
  const decide = async (key: string, token: string, jws: Jws): Promise<AuthResult> => {
    const said = mode === 'tokenreview' ? await reviewToken(api, token, audience) : await verified(token, jws);
    if (said.is === 'refused') return denied(said.reason);
    const { account } = said;
    if (!allowed(account)) return denied('not_allowed');
    if (!(await reviewAccess(api, account, rbac))) return denied('rbac');
    const ends = endOf(jws.claims);
    const epoch = later.epoch();
    if (mode === 'both') later.review(key, ends, async () => (await reviewToken(api, token, audience)).is === 'account');
    return { is: 'principal', principal: principalOf(account, ends), cacheUntil: Math.min(host.now() + believed, ends), epoch };
  };
  const guarded = (key: string, token: string, jws: Jws): Promise<AuthResult> =>
    decide(key, token, jws).catch((error: unknown) => {
      if (error instanceof Away) return unavailable(error.reason);
      throw error;
    });
  return {
    slots: SLOTS,
    challenge: 'Bearer realm="llm-proxy-auth"',
    issued: false,
    ...(mode === 'both' ? { epoch: later.epoch } : {}),
    authenticate: ({ credential: { slot, value }, peer: { address } }) => {
      const jws = slot === 'bearer' ? readJws(value) : 'form';
      if (typeof jws === 'string' || !isOfServiceAccount(jws.claims, issuer)) return NOT_MINE;
      const fault = claimFault(jws.claims, config, host.now());
      if (fault !== undefined) return denied(fault);
      // Before anything is asked: nobody makes the gateway ask about accounts that it would not let in.
      const account = accountOfClaims(jws.claims);
      if (account === undefined || !allowed(account)) return denied('not_allowed');
      const key = hash('sha256', prefix + value, 'base64');
      if (later.refused(key)) return denied('reviewed_as_no_good');
      return asked.ask(key, address, () => guarded(key, value, jws)) ?? unavailable('too_many_questions');
    },
  };
};
