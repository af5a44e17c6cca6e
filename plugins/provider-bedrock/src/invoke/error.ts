import {
  CODES,
  type Code,
  type ErrorLike,
  type HeaderPairs,
  header,
  stringifyJson,
  type UpstreamReply,
  type VendorError,
  type WireError,
} from '@llm-proxy-auth/plugin';
import { readRefusal } from '../rejected.ts';

export const NAME = 'bedrock-invoke';
const LONGEST = 4_096;

/** Words of Bedrock and ours for them. https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html */
const BY_TYPE: Readonly<Record<string, Code>> = Object.freeze({
  ValidationException: 'invalid_request',
  ResourceNotFoundException: 'model_not_found',
  ThrottlingException: 'upstream_rate_limited',
  ServiceQuotaExceededException: 'upstream_rate_limited',
  ModelNotReadyException: 'upstream_overloaded',
  ServiceUnavailableException: 'upstream_overloaded',
  ModelTimeoutException: 'upstream_timeout',
  ModelErrorException: 'upstream_bad_response',
});
const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  400: 'invalid_request',
  404: 'model_not_found',
  408: 'upstream_timeout',
  413: 'body_too_large',
  424: 'upstream_bad_response',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
  529: 'upstream_overloaded',
});
/** Our code as a type of AWS, by the first that fits. */
const TYPE_OF: Readonly<Partial<Record<Code, string>>> = Object.freeze({
  ...Object.fromEntries(Object.entries(BY_TYPE).map(([type, code]) => [code, type])),
  rate_limit_exceeded: 'ThrottlingException',
  overloaded: 'ServiceUnavailableException',
  internal_error: 'InternalServerException',
});
const typeOf = ({ code, status }: ErrorLike): string =>
  TYPE_OF[code] ?? (status === 401 || status === 403 ? 'AccessDeniedException' : status >= 500 ? 'InternalServerException' : 'ValidationException');

const textOf = (body: UpstreamReply['body']): string => new TextDecoder().decode(body.subarray(0, LONGEST * 16));
const vendorOf = (reply: UpstreamReply): VendorError | undefined => {
  const text = textOf(reply.body);
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { dialect: NAME, status: reply.status, body: { json: text } } : undefined;
  } catch {
    return undefined;
  }
};
const wait = (text: string | undefined): number | undefined => {
  const seconds = Number(text ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
};

/** Reads an error answer of Bedrock; never throws. */
export const readError = (reply: UpstreamReply): ErrorLike => {
  const { type, text } = readRefusal(reply);
  const code = BY_TYPE[type] ?? BY_STATUS[reply.status] ?? (reply.status >= 500 ? 'upstream_bad_response' : 'upstream_rejected');
  const message = text.trim() === '' || /<html|<body/i.test(text) ? `Bedrock answered with status ${reply.status}.` : text.slice(0, LONGEST);
  return { code, status: reply.status, message, retryAfterMs: wait(header(reply.headers, 'retry-after')), vendor: vendorOf(reply) };
};
/** An error in the envelope of AWS. */
export const error = (e: ErrorLike): WireError => {
  const status = e.status || CODES[e.code] || 502;
  const headers: HeaderPairs = [
    'content-type',
    'application/json',
    'x-amzn-errortype',
    typeOf(e),
    ...(e.retryAfterMs === undefined ? [] : ['retry-after', String(Math.ceil(e.retryAfterMs / 1_000))]),
  ];
  return { status, headers, body: e.vendor?.dialect === NAME ? e.vendor.body.json : stringifyJson({ message: e.message }) };
};
