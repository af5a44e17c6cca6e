import type { AuthResult, AuthStrategy, Host, Principal } from '@llm-proxy-auth/plugin';
import type { Ended } from '../access/event.ts';
import { holderOf } from '../access/holder.ts';
import type { Strategy } from '../graph.ts';
import { SESSION, type SessionEntry, type SessionRecord, tokenIs, wasReplaced } from './record.ts';
import { isOver, type Sessions } from './sessions.ts';

/** A session is believed this long without being asked again, ms. */
const BELIEVED = 30_000;
/** Requests that were under way when their token was replaced are refused like any other, and nothing more. */
const UNDER_WAY = 10_000;
const denied = (reason: string, credential?: string): AuthResult => Object.freeze({ is: 'denied', reason, credential });
const replays = new WeakMap<AuthResult, Ended>();
/** Whose session a refusal has ended, when it was because of a token that was replaced. */
export const replayedBy = (result: AuthResult): Ended | undefined => replays.get(result);
export const holderIn = ({ id, principal, credential, strategy }: SessionRecord): Ended => ({
  principal,
  credential,
  strategy,
  target: id,
});
const NOT_MINE: AuthResult = Object.freeze({ is: 'not-mine' });
const AWAY: AuthResult = Object.freeze({ is: 'unavailable', reason: 'sessions_unavailable', retryAfterMs: 1_000 });

/**
 * Finds a session by its token. One that is not known with this token may have been opened, refreshed or used at another process since:
 * the store is asked. Throws what the store throws, and when it has not answered for too long.
 */
export const findSession = async (
  { book, idle }: Pick<Sessions, 'book' | 'idle'>,
  id: string,
  token: string,
  now: number,
): Promise<SessionEntry | undefined> => {
  const known = book.find(id);
  if (known !== undefined && book.freshFor() > 0 && tokenIs(known.record, token) === 'current' && !isOver(known.record, idle, now)) return known;
  if (!book.answers()) throw new Error('the store of sessions does not answer');
  return book.lookUp(id);
};

const principals = new WeakMap<Principal, Principal>();
/**
 * Whoever showed a second factor when logging in has done so for the session; of anybody else it is asked as of the credential itself.
 * One object each, since what is compiled of a caller hangs on it.
 */
const loggedIn = (principal: Principal, { factor }: Pick<SessionRecord, 'factor'>): Principal => {
  if (factor !== 'done') return principal;
  const known = principals.get(principal);
  if (known !== undefined) return known;
  const made = Object.freeze<Principal>({ ...principal, factor: 'done' });
  principals.set(principal, made);
  return made;
};

/** The core's own strategy: tokens of sessions that were opened with a credential, for as long as that credential counts. */
export const sessionStrategy = (sessions: Sessions, host: Pick<Host, 'now' | 'log'>): Strategy => {
  const { book, strategies, idle } = sessions;
  // What is believed is not seen to be used.
  const believed = idle === undefined ? BELIEVED : Math.min(BELIEVED, idle / 10);
  const epoch = (): number => strategies.reduce((sum, { strategy }) => sum + (strategy.epoch?.() ?? 0), book.epoch());
  const judge = async (id: string, token: string): Promise<AuthResult> => {
    const at = epoch();
    const now = host.now();
    const entry = await findSession(sessions, id, token, now);
    if (entry === undefined) return denied('unknown');
    const { record } = entry;
    const is = tokenIs(record, token);
    if (is === 'stranger') return denied('wrong_secret');
    if (is !== 'current') {
      const refusal = denied('replaced', record.credential);
      const isReplay = (row: SessionRecord): boolean => wasReplaced(row, token, now - UNDER_WAY);
      if (isReplay(record) && (await sessions.end(id, isReplay))) replays.set(refusal, holderIn(record));
      return refusal;
    }
    if (isOver(record, idle, now)) return denied('expired', record.credential);
    const holder = await holderOf(strategies, record);
    if (holder === undefined) return denied('credential_gone', record.credential);
    sessions.touch(entry);
    const until = Math.min(now + believed, record.expiresAt, holder.expires ?? Number.POSITIVE_INFINITY, now + Math.max(0, book.freshFor()));
    return { is: 'principal', principal: loggedIn(holder, record), cacheUntil: until, epoch: at };
  };
  const strategy: AuthStrategy = {
    slots: ['session', 'bearer'],
    challenge: '',
    issued: true,
    epoch,
    authenticate({ credential: { slot, value } }) {
      if (slot !== 'session' && !value.startsWith(SESSION.prefix)) return NOT_MINE;
      const id = SESSION.idOf(value);
      return id === undefined ? denied('malformed') : judge(id, value).catch(() => AWAY);
    },
  };
  return Object.freeze({ kind: 'session', strategy });
};
