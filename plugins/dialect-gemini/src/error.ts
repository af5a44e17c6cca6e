import { type ErrorLike, type Fields, type Operation, retryHeaders, sseEvent, type WireError, waitOf } from '@llm-proxy-auth/plugin';
import { GEMINI } from './wire.ts';
import { WORD_OF_STATUS, WORDS } from './words.ts';

/** The vendor's own envelope, where this error came from a provider of this dialect and is not about our credential. */
const vendorBody = (e: ErrorLike): string | undefined => (e.vendor?.dialect === GEMINI && e.code !== 'upstream_auth_failed' ? e.vendor.body.json : undefined);
/** Codes that come with several statuses: what is not the caller's is an invalid request with 404. */
const BY_STATUS: ReadonlySet<string> = new Set(['upstream_rejected', 'invalid_request']);
const wordOf = (e: ErrorLike): string => (BY_STATUS.has(e.code) ? (WORD_OF_STATUS[e.status] ?? WORDS[e.code]) : WORDS[e.code]);

const TYPE = 'type.googleapis.com/google.rpc.';
/** Seconds with at most three decimals, as protobuf writes a duration. */
const duration = (ms: number): string => `${Number((Math.max(1, Math.ceil(ms)) / 1000).toFixed(3))}s`;
const detailsOf = (e: ErrorLike): readonly Fields[] => {
  const wait = waitOf(e);
  return [
    { '@type': `${TYPE}ErrorInfo`, reason: e.code.toUpperCase(), domain: 'llm-proxy-auth', metadata: { code: e.code } },
    ...(e.param === undefined ? [] : [{ '@type': `${TYPE}BadRequest`, fieldViolations: [{ field: e.param, description: e.message }] }]),
    ...(wait === undefined ? [] : [{ '@type': `${TYPE}RetryInfo`, retryDelay: duration(wait) }]),
  ];
};
/** `{"error":{code,message,status,details}}`; our code stands in the `ErrorInfo` of the details. A provider's own error object passes as it came. */
export const errorBody = (e: ErrorLike): string =>
  vendorBody(e) ?? JSON.stringify({ error: { code: e.status, message: e.message, status: wordOf(e), details: detailsOf(e) } });
/** An answer with the envelope of google.rpc.Status. */
export const error = (e: ErrorLike, _operation: Operation | undefined): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json; charset=UTF-8', ...retryHeaders(e)],
  body: errorBody(e),
});
/** The event that ends a broken stream; nothing follows it. */
export const errorEvent = (e: ErrorLike): string => sseEvent(errorBody(e).replace(/[\r\n]+/g, ' '));
