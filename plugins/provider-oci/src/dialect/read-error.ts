import { Buffer } from 'node:buffer';
import { askedWait, asObject, asText, type Code, type ErrorLike, type Fields, isObject, type Json, textOf, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { OCI } from './name.ts';

const LONGEST_MESSAGE = 2000;
/** What a provider's text may hold that must not reach a client: ids of the account, tokens, key ids, upstream addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/\bocid1\.[a-z0-9]+\.[A-Za-z0-9._-]+/g, '[redacted]'],
  [/\bST\$[A-Za-z0-9._-]+/g, '[redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[redacted]'],
  [/\b[0-9a-f]{2}(?::[0-9a-f]{2}){15,}\b/gi, '[redacted]'],
  [/\bsk-[A-Za-z0-9_*-]+/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/https?:\/\/[^\s"\\/]*(?:\.oraclecloud[0-9]*\.com|\.oraclecloud\.eu|\.oraclegovcloud\.(?:com|uk)|\.internal)[^\s"\\]*/gi, '[redacted]'],
]);
const scrub = (text: string): string => SECRETS.reduce((t, [pattern, by]) => t.replace(pattern, by), text);
/** What a client may be shown of a message of the provider. */
export const scrubbed = (text: string): string => scrub(text.trim()).slice(0, LONGEST_MESSAGE);
const parse = (text: string): Fields | undefined => {
  try {
    const value: Json = JSON.parse(text);
    return asObject(value);
  } catch {
    return undefined;
  }
};
const TOO_LONG =
  /context (?:length|window)|too many tokens|maximum (?:context|input|prompt)|prompt is too long|exceeds? the (?:maximum|limit) (?:number )?of (?:\w+ )?tokens/i;
/** Codes of OCI and ours for them. https://docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm */
const BY_CODE: Readonly<Record<string, Code>> = Object.freeze({
  NotAuthenticated: 'upstream_auth_failed',
  NotAuthorizedOrNotFound: 'model_not_found',
  TooManyRequests: 'upstream_rate_limited',
  QuotaExceeded: 'upstream_rate_limited',
  LimitExceeded: 'upstream_rate_limited',
  PayloadTooLarge: 'body_too_large',
  RequestEntityTooLarge: 'body_too_large',
  CannotParseRequest: 'invalid_request',
  InvalidParameter: 'invalid_request',
  MissingParameter: 'invalid_request',
  RelatedResourceNotAuthorizedOrNotFound: 'model_not_found',
  ServiceUnavailable: 'upstream_overloaded',
  InternalServerError: 'upstream_bad_response',
});
/** What waiting does not lift: what the tenancy may use at all. */
const SPENT: ReadonlySet<string> = new Set(['QuotaExceeded', 'LimitExceeded']);
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  400: 'invalid_request',
  401: 'upstream_auth_failed',
  404: 'model_not_found',
  408: 'upstream_timeout',
  413: 'body_too_large',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
});
const STATUS: Readonly<Partial<Record<Code, number>>> = Object.freeze({
  upstream_auth_failed: 502,
  upstream_timeout: 504,
  upstream_overloaded: 503,
  upstream_bad_response: 502,
  upstream_rate_limited: 429,
});
const codeFor = (code: string, status: number, message: string): Code => {
  if (status === 400 && TOO_LONG.test(message)) return 'context_length_exceeded';
  return BY_CODE[code] ?? BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_bad_response');
};
/** The status a client sees: the provider's own 4xx, ours for the rest; an error under a 200 is 400. */
const statusFor = (code: Code, status: number): number => STATUS[code] ?? (status >= 400 && status < 500 ? status : 400);
const AUTH = 'The provider refused the credential of the gateway.';
/** OCI does not say which of the two it is, so that nobody learns what exists. */
const NOT_SAID = /^Authorization failed or requested resource not found\.?$/i;
const HINT = ' At OCI this is also what a missing policy, another region or another compartment is answered with.';

/** Models of Google behind OCI answer with their own error object, as an object or inside the message. */
const nested = (body: Fields): Fields | undefined => {
  const inner = asObject(body.error) ?? asObject(parse(asText(body.message) ?? '')?.error);
  return typeof inner?.message === 'string' ? inner : undefined;
};
/** Reads a provider's error answer, whatever its form. Never throws. */
export const readErrorReply = (reply: UpstreamReply): ErrorLike => {
  const body = parse(textOf(reply.body).trim());
  const inner = body === undefined ? undefined : nested(body);
  const said = asText(inner?.message) ?? asText(body?.message) ?? asText(body?.errorMessage);
  const message = scrubbed(said ?? '') || `The provider answered with status ${reply.status}.`;
  const code = codeFor(asText(body?.code) ?? '', reply.status, message);
  const status = statusFor(code, reply.status);
  if (code === 'upstream_auth_failed') return { code, status, message: AUTH, retry: false };
  const own = body !== undefined && typeof body.message === 'string';
  const spent = SPENT.has(asText(body?.code) ?? '');
  return {
    code,
    status,
    message: NOT_SAID.test(message) ? `${message}${HINT}` : message,
    retryAfterMs: askedWait(reply.headers),
    ...(spent ? { retry: false, spent } : {}),
    vendor: own ? { dialect: OCI, status: reply.status, body: { json: scrub(JSON.stringify(body)) } } : undefined,
  };
};

const STREAM_STATUS = 500;
/** An error among the events of a stream; undefined for every other event. */
export const readEvent = (event: Fields): ErrorLike | undefined => {
  const told = typeof event.errorMessage === 'string' && event.errorMessage !== '' && event.finishReason === undefined;
  const coded = typeof event.message === 'string' && (typeof event.code === 'string' || typeof event.code === 'number');
  if (!told && !coded && !isObject(event.error)) return undefined;
  const status = Number(event.code ?? asObject(event.error)?.code);
  const headers: readonly string[] = [];
  return readErrorReply({ status: status >= 400 && status < 600 ? status : STREAM_STATUS, headers, body: Buffer.from(JSON.stringify(event)) });
};
