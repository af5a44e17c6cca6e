import { hash, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { AuthRequest, AuthResult, AuthStrategy, BodyCheck, Host } from '@llm-proxy-auth/plugin';
import { type Book, type Compromised, currentPair, findPair, isPairId, type PairEntry, pairObstacle, type Replays } from '@llm-proxy-auth/plugin/issued';
import { type Claim, claimOf, timeOf } from './claim.ts';
import type { Config } from './config.ts';
import { nobodysKey } from './key.ts';
import { dateName, objection, sentOf, signingText } from './signed.ts';

/** How far the time of a signature may lie from ours, ms; OCI allows as much. */
export const SKEW = 5 * 60_000;
const EMPTY = hash('sha256', '', 'base64');

const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string, credential?: string): AuthResult => ({ is: 'denied', reason, credential });
const STORE_AWAY: AuthResult = Object.freeze({ is: 'unavailable', reason: 'store_unavailable', retryAfterMs: 1000 });
const equal = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export interface StrategyParts {
  readonly host: Pick<Host, 'now' | 'metrics'>;
  readonly config: Config;
  readonly book: Book<PairEntry<KeyObject>>;
  readonly used: Replays;
  readonly hands: Pick<Compromised, 'listen'>;
}
/** A request that is well formed and in time. */
interface Well {
  readonly claim: Claim;
  readonly text: string;
  /** When it was signed, epoch ms. */
  readonly at: number;
  /** SHA-256 of the body that was signed, base64. */
  readonly payload: string;
  /** Names the request among those that were used. */
  readonly mark: string;
}

/** Requests signed with a key whose public half is registered here, as OCI's SDKs sign. */
export const strategy = ({ host, config, book, used, hands }: StrategyParts): AuthStrategy => {
  const nobody = nobodysKey();
  const graceUses = host.metrics.counter('llm_proxy_auth_grace_total');
  const read = (request: AuthRequest, claim: Claim): Well | string => {
    const sent = sentOf(request.rawHeaders);
    const objected = objection(request, sent, claim);
    if (objected !== undefined) return objected;
    const at = timeOf(sent.get(dateName(claim) ?? '') ?? '');
    if (at === undefined) return 'malformed_date';
    if (Math.abs(at - host.now()) > SKEW) return 'out_of_time';
    const text = signingText(request, sent, claim);
    if (text === undefined) return 'signed_header_missing';
    return { claim, text, at, payload: sent.get('x-content-sha256') ?? EMPTY, mark: hash('sha256', `${claim.id}\n${text}`) };
  };
  /** Settled with the body: only then is it known that all of it was signed, and only then is the signature used up. */
  const bodyCheck = ({ payload, mark, at }: Well, { record }: PairEntry<KeyObject>): BodyCheck => ({
    sha256: (hex) => {
      const right = equal(Buffer.from(hex, 'hex').toString('base64'), payload);
      if (right && record.status === 'grace') graceUses.add(1);
      return right && (config.allowReplay || used.use(mark, at));
    },
  });
  const judge = (well: Well, entry: PairEntry<KeyObject> | 'away' | undefined): AuthResult => {
    if (entry === 'away') return STORE_AWAY;
    const right = verify('sha256', Buffer.from(well.text, 'latin1'), entry?.key ?? nobody, well.claim.signature);
    if (entry === undefined) return denied('unknown');
    if (!right) return denied('wrong_signature');
    const reason = pairObstacle(entry.record, host.now());
    if (reason !== undefined) return denied(reason, well.claim.id);
    if (!config.allowReplay && used.has(well.mark)) return denied('replayed', well.claim.id);
    return { is: 'principal', principal: entry.principal, cacheUntil: host.now(), epoch: book.epoch(), body: bodyCheck(well, entry) };
  };
  return {
    slots: ['oci-signature'],
    challenge: 'Signature version="1"',
    issued: true,
    onCompromised: hands.listen,
    epoch: book.epoch,
    authenticate: (request) => {
      if (request.credential.slot !== 'oci-signature') return NOT_MINE;
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
