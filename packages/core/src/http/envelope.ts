import { randomUUID } from 'node:crypto';
import type { ErrorLike, HeaderPairs } from '@llm-proxy-auth/plugin';

/** An answer of ours outside every dialect (contract.md §5). */
export interface Envelope {
  readonly status: number;
  /** Flat pairs, lower-case names, content-type and content-length included. */
  readonly headers: string[];
  readonly body: string;
}

/** The word that stands in `error.type`, by status; anything else below 500 is the client's request. */
const TYPES: Readonly<Record<number, string>> = Object.freeze({
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
});
const typeOf = (status: number): string => TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');

export const newRequestId = (): string => randomUUID();

const CLIENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** The client's own request id when it may be echoed as `x-client-request-id`. */
export const echoable = (id: unknown): string | undefined => (typeof id === 'string' && CLIENT_ID.test(id) ? id : undefined);

/** `{"error":{message,type,param,code}}` with `x-lpa-code`, `x-request-id` and the retry headers. */
export const envelope = (error: ErrorLike & { readonly headers?: HeaderPairs | undefined }, requestId: string): Envelope => {
  const body = JSON.stringify({ error: { message: error.message, type: typeOf(error.status), param: error.param ?? null, code: error.code } });
  const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)), 'x-request-id', requestId, 'x-lpa-code', error.code];
  if (error.retryAfterMs !== undefined) headers.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  if (error.retry === false) headers.push('x-should-retry', 'false');
  if (error.headers !== undefined) headers.push(...error.headers);
  return { status: error.status, headers, body };
};
