import {
  askedWait,
  asList,
  asNumber,
  asObject,
  asText,
  type Code,
  type ErrorLike,
  type Fields,
  type Json,
  some,
  textOf,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { GEMINI } from './wire.ts';
import { STATUS_OF_WORD, WORD_OF_STATUS } from './words.ts';

const LONGEST_MESSAGE = 2000;
/** What a provider's text may hold that must not reach a client: keys, tokens, account names, upstream addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/\bAIza[A-Za-z0-9_-]{10,}/g, '[redacted]'],
  [/\bya29\.[A-Za-z0-9._-]+/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[redacted]'],
  [/\bproject(?:s\/|_number:)[A-Za-z0-9-]+/g, 'projects/[redacted]'],
  [/\b[a-z0-9-]{1,63}@[a-z0-9-]{1,63}\.iam\.gserviceaccount\.com/g, '[redacted]'],
  [/https?:\/\/[^\s"\\/]*(?:aiplatform|generativelanguage)[^\s"\\]*/gi, '[redacted]'],
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
/** `{error:{…}}`, `[{error:{…}}]` (a stream in an array), `{error:[{…}]}`, `{error:"text"}`, `{message}`, `{detail}`; undefined for HTML, empty and the rest. */
const readBody = (text: string): Fields | undefined => {
  const parsed = parse(text);
  const o = asObject(Array.isArray(parsed) ? parsed[0] : parsed);
  if (o === undefined) return undefined;
  const error = asObject(Array.isArray(o.error) ? o.error[0] : o.error);
  if (error !== undefined) return error;
  const message = asText(o.error) ?? asText(o.message) ?? asText(o.detail);
  return message === undefined ? undefined : { message };
};
const TOO_LONG = /token count \(?[\d,]* ?\)?exceeds|exceeds the maximum number of tokens|maximum context|context (?:window|length)|too many tokens/i;
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  408: 'upstream_timeout',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
});
const codeFor = (status: number, message: string): Code => {
  if (status === 400 && TOO_LONG.test(message)) return 'context_length_exceeded';
  if (status === 404 && /\bmodels?\b/i.test(message)) return 'model_not_found';
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_bad_response');
};
const STATUS: Readonly<Partial<Record<Code, number>>> = Object.freeze({
  upstream_timeout: 504,
  upstream_overloaded: 503,
  upstream_bad_response: 502,
  upstream_rate_limited: 429,
});
/** The status a client sees: the provider's own 4xx, ours for the rest. */
const statusFor = (code: Code, status: number): number => STATUS[code] ?? (status >= 400 && status < 500 ? status : 400);

const detail = (details: readonly Json[], type: string): Fields | undefined =>
  details.map((one) => asObject(one)).find((one) => asText(one?.['@type'])?.endsWith(`google.rpc.${type}`) === true);
/** Milliseconds of a protobuf duration (`34.4s`). */
const durationOf = (wire: Json): number | undefined => {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(asText(wire) ?? '')?.[1];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
};
const messageOf = (error: Fields, status: number): string =>
  scrub(asText(error.message)?.trim() || `The provider answered with status ${status}.`).slice(0, LONGEST_MESSAGE);

/** Reads a provider's error answer; whatever its form, it becomes `{"error":{…}}`. The wait stands in `RetryInfo`, seldom in a header. Never throws. */
export const readError = (reply: UpstreamReply): ErrorLike => {
  const { status } = reply;
  const body = readBody(textOf(reply.body).trim());
  const error = body ?? {};
  const message = messageOf(error, status);
  const details = asList(error.details);
  const code = codeFor(status, message);
  const { code: _code, message: _message, status: word, ...others } = error;
  const vendor = { code: asNumber(error.code) ?? status, message, status: asText(word) ?? WORD_OF_STATUS[status] ?? 'UNKNOWN', ...others };
  const wait = askedWait(reply.headers) ?? durationOf(detail(details, 'RetryInfo')?.retryDelay);
  const field = asText(asObject(asList(detail(details, 'BadRequest')?.fieldViolations)[0])?.field);
  return {
    code,
    status: statusFor(code, status),
    message,
    ...some('param', field),
    ...some('retryAfterMs', wait),
    ...some('vendor', body === undefined ? undefined : { dialect: GEMINI, status, body: { json: scrub(JSON.stringify({ error: vendor })) } }),
  };
};
/** Reads an error that came under 200: an answer, or an event of a stream. */
export const readErrorObject = (wire: Json): ErrorLike => {
  const said = asObject(wire)?.error;
  const error = asObject(Array.isArray(said) ? said[0] : said) ?? {};
  const code = asNumber(error.code);
  const status = code !== undefined && code >= 400 && code <= 599 ? code : (STATUS_OF_WORD[asText(error.status) ?? ''] ?? 500);
  return readError({ status, headers: [], body: new TextEncoder().encode(JSON.stringify(wire)) });
};
