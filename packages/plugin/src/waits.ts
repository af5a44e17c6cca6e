import type { ErrorLike } from './error.ts';
import { type HeaderPairs, header } from './wire.ts';

/** Milliseconds a client should wait when an error of this code does not say. */
const WAIT: Readonly<Record<string, number>> = Object.freeze({
  draining: 1000,
  overloaded: 1000,
  upstream_overloaded: 1000,
  auth_unavailable: 1000,
  upstream_credentials_unavailable: 1000,
});
/** Clients do not wait longer than this but back off by themselves (OpenAI's SDK after half a second), so such waits also say "do not". */
const LONGEST_WAIT = 60_000;
const NEVER_RETRY: ReadonlySet<string> = new Set(['budget_exceeded', 'upstream_auth_failed']);

/** Milliseconds a client should wait before it repeats a call that ended with this error; undefined: nothing is known. */
export const waitOf = (e: ErrorLike): number | undefined => e.retryAfterMs ?? WAIT[e.code];
/** `retry-after`, `retry-after-ms` and `x-should-retry: false` as the SDKs of OpenAI and Anthropic read them. */
export const retryHeaders = (e: ErrorLike): string[] => {
  const wait = waitOf(e);
  const headers: string[] = [];
  if (wait !== undefined) {
    const ms = Math.max(1, Math.ceil(wait));
    headers.push('retry-after', String(Math.max(1, Math.ceil(ms / 1000))), 'retry-after-ms', String(ms));
  }
  if (e.retry === false || e.spent === true || NEVER_RETRY.has(e.code) || (wait ?? 0) > LONGEST_WAIT) headers.push('x-should-retry', 'false');
  return headers;
};

const secondsOrDate = (headers: HeaderPairs): number | undefined => {
  const text = header(headers, 'retry-after');
  if (text === undefined || text === '') return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const wait = Date.parse(text) - Date.parse(header(headers, 'date') ?? '');
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
};
/** Milliseconds that a provider's headers ask to wait. A recorded 429 has `retry-after: 1` beside `retry-after-ms: 0`, so the larger counts. */
export const askedWait = (headers: HeaderPairs): number | undefined => {
  const ms = header(headers, 'retry-after-ms');
  const asked = [ms === undefined || ms === '' ? undefined : Number(ms), secondsOrDate(headers)].filter(
    (n): n is number => n !== undefined && Number.isFinite(n) && n >= 0,
  );
  return asked.length > 0 ? Math.max(...asked) : undefined;
};
