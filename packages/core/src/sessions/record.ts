import { hash, timingSafeEqual } from 'node:crypto';
import type { Principal, Stored } from '@llm-proxy-auth/plugin';
import { rowValue, tokenForm } from '@llm-proxy-auth/plugin/issued';

/** Space of the store; the key of a row is the session's id. */
export const SESSIONS = 'sessions';
/** `lpas_<12 id>_<43 secret><6 checksum>`. */
export const SESSION = tokenForm('lpas_');
/** Tokens that were replaced and of which it is known when; older ones are known by what all tokens of a session begin with. */
const MOST_REPLACED = 50;

/** One login. Its token changes with every refresh, its id and its end do not. */
export interface SessionRecord {
  readonly id: string;
  /** SHA-256 of the token that counts now, base64url. */
  readonly token: string;
  /** SHA-256 of what the secrets of all its tokens begin with, base64url; absent in rows of releases before. */
  readonly family?: string | undefined;
  /** Earlier tokens: SHA-256 and when they were replaced, epoch ms. */
  readonly replaced: readonly (readonly [digest: string, at: number])[];
  /** Kind of the strategy, and the credential that it was opened with. */
  readonly strategy: string;
  readonly credential: string;
  readonly owner: string;
  /** `Principal.secretVersion` at the login. */
  readonly secretVersion?: string | undefined;
  readonly principal: string;
  /** Whether a second factor was shown when it was opened. */
  readonly factor: 'none' | 'done';
  /** Epoch ms. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** About when it was last used: written rarely. */
  readonly usedAt: number;
}
export interface SessionEntry {
  readonly record: SessionRecord;
  readonly version: number;
}

const TEXTS = ['id', 'token', 'strategy', 'credential', 'owner', 'principal'] as const;
const NUMBERS = ['createdAt', 'expiresAt', 'usedAt'] as const;
/** Undefined when the row is not what this release writes. */
export const readSession = ({ value, version }: Stored, id: string): SessionEntry | undefined => {
  const record = rowValue(value) as SessionRecord | null | undefined;
  if (record === null || typeof record !== 'object' || record.id !== id || !Array.isArray(record.replaced)) return undefined;
  const whole = TEXTS.every((key) => typeof record[key] === 'string') && NUMBERS.every((key) => Number.isSafeInteger(record[key]));
  // A row that does not say so is of a login that showed none.
  return whole ? { record: Object.freeze({ ...record, factor: record.factor === 'done' ? 'done' : 'none' }), version } : undefined;
};

export const digestOf = (token: string): string => hash('sha256', token, 'base64url');
const same = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** What a token is to a session: the one that counts, one that was replaced (epoch ms when; 0 = long ago), or a stranger's. */
export const tokenIs = (record: SessionRecord, token: string): 'current' | 'stranger' | number => {
  const digest = digestOf(token);
  if (same(record.token, digest)) return 'current';
  const at = record.replaced.find(([before]) => same(before, digest))?.[1];
  if (at !== undefined) return at;
  return typeof record.family === 'string' && same(record.family, digestOf(SESSION.stemOf(token))) ? 0 : 'stranger';
};

/** Whether a token of a session was replaced, at `until` (epoch ms) at the latest. */
export const wasReplaced = (record: SessionRecord, token: string, until = Number.POSITIVE_INFINITY): boolean => {
  const is = tokenIs(record, token);
  return typeof is === 'number' && is <= until;
};

export const opened = (token: { readonly id: string; readonly token: string }, by: Principal, now: number, ttl: number): SessionRecord => ({
  id: token.id,
  token: digestOf(token.token),
  family: digestOf(SESSION.stemOf(token.token)),
  replaced: [],
  strategy: by.strategy,
  credential: by.credential,
  owner: by.owner,
  ...(by.secretVersion === undefined ? {} : { secretVersion: by.secretVersion }),
  principal: by.id,
  factor: by.factor === 'done' ? 'done' : 'none',
  createdAt: now,
  expiresAt: Math.min(now + ttl, by.expires ?? Number.MAX_SAFE_INTEGER),
  usedAt: now,
});
/** The same session with another token. */
export const renewed = (record: SessionRecord, token: string, now: number): SessionRecord => ({
  ...record,
  token: digestOf(token),
  family: digestOf(SESSION.stemOf(token)),
  replaced: [[record.token, now] as const, ...record.replaced].slice(0, MOST_REPLACED),
  usedAt: now,
});
