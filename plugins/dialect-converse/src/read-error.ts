import { Buffer } from 'node:buffer';
import { asObject, asText, type Code, type ErrorLike, type Fields, header, textOf, type UpstreamReply } from '@llm-proxy-auth/plugin';
import { CONVERSE } from './wire.ts';
import { typeFor } from './words.ts';

const LONGEST_MESSAGE = 2000;
/** What a provider's text may hold that must not reach a client: account ids in ARNs, key ids, tokens, upstream addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/\barn:aws[a-z-]*:[^\s"\\]+/g, '[redacted]'],
  [/\b(?:AKIA|ASIA|AROA|AIDA|ABSK)[A-Za-z0-9+/=]{8,}/g, '[redacted]'],
  [/\bbedrock-api-key-[A-Za-z0-9+/=_-]+/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/https?:\/\/[^\s"\\/]*(?:\.amazonaws\.com|\.amazonaws\.com\.cn|\.api\.aws|\.internal)[^\s"\\]*/gi, '[redacted]'],
]);
const scrub = (text: string): string => SECRETS.reduce((t, [pattern, by]) => t.replace(pattern, by), text);

const parse = (text: string): Fields | undefined => {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
};
/** `com.amazon.coral.service#ThrottlingException:http://…` → `ThrottlingException`. */
const bareType = (text: string | undefined): string | undefined => {
  const name = text?.split(':', 1)[0]?.split('#').at(-1);
  return name === undefined || !/^[A-Za-z][A-Za-z0-9_.]{0,80}$/.test(name) ? undefined : name;
};
const TOO_LONG = /too long|too many (?:input )?tokens(?! per)|input tokens exceed|context (?:window|length)|exceeds? (?:the )?maximum length/i;
const NO_MODEL = /model identifier is invalid|provided model doesn't exist/i;
/** The model counts no tokens: clients that get a 404 for it count themselves. */
const NO_COUNT = /doesn't support counting tokens/i;
const PER_DAY = /per day/i;
/** Errors about the credential that the gateway signed with: a client can do nothing about them. */
const CREDENTIAL: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'ExpiredTokenException',
  'ExpiredToken',
  'InvalidClientTokenId',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestTimeTooSkewed',
  'RequestExpired',
]);
const BY_TYPE: Readonly<Record<string, Code>> = Object.freeze({
  ResourceNotFoundException: 'model_not_found',
  FTUFormNotFilled: 'model_not_found',
  UnknownOperationException: 'operation_not_supported',
  ServiceQuotaExceededException: 'upstream_rate_limited',
  ThrottlingException: 'upstream_rate_limited',
  TooManyRequestsException: 'upstream_rate_limited',
  ModelTimeoutException: 'upstream_timeout',
  ModelErrorException: 'upstream_bad_response',
  ModelStreamErrorException: 'upstream_bad_response',
  ModelNotReadyException: 'upstream_overloaded',
  InternalServerException: 'upstream_bad_response',
  InternalFailure: 'upstream_bad_response',
  ServiceUnavailableException: 'upstream_overloaded',
});
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  404: 'model_not_found',
  408: 'upstream_timeout',
  424: 'upstream_bad_response',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
});
const codeFor = (type: string | undefined, status: number, message: string): Code => {
  if (type !== undefined && CREDENTIAL.has(type)) return 'upstream_auth_failed';
  if ((type === 'ValidationException' || type === undefined) && (status === 400 || status === 413)) {
    if (TOO_LONG.test(message)) return 'context_length_exceeded';
    if (NO_MODEL.test(message)) return 'model_not_found';
    if (NO_COUNT.test(message)) return 'operation_not_supported';
  }
  return BY_TYPE[type ?? ''] ?? BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_bad_response');
};
const STATUS: Readonly<Partial<Record<Code, number>>> = Object.freeze({
  upstream_auth_failed: 502,
  upstream_timeout: 504,
  upstream_overloaded: 503,
  upstream_bad_response: 502,
  upstream_rate_limited: 429,
  model_not_found: 404,
  operation_not_supported: 404,
});
/** The status a client sees: the provider's own 4xx, ours for the rest; an error under a 200 is 400. */
const statusFor = (code: Code, status: number): number => STATUS[code] ?? (status >= 400 && status < 500 ? status : 400);
const retryAfter = (reply: UpstreamReply): number | undefined => {
  const text = header(reply.headers, 'retry-after');
  const seconds = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
};
const AUTH = 'The provider refused the credential of the gateway.';

/** The body with the exception's name in it, where status and code alone do not say it. */
const bodyWith = (body: Fields, type: string | undefined, code: Code, status: number): string => {
  const named = type === undefined || type === typeFor(code, status) || body.__type !== undefined ? body : { __type: type, ...body };
  return scrub(JSON.stringify(named));
};
/** Reads a provider's error answer, whatever its form. Never throws. */
export const readErrorReply = (reply: UpstreamReply): ErrorLike => {
  const body = parse(textOf(reply.body).trim());
  const inner = asObject(body?.Output);
  const type = bareType(header(reply.headers, 'x-amzn-errortype') ?? asText(body?.__type) ?? asText(inner?.__type) ?? asText(body?.code));
  const said = asText(body?.message) ?? asText(body?.Message) ?? asText(asObject(body?.error)?.message);
  const message = scrub(said?.trim() || `The provider answered with status ${reply.status}.`).slice(0, LONGEST_MESSAGE);
  const code = codeFor(type, reply.status, message);
  const status = statusFor(code, reply.status);
  if (code === 'upstream_auth_failed') return { code, status, message: AUTH, retry: false };
  const own = body !== undefined && typeof body.message === 'string';
  return {
    code,
    status,
    message,
    param: asText(body?.param),
    retryAfterMs: retryAfter(reply),
    retry: code === 'upstream_rate_limited' && PER_DAY.test(message) ? false : undefined,
    vendor: own ? { dialect: CONVERSE, status: reply.status, body: { json: bodyWith(body, type, code, status) } } : undefined,
  };
};
/** Statuses that the exceptions of a stream have when they come as an answer. */
const STREAM_STATUS: Readonly<Record<string, number>> = Object.freeze({
  ValidationException: 400,
  ThrottlingException: 429,
  ModelStreamErrorException: 424,
  ModelTimeoutException: 408,
  ServiceUnavailableException: 503,
  InternalServerException: 500,
});
/** Reads an exception or error among the events of a stream. `type`: `exception:throttlingException`, `error:<code>`. */
export const readException = (type: string, data: string): ErrorLike => {
  const word = type.slice(type.indexOf(':') + 1);
  const name = `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
  return readErrorReply({ status: STREAM_STATUS[name] ?? 500, headers: ['x-amzn-errortype', name], body: Buffer.from(data) });
};
