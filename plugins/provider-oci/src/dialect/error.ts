import { type Code, type ErrorLike, type Operation, retryHeaders, type WireError } from '@llm-proxy-auth/plugin';
import { OCI } from './name.ts';

/** Our codes in the words of OCI. */
const WORDS: Readonly<Partial<Record<Code, string>>> = Object.freeze({
  invalid_json: 'CannotParseRequest',
  missing_credentials: 'NotAuthenticated',
  invalid_credentials: 'NotAuthenticated',
  totp_required: 'NotAuthenticated',
  totp_used: 'NotAuthenticated',
  method_not_allowed: 'MethodNotAllowed',
  body_too_large: 'PayloadTooLarge',
  rate_limit_exceeded: 'TooManyRequests',
  too_many_concurrent_requests: 'TooManyRequests',
  upstream_rate_limited: 'TooManyRequests',
  budget_exceeded: 'QuotaExceeded',
});
const BY_STATUS: Readonly<Record<number, string>> = Object.freeze({
  401: 'NotAuthenticated',
  403: 'NotAllowed',
  404: 'NotAuthorizedOrNotFound',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
});
const codeOf = ({ code, status }: ErrorLike): string => WORDS[code] ?? BY_STATUS[status] ?? (status >= 500 ? 'InternalServerError' : 'InvalidParameter');
/** The vendor's own body, where this error came from it and is not about our credential. */
const vendorBody = (e: ErrorLike): string | undefined => (e.vendor?.dialect === OCI && e.code !== 'upstream_auth_failed' ? e.vendor.body.json : undefined);

/** An answer as OCI's: `{"code":…,"message":…}`. A provider's own body passes as it came. */
export const error = (e: ErrorLike, _operation: Operation | undefined): WireError => ({
  status: e.status,
  headers: ['content-type', 'application/json', ...retryHeaders(e)],
  body: vendorBody(e) ?? JSON.stringify({ code: codeOf(e), message: e.message }),
});
