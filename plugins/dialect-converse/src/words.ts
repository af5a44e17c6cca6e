import { asObject, asText, type Code, type ErrorLike, parseJson } from '@llm-proxy-auth/plugin';
import { CONVERSE } from './wire.ts';

const VALIDATION = 'ValidationException';
const DENIED = 'AccessDeniedException';
const NOT_FOUND = 'ResourceNotFoundException';
const THROTTLED = 'ThrottlingException';
const UNAVAILABLE = 'ServiceUnavailableException';
const INTERNAL = 'InternalServerException';
/** The vendor's exception for each of our codes; AWS SDKs choose their error class, and whether to try again, by it. */
export const TYPES: Readonly<Record<Code, string>> = Object.freeze({
  invalid_request: VALIDATION,
  invalid_json: VALIDATION,
  invalid_target: VALIDATION,
  unsupported_parameter: VALIDATION,
  ambiguous_credentials: VALIDATION,
  ambiguous_instance: VALIDATION,
  context_length_exceeded: VALIDATION,
  content_filtered: VALIDATION,
  missing_credentials: 'UnrecognizedClientException',
  invalid_credentials: 'UnrecognizedClientException',
  totp_required: 'UnrecognizedClientException',
  totp_used: 'UnrecognizedClientException',
  mode_not_allowed: DENIED,
  instance_not_allowed: DENIED,
  model_not_allowed: DENIED,
  operation_not_allowed: DENIED,
  region_not_allowed: DENIED,
  address_not_allowed: DENIED,
  scope_required: DENIED,
  model_not_priced: DENIED,
  unknown_route: 'UnknownOperationException',
  instance_not_found: NOT_FOUND,
  model_not_found: NOT_FOUND,
  operation_not_supported: 'UnknownOperationException',
  session_not_found: NOT_FOUND,
  method_not_allowed: 'UnknownOperationException',
  request_timeout: VALIDATION,
  body_too_large: VALIDATION,
  unsupported_media_type: VALIDATION,
  upgrade_required: VALIDATION,
  rate_limit_exceeded: THROTTLED,
  budget_exceeded: 'ServiceQuotaExceededException',
  too_many_concurrent_requests: THROTTLED,
  upstream_rate_limited: THROTTLED,
  headers_too_large: VALIDATION,
  client_closed: VALIDATION,
  internal_error: INTERNAL,
  upstream_rejected: VALIDATION,
  upstream_auth_failed: INTERNAL,
  upstream_unreachable: UNAVAILABLE,
  upstream_bad_response: 'ModelErrorException',
  upstream_stream_truncated: 'ModelStreamErrorException',
  upstream_credentials_unavailable: UNAVAILABLE,
  upstream_overloaded: UNAVAILABLE,
  auth_unavailable: UNAVAILABLE,
  overloaded: UNAVAILABLE,
  draining: UNAVAILABLE,
  upstream_timeout: 'ModelTimeoutException',
});
/** A refusal of the provider whose code says less than its status. */
const BY_STATUS: Readonly<Record<number, string>> = Object.freeze({ 401: 'UnrecognizedClientException', 403: DENIED, 404: NOT_FOUND, 429: THROTTLED });

/** The exception that stands for an error when its own body does not name one. */
export const typeFor = (code: Code, status: number): string => (code === 'upstream_rejected' ? (BY_STATUS[status] ?? VALIDATION) : TYPES[code]);
const ownType = (e: ErrorLike): string | undefined =>
  e.vendor?.dialect === CONVERSE && e.code !== 'upstream_auth_failed' ? asText(asObject(parseJson(e.vendor.body.json))?.__type) : undefined;
/** The exception that an error is to an AWS SDK. */
export const typeOfError = (e: ErrorLike): string => ownType(e) ?? typeFor(e.code, e.status);

/** The five exceptions that a ConverseStream may hold; any other error is one of the model's stream. */
const IN_STREAM: Readonly<Record<string, string>> = Object.freeze({
  [VALIDATION]: 'validationException',
  [DENIED]: 'validationException',
  [NOT_FOUND]: 'validationException',
  [THROTTLED]: 'throttlingException',
  ServiceQuotaExceededException: 'throttlingException',
  [UNAVAILABLE]: 'serviceUnavailableException',
  [INTERNAL]: 'internalServerException',
});
/** `:exception-type` of an error. */
export const exceptionOf = (e: ErrorLike): string => IN_STREAM[typeOfError(e)] ?? 'modelStreamErrorException';
