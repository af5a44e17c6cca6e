import type { HeaderPairs, JsonText } from './wire.ts';

/** Every code of ours with the HTTP status it is sent with; `0` = the status comes from elsewhere. */
export const CODES = Object.freeze({
  invalid_request: 400,
  invalid_json: 400,
  invalid_target: 400,
  unsupported_parameter: 400,
  ambiguous_credentials: 400,
  ambiguous_instance: 400,
  context_length_exceeded: 400,
  content_filtered: 400,
  missing_credentials: 401,
  invalid_credentials: 401,
  totp_required: 401,
  totp_used: 401,
  mode_not_allowed: 403,
  instance_not_allowed: 403,
  model_not_allowed: 403,
  operation_not_allowed: 403,
  region_not_allowed: 403,
  address_not_allowed: 403,
  scope_required: 403,
  model_not_priced: 403,
  unknown_route: 404,
  instance_not_found: 404,
  model_not_found: 404,
  operation_not_supported: 404,
  session_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  body_too_large: 413,
  unsupported_media_type: 415,
  upgrade_required: 426,
  rate_limit_exceeded: 429,
  budget_exceeded: 429,
  too_many_concurrent_requests: 429,
  upstream_rate_limited: 429,
  headers_too_large: 431,
  client_closed: 499,
  internal_error: 500,
  upstream_rejected: 0,
  upstream_auth_failed: 502,
  upstream_unreachable: 502,
  upstream_bad_response: 502,
  upstream_stream_truncated: 502,
  upstream_credentials_unavailable: 503,
  upstream_overloaded: 503,
  auth_unavailable: 503,
  overloaded: 503,
  draining: 503,
  upstream_timeout: 504,
} as const);
export type Code = keyof typeof CODES;

/** What went wrong, as data: an answer of ours, or a provider's error read by its dialect. */
export interface ErrorLike {
  readonly code: Code;
  readonly status: number;
  /** One sentence: what happened to whom and what to do. Never a secret, a stack or an upstream URL. */
  readonly message: string;
  readonly param?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** False: clients should not repeat the call (`x-should-retry: false`). */
  readonly retry?: boolean | undefined;
  /** With `upstream_rate_limited`: what the account may use is used up, so that waiting for the next call does not help. */
  readonly spent?: true | undefined;
  /** With `rate_limit_exceeded`: it is tokens that are limited, not calls. */
  readonly tokens?: true | undefined;
  /** The vendor's own error object; a client half of the same dialect writes it unchanged, secrets scrubbed. */
  readonly vendor?: VendorError | undefined;
}
export interface VendorError {
  readonly dialect: string;
  readonly status: number;
  readonly body: JsonText;
}
export interface ErrorExtra {
  readonly status?: number | undefined;
  readonly param?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly retry?: boolean | undefined;
  readonly spent?: true | undefined;
  readonly tokens?: true | undefined;
  readonly vendor?: VendorError | undefined;
  readonly cause?: unknown;
  /** Further response headers (`allow`, `www-authenticate`). */
  readonly headers?: HeaderPairs | undefined;
}

/** The one error class; recognised by `name` and `code`, never by `instanceof` (plugins may carry another copy). */
export class GatewayError extends Error implements ErrorLike {
  override readonly name = 'GatewayError';
  readonly code: Code;
  readonly status: number;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly retry: boolean | undefined;
  readonly spent: true | undefined;
  readonly tokens: true | undefined;
  readonly vendor: VendorError | undefined;
  readonly headers: HeaderPairs | undefined;
  constructor(code: Code, message: string, extra: ErrorExtra = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.status = extra.status ?? (CODES[code] || 502);
    this.param = extra.param;
    this.retryAfterMs = extra.retryAfterMs;
    this.retry = extra.retry;
    this.spent = extra.spent;
    this.tokens = extra.tokens;
    this.vendor = extra.vendor;
    this.headers = extra.headers;
  }
}
export const isGatewayError = (e: unknown): e is GatewayError =>
  e instanceof Error && e.name === 'GatewayError' && 'code' in e && typeof e.code === 'string' && e.code in CODES;
