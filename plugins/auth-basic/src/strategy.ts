import { type AuthRequest, type AuthResult, type AuthStrategy, GatewayError, type Host, isGatewayError } from '@llm-proxy-auth/plugin';
import { type Argon, type Asker, type Book, NOBODY, verified } from '@llm-proxy-auth/plugin/issued';
import type { UserEntry } from './book.ts';
import type { Config } from './config.ts';
import { decode } from './decode.ts';
import type { Failures } from './failures.ts';
import { credentialOf, nameOf, OWNER, obstacle } from './record.ts';
import { isPrivate } from './way.ts';

/** A verified password is believed this long without being asked again, ms. */
const BELIEVED = 30_000;

const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const denied = (reason: string, credential?: string): AuthResult => Object.freeze({ is: 'denied', reason, credential });
const MALFORMED = denied('malformed');
const INSECURE = denied('insecure_connection');
const UNKNOWN = denied('unknown');
const WRONG = denied('wrong_secret');
const unavailable = (reason: string): AuthResult => Object.freeze({ is: 'unavailable', reason, retryAfterMs: 1000 });
const STORE_AWAY = unavailable('store_unavailable');

export interface StrategyParts {
  readonly host: Host;
  readonly config: Config;
  readonly book: Book<UserEntry>;
  readonly argon: Argon;
  readonly failures: Failures;
}

/** Users with passwords, as RFC 7617 sends them. */
export const strategy = ({ host, config, book, argon, failures }: StrategyParts): AuthStrategy => {
  /** What is known of a user; `away` when the store must be asked and does not answer. */
  const find = async (name: string): Promise<UserEntry | 'away' | undefined> => {
    const known = book.find(name);
    if (known !== undefined) return book.freshFor() > 0 ? known : 'away';
    if (!book.answers()) return 'away';
    return await book.lookUp(name).catch(() => 'away' as const);
  };
  const remembered = verified();
  /** Nobody has no password either: an unknown name takes as long as a wrong password. */
  const isRight = async (entry: UserEntry | undefined, password: string, asker: Asker): Promise<boolean> => {
    if (entry === undefined) return await argon.verify(NOBODY, password, asker);
    const { name, phc } = entry.record;
    if (remembered.has(name, phc, password)) return true;
    const right = await argon.verify(phc, password, asker);
    if (right) remembered.add(name, phc, password);
    return right;
  };
  const accept = ({ principal }: UserEntry, now: number, epoch: number): AuthResult => ({
    is: 'principal',
    principal,
    cacheUntil: Math.min(now + BELIEVED, principal.expires ?? Number.POSITIVE_INFINITY, now + book.freshFor()),
    epoch,
  });
  const judge = async (entry: UserEntry | undefined, password: string, asker: Asker): Promise<AuthResult> => {
    const now = host.now();
    const epoch = book.epoch();
    const right = await isRight(entry, password, asker);
    if (entry === undefined) return UNKNOWN;
    if (!right) return WRONG;
    // The password first, so that the state of a user shows to nobody who does not know it.
    const reason = obstacle(entry.record, now);
    return reason === undefined ? accept(entry, now, epoch) : denied(reason, credentialOf(entry.record));
  };
  const authenticate = async (user: string, password: string, source: string): Promise<AuthResult> => {
    const lock = (): AuthResult | undefined => {
      const retryAfterMs = failures.lockedFor(user, source, host.now());
      return retryAfterMs > 0 ? { is: 'denied', reason: 'locked', retryAfterMs } : undefined;
    };
    const before = lock();
    if (before !== undefined) return before;
    const entry = await find(user);
    if (entry === 'away') return STORE_AWAY;
    try {
      const result = await judge(entry, password, { name: JSON.stringify([user, source]), mayAsk: () => lock() === undefined });
      // Others guessed meanwhile: what this one found out is told to nobody.
      const after = lock();
      if (after !== undefined) return after;
      if (result.is === 'principal') failures.passed(user, source, host.now());
      else failures.failed(user, source, host.now());
      return result;
    } catch (error) {
      if (isGatewayError(error) && error.code === 'auth_unavailable') return unavailable('too_many_verifications');
      throw error;
    }
  };
  const now = async (name: string): Promise<UserEntry | undefined> => {
    const entry = await find(name);
    if (entry === 'away') throw new GatewayError('auth_unavailable', 'The store of users does not answer.', { retryAfterMs: 1000 });
    return entry;
  };
  return {
    slots: ['basic'],
    challenge: 'Basic realm="llm-proxy-auth", charset="UTF-8"',
    issued: true,
    epoch: book.epoch,
    authenticate: (request: AuthRequest) => {
      if (request.credential.slot !== 'basic') return NOT_MINE;
      if (!config.allowInsecureBasic && !isPrivate(request)) return INSECURE;
      const sent = decode(request.credential.value, config);
      return sent === undefined ? MALFORMED : authenticate(sent.user, sent.password, request.peer.address);
    },
    knows: async (owner) => (owner.startsWith(OWNER) ? (await now(owner.slice(OWNER.length))) !== undefined : undefined),
    current: async (credential) => {
      const entry = await now(nameOf(credential));
      if (entry === undefined || credentialOf(entry.record) !== credential) return undefined;
      return obstacle(entry.record, host.now()) === undefined ? entry.principal : undefined;
    },
  };
};
