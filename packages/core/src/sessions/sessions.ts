import { GatewayError, type Host, type Principal, type Stored } from '@llm-proxy-auth/plugin';
import { allRows, type Book, jsonText, pollBook, recordBook } from '@llm-proxy-auth/plugin/issued';
import type { Strategy } from '../graph.ts';
import { opened, readSession, renewed, SESSION, SESSIONS, type SessionEntry, type SessionRecord } from './record.ts';

/** What a caller is given: the token is shown once. */
export interface Issued {
  readonly token: string;
  readonly record: SessionRecord;
}
/** The sessions of one configuration, kept up to date with the store. */
export interface Sessions {
  readonly book: Book<SessionEntry>;
  readonly strategies: readonly Strategy[];
  /** Ms; `idle` undefined = any length of silence. */
  readonly ttl: number;
  readonly idle: number | undefined;
  /** Throws `invalid_request` where the strategy cannot say later whether the credential still counts. */
  open(principal: Principal): Promise<Issued>;
  /** `token`: the one that counts. Undefined when somebody else was faster. */
  refresh(entry: SessionEntry, token: string): Promise<Issued | undefined>;
  /** Ends a session, whatever its state; with `isMeant`, only one that the store has so. False: it was ended before, or is not meant. */
  end(id: string, isMeant?: (record: SessionRecord) => boolean): Promise<boolean>;
  /** Notes that it is used; written rarely, and never waited for. */
  touch(entry: SessionEntry): void;
  /** Those that are not over. */
  list(): Promise<readonly SessionRecord[]>;
}
/** How often rows of sessions that are over are swept out, at most, ms. */
const SWEEP = 600_000;
/** Sessions of one owner: the one more ends those that were used longest ago, so that nobody fills the store by logging in. */
const MOST_OF_ONE = 256;
/** A use is written when the one before is older than this share of `idle`, or than ten minutes. */
const WRITTEN = 0.1;
const UNHURRIED = 600_000;
const books = new WeakMap<Host, Book<SessionEntry>>();
/** The book that a gateway's own sessions read; undefined where nobody serves, as on the command line. */
export const bookOf = (host: Host): Book<SessionEntry> | undefined => books.get(host);

/** Ends a session in the store, as it was read there; whoever serves from the same host knows at once. */
export const endSession = async (host: Host, id: string, isMeant?: (record: SessionRecord) => boolean): Promise<boolean> => {
  for (;;) {
    const row = await host.store.get(SESSIONS, id);
    if (row === undefined) return false;
    if (isMeant !== undefined) {
      const entry = readSession(row, id);
      if (entry === undefined || !isMeant(entry.record)) return false;
    }
    if (!(await host.store.commit([{ space: SESSIONS, key: id, expect: row.version }]))) continue;
    bookOf(host)?.forget([id]);
    return true;
  }
};
export const isOver = (record: SessionRecord, idle: number | undefined, now: number): boolean =>
  now >= record.expiresAt || (idle !== undefined && now - record.usedAt >= idle);

export const makeSessions = (
  host: Host,
  strategies: readonly Strategy[],
  { ttl, idle }: { readonly ttl: number; readonly idle: number | undefined },
): Sessions => {
  const { store } = host;
  const book = recordBook<SessionEntry>(host, { space: SESSIONS, read: readSession, what: 'sessions' });
  books.set(host, book);
  void pollBook(book, 'sessions', host);
  let swept = host.now();
  const rows = (): Promise<readonly (SessionEntry | undefined)[]> =>
    allRows(store, SESSIONS, (id, value) => readSession({ value, version: 0 } satisfies Stored, id));
  const sweep = async (): Promise<void> => {
    const now = host.now();
    if (now - swept < SWEEP) return;
    swept = now;
    for (const entry of await rows()) if (entry !== undefined && isOver(entry.record, idle, now)) await endSession(host, entry.record.id);
  };
  const makeRoom = async (owner: string): Promise<void> => {
    const now = host.now();
    const own = [...book.all()].map(({ record }) => record).filter((record) => record.owner === owner && !isOver(record, idle, now));
    const many = own.length - (MOST_OF_ONE - 1);
    if (many <= 0) return;
    for (const { id } of own.toSorted((a, b) => a.usedAt - b.usedAt).slice(0, many)) await endSession(host, id);
  };
  const written = idle === undefined ? UNHURRIED : Math.min(UNHURRIED, idle * WRITTEN);
  const touching = new Set<string>();
  const put = async (record: SessionRecord, expect: number): Promise<boolean> => {
    const done = await store.commit([{ space: SESSIONS, key: record.id, expect, value: jsonText(record) }]);
    if (done) book.forget([record.id]);
    return done;
  };
  return {
    book,
    strategies,
    ttl,
    idle,
    async open(principal) {
      const held = strategies.find(({ kind, strategy }) => kind === principal.strategy && strategy.current !== undefined);
      if (held === undefined) throw new GatewayError('invalid_request', 'No session can be opened with a credential of this kind.', { param: 'api_key' });
      void sweep().catch(() => host.log.warn({}, 'sessions that are over cannot be swept out yet'));
      await makeRoom(principal.owner);
      const token = SESSION.make();
      const record = opened(token, principal, host.now(), ttl);
      if (!(await put(record, 0))) throw new GatewayError('overloaded', 'The session could not be opened; try again.', { retryAfterMs: 1_000 });
      return { token: token.token, record };
    },
    async refresh({ record, version }, before) {
      const { token } = SESSION.make(record.id, SESSION.stemOf(before));
      const next = renewed(record, token, host.now());
      return (await put(next, version)) ? { token, record: next } : undefined;
    },
    end: (id, isMeant) => endSession(host, id, isMeant),
    touch({ record, version }) {
      const now = host.now();
      if (now - record.usedAt < written || touching.has(record.id)) return;
      touching.add(record.id);
      put({ ...record, usedAt: now }, version)
        .catch(() => host.log.warn({}, 'when a session was last used cannot be written'))
        .finally(() => touching.delete(record.id));
    },
    async list() {
      const now = host.now();
      return (await rows()).flatMap((entry) => (entry === undefined || isOver(entry.record, idle, now) ? [] : [entry.record]));
    },
  };
};
