import { type AuthRequest, type AuthResult, type AuthStrategy, flights, GatewayError, type Host, isGatewayError, type Principal } from '@llm-proxy-auth/plugin';
import { type Compromised, guesses, networkOf, turns } from '@llm-proxy-auth/plugin/issued';
import type { KeyBook, KeyEntry } from './book.ts';
import { idOf, PREFIX } from './key.ts';
import type { LastUsed } from './last-used.ts';
import { isLegacy, type LegacyKeys } from './legacy.ts';
import { OWNER } from './principal.ts';
import { NAMES, obstacle } from './record.ts';
import type { Rehash } from './rehash.ts';
import type { Verifiers } from './verifier.ts';
import { LONGEST, type WrittenKeys } from './written.ts';

/** A verified key is believed this long without being asked again, ms. */
const BELIEVED = 30_000;
const MINUTE = 60_000;
/** Look-ups in the store at a time, for all addresses that somebody guesses from. */
const FEW = 4;

const SLOTS: AuthStrategy['slots'] = Object.freeze(['bearer', 'api-key'] as const);

const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string, credential?: string): AuthResult => Object.freeze({ is: 'denied', reason, credential });
const MALFORMED = denied('malformed');
const UNKNOWN = denied('unknown');
const WRONG = denied('wrong_secret');
const LOCKED = denied('locked');
/** Denials of who holds no key, as opposed to one that is good no more. */
const GUESSED: ReadonlySet<AuthResult> = new Set([UNKNOWN, WRONG]);
const unavailable = (reason: string, retryAfterMs = 1000): AuthResult => Object.freeze({ is: 'unavailable', reason, retryAfterMs });
const STORE_AWAY = unavailable('store_unavailable');

export interface StrategyParts {
  readonly host: Host;
  readonly book: KeyBook;
  readonly hands: Pick<Compromised, 'listen'>;
  readonly written: WrittenKeys;
  readonly verifiers: Verifiers;
  readonly uses: LastUsed;
  readonly legacy: LegacyKeys;
  readonly rehash: Rehash;
  /** Known keys, strict ones apart, are let in however long the store has been silent. */
  readonly trustsStale: boolean;
  /** Changes of written keys, added to the book's epoch. */
  readonly rotations: () => number;
}

/** A key that was sent, from where, and when. */
interface Shown {
  readonly value: string;
  readonly address: string;
  readonly now: number;
}

/** `then` at once when the value is there: the common path makes no promise. */
const after = <T>(value: T | Promise<T>, then: (value: T) => AuthResult): AuthResult | Promise<AuthResult> => {
  if (!(value instanceof Promise)) return then(value);
  return value.then(then).catch((error: unknown) => {
    if (isGatewayError(error) && error.code === 'auth_unavailable') return unavailable('too_many_verifications', error.retryAfterMs);
    throw error;
  });
};

/** API keys: those of the store by id, those of the configuration by value. */
export const strategy = ({ host, book, hands, written, verifiers, uses, legacy, rehash, trustsStale, rotations }: StrategyParts): AuthStrategy => {
  const graceUses = host.metrics.counter('llm_proxy_auth_grace_total');
  const epoch = (): number => book.epoch() + rotations();
  const wrong = guesses();
  /** Whoever guesses from there must wait for what costs the store or bcrypt work. What is known at once is answered as ever. */
  const waits = (address: string, now: number): boolean => wrong.waitOf(networkOf(address), now) > 0;
  /** argon2id for addresses that somebody guesses from, of all of them one at a time: a good key that nobody showed yet is let in, and others have the rest. */
  const apart = turns({ concurrent: 1, waiting: 8, refusal: 'Too many secrets are being verified; try again.' });
  /** Ids that nobody knows are looked up for such addresses a few at a time: one of another process's making, a moment ago, is let in. */
  const aside = flights<AuthResult>(FEW);
  const counted = (result: AuthResult, address: string, now: number): AuthResult => {
    if (result.is !== 'denied') return result;
    const source = networkOf(address);
    const wait = wrong.waitOf(source, now);
    // Each denial, so that the wait tells no key that is good no more from one that never was.
    if (wait > 0) return { ...result, retryAfterMs: wait };
    if (GUESSED.has(result)) wrong.wrong(source, now);
    return result;
  };
  const accept = (principal: Principal, until: number, now: number, at: number): AuthResult => ({
    is: 'principal',
    principal,
    cacheUntil: Math.min(now + BELIEVED, until),
    epoch: at,
  });

  /** After the secret, so that the state of a key shows to nobody who does not hold it, not even by time. */
  const proven = ({ record, principal, ends }: KeyEntry, { value, address, now }: Shown, at: number): AuthResult => {
    const reason = obstacle(record, now);
    if (reason !== undefined) return denied(reason, record.id);
    if (record.status === 'grace') graceUses.add(1);
    uses.touch(record.id, now, address);
    rehash(record, value);
    return accept(principal, Math.min(ends ?? Number.POSITIVE_INFINITY, now + Math.max(0, book.freshFor())), now, at);
  };
  /** `at`: of a moment at which the entry was the store's, or before. */
  const stored = (entry: KeyEntry, shown: Shown, at = epoch()): AuthResult | Promise<AuthResult> => {
    const { value, address, now } = shown;
    const { id, verifier } = entry.record;
    const slowly = (): boolean | Promise<boolean> => verifiers.verify(id, verifier, value);
    const known = verifiers.atOnce(id, verifier, value);
    const right = known ?? (waits(address, now) ? apart(async () => slowly()) : slowly());
    return after(right, (is) => (is ? proven(entry, shown, at) : WRONG));
  };
  const serves = ({ record }: KeyEntry): boolean => book.freshFor() > 0 || (trustsStale && record.strict !== true);
  const imported = (shown: Shown): AuthResult | Promise<AuthResult> => {
    const { value, address, now } = shown;
    const used = legacy.find(value);
    if (used !== undefined) return serves(used) ? stored(used, shown) : STORE_AWAY;
    if (book.freshFor() <= 0) return STORE_AWAY;
    if (!legacy.any()) return NOT_MINE;
    // Nobody has looked whether it is good.
    if (waits(address, now)) return unavailable('locked', Math.min(MINUTE, wrong.waitOf(networkOf(address), now)));
    const at = epoch();
    return after(legacy.scan(value, now), (entry) => (entry === undefined ? UNKNOWN : proven(entry, shown, at)));
  };
  const lookedUp = async (id: string, shown: Shown): Promise<AuthResult> => {
    const at = epoch();
    let entry: KeyEntry | undefined;
    try {
      entry = await book.lookUp(id);
    } catch {
      return STORE_AWAY;
    }
    if (entry !== undefined) return stored(entry, shown, at);
    return waits(shown.address, shown.now) ? LOCKED : after(verifiers.refuse(shown.value), () => UNKNOWN);
  };
  const unknown = (id: string, shown: Shown): AuthResult | Promise<AuthResult> => {
    if (!book.answers()) return STORE_AWAY;
    if (!waits(shown.address, shown.now)) return lookedUp(id, shown);
    return aside.share(shown.value, () => lookedUp(id, shown)) ?? LOCKED;
  };
  const judge = (shown: Shown): AuthResult | Promise<AuthResult> => {
    const { value, now } = shown;
    const ours = value.startsWith(PREFIX);
    if (value.length > LONGEST) return ours ? MALFORMED : NOT_MINE;
    const entry = written.find(value);
    if (entry !== undefined)
      return entry.ends !== undefined && now >= entry.ends
        ? denied('expired', entry.principal.credential)
        : accept(entry.principal, entry.ends ?? Number.POSITIVE_INFINITY, now, epoch());
    if (!ours) return isLegacy(value) ? imported(shown) : NOT_MINE;
    const id = idOf(value);
    if (id === undefined) return MALFORMED;
    const known = book.find(id);
    if (known === undefined) return unknown(id, shown);
    return serves(known) ? stored(known, shown) : STORE_AWAY;
  };
  return {
    slots: SLOTS,
    challenge: 'Bearer realm="llm-proxy-auth"',
    issued: true,
    onCompromised: hands.listen,
    epoch,
    authenticate: ({ credential: { slot, value }, peer: { address } }: AuthRequest) => {
      if (!SLOTS.includes(slot)) return NOT_MINE;
      const now = host.now();
      const result = judge({ value, address, now });
      return result instanceof Promise ? result.then((one) => counted(one, address, now)) : counted(result, address, now);
    },
    current: async (credential) => {
      const now = host.now();
      const entry = written.byCredential(credential);
      if (entry !== undefined) return entry.ends !== undefined && now >= entry.ends ? undefined : entry.principal;
      const known = book.find(credential);
      if (book.freshFor() <= 0 || (known === undefined && !book.answers())) throw new GatewayError('auth_unavailable', 'The store of keys does not answer.');
      const key = known ?? (await book.lookUp(credential));
      return key === undefined || obstacle(key.record, now) !== undefined ? undefined : key.principal;
    },
    knows: async (owner) => {
      if (!owner.startsWith(OWNER)) return undefined;
      const name = owner.slice(OWNER.length);
      return written.names.has(name) || (await host.store.get(NAMES, name)) !== undefined;
    },
    close: async () => {
      await uses.flush().catch(() => host.log.warn({}, 'when keys were last used cannot be written'));
    },
  };
};
