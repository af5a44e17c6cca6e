import { type Dialect, type ErrorLike, GatewayError, type HeaderPairs, isGatewayError } from '@llm-proxy-auth/plugin';
import { corsHeaders } from '../http/cors.ts';
import { UPSTREAM_REQUEST_IDS } from '../http/credential-slots.ts';
import { echoable, envelope } from '../http/envelope.ts';
import { sever } from '../http/sever.ts';
import { hundredths } from '../observe/access-line.ts';
import type { Exchange, Outgoing } from './exchange.ts';
import { holdsOneOf } from './holds-secret.ts';

// Written in the parts that node:http accepts in a value; anything else is percent-encoded, so no value can split a head.
const UNSAFE = /[^\x20-\x7e]/;
const safe = (value: string): string => (UNSAFE.test(value) ? encodeURI(value.toWellFormed()) : value).slice(0, 512);
// What may stand in a header value (hardening 5.2).
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
export const headerValueIsSafe = (value: string): boolean => HEADER_VALUE.test(value);

/** Reply headers whose values say nothing but what their names do; not searched for secrets. */
const PLAIN: ReadonlySet<string> = new Set(['content-type', 'content-length', 'content-encoding', 'date', 'cache-control', 'vary', 'etag', 'last-modified']);
/** Whether a header of the provider holds one of our secrets (8 characters and more each), alone or among other text. */
export const holdsSecret = (secrets: readonly string[], name: string, value: string): boolean =>
  value.length >= 8 && secrets.length > 0 && !PLAIN.has(name) && holdsOneOf(secrets)(value);

/** The provider's id of the request; undefined where it has none that may be shown. */
const shownUpstreamId = ({ upstreamRequestId: id, plan }: Exchange): string | undefined =>
  id !== undefined && headerValueIsSafe(id) && !holdsSecret(plan.graph.secrets(), 'x-upstream-request-id', id) ? id : undefined;
/** The id of a request where clients of this dialect look for it. */
export const namedId = ({ requestIdHeader }: Dialect, id: string): readonly string[] => (requestIdHeader === undefined ? [] : [requestIdHeader, id]);

/** What every answer of ours carries, in front of the headers of the answer itself. */
export const ownHeaders = (x: Exchange): string[] => {
  const headers = ['x-request-id', x.id];
  const clientId = echoable(x.head?.clientRequestId);
  if (clientId !== undefined) headers.push('x-client-request-id', clientId);
  const { origins } = x.plan.graph.settings.server.cors;
  if (origins.length > 0) headers.push(...corsHeaders(origins, x.head?.origin));
  const { instance } = x;
  if (instance !== undefined) {
    headers.push('x-lpa-instance', instance.name, 'x-lpa-provider', instance.kind, 'x-lpa-region', instance.provider.region);
    if (x.model !== undefined) headers.push('x-lpa-model', safe(x.model));
    if (x.upstreamModel !== undefined) headers.push('x-lpa-upstream-model', safe(x.upstreamModel));
    headers.push('x-lpa-attempts', String(x.attempts), 'x-lpa-overhead-ms', hundredths(x.overhead + performance.now() - x.waitingSince));
    const upstreamId = shownUpstreamId(x);
    if (upstreamId !== undefined) headers.push('x-upstream-request-id', upstreamId);
  }
  if (x.ledger.size > 0) headers.push('x-lpa-fidelity', [...x.ledger.values()].map((n) => `${n.kind}=${safe(n.param)}`).join(','));
  if (x.limit !== undefined && x.dialect?.rateHeaders !== undefined) headers.push(...x.dialect.rateHeaders(x.limit));
  if (x.plan.closing()) headers.push(...(x.http2 ? [] : ['connection', 'close']));
  return headers;
};

/** `waitingSince` holds the moment the other side gave us something; adds our work since and starts to wait again. Returns `performance.now()`. */
export const beginWait = (x: Exchange): number => {
  const now = performance.now();
  x.overhead += now - x.waitingSince;
  x.waitingSince = now;
  return now;
};
export const endWait = (x: Exchange, at: number = performance.now()): void => {
  x.waitingSince = at;
};

/** A retry is one until it has been answered: what fails slowly is not asked more often than what fails at once. */
export const endRetry = (x: Exchange): void => {
  x.retrying?.();
  x.retrying = undefined;
};
export const sendHead = (x: Exchange, status: number, headers: readonly string[]): void => {
  x.status = status;
  endRetry(x);
  const response = x.response as { writeHead(status: number, headers: readonly string[]): unknown };
  response.writeHead(status, headers);
};

const bytesOf = (body: string | Uint8Array): Buffer =>
  typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
/** One character a byte; a text of as many bytes as characters is that already. */
const latin1 = (body: string | Uint8Array, size: number): string =>
  typeof body === 'string' && body.length === size ? body : bytesOf(body).toString('latin1');
/** A whole answer in one write: node:http joins head and body only for strings, and latin1 keeps bytes as they are. */
const ONE_WRITE = 16_384;
/** `headers` are the answer's from now on. */
export const sendWhole = (x: Exchange, status: number, headers: string[], body: string | Uint8Array): void => {
  const size = Buffer.byteLength(body);
  x.bytesOut += size;
  if (x.plan.graph.settings.log.content) x.plan.content(x, 'reply', bytesOf(body));
  headers.push('content-length', String(size));
  sendHead(x, status, headers);
  const response = x.response as Outgoing & { end(text: string, encoding: BufferEncoding): void };
  if (!x.http2 && size <= ONE_WRITE) response.end(latin1(body, size), 'latin1');
  else response.end(bytesOf(body));
};

/** An error thrown anywhere becomes one of ours; what is not ours is a fault of ours and says nothing. */
export const asError = (error: unknown, report: (error: unknown) => void): GatewayError => {
  if (isGatewayError(error)) return error;
  report(error);
  return new GatewayError('internal_error', 'The gateway failed on this request; the operator finds it in the log by its request id.', { cause: error });
};

/** Whose words an error of a transparent call takes: the provider's; before the caller is known, those of the path. */
const nativeShape = ({ instance, plan, target }: Exchange): Dialect | undefined =>
  instance !== undefined ? plan.graph.dialects.get(instance.provider.errors) : target === undefined ? undefined : plan.shapeOf(target);

/** The same error about another parameter. Member by member: a message of an Error is not spread. */
export const aboutParam = ({ code, status, message, retryAfterMs, retry, spent, vendor }: ErrorLike, param: string | undefined): ErrorLike => ({
  code,
  status,
  message,
  param,
  retryAfterMs,
  retry,
  spent,
  vendor,
});
/** A conversation that is too long is named as the client's surface calls it. */
const placed = ({ surface }: Exchange, e: ErrorLike): ErrorLike => {
  const param = surface?.client?.names?.turns;
  if (e.code !== 'context_length_exceeded' || e.param !== undefined || param === undefined) return e;
  return aboutParam(e, param);
};
/** An error that the dialect writes as its vendor did is the vendor's, and so is what its request is called. */
const idOf = (x: Exchange, { name }: Dialect, e: ErrorLike): string =>
  (e.vendor?.dialect === name && e.code !== 'upstream_auth_failed' ? shownUpstreamId(x) : undefined) ?? x.id;

/** Answers with an error in the caller's dialect (protocol), the provider's shape (transparent), or the plain envelope. */
export const sendError = (x: Exchange, e: ErrorLike, extra: HeaderPairs = []): void => {
  x.error = e;
  x.code = e.code;
  if (x.gone || x.response.destroyed || x.response.writableEnded) return;
  if (x.response.headersSent) return sever(x.response);
  const dialect = x.mode === 'transparent' ? nativeShape(x) : x.dialect;
  if (dialect === undefined) {
    const { status, headers, body } = envelope({ ...plainOf(e), headers: extra }, x.id);
    sendHead(x, status, headers);
    x.response.end(x.request.method === 'HEAD' ? '' : body);
    return;
  }
  const id = idOf(x, dialect, e);
  const wire = dialect.error(x.mode === 'transparent' ? e : placed(x, e), x.operation, id);
  // A native answer carries the provider's own limits; one that was refused for ours never had any.
  const limits = x.dialect === undefined && x.limit !== undefined && e.code === 'rate_limit_exceeded' ? (dialect.rateHeaders?.(x.limit) ?? []) : [];
  const headers = [...ownHeaders(x), ...limits, ...(x.refusedLimits ?? []), 'x-lpa-code', e.code, ...namedId(dialect, id), ...wire.headers, ...extra];
  sendWhole(x, wire.status, headers, x.request.method === 'HEAD' ? '' : wire.body);
};
const plainOf = (e: ErrorLike): ErrorLike => ({
  code: e.code,
  status: e.status,
  message: e.message,
  param: e.param,
  retryAfterMs: e.retryAfterMs,
  retry: e.retry,
});

/** Headers of a whole answer that a dialect wrote; JSON unless it says otherwise. */
export const writtenHeaders = (headers: HeaderPairs = []): readonly string[] =>
  headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type') ? headers : ['content-type', 'application/json', ...headers];

export const upstreamRequestId = (headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined => {
  for (const name of UPSTREAM_REQUEST_IDS) {
    const value = headers[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
};
