import {
  askedWait,
  asList,
  asNumber,
  asObject,
  asText,
  CODES,
  type Code,
  type ErrorLike,
  type Fields,
  type HeaderPairs,
  type Json,
  stringifyJson,
  textOf,
  type UpstreamReply,
  type WireError,
  waitOf,
} from '@llm-proxy-auth/plugin';
import { BY_STATUS, BY_WORD, QUOTA, WATSONX, WORD_OF, WORD_OF_STATUS } from './words.ts';

const LONGEST = 2_000;
/** Bytes of an answer that are looked at. */
const READ = 64 * 1024;
/** What IBM's texts may hold that must not reach a client: keys, tokens, account ids, addresses within. */
const SECRETS: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/\bBearer\s+[^\s"\\]+/gi, 'Bearer [redacted]'],
  [/\bZenApiKey\s+[^\s"\\]+/gi, 'ZenApiKey [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*/g, '[redacted]'],
  [/\blpas?_[A-Za-z0-9_-]+/g, '[redacted]'],
  [/\b(?:iam-ServiceId|iam-Profile|IBMid)-[A-Za-z0-9-]+/g, '[redacted]'],
  [/\bcrn:v1:[^\s"\\]+/g, '[redacted]'],
  [/https?:\/\/[^\s"\\/]*\.internal[^\s"\\]*/gi, '[redacted]'],
]);
/** The text without credentials, account ids and inner addresses. */
export const scrub = (text: string): string => SECRETS.reduce((t, [pattern, by]) => t.replace(pattern, by), text);

const parse = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
/** What an error body says. */
export interface Said {
  readonly word: string | undefined;
  readonly message: string | undefined;
  /** `status_code` of the body. */
  readonly status: number | undefined;
  /** The body is watsonx.ai's own envelope. */
  readonly own: boolean;
}
const SILENT: Said = Object.freeze({ word: undefined, message: undefined, status: undefined, own: false });
/** In the order of IBM's own SDK: `errors[0].message`, `error`, `message`, `errorMessage`; the model gateway has `error.message`. */
export const saidIn = (body: Json): Said => {
  const o = asObject(body);
  if (o === undefined) return SILENT;
  const first = asObject(asList(o.errors)[0]);
  const status = asNumber(o.status_code);
  if (first !== undefined) return { word: asText(first.code), message: asText(first.message), status, own: true };
  const inner: Fields = asObject(o.error) ?? {};
  return {
    word: asText(inner.code) ?? asText(o.errorCode) ?? asText(o.code),
    message: asText(inner.message) ?? asText(o.error) ?? asText(o.message) ?? asText(o.errorMessage) ?? asText(o.exception),
    status,
    own: false,
  };
};
/** The error of an answer's text. */
export const saidInText = (text: string): Said => saidIn(parse(text));

const TOO_LONG = /max(?:imum)? sequence length|maximum context length|context (?:window|length)|exceed[a-z]* the (?:model's )?max/i;
const codeFor = (status: number, { word, message }: Said): Code => {
  if ((status === 400 || status === 413) && TOO_LONG.test(message ?? '')) return 'context_length_exceeded';
  const named = BY_WORD[word ?? ''];
  if (named !== undefined && status < 500) return named;
  return BY_STATUS[status] ?? (status >= 400 && status < 500 ? 'upstream_rejected' : 'upstream_bad_response');
};
/** The provider's own 4xx, ours for the rest. */
const statusFor = (code: Code, status: number): number =>
  code === 'upstream_rate_limited' ? 429 : status >= 400 && status < 500 ? status : CODES[code] || 502;

/** What an error of watsonx.ai means; `text` is its source. */
export const errorOf = (status: number, said: Said, text: string, retryAfterMs?: number): ErrorLike => {
  const code = codeFor(status, said);
  const message = scrub(said.message?.trim() || `watsonx.ai answered with status ${status}.`).slice(0, LONGEST);
  return {
    code,
    status: statusFor(code, status),
    message,
    retryAfterMs,
    retry: said.word === QUOTA ? false : undefined,
    spent: said.word === QUOTA ? true : undefined,
    vendor: said.own ? { dialect: WATSONX, status, body: { json: scrub(text) } } : undefined,
  };
};
/** Reads an error answer; never throws. */
export const readError = (reply: UpstreamReply): ErrorLike => {
  const text = textOf(reply.body.subarray(0, READ)).trim();
  return errorOf(reply.status, saidInText(text), text, askedWait(reply.headers));
};

const wordOf = ({ code, status }: ErrorLike): string =>
  WORD_OF[code] ?? WORD_OF_STATUS[status] ?? (status >= 500 ? 'internal_error' : 'invalid_request_entity');
const envelope = (e: ErrorLike, status: number): string =>
  e.vendor?.dialect === WATSONX ? e.vendor.body.json : stringifyJson({ errors: [{ code: wordOf(e), message: e.message }], status_code: status });
/** An error in the envelope of watsonx.ai. */
export const error = (e: ErrorLike): WireError => {
  const status = e.status || CODES[e.code] || 502;
  const wait = waitOf(e);
  const headers: HeaderPairs = [
    'content-type',
    'application/json',
    ...(wait === undefined ? [] : ['retry-after', String(Math.max(1, Math.ceil(wait / 1_000)))]),
  ];
  return { status, headers, body: envelope(e, status) };
};
/** The same as the last event of a stream. */
export const errorEvent = (e: ErrorLike): string => `event: error\ndata: ${envelope(e, e.status || CODES[e.code] || 502)}\n\n`;
