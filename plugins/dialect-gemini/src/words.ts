import type { Code } from '@llm-proxy-auth/plugin';

const INVALID = 'INVALID_ARGUMENT';
const UNAUTHENTICATED = 'UNAUTHENTICATED';
const DENIED = 'PERMISSION_DENIED';
const MISSING = 'NOT_FOUND';
const LIMIT = 'RESOURCE_EXHAUSTED';
const UNAVAILABLE = 'UNAVAILABLE';
const LATE = 'DEADLINE_EXCEEDED';
const INTERNAL = 'INTERNAL';

/** `error.status` per code of ours: the words of google.rpc.Code. */
export const WORDS: Readonly<Record<Code, string>> = Object.freeze({
  invalid_request: INVALID,
  invalid_json: INVALID,
  invalid_target: INVALID,
  unsupported_parameter: INVALID,
  ambiguous_credentials: INVALID,
  ambiguous_instance: INVALID,
  context_length_exceeded: INVALID,
  content_filtered: INVALID,
  missing_credentials: UNAUTHENTICATED,
  invalid_credentials: UNAUTHENTICATED,
  totp_required: UNAUTHENTICATED,
  totp_used: UNAUTHENTICATED,
  mode_not_allowed: DENIED,
  instance_not_allowed: DENIED,
  model_not_allowed: DENIED,
  operation_not_allowed: DENIED,
  region_not_allowed: DENIED,
  address_not_allowed: DENIED,
  scope_required: DENIED,
  model_not_priced: DENIED,
  unknown_route: MISSING,
  instance_not_found: MISSING,
  model_not_found: MISSING,
  operation_not_supported: MISSING,
  session_not_found: MISSING,
  method_not_allowed: 'UNIMPLEMENTED',
  request_timeout: LATE,
  body_too_large: INVALID,
  unsupported_media_type: INVALID,
  upgrade_required: INVALID,
  rate_limit_exceeded: LIMIT,
  budget_exceeded: LIMIT,
  too_many_concurrent_requests: LIMIT,
  upstream_rate_limited: LIMIT,
  headers_too_large: INVALID,
  client_closed: 'CANCELLED',
  internal_error: INTERNAL,
  upstream_rejected: INVALID,
  upstream_auth_failed: INTERNAL,
  upstream_unreachable: UNAVAILABLE,
  upstream_bad_response: INTERNAL,
  upstream_stream_truncated: INTERNAL,
  upstream_credentials_unavailable: UNAVAILABLE,
  upstream_overloaded: UNAVAILABLE,
  auth_unavailable: UNAVAILABLE,
  overloaded: UNAVAILABLE,
  draining: UNAVAILABLE,
  upstream_timeout: LATE,
});
/** What a provider's refusal is called by its status. */
export const WORD_OF_STATUS: Readonly<Record<number, string>> = Object.freeze({
  400: INVALID,
  401: UNAUTHENTICATED,
  403: DENIED,
  404: MISSING,
  409: 'ABORTED',
  429: LIMIT,
  499: 'CANCELLED',
  500: INTERNAL,
  501: 'UNIMPLEMENTED',
  503: UNAVAILABLE,
  504: LATE,
});
/** The status of a word, for errors that come under a 200 without a code. */
export const STATUS_OF_WORD: Readonly<Record<string, number>> = Object.freeze({
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  UNKNOWN: 500,
  INTERNAL: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
});
