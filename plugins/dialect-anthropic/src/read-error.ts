import {
  askedWait,
  asObject,
  asText,
  type Code,
  type ErrorLike,
  type Fields,
  type HeaderPairs,
  header,
  isObject,
  type Json,
  textOf,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { ANTHROPIC } from './wire.ts';
import { WORD_OF_STATUS } from './words.ts';

const LONGEST_MESSAGE = 2000;
/** What a provider's text may hold that must not reach a client: keys, tokens, account names, upstream addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/\b(?:sk|pk|rk|sess|key)-[A-Za-z0-9_*.…-]*[A-Za-z0-9_*…-]/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[redacted]'],
  [/\b(?:wrkspc|org)_[A-Za-z0-9]{6,}/g, '[redacted]'],
  [/\barn:aws[a-z-]*:[^\s"\\]+/g, '[redacted]'],
  [/https?:\/\/[^\s"\\/]*(?:\.amazonaws\.com|\.api\.aws|\.googleapis\.com|\.internal)[^\s"\\]*/gi, '[redacted]'],
]);
/** The text without credentials, account names and upstream addresses. */
export const scrub = (text: string): string => SECRETS.reduce((t, [pattern, by]) => t.replace(pattern, by), text);

const parse = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
interface Body {
  readonly error: Fields;
  readonly requestId: Json;
  /** Source of the body when it is the envelope already. */
  readonly canonical: string | undefined;
}
const isCanonical = (o: Fields, error: Fields): boolean => o.type === 'error' && typeof error.message === 'string' && typeof error.type === 'string';
/** `{type:"error",error:{…}}`, `{error:{…}}`, `[{error:{…}}]` (Vertex), `{error:"text"}`, `{message}`, `{Message}`, `{detail}`; undefined for HTML, empty and the rest. */
const readBody = (text: string): Body | undefined => {
  const parsed = parse(text);
  const o = asObject(Array.isArray(parsed) ? parsed[0] : parsed);
  if (o === undefined) return undefined;
  if (isObject(o.error)) return { error: o.error, requestId: o.request_id, canonical: !Array.isArray(parsed) && isCanonical(o, o.error) ? text : undefined };
  const message = asText(o.error) ?? asText(o.message) ?? asText(o.Message) ?? asText(o.detail);
  return message === undefined ? undefined : { error: { message }, requestId: undefined, canonical: undefined };
};

/** In the words of Anthropic, and of Bedrock for Anthropic's bodies. */
const TOO_LONG =
  /(?:prompt|input) is too long|exceed[a-z]* (?:the )?(?:model's )?context|context (?:window|length|limit)|input length and `max_tokens` exceed/i;
/** What `error.type` means when the status says nothing (an error under 200, in a stream). */
const STATUS_OF_TYPE: Readonly<Record<string, number>> = Object.freeze({
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
});
/** Limits that waiting does not lift. */
const SPENT = /^(?:enforced|contract|linked_organization)_spend_limit_reached$|^linked_organization_billing_unavailable$|^user_profile_\w*billing\w*$/;
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  402: 'upstream_rate_limited',
  408: 'upstream_timeout',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
});
const codeFor = (status: number, word: string | undefined, message: string): Code => {
  if (word !== undefined && SPENT.test(word)) return 'upstream_rate_limited';
  if ((status === 400 || status === 413) && TOO_LONG.test(message)) return 'context_length_exceeded';
  if (status === 404 && /^model: |\bmodel\b.*\bnot\b/i.test(message)) return 'model_not_found';
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_bad_response');
};
const STATUS: Readonly<Partial<Record<Code, number>>> = Object.freeze({
  upstream_timeout: 504,
  upstream_overloaded: 503,
  upstream_bad_response: 502,
  upstream_rate_limited: 429,
});
/** The status a client sees: the provider's own 4xx, ours for the rest; an error under a 200 is 400. */
const statusFor = (code: Code, status: number): number => STATUS[code] ?? (status >= 400 && status < 500 ? status : 400);

const canonicalBody = (body: Body, message: string, type: string, headers: HeaderPairs): string => {
  if (body.canonical !== undefined) return scrub(body.canonical);
  const { message: _m, type: _t, ...others } = body.error;
  return scrub(
    JSON.stringify({ type: 'error', error: { type, message, ...others }, request_id: asText(body.requestId) ?? header(headers, 'request-id') ?? null }),
  );
};

/** Reads a provider's error answer; whatever its form, it becomes the canonical envelope. Never throws. */
export const readError = (reply: UpstreamReply): ErrorLike => {
  const body = readBody(textOf(reply.body).trim());
  const error = body?.error ?? {};
  const message = scrub(asText(error.message)?.trim() || `The provider answered with status ${reply.status}.`).slice(0, LONGEST_MESSAGE);
  const details = asObject(error.details);
  const code = codeFor(reply.status, asText(details?.error_code), message);
  const spent = code === 'upstream_rate_limited' && (reply.status === 402 || SPENT.test(asText(details?.error_code) ?? ''));
  const type = asText(error.type) ?? WORD_OF_STATUS[reply.status] ?? (reply.status >= 500 ? 'api_error' : 'invalid_request_error');
  const shouldRetry = header(reply.headers, 'x-should-retry');
  return {
    code,
    status: statusFor(code, reply.status),
    message,
    param: asText(details?.param),
    retryAfterMs: askedWait(reply.headers),
    spent: spent ? true : undefined,
    retry: spent || shouldRetry === 'false' ? false : undefined,
    vendor: body === undefined ? undefined : { dialect: ANTHROPIC, status: reply.status, body: { json: canonicalBody(body, message, type, reply.headers) } },
  };
};
/** Reads an error that came under 200: an answer, or the `error` event of a stream. */
export const readErrorObject = (wire: Json): ErrorLike => {
  const type = asText(asObject(asObject(wire)?.error)?.type) ?? '';
  return readError({ status: STATUS_OF_TYPE[type] ?? 500, headers: [], body: new TextEncoder().encode(JSON.stringify(wire)) });
};

/** What AWS calls the errors of a stream, by the words of this dialect. */
const EXCEPTIONS: Readonly<Record<string, number>> = Object.freeze({
  throttlingException: 429,
  serviceUnavailableException: 529,
  validationException: 400,
  modelTimeoutException: 504,
});
/** An exception frame of an AWS event stream, `{"message":"…"}`. */
export const readException = (name: string, data: string): ErrorLike => {
  const status = EXCEPTIONS[name] ?? 500;
  const message = asText(asObject(parse(data))?.message) ?? `The provider ended its stream with ${name}.`;
  const body = JSON.stringify({ type: 'error', error: { type: WORD_OF_STATUS[status] ?? 'api_error', message } });
  return readError({ status, headers: [], body: new TextEncoder().encode(body) });
};
