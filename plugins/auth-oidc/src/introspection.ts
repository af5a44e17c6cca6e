import { type AuthResult, type Fields, type Host, questions } from '@llm-proxy-auth/plugin';
import { audienceFits, LONGEST_TOKEN, timeFault } from '@llm-proxy-auth/plugin/jwt';
import { ask, objectOf } from './ask.ts';
import { clientFault } from './claims.ts';
import { clientProof } from './client.ts';
import type { IntrospectionConfig, IssuerConfig } from './config.ts';
import { denied, principalOf } from './principal.ts';

const TIMEOUT = 3000;
const MOST_BYTES = 64 * 1024;
/** RFC 6750, 2.1. A JWT in whatever state, and a credential of this gateway, is shown to nobody. */
const OPAQUE = /^[A-Za-z0-9._~+/-]+=*$/;
const ELSEWHERE = /^(?:lpas?_|lpa-|eyJ)/;

export interface Introspection {
  /** Whether a credential may be shown to the issuer. */
  takes(token: string): boolean;
  /** `address`: of the caller. */
  authenticate(token: string, address: string): Promise<AuthResult>;
}
const TOO_MANY: AuthResult = Object.freeze({ is: 'unavailable', reason: 'too_many_questions', retryAfterMs: 1000 });
const isForUs = ({ aud, client_id }: Fields, { audience, clients, clientId }: IssuerConfig): boolean => {
  if (audience !== undefined) return audienceFits(aud, [audience].flat()) || (aud === undefined && clients !== undefined);
  return clientId === null || audienceFits(client_id, [clientId ?? []].flat());
};
const faultOf = (claims: Fields, config: IssuerConfig, now: number): string | undefined => {
  if (claims.active !== true) return 'not_active';
  // The issuer says what holds now, so nothing is tolerated; a token without an end is good as long as it is active.
  const time = timeFault({ ...claims, exp: claims.exp ?? Number.MAX_SAFE_INTEGER }, now, { tolerance: 0, maxAge: config.maxAge });
  if (time === 'exp' || time === 'expired' || time === 'too_old') return time;
  if (claims.iss !== undefined && claims.iss !== config.issuer) return 'issuer';
  if (!isForUs(claims, config)) return 'audience';
  if (claims.cnf !== undefined) return 'bound_to_a_key';
  return clientFault(claims, config.clients);
};

/** Tokens that say nothing themselves: the issuer is asked, once for any number of calls with the same at a time. */
export const introspection = (host: Host, config: IssuerConfig, wanted: IntrospectionConfig): Introspection => {
  const running = questions<AuthResult>({ now: host.now, refusal: 'denied' });
  let failing = false;
  const told = (reason: string | undefined): void => {
    if (reason !== undefined && !failing) host.log.warn({ issuer: config.name, reason }, 'an issuer cannot be asked about tokens');
    if (reason === undefined && failing) host.log.info({ issuer: config.name }, 'an issuer can be asked about tokens again');
    failing = reason !== undefined;
  };
  const look = async (token: string): Promise<Fields> => {
    const proof = await clientProof(host, wanted, config.issuer);
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...proof.form });
    const ca = config.ca === undefined ? undefined : await host.secret(config.ca);
    return objectOf(await ask(host, { url: wanted.endpoint, timeoutMs: TIMEOUT, maxBytes: MOST_BYTES, ca, form, headers: proof.headers }));
  };
  const authenticate = async (token: string): Promise<AuthResult> => {
    let claims: Fields;
    try {
      claims = await look(token);
      told(undefined);
    } catch (error) {
      told(error instanceof Error ? error.message : 'unknown');
      return { is: 'unavailable', reason: 'introspection_unavailable', retryAfterMs: 1000 };
    }
    const now = host.now();
    const fault = faultOf(claims, config, now);
    if (fault !== undefined) return denied(fault);
    const exp = typeof claims.exp === 'number' ? claims.exp * 1000 : undefined;
    return principalOf(claims, config, { now, exp, end: exp });
  };
  return {
    takes: (token) => token.length <= LONGEST_TOKEN && OPAQUE.test(token) && !ELSEWHERE.test(token),
    authenticate: async (token, address) => (await running.ask(token, address, () => authenticate(token))) ?? TOO_MANY,
  };
};
