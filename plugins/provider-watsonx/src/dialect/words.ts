import type { Code } from '@llm-proxy-auth/plugin';

/** Name of the dialect: its errors, its origins, its usage. */
export const WATSONX = 'watsonx';

/** Codes of watsonx.ai's errors and ours for them, whatever the status is. https://cloud.ibm.com/apidocs/watsonx-ai#error-handling */
export const BY_WORD: Readonly<Record<string, Code>> = Object.freeze({
  json_validation_error: 'invalid_request',
  invalid_request_entity: 'invalid_request',
  invalid_input_argument: 'invalid_request',
  invalid_query_parameter: 'invalid_request',
  model_not_supported: 'model_not_found',
  model_withdrawn: 'model_not_found',
  deployment_not_found: 'model_not_found',
  token_quota_reached: 'upstream_rate_limited',
  rate_limit_reached_requests: 'upstream_rate_limited',
});
/** A plan that is used up: it says so under 403 (and 429), and no repetition helps. */
export const QUOTA = 'token_quota_reached';
export const BY_STATUS: Readonly<Record<number, Code>> = Object.freeze({
  400: 'invalid_request',
  404: 'model_not_found',
  408: 'upstream_timeout',
  413: 'body_too_large',
  429: 'upstream_rate_limited',
  503: 'upstream_overloaded',
  504: 'upstream_timeout',
});
/** Codes of ours in the words of watsonx.ai. */
export const WORD_OF: Readonly<Partial<Record<Code, string>>> = Object.freeze({
  invalid_request: 'invalid_request_entity',
  invalid_json: 'json_validation_error',
  unsupported_parameter: 'invalid_input_argument',
  context_length_exceeded: 'invalid_input_argument',
  missing_credentials: 'authentication_token_not_valid',
  invalid_credentials: 'authentication_token_not_valid',
  model_not_found: 'model_not_supported',
  rate_limit_exceeded: 'rate_limit_reached_requests',
  upstream_rate_limited: 'rate_limit_reached_requests',
  budget_exceeded: QUOTA,
  upstream_unreachable: 'downstream_request_failed',
  upstream_bad_response: 'downstream_request_failed',
  upstream_stream_truncated: 'downstream_request_failed',
  upstream_overloaded: 'downstream_request_failed',
  upstream_timeout: 'downstream_request_failed',
});
/** What the status says where our code has no word. */
export const WORD_OF_STATUS: Readonly<Record<number, string>> = Object.freeze({
  401: 'authentication_token_not_valid',
  403: 'authorization_rejected',
  404: 'invalid_request_entity',
});
