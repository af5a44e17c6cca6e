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

/** The exceptions of the runtime's model with their statuses and what they say. */
const exceptions = {
  ValidationException: [400, 'The request is invalid.'],
  ServiceQuotaExceededException: [400, 'Your request exceeds the service quota for your account.'],
  AccessDeniedException: [403, "You don't have access to the model with the specified model ID."],
  ResourceNotFoundException: [404, 'Could not resolve the foundation model from the provided model identifier.'],
  ModelTimeoutException: [408, 'Model has timed out in processing the request. Try your request again.'],
  ModelErrorException: [424, 'The system encountered an unexpected error during processing. Try your request again.'],
  ModelStreamErrorException: [424, 'The system encountered an unexpected error during processing. Try your request again.'],
  ThrottlingException: [429, 'Too many tokens, please wait before trying again.'],
  ModelNotReadyException: [429, 'The model is not ready for inference. Wait and try your request again.'],
  InternalServerException: [500, 'The system encountered an unexpected error during processing. Try your request again.'],
  ServiceUnavailableException: [503, 'Bedrock is unable to process your request.'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>;

export type BedrockException = keyof typeof exceptions;

/** The first of a status; 429 alone is throttling. */
const byStatus = new Map(
  Object.entries(exceptions)
    .reverse()
    .map(([type, [status, message]]) => [status, [type, message] as const]),
);
byStatus.set(429, ['ThrottlingException', exceptions.ThrottlingException[1]]);

/** Type and message the service sends with a status, for scripts that name only the status. */
export const faultOf = (status: number): readonly [type: string, message: string] =>
  byStatus.get(status as 400) ?? (status >= 500 ? ['InternalServerException', 'Internal server error'] : ['ValidationException', 'The request was refused.']);

/** What `script()` takes to answer with an exception: `script(bedrockFault('ModelNotReadyException'))`. */
export const bedrockFault = (
  type: BedrockException,
  message: string = exceptions[type][1],
): { status: number; headers: Record<string, string>; body: object } => ({
  status: exceptions[type][0],
  headers: { 'x-amzn-ErrorType': errorType(type) },
  body: { message },
});
