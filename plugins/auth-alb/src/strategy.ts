import type { AuthRequest, AuthResult, AuthStrategy, Fields, Host, Json, Principal } from '@llm-proxy-auth/plugin';
import { grantsOf, type Jws, readJws, timeFault } from '@llm-proxy-auth/plugin/jwt';
import { type CryptoKey, compactVerify } from 'jose';
import type { Config } from './config.ts';
import { loadBalancerKeys } from './keys.ts';
import { placesOf } from './place.ts';

const HEADER = 'x-amzn-oidc-data';
/** What was verified is believed this long without being looked at again, ms. */
const BELIEVED = 30_000;
const TIMES = { tolerance: 60_000 };
const LONGEST_SUBJECT = 255;
/** awslabs/aws-jwt-verify, src/alb-cache.ts. The key id becomes part of a URL. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const SLOTS: AuthStrategy['slots'] = Object.freeze(['proxy'] as const);
const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string): AuthResult => Object.freeze({ is: 'denied', reason });

const isSigned = async (token: string, key: CryptoKey): Promise<boolean> => {
  try {
    await compactVerify(token, key, { algorithms: ['ES256'] });
    return true;
  } catch {
    return false;
  }
};
/** The header says whom the load balancer signed in with and until when; claims that say it too must say the same. */
const claimFault = ({ header, claims }: Jws, { issuer }: Config, now: number): string | undefined => {
  const time = timeFault({ exp: header.exp }, now, TIMES) ?? timeFault({ ...claims, exp: claims.exp ?? header.exp }, now, TIMES);
  if (time !== undefined) return time;
  const { iss } = header;
  if (typeof iss !== 'string' || iss === '' || (issuer !== undefined && iss !== issuer)) return 'issuer';
  return claims.iss !== undefined && claims.iss !== iss ? 'issuer' : undefined;
};
const subjectOf = ({ sub }: Fields): string | undefined =>
  typeof sub === 'string' && sub.length > 0 && sub.length <= LONGEST_SUBJECT && !/\p{Cc}/u.test(sub) ? sub : undefined;

/** People that a load balancer has signed in, by what it wrote into a header of a request that it sent itself. */
export const makeStrategy = (config: Config, host: Host): AuthStrategy => {
  const places = placesOf(config);
  const keys = loadBalancerKeys(host);
  const clients: readonly Json[] | undefined = config.clientId === null ? undefined : [config.clientId].flat();

  const accept = ({ header, claims }: Jws, now: number): AuthResult => {
    const [subject, grants] = [subjectOf(claims), grantsOf(claims, config)];
    if (subject === undefined) return denied('subject');
    if (grants === undefined) return denied('groups');
    const id = `alb:${subject}`;
    const ends = [header, claims].flatMap(({ exp }) => (typeof exp === 'number' ? [exp * 1000] : []));
    const expires = Math.min(...ends) + TIMES.tolerance;
    const principal: Principal = Object.freeze({ id, owner: id, strategy: 'alb', credential: id, ...grants, factor: 'none', expires });
    return { is: 'principal', principal, cacheUntil: Math.min(now + BELIEVED, ...ends), epoch: 0 };
  };
  const verify = async (token: string, jws: Jws, address: string): Promise<AuthResult> => {
    const { alg, kid = '', header } = jws;
    if (alg !== 'ES256') return denied('algorithm');
    const place = typeof header.signer === 'string' ? places.get(header.signer) : undefined;
    if (place === undefined) return denied('signer');
    if (clients !== undefined && !clients.includes(header.client)) return denied('client');
    if (!UUID.test(kid)) return denied('key_id');
    const found = await keys.find(place, kid, address);
    if (found.is === 'unavailable') return { is: 'unavailable', reason: 'keys_unavailable', retryAfterMs: found.retryAfterMs };
    if (found.is === 'unknown') return denied('unknown_key');
    if (!(await isSigned(token, found.key))) return denied('signature');
    keys.proven(place, kid);
    const now = host.now();
    const fault = claimFault(jws, config, now);
    return fault === undefined ? accept(jws, now) : denied(fault);
  };
  return {
    slots: SLOTS,
    challenge: 'Bearer realm="llm-proxy-auth"',
    issued: false,
    authenticate: ({ credential, peer }: AuthRequest) => {
      if (credential.slot !== 'proxy' || credential.header !== HEADER) return NOT_MINE;
      if (!peer.trusted) return denied('untrusted_peer');
      const jws = readJws(credential.value, { padded: true });
      return typeof jws === 'string' ? denied(`malformed_${jws}`) : verify(credential.value, jws, peer.address);
    },
  };
};
