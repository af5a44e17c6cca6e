import type { HeaderPairs } from '../../http/captured.ts';

/** The last part of `x-amzn-ErrorType`: which of the service's layers refused. */
type Layer = 'bedrock' | 'coral.service';

/** Thrown wherever a request is refused; becomes the answer. */
export class BedrockRefusal extends Error {
  readonly status: number;
  /** `ValidationException`, … */
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: HeaderPairs;

  constructor(status: number, type: string, message: string, options: { readonly layer?: Layer; readonly member?: 'message' | 'Message' } = {}) {
    super(message);
    this.name = 'BedrockRefusal';
    this.status = status;
    this.type = type;
    this.body = { [options.member ?? 'message']: message };
    this.headers = [['x-amzn-ErrorType', errorType(type, options.layer)]];
  }
}

export const errorType = (type: string, layer: Layer = 'bedrock'): string => `${type}:http://internal.amazon.com/coral/com.amazon.${layer}/`;

/** The sentences of the service. Where each comes from stands in fixtures/bedrock-refusals.json. */
export const refuse = {
  validation: (message: string) => new BedrockRefusal(400, 'ValidationException', message),
  /** What the model behind the service refuses, as Converse passes it on. */
  byModel: (message: string) => new BedrockRefusal(400, 'ValidationException', `The model returned the following errors: ${message}`),
  serialization: (message: string) => new BedrockRefusal(400, 'SerializationException', message, { layer: 'coral.service' }),
  accessDenied: (message: string) => new BedrockRefusal(403, 'AccessDeniedException', message),
  notFound: (message: string) => new BedrockRefusal(404, 'ResourceNotFoundException', message),
  coral: (status: number, type: string, message: string) => new BedrockRefusal(status, type, message, { layer: 'coral.service' }),
  /** The front that checks keys writes the member with a capital letter. */
  front: (message: string) => new BedrockRefusal(403, 'AccessDeniedException', message, { layer: 'coral.service', member: 'Message' }),
} as const;

const faults: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ['ValidationException', 'The request is invalid.'],
  403: ['AccessDeniedException', "You don't have access to the model with the specified model ID."],
  404: ['ResourceNotFoundException', 'Could not resolve the foundation model from the provided model identifier.'],
  408: ['ModelTimeoutException', 'Model has timed out in processing the request. Try your request again.'],
  424: ['ModelErrorException', 'The system encountered an unexpected error during processing. Try your request again.'],
  429: ['ThrottlingException', 'Too many tokens, please wait before trying again.'],
  500: ['InternalServerException', 'The system encountered an unexpected error during processing. Try your request again.'],
  503: ['ServiceUnavailableException', 'Bedrock is unable to process your request.'],
};

/** Type and message the service sends with a status, for scripts that name only the status. */
export const faultOf = (status: number): readonly [type: string, message: string] =>
  faults[status] ?? (status >= 500 ? ['InternalServerException', 'Internal server error'] : ['ValidationException', 'The request was refused.']);
