/** Thrown wherever a request is refused; becomes the answer `{"code":…,"message":…}`. */
export class OciRefusal extends Error {
  readonly status: number;
  /** `NotAuthenticated`, or the status as text, as the models behind the service have it. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'OciRefusal';
    this.status = status;
    this.code = code;
  }
}

/** The sentences of the service. Where each comes from stands in fixtures/oci-refusals.json. */
export const refuse = {
  notAuthenticated: (message = 'The required information to complete authentication was not provided or was incorrect.') =>
    new OciRefusal(401, 'NotAuthenticated', message),
  notFound: () => new OciRefusal(404, 'NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.'),
  noEntity: (key: string) => new OciRefusal(404, '404', `Entity with key ${key} not found`),
  unparsable: () => new OciRefusal(400, 'CannotParseRequest', 'Incorrectly formatted request. Please refer to our documentation for help.'),
  format: () => new OciRefusal(400, '400', 'Please pass in correct format of request.'),
  invalid: (message: string) => new OciRefusal(400, 'InvalidParameter', message),
  missing: (name: string) => new OciRefusal(400, 'MissingParameter', `Missing parameter: ${name}`),
  /** What the model behind the service refuses. */
  byModel: (message: string) => new OciRefusal(400, '400', message),
  /** Google's own error object inside the message. */
  byGoogle: (message: string) => new OciRefusal(400, '400', JSON.stringify({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } })),
  internal: () => new OciRefusal(500, 'InternalServerError', 'Internal server error.'),
} as const;

/** Code and message the service sends with a status, for scripts that name only the status. */
const BY_STATUS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['InvalidParameter', 'The request was refused.'],
  401: ['NotAuthenticated', 'The required information to complete authentication was not provided or was incorrect.'],
  404: ['NotAuthorizedOrNotFound', 'Authorization failed or requested resource not found.'],
  409: ['IncorrectState', 'The resource is in a state that does not allow this.'],
  412: ['NoEtagMatch', 'The etag does not match.'],
  413: ['PayloadTooLarge', 'The payload is too large.'],
  429: ['TooManyRequests', 'Too many requests. Please try again later.'],
  500: ['InternalServerError', 'Internal server error.'],
  503: ['ServiceUnavailable', 'The service is currently unavailable.'],
};
export const errorBody = (status: number): { readonly code: string; readonly message: string } => {
  const [code, message] = BY_STATUS[status] ?? [String(status), 'The request failed.'];
  return { code, message };
};
/** The event that ends a stream with an error, for `script({ endWith: { after, frame: ociErrorEvent(500) } })`. */
export const ociErrorEvent = (status: number, message: string = errorBody(status).message): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ code: String(status), message })}\n\n`);
