import type { HeaderPairs } from '../http/captured.ts';

/** OpenAI's error envelope: all four members always present. */
export type ErrorBody = {
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
};

/** Thrown wherever a request is refused; becomes the answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: HeaderPairs;

  constructor(status: number, error: { message: string; type?: string; param?: string | null; code?: string | null }, headers: HeaderPairs = []) {
    super(error.message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
    this.body = { error: { message: error.message, type: error.type ?? 'invalid_request_error', param: error.param ?? null, code: error.code ?? null } };
  }
}

const listed = (values: readonly string[]): string =>
  values.length === 1
    ? `'${values[0]}'`
    : `${values
        .slice(0, -1)
        .map((value) => `'${value}'`)
        .join(', ')}${values.length > 2 ? ',' : ''} and '${values.at(-1)}'`;

const bad = (message: string, param: string | null, code: string | null): Refusal => new Refusal(400, { message, param, code });

/** The sentences of the service. Where each comes from stands in fixtures/refusals.json. */
export const refuse = {
  missing: (param: string) => bad(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter'),
  type: (param: string, expected: string, got: string) =>
    bad(`Invalid type for '${param}': expected ${expected}, but got ${got} instead.`, param, 'invalid_type'),
  value: (param: string, value: string, supported: readonly string[]) =>
    bad(`Invalid value: '${value}'. Supported values are: ${listed(supported)}.`, param, 'invalid_value'),
  unknown: (param: string) => bad(`Unknown parameter: '${param}'.`, param, 'unknown_parameter'),
  belowMinimum: (param: string, kind: 'integer' | 'decimal', minimum: number, got: number) =>
    bad(`Invalid '${param}': ${kind} below minimum value. Expected a value >= ${minimum}, but got ${got} instead.`, param, `${kind}_below_min_value`),
  aboveMaximum: (param: string, kind: 'integer' | 'decimal', maximum: number, got: number) =>
    bad(`Invalid '${param}': ${kind} above maximum value. Expected a value <= ${maximum}, but got ${got} instead.`, param, `${kind}_above_max_value`),
  emptyArray: (param: string) =>
    bad(`Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`, param, 'empty_array'),
  tooLongArray: (param: string, most: number, got: number) =>
    bad(
      `Invalid '${param}': array too long. Expected an array with maximum length ${most}, but got an array with length ${got} instead.`,
      param,
      'array_above_max_length',
    ),
  pattern: (param: string, pattern: string) =>
    bad(`Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${pattern}'.`, param, 'invalid_value'),
  notKept: (id: string) =>
    new Refusal(404, {
      message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
      param: 'input',
    }),
  notSealed: (sealed: string) =>
    bad(`The encrypted content ${sealed.slice(0, 4)}...${sealed.slice(-4)} could not be verified.`, null, 'invalid_encrypted_content'),
  unsupportedParameter: (param: string, hint = '') =>
    bad(`Unsupported parameter: '${param}' is not supported with this model.${hint}`, param, 'unsupported_parameter'),
  unsupportedValue: (param: string, value: unknown) =>
    bad(
      `Unsupported value: '${param}' does not support ${String(value)} with this model. Only the default (1) value is supported.`,
      param,
      'unsupported_value',
    ),
  unsupportedEffort: (param: string, effort: string, model: string) =>
    bad(`Unsupported value: '${effort}' is not supported with the '${model}' model.`, param, 'unsupported_value'),
  plain: (message: string, param: string | null = null, code: string | null = null) => bad(message, param, code),
  modelNotFound: (model: string) =>
    new Refusal(404, { message: `The model \`${model}\` does not exist or you do not have access to it.`, code: 'model_not_found' }),
  forbidden: (message: string) => new Refusal(403, { message }),
  moderation: (message: string) => new Refusal(400, { message, type: 'image_generation_user_error', code: 'moderation_blocked' }),
  notFound: (message: string, param: string | null = null, code: string | null = null) => new Refusal(404, { message, param, code }),
} as const;

const faults: Readonly<Record<number, readonly [message: string, type: string, code: string | null]>> = {
  401: ['Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.', 'invalid_request_error', 'invalid_api_key'],
  403: ['Country, region, or territory not supported', 'invalid_request_error', 'unsupported_country_region_territory'],
  404: ['The requested resource was not found.', 'invalid_request_error', 'not_found'],
  408: ['The request timed out.', 'server_error', 'timeout'],
  429: ['Rate limit reached for requests per min (RPM): Limit 10000, Used 10000, Requested 1. Please try again in 6ms.', 'requests', 'rate_limit_exceeded'],
  503: [
    'The server is currently overloaded with other requests. Please retry your request after a brief wait.',
    'service_unavailable_error',
    'server_is_overloaded',
  ],
};

/** The envelope the service sends with a status, for scripts that name only the status. */
export const errorBody = (status: number): ErrorBody => {
  const [message, type, code] = faults[status] ?? [
    status >= 500 ? 'The server had an error while processing your request. Sorry about that!' : 'The request was refused.',
    status >= 500 ? 'server_error' : 'invalid_request_error',
    null,
  ];
  return { error: { message, type, param: null, code } };
};
