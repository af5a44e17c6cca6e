import { hash, timingSafeEqual } from 'node:crypto';
import type { AuthRequest, AuthResult, AuthStrategy, BodyCheck, Host } from '@llm-proxy-auth/plugin';
import { type Book, type Compromised, currentPair, findPair, isPairId, type PairEntry, pairObstacle, type Replays } from '@llm-proxy-auth/plugin/issued';
import { type CanonicalHeaders, signatureOf } from '@llm-proxy-auth/plugin/sigv4';
import { type Claim, claimOf, timeOf } from './claim.ts';
import type { Config } from './config.ts';
import { newSecret, type PairKey, pairKey } from './key.ts';
import { canonicalSent, objection, sentOf } from './signed.ts';

/** How far the time of a signature may lie from ours, ms; AWS allows as much. */
export const SKEW = 5 * 60_000;
const HEX = /^[0-9a-f]{64}$/;
const EMPTY = hash('sha256', '');
/** Without `x-amz-content-sha256` these are signed as requests without a body; one that has a body all the same does not pass its check. */
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);

const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string, credential?: string): AuthResult => ({ is: 'denied', reason, credential });
const STORE_AWAY: AuthResult = Object.freeze({ is: 'unavailable', reason: 'store_unavailable', retryAfterMs: 1000 });

const equal = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export interface StrategyParts {
  readonly host: Pick<Host, 'now' | 'metrics'>;
  readonly config: Config;
  readonly book: Book<PairEntry<PairKey>>;
  readonly used: Replays;
  readonly hands: Pick<Compromised, 'listen'>;
}
/** A request that is well formed and in time. */
interface Well {
  readonly request: AuthRequest;
  readonly claim: Claim;
  readonly date: string;
  /** The same, epoch ms. */
  readonly at: number;
  readonly headers: CanonicalHeaders;
  /** Hash of the body as the caller says it; undefined: it does not say, but the signature covers the hash all the same. */
  readonly payload: string | undefined;
}

/** Requests signed with AWS Signature Version 4 and a key pair of ours, in the `authorization` header. */
export const strategy = ({ host, config, book, used, hands }: StrategyParts): AuthStrategy => {
  const nobody = pairKey(newSecret());
  const graceUses = host.metrics.counter('llm_proxy_auth_grace_total');
  const read = (request: AuthRequest, claim: Claim): Well | string => {
    const sent = sentOf(request.rawHeaders);
    const objected = objection(request, sent, claim);
    if (objected !== undefined) return objected;
    const date = sent.get('x-amz-date')?.[0] ?? '';
    const at = timeOf(date);
    if (at === undefined || date.slice(0, 8) !== claim.day) return 'malformed_date';
    if (Math.abs(at - host.now()) > SKEW) return 'out_of_time';
    if (!config.services.includes(claim.service) || config.regions?.includes(claim.region) === false) return 'out_of_scope';
    const payload = sent.get('x-amz-content-sha256')?.[0] ?? (BODILESS.has(request.method) && !sent.has('content-length') ? EMPTY : undefined);
    if (payload !== undefined && !HEX.test(payload)) return 'unsigned_payload';
    const headers = canonicalSent(sent, claim.names);
    return headers === undefined ? 'signed_header_missing' : { request, claim, date, at, headers, payload };
  };
  const isRight = ({ request, claim, date, headers }: Well, key: PairKey, payload: string): boolean => {
    const signed = { method: request.method, path: request.url, headers, payload, date };
    return equal(signatureOf(signed, key.forDay(claim.day, claim), claim), claim.signature);
  };
  /** Settled with the body: only then is it known that all of it was signed, and only then is the signature used up. */
  const bodyCheck = (well: Well, { key, record }: PairEntry<PairKey>): BodyCheck => ({
    sha256: (hex) => {
      const right = well.payload === undefined ? isRight(well, key, hex) : equal(well.payload, hex);
      if (right && record.status === 'grace') graceUses.add(1);
      return right && (config.allowReplay || used.use(well.claim.signature, well.at));
    },
  });
  const judge = (well: Well, entry: PairEntry<PairKey> | 'away' | undefined): AuthResult => {
    if (entry === 'away') return STORE_AWAY;
    // An unknown id costs what a wrong secret costs.
    const key = entry?.key ?? nobody;
    const right = isRight(well, key, well.payload ?? EMPTY);
    if (entry === undefined) return denied('unknown');
    if (well.payload !== undefined && !right) return denied('wrong_signature');
    const reason = pairObstacle(entry.record, host.now());
    const proven = right ? well.claim.id : undefined;
    if (reason !== undefined) return denied(reason, proven);
    if (!config.allowReplay && used.has(well.claim.signature)) return denied('replayed', proven);
    return { is: 'principal', principal: entry.principal, cacheUntil: host.now(), epoch: book.epoch(), body: bodyCheck(well, entry) };
  };
  return {
    slots: ['aws4'],
    challenge: 'AWS4-HMAC-SHA256',
    issued: true,
    onCompromised: hands.listen,
    epoch: book.epoch,
    authenticate: (request) => {
      if (request.credential.slot !== 'aws4') return NOT_MINE;
      const claim = claimOf(request.credential.value);
      if (claim === undefined || !isPairId(claim.id)) return denied('malformed');
      const well = read(request, claim);
      if (typeof well === 'string') return denied(well);
      const entry = findPair(book, claim.id);
      return entry instanceof Promise ? entry.then((found) => judge(well, found)) : judge(well, entry);
    },
    current: currentPair(book, host),
  };
};
