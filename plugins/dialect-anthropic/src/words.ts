import type { Code } from '@llm-proxy-auth/plugin';

const INVALID = 'invalid_request_error';
const AUTHENTICATION = 'authentication_error';
const DENIED = 'permission_error';
const MISSING = 'not_found_error';
const LIMIT = 'rate_limit_error';
const OVERLOADED = 'overloaded_error';
const TIMEOUT = 'timeout_error';
const SERVER = 'api_error';

/** `error.type` per code of ours: the nine that clients are typed to know, and no other. */
export const WORDS: Readonly<Record<Code, string>> = Object.freeze({
  invalid_request: INVALID,
  invalid_json: INVALID,
  invalid_target: INVALID,
  unsupported_parameter: INVALID,
  ambiguous_credentials: INVALID,
  ambiguous_instance: INVALID,
  context_length_exceeded: INVALID,
  content_filtered: INVALID,
  missing_credentials: AUTHENTICATION,
  invalid_credentials: AUTHENTICATION,
  totp_required: AUTHENTICATION,
  totp_used: AUTHENTICATION,
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
  method_not_allowed: INVALID,
  request_timeout: TIMEOUT,
  body_too_large: 'request_too_large',
  unsupported_media_type: INVALID,
  upgrade_required: INVALID,
  rate_limit_exceeded: LIMIT,
  budget_exceeded: LIMIT,
  too_many_concurrent_requests: LIMIT,
  upstream_rate_limited: LIMIT,
  headers_too_large: INVALID,
  client_closed: INVALID,
  internal_error: SERVER,
  upstream_rejected: INVALID,
  upstream_auth_failed: SERVER,
  upstream_unreachable: SERVER,
  upstream_bad_response: SERVER,
  upstream_stream_truncated: SERVER,
  upstream_credentials_unavailable: SERVER,
  upstream_overloaded: OVERLOADED,
  auth_unavailable: SERVER,
  overloaded: OVERLOADED,
  draining: OVERLOADED,
  upstream_timeout: TIMEOUT,
});
/** What a provider's refusal is called by its status. */
export const WORD_OF_STATUS: Readonly<Record<number, string>> = Object.freeze({
  400: INVALID,
  401: AUTHENTICATION,
  402: 'billing_error',
  403: DENIED,
  404: MISSING,
  409: 'conflict_error',
  413: 'request_too_large',
  429: LIMIT,
  500: SERVER,
  503: OVERLOADED,
  504: TIMEOUT,
  529: OVERLOADED,
});
