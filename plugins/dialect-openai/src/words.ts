import type { Code } from '@llm-proxy-auth/plugin';

/** What OpenAI calls one of our errors. */
export interface Words {
  readonly type: string;
  readonly code: string;
}
const invalid = (code: string): Words => ({ type: 'invalid_request_error', code });
const denied = (code: string): Words => ({ type: 'permission_error', code });
const server = (code: string): Words => ({ type: 'server_error', code });

/** `type` and `code` per code of ours; OpenAI's own word where it has one, else our code. */
export const WORDS: Readonly<Record<Code, Words>> = Object.freeze({
  invalid_request: invalid('invalid_request'),
  invalid_json: invalid('invalid_json'),
  invalid_target: invalid('invalid_target'),
  unsupported_parameter: invalid('unsupported_parameter'),
  ambiguous_credentials: invalid('ambiguous_credentials'),
  ambiguous_instance: invalid('ambiguous_instance'),
  context_length_exceeded: invalid('context_length_exceeded'),
  content_filtered: invalid('content_filter'),
  missing_credentials: invalid('invalid_api_key'),
  invalid_credentials: invalid('invalid_api_key'),
  totp_required: invalid('totp_required'),
  totp_used: invalid('totp_used'),
  mode_not_allowed: denied('mode_not_allowed'),
  instance_not_allowed: denied('instance_not_allowed'),
  model_not_allowed: denied('model_not_allowed'),
  operation_not_allowed: denied('operation_not_allowed'),
  region_not_allowed: denied('region_not_allowed'),
  address_not_allowed: denied('address_not_allowed'),
  scope_required: denied('scope_required'),
  model_not_priced: denied('model_not_priced'),
  unknown_route: invalid('unknown_url'),
  instance_not_found: invalid('instance_not_found'),
  model_not_found: invalid('model_not_found'),
  operation_not_supported: invalid('operation_not_supported'),
  session_not_found: invalid('session_not_found'),
  method_not_allowed: invalid('method_not_supported'),
  request_timeout: { type: 'timeout_error', code: 'request_timeout' },
  body_too_large: invalid('request_too_large'),
  unsupported_media_type: invalid('unsupported_media_type'),
  upgrade_required: invalid('upgrade_required'),
  rate_limit_exceeded: { type: 'requests', code: 'rate_limit_exceeded' },
  budget_exceeded: { type: 'insufficient_quota', code: 'insufficient_quota' },
  too_many_concurrent_requests: { type: 'requests', code: 'rate_limit_exceeded' },
  upstream_rate_limited: { type: 'requests', code: 'rate_limit_exceeded' },
  headers_too_large: invalid('headers_too_large'),
  client_closed: invalid('client_closed'),
  internal_error: server('internal_error'),
  upstream_rejected: invalid('upstream_rejected'),
  upstream_auth_failed: { type: 'upstream_auth_error', code: 'upstream_auth_failed' },
  upstream_unreachable: server('upstream_unreachable'),
  upstream_bad_response: server('upstream_bad_response'),
  upstream_stream_truncated: server('upstream_stream_truncated'),
  upstream_credentials_unavailable: server('upstream_credentials_unavailable'),
  upstream_overloaded: server('server_is_overloaded'),
  auth_unavailable: server('auth_unavailable'),
  overloaded: server('server_is_overloaded'),
  draining: server('shutting_down'),
  upstream_timeout: { type: 'timeout_error', code: 'upstream_timeout' },
});
