import { GatewayError } from '@llm-proxy-auth/plugin';
import type { FloodLimits } from './flood.ts';
import { answerError } from './raw-answer.ts';
import { type AnyRequest, type AnyResponse, type RequestHandler, sever } from './sever.ts';

export const HEADER_BYTES = 65_536;

/** What both protocols of a port serve with. */
export interface Serving {
  /** Milliseconds: until the head is complete, until the body is complete. */
  readonly head: number;
  readonly body: number;
  readonly flood?: FloodLimits | undefined;
  readonly handler: RequestHandler;
  /** What a request's handler threw. */
  readonly failed: (error: unknown) => void;
  readonly flooded: () => void;
}
/** Calls the handler; what it throws costs that request alone. */
export const serve = (options: Serving, request: AnyRequest, response: AnyResponse): void => {
  try {
    options.handler(request, response);
  } catch (error) {
    options.failed(error);
    if (response.headersSent) sever(response);
    else answerError(response, new GatewayError('internal_error', 'The gateway failed on this request.'), 'close');
  }
};

export const upgradeRequired = (): GatewayError =>
  new GatewayError(
    'upgrade_required',
    'This server speaks HTTP/1.1 and HTTP/2 and nothing else on the same connection; send the request without Upgrade or CONNECT.',
  );
export const wrongExpectation = (): GatewayError => new GatewayError('invalid_request', 'Expect takes 100-continue and nothing else.', { status: 417 });
