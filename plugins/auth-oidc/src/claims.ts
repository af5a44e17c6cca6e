import type { Fields, Json } from '@llm-proxy-auth/plugin';
import { audienceFits, type Jws, timeFault } from '@llm-proxy-auth/plugin/jwt';
import type { IssuerConfig } from './config.ts';

const CLIENT_CLAIMS = ['azp', 'client_id', 'cid', 'appid'] as const;
/** What an ID token has and an access token has not. */
const ID_CLAIMS = ['nonce', 'at_hash', 'c_hash'] as const;
const ACCESS_CLAIMS = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'] as const;
/** Other kinds of token (events, proofs, logout) are signed with the same keys: RFC 8725, 3.11. */
const TYPES: ReadonlySet<Json> = new Set(['jwt', 'at+jwt', undefined]);
const LONGEST_SUBJECT = 255;
const listOf = (value: string | readonly string[] | null | undefined): readonly string[] => (value === undefined || value === null ? [] : [value].flat());

const typeOf = ({ header }: Jws): Json => (typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : header.typ);

/** A client that is not in the list; several claims that name one must all name one of them. */
export const clientFault = (claims: Fields, clients: readonly string[] | undefined): 'client' | undefined => {
  if (clients === undefined) return undefined;
  const named = CLIENT_CLAIMS.filter((name) => claims[name] !== undefined);
  return named.length > 0 && named.every((name) => clients.some((client) => client === claims[name])) ? undefined : 'client';
};
/** Who the caller is to the issuer; undefined when that cannot be said in one line of a log. */
export const subjectOf = (claims: Fields): string | undefined => {
  const { sub } = claims;
  return typeof sub === 'string' && sub.length > 0 && sub.length <= LONGEST_SUBJECT && !/\p{Cc}/u.test(sub) ? sub : undefined;
};

const cognitoFault = (claims: Fields, { tokenUse, clientId }: IssuerConfig): string | undefined => {
  const use = claims.token_use;
  if ((use !== 'access' && use !== 'id') || (tokenUse !== null && use !== tokenUse)) return 'token_use';
  if (clientId === null) return undefined;
  return audienceFits(use === 'access' ? claims.client_id : claims.aud, listOf(clientId)) ? undefined : 'client';
};
const plainFault = (jws: Jws, { audience, profile, idTokens }: IssuerConfig): string | undefined => {
  const { claims } = jws;
  if (!audienceFits(claims.aud, listOf(audience))) return 'audience';
  if (!idTokens && (claims.token_use === 'id' || ID_CLAIMS.some((name) => claims[name] !== undefined))) return 'id_token';
  if (profile !== 'rfc9068') return undefined;
  return typeOf(jws) === 'at+jwt' && ACCESS_CLAIMS.every((name) => claims[name] !== undefined) ? undefined : 'profile';
};

/** Which claim of a token with a good signature does not hold, for the audit log; undefined when all do. */
export const claimFault = (jws: Jws, config: IssuerConfig, now: number): string | undefined => {
  const { claims } = jws;
  const time = timeFault(claims, now, config);
  if (time !== undefined) return time;
  if (!TYPES.has(typeOf(jws))) return 'type';
  const fault = config.type === 'cognito' ? cognitoFault(claims, config) : plainFault(jws, config);
  if (fault !== undefined) return fault;
  // Bound to a key that the caller would have to prove: whoever sends it alone may have stolen it (RFC 7800).
  if (claims.cnf !== undefined) return 'bound_to_a_key';
  return clientFault(claims, config.clients) ?? (subjectOf(claims) === undefined ? 'subject' : undefined);
};
