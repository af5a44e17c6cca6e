import {
  asObject,
  type ErrorLike,
  type HeaderPairs,
  type LimitLine,
  type LimitState,
  type Operation,
  parseJson,
  retryHeaders,
  stringifyJson,
  type WireError,
} from '@llm-proxy-auth/plugin';
import { durationMs } from './read-error.ts';
import { OPENAI } from './wire.ts';
import { WORDS, type Words } from './words.ts';

/** The vendor's own error object, but for a place that this client calls by another name. */
const withParam = (json: string, param: string | undefined): string => {
  const body = asObject(parseJson(json));
  const error = asObject(body?.error);
  return typeof error?.param !== 'string' || error.param === param ? json : stringifyJson({ ...body, error: { ...error, param: param ?? null } });
};
/** The vendor's own envelope, where this error came from a provider of this dialect and is not about our credential. */
const vendorBody = (e: ErrorLike): string | undefined =>
  e.vendor?.dialect === OPENAI && e.code !== 'upstream_auth_failed' ? withParam(e.vendor.body.json, e.param) : undefined;
/** A provider whose plan is used up has OpenAI's word for it, which says that waiting is of no use. */
const wordsOf = (e: ErrorLike): Words => WORDS[e.spent === true && e.code === 'upstream_rate_limited' ? 'budget_exceeded' : e.code];
const envelope = (e: ErrorLike, code: string): string => {
  const type = e.tokens === true ? 'tokens' : e.code === 'upstream_rejected' && e.status === 429 ? 'requests' : wordsOf(e).type;
  return JSON.stringify({ error: { message: e.message, type, param: e.param ?? null, code } });
};
/**
 * An answer with OpenAI's envelope `{"error":{message,type,param,code}}`, all four keys present. A provider's own error
 * object of this dialect passes as it came.
 */
export const error = (e: ErrorLike, _operation: Operation | undefined): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json', ...retryHeaders(e)],
  body: vendorBody(e) ?? envelope(e, wordsOf(e).code),
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
const readLine = (name: string, head: (name: string) => string | undefined): LimitLine | undefined => {
  const of = (member: string): string => head(`x-ratelimit-${member}-${name}`) ?? '';
  const [limit, remaining, resetMs] = [Number(of('limit') || Number.NaN), Number(of('remaining') || Number.NaN), durationMs(of('reset'))];
  return resetMs !== undefined && Number.isFinite(limit) && Number.isFinite(remaining) ? { limit, remaining, resetMs } : undefined;
};
/** Limits of the provider; a reset is a duration. */
export const readLimits = (head: (name: string) => string | undefined): LimitState => ({
  requests: readLine('requests', head),
  tokens: readLine('tokens', head),
});
