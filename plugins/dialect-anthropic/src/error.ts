import {
  asObject,
  asText,
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
import { ANTHROPIC } from './wire.ts';
import { WORD_OF_STATUS, WORDS } from './words.ts';

/** The vendor's own envelope as it came, where this error is from a provider of this dialect and not about our credential; one without an id says ours. */
const vendorBody = (e: ErrorLike, requestId: string | undefined): string | undefined => {
  if (e.vendor?.dialect !== ANTHROPIC || e.code === 'upstream_auth_failed') return undefined;
  const { json } = e.vendor.body;
  if (requestId === undefined) return json;
  const body = asObject(parseJson(json)) ?? {};
  return asText(body.request_id) === undefined ? stringifyJson({ ...body, request_id: requestId }) : json;
};
/** Codes that come with several statuses: what is not the caller's is an invalid request with 404. */
const BY_STATUS: ReadonlySet<string> = new Set(['upstream_rejected', 'invalid_request']);
const typeOf = (e: ErrorLike): string => (BY_STATUS.has(e.code) ? (WORD_OF_STATUS[e.status] ?? WORDS[e.code]) : WORDS[e.code]);
/** `param` is no member that clients know; it stands in the details beside our code, where they look for machine-readable causes. */
const envelope = (e: ErrorLike, requestId: string | undefined): string => {
  const details = { error_code: e.code, ...(e.param === undefined ? {} : { param: e.param }) };
  return JSON.stringify({ type: 'error', error: { type: typeOf(e), message: e.message, details }, request_id: requestId ?? null });
};
const written = (e: ErrorLike, requestId: string | undefined): string => vendorBody(e, requestId) ?? envelope(e, requestId);
/** An answer with the envelope `{"type":"error","error":{type,message,details},"request_id"}`. A provider's own error object of this dialect passes as it came. */
export const error = (e: ErrorLike, _operation: Operation | undefined, requestId?: string): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json', ...retryHeaders(e)],
  body: written(e, requestId),
});
/** The payload of the event that ends a broken stream, on one line. */
export const errorPayload = (e: ErrorLike, requestId?: string): string => written(e, requestId).replace(/[\r\n]+/g, ' ');
/** The event that ends a broken stream; nothing follows it. */
export const errorEvent = (e: ErrorLike, requestId?: string): string => `event: error\ndata: ${errorPayload(e, requestId)}\n\n`;

const line = (name: string, l: LimitLine | undefined, now: number): string[] => {
  if (l === undefined) return [];
  const head = `anthropic-ratelimit-${name}`;
  const reset = new Date(now + Math.max(0, Math.ceil(l.resetMs / 1000) * 1000)).toISOString().replace(/\.\d+Z$/, 'Z');
  return [`${head}-limit`, String(l.limit), `${head}-remaining`, String(Math.max(0, l.remaining)), `${head}-reset`, reset];
};
/** Limits of ours in the names Anthropic's clients read; `reset` is a time (RFC 3339), so it needs the clock. */
export const rateHeaders =
  (now: () => number) =>
  (limit: LimitState): HeaderPairs => [...line('requests', limit.requests, now()), ...line('tokens', limit.tokens, now())];
const readLine = (name: string, head: (name: string) => string | undefined, now: number): LimitLine | undefined => {
  const of = (member: string): string => head(`anthropic-ratelimit-${name}-${member}`) ?? '';
  const [limit, remaining, reset] = [Number(of('limit') || Number.NaN), Number(of('remaining') || Number.NaN), Date.parse(of('reset'))];
  return [limit, remaining, reset].every(Number.isFinite) ? { limit, remaining, resetMs: Math.max(0, reset - now) } : undefined;
};
/** Limits of the provider; a reset is a time. */
export const readLimits =
  (now: () => number) =>
  (head: (name: string) => string | undefined): LimitState => ({ requests: readLine('requests', head, now()), tokens: readLine('tokens', head, now()) });
