import {
  askedWait,
  asObject,
  asText,
  type Code,
  type ErrorLike,
  type Fields,
  header,
  isObject,
  type Json,
  textOf,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { OPENAI } from './wire.ts';

const LONGEST_MESSAGE = 2000;
/** What a provider's text may hold that must not reach a client: keys and their ends, tokens, account ids, upstream addresses. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/(api key provided:\s*)[^\s"\\]*[^\s".\\]/gi, '$1[redacted]'],
  [/\b(?:sk|pk|rk|sess|key)-[A-Za-z0-9_*.…-]*[A-Za-z0-9_*…-]/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[redacted]'],
  [/\b(?:org|proj)[-_][A-Za-z0-9]{6,}/g, '[redacted]'],
  [/\barn:aws[a-z-]*:[^\s"\\]+/g, '[redacted]'],
  [/https?:\/\/[^\s"\\/]*(?:\.azure\.com|\.azure\.us|\.azure\.cn|\.amazonaws\.com|\.googleapis\.com|\.internal)[^\s"\\]*/gi, '[redacted]'],
]);
/** The text without credentials, account ids and upstream addresses. */
export const scrub = (text: string): string => SECRETS.reduce((t, [pattern, by]) => t.replace(pattern, by), text);

interface Body {
  /** Members of the vendor's error object, whatever envelope it came in. */
  readonly fields: Fields;
  /** Source of the body when it is the canonical envelope already. */
  readonly canonical: string | undefined;
}
const parse = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const isCanonical = (o: Fields, error: Fields): boolean =>
  Object.keys(o).length === 1 &&
  typeof error.message === 'string' &&
  typeof error.type === 'string' &&
  (typeof error.param === 'string' || error.param === null) &&
  (typeof error.code === 'string' || error.code === null);
/** `{error:{…}}`, `[{error:{…}}]`, `{error:"text"}`, flat `{message,code}`, `{detail}`, `{statusCode,message}`; undefined for HTML, empty and the rest. */
const readBody = (text: string): Body | undefined => {
  const parsed = parse(text);
  const o = asObject(Array.isArray(parsed) ? parsed[0] : parsed);
  if (o === undefined) return undefined;
  if (isObject(o.error)) return { fields: o.error, canonical: !Array.isArray(parsed) && isCanonical(o, o.error) ? text : undefined };
  const message = asText(o.error) ?? asText(o.message) ?? asText(o.detail) ?? asText(o.title) ?? asText(o.error_description);
  if (message !== undefined) return { fields: { ...o, error: undefined, message }, canonical: undefined };
  return o.detail === undefined ? undefined : { fields: { message: JSON.stringify(o.detail) }, canonical: undefined };
};
const wordOf = (v: Json): string | undefined => (typeof v === 'number' ? String(v) : asText(v) === '' ? undefined : asText(v));
/** Azure and others say the status in `code`; that names nothing. */
const codeOf = (f: Fields): string | undefined => {
  const code = wordOf(f.code);
  return code !== undefined && /^\d{3}$/.test(code) ? undefined : code;
};

const DURATION = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;
/** `period`: seconds after which the limit is renewed, where the service says it. A bare number beyond that was milliseconds (recorded at Azure). */
export const durationMs = (text: string | undefined, period = Number.POSITIVE_INFINITY): number | undefined => {
  if (text === undefined || text === '') return undefined;
  const bare = Number(text);
  if (Number.isFinite(bare)) return bare > period ? bare : bare * 1000;
  const m = DURATION.exec(text);
  return m === null ? undefined : Number(m[1] ?? 0) * 3_600_000 + Number(m[2] ?? 0) * 60_000 + Number(m[3] ?? 0) * 1000 + Number(m[4] ?? 0);
};
/** How long the provider asks to wait. */
const retryAfter = (reply: UpstreamReply, message: string): number | undefined => {
  const asked = askedWait(reply.headers);
  if (asked !== undefined) return asked;
  if (reply.status !== 429) return undefined;
  const spoken = /(?:retry after|try again in) (\d+(?:\.\d+)?) ?(ms|s)/i.exec(message);
  if (spoken !== null) return Math.ceil(Number(spoken[1]) * (spoken[2] === 'ms' ? 1 : 1000));
  // Both spellings are sent.
  const limit = (name: string): string | undefined => header(reply.headers, `x-ratelimit-${name}`) ?? header(reply.headers, `x-rate-limit-${name}`);
  const exhausted = ['requests', 'tokens'].filter((n) => (limit(`remaining-${n}`) ?? '0') === '0');
  const resets = exhausted.flatMap((n) => durationMs(limit(`reset-${n}`), Number(limit(`renewalperiod-${n}`) ?? Number.POSITIVE_INFINITY)) ?? []);
  return resets.length > 0 ? Math.max(...resets) : undefined;
};

/** Vendor words that mean one of our codes, wherever the status is. */
const BY_WORD: Readonly<Record<string, Code>> = Object.freeze({
  context_length_exceeded: 'context_length_exceeded',
  content_filter: 'content_filtered',
  contentFilter: 'content_filtered',
  content_policy_violation: 'content_filtered',
  moderation_blocked: 'content_filtered',
  ResponsibleAIPolicyViolation: 'content_filtered',
  model_not_found: 'model_not_found',
  DeploymentNotFound: 'model_not_found',
  insufficient_quota: 'upstream_rate_limited',
  slow_down: 'upstream_overloaded',
  server_is_overloaded: 'upstream_overloaded',
});
/** Words of compatible services for what OpenAI has a word of its own. */
const OPENAI_WORD: Readonly<Record<string, string>> = Object.freeze({
  DeploymentNotFound: 'model_not_found',
  contentFilter: 'content_filter',
  ResponsibleAIPolicyViolation: 'content_filter',
  RateLimitReached: 'rate_limit_exceeded',
  too_many_requests: 'rate_limit_exceeded',
});
/** What OpenAI says where a service gives no word but the status. */
const WORD_OF_STATUS: Readonly<Record<number, string>> = Object.freeze({ 429: 'rate_limit_exceeded' });
const TOO_LONG = /maximum context length|context[_ ]length[_ ]exceeded|context window|too many (?:input )?tokens/i;
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  408: 'upstream_timeout',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
});
const codeFor = (status: number, word: string | undefined, type: string | undefined, message: string): Code => {
  const named = BY_WORD[word ?? ''] ?? BY_WORD[type ?? ''];
  if (named !== undefined && (status < 500 || named === 'upstream_overloaded')) return named;
  if ((status === 400 || status === 413) && TOO_LONG.test(message)) return 'context_length_exceeded';
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

const canonicalBody = (body: Body, message: string, type: string, code: string | undefined): string => {
  if (body.canonical !== undefined) return scrub(body.canonical);
  const { message: _m, type: _t, param, code: _c, error: _e, ...others } = body.fields;
  return scrub(JSON.stringify({ error: { message, type, param: asText(param) ?? null, code: code ?? null, ...others } }));
};
const said = (status: number): string => `The provider answered with status ${status}.`;

/** Reads a provider's error answer; whatever its form, it becomes the canonical envelope. Never throws. */
export const readError = (reply: UpstreamReply): ErrorLike => {
  const body = readBody(textOf(reply.body).trim());
  const fields = body?.fields ?? {};
  const message = scrub(asText(fields.message)?.trim() || said(reply.status)).slice(0, LONGEST_MESSAGE);
  const word = codeOf(fields);
  const vendorType = asText(fields.type);
  const code = codeFor(reply.status, word, vendorType, message);
  const status = statusFor(code, reply.status);
  const type = vendorType ?? (status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error');
  const quota = word === 'insufficient_quota' || vendorType === 'insufficient_quota';
  return {
    code,
    status,
    message,
    param: asText(fields.param),
    retryAfterMs: retryAfter(reply, message),
    spent: quota ? true : undefined,
    retry: quota || status === 409 ? false : undefined,
    vendor:
      body === undefined
        ? undefined
        : {
            dialect: OPENAI,
            status: reply.status,
            body: { json: canonicalBody(body, message, type, OPENAI_WORD[word ?? ''] ?? word ?? WORD_OF_STATUS[reply.status]) },
          },
  };
};
/** Reads the `error` member of a stream event or of an answer under 200. */
export const readErrorMember = (error: Json): ErrorLike =>
  readError({ status: statusHint(error), headers: [], body: new TextEncoder().encode(JSON.stringify({ error })) });
const isStatus = (n: Json): n is number => typeof n === 'number' && n >= 400 && n < 600;
/** Statuses that the words of errors under a 200 stand for: OpenAI's own, and Azure's; the rest are the provider's failures. */
const STATUS_OF_WORD: Readonly<Record<string, number>> = Object.freeze({
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  too_many_requests: 429,
  RateLimitReached: 429,
  invalid_prompt: 400,
  bio_policy: 400,
  misalignment_policy_violation: 400,
  content_filter: 400,
  contentFilter: 400,
  content_policy_violation: 400,
  ResponsibleAIPolicyViolation: 400,
  context_length_exceeded: 400,
  ServiceUnavailable: 503,
  Timeout: 504,
});
/** 500 for a word that stands for no other. */
export const statusOfWord = (word: string): number => (Object.hasOwn(STATUS_OF_WORD, word) ? (STATUS_OF_WORD[word] ?? 500) : 500);
/** Some servers put the status they mean into the error object, as a number or as text; others say it by a word. */
export const statusHint = (error: Json): number => {
  const { code, status } = asObject(error) ?? {};
  const said = [code, status].map((one) => (typeof one === 'string' && /^\d{3}$/.test(one) ? Number(one) : one)).find(isStatus);
  return said ?? statusOfWord(asText(code) ?? '');
};
