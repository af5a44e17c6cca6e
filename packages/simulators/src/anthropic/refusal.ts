type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'api_error'
  | 'timeout_error'
  | 'overloaded_error';

/** Anthropic's error object; `details.error_code` is there for errors that have a code. */
export type ErrorObject = { readonly type: ErrorType; readonly message: string; readonly details?: { readonly error_code: string } };

/** The whole body of an error answer. */
export type ErrorBody = { readonly type: 'error'; readonly error: ErrorObject; readonly request_id: string | null };

export const envelope = (error: ErrorObject, requestId: string | null): ErrorBody => ({ type: 'error', error, request_id: requestId });

/** Thrown wherever a request is refused; becomes the answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: ErrorObject;

  constructor(status: number, type: ErrorType, message: string, code?: string) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.error = { type, message, ...(code === undefined ? {} : { details: { error_code: code } }) };
  }
}

/** A request the service finds fault with, in its own sentence. Where each sentence comes from stands in fixtures/anthropic-refusals.json. */
export const invalid = (message: string, code?: string): Refusal => new Refusal(400, 'invalid_request_error', message, code);
export const unauthenticated = (message: string): Refusal => new Refusal(401, 'authentication_error', message);
export const notFound = (message: string): Refusal => new Refusal(404, 'not_found_error', message);

/** One fault at one place of the body: `messages.0.role: Field required`. */
export const at = (path: string, complaint: string): Refusal => invalid(`${path}: ${complaint}`);

const byStatus: Readonly<Record<number, readonly [ErrorType, string]>> = Object.freeze({
  401: ['authentication_error', 'invalid x-api-key'],
  402: ['billing_error', 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'Not found'],
  409: ['conflict_error', 'The request conflicts with the current state of the resource.'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: ['rate_limit_error', 'This request would exceed your account’s rate limit. Please try again later.'],
  500: ['api_error', 'Internal server error'],
  503: ['api_error', 'Service unavailable'],
  504: ['timeout_error', 'Request timed out'],
  529: ['overloaded_error', 'Overloaded'],
});

/** The error the service sends with a status, for scripts that name only the status. */
export const errorOf = (status: number): ErrorObject => {
  const [type, message] = byStatus[status] ?? (status >= 500 ? ['api_error', 'Internal server error'] : ['invalid_request_error', 'The request was refused.']);
  return { type, message };
};
