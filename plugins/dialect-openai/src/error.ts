import type { ErrorLike, HeaderPairs, LimitLine, LimitState, Operation, WireError } from '@llm-proxy-auth/plugin';
import { OPENAI } from './wire.ts';
import { WORDS } from './words.ts';

/** Milliseconds a client should wait when an error of this code does not say. */
const WAIT: Readonly<Record<string, number>> = Object.freeze({
  draining: 1000,
  overloaded: 1000,
  upstream_overloaded: 1000,
  auth_unavailable: 1000,
  upstream_credentials_unavailable: 1000,
});
/** node7 retries after half a second when told to wait longer than this, so such waits also say "do not". */
const LONGEST_WAIT = 60_000;
const NEVER_RETRY: ReadonlySet<string> = new Set(['budget_exceeded', 'upstream_auth_failed']);

/** The vendor's own envelope, where this error came from a provider of this dialect and is not about our credential. */
const vendorBody = (e: ErrorLike): string | undefined => (e.vendor?.dialect === OPENAI && e.code !== 'upstream_auth_failed' ? e.vendor.body.json : undefined);
const paramOf = (e: ErrorLike): string | null => e.param ?? (e.code === 'context_length_exceeded' ? 'messages' : null);
const envelope = (e: ErrorLike, code: string): string => {
  const type = e.code === 'upstream_rejected' && e.status === 429 ? 'requests' : WORDS[e.code].type;
  return JSON.stringify({ error: { message: e.message, type, param: paramOf(e), code } });
};
const retryHeaders = (e: ErrorLike): string[] => {
  const wait = e.retryAfterMs ?? WAIT[e.code];
  const headers: string[] = [];
  if (wait !== undefined) {
    const ms = Math.max(1, Math.ceil(wait));
    headers.push('retry-after', String(Math.max(1, Math.ceil(ms / 1000))), 'retry-after-ms', String(ms));
  }
  if (e.retry === false || NEVER_RETRY.has(e.code) || (wait ?? 0) > LONGEST_WAIT) headers.push('x-should-retry', 'false');
  return headers;
};

/**
 * An answer with OpenAI's envelope `{"error":{message,type,param,code}}`, all four keys present. A provider's own error
 * object of this dialect passes as it came.
 */
export const error = (e: ErrorLike, _operation: Operation | undefined): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json', ...retryHeaders(e)],
  body: vendorBody(e) ?? envelope(e, WORDS[e.code].code),
});
/** The event that ends a broken chat, completions, image or audio stream; no `[DONE]` follows it. `code` is ours. */
export const errorEvent = (e: ErrorLike): string => `data: ${(vendorBody(e) ?? envelope(e, e.code)).replace(/[\r\n]+/g, ' ')}\n\n`;

/** `6m0s`, `1s`, `20ms`, `0s`: the form OpenAI's reset headers have. */
export const duration = (ms: number): string => {
  const whole = Math.max(0, Math.ceil(ms));
  if (whole === 0) return '0s';
  if (whole < 1000) return `${whole}ms`;
  const seconds = Math.ceil(whole / 1000);
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${seconds % 60}s`;
};
const line = (name: string, l: LimitLine | undefined): string[] =>
  l === undefined
    ? []
    : [
        `x-ratelimit-limit-${name}`,
        String(l.limit),
        `x-ratelimit-remaining-${name}`,
        String(Math.max(0, l.remaining)),
        `x-ratelimit-reset-${name}`,
        duration(l.resetMs),
      ];
/** Limits of ours in the names OpenAI clients read. */
export const rateHeaders = (limit: LimitState): HeaderPairs => [...line('requests', limit.requests), ...line('tokens', limit.tokens)];
