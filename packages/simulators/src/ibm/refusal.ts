/** One error of watsonx.ai. */
export type WatsonxError = { readonly code: string; readonly message: string; readonly more_info?: string };

/** The whole body of an error answer. */
export type WatsonxErrorBody = { readonly errors: readonly WatsonxError[]; readonly trace: string; readonly status_code: number };

const MORE = 'https://cloud.ibm.com/apidocs/watsonx-ai';
export const errorBody = (status: number, code: string, message: string, trace: string): WatsonxErrorBody => ({
  errors: [{ code, message, more_info: MORE }],
  trace,
  status_code: status,
});

/** Thrown wherever a request is refused; becomes the answer. */
export class WatsonxRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'WatsonxRefusal';
    this.status = status;
    this.code = code;
  }
}
/** A member of the body that is not as the API says. */
export const invalid = (message: string): WatsonxRefusal => new WatsonxRefusal(400, 'json_validation_error', message);
/** A value that does not go with the others. */
export const unfit = (message: string): WatsonxRefusal => new WatsonxRefusal(400, 'invalid_input_argument', message);

const byStatus: Readonly<Record<number, readonly [code: string, message: string]>> = Object.freeze({
  400: ['invalid_request_entity', 'The request is not valid.'],
  401: ['authentication_token_not_valid', 'Failed to authenticate the request due to invalid token'],
  403: ['authorization_rejected', 'The request is not authorized.'],
  404: ['model_not_supported', 'The model is not supported.'],
  429: ['rate_limit_reached_requests', 'Rate limit reached for requests.'],
  500: ['internal_error', 'An internal error occurred.'],
  503: ['downstream_request_failed', 'The downstream request failed.'],
});
/** The error the service sends with a status, for scripts that name only the status. */
export const errorOf = (status: number): readonly [code: string, message: string] =>
  byStatus[status] ?? (status >= 500 ? ['internal_error', 'An internal error occurred.'] : ['invalid_request_entity', 'The request is not valid.']);
