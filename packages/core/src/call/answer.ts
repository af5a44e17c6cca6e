import { type Dialect, type ErrorLike, GatewayError, type HeaderPairs, isGatewayError } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import { corsHeaders } from '../http/cors.ts';
import { UPSTREAM_REQUEST_IDS } from '../http/credential-slots.ts';
import { echoable, envelope } from '../http/envelope.ts';
import { HeaderLines, headerValueIsSafe } from '../http/header-lines.ts';
import { bytesOf, LeanResponse } from '../http/lean-response.ts';
import { sever } from '../http/sever.ts';
import { hundredths } from '../observe/access-line.ts';
import type { Exchange } from './exchange.ts';
import { holdsOneOf } from './holds-secret.ts';

// Written in the parts that node:http accepts in a value; anything else is percent-encoded, so no value can split a head.
const UNSAFE = /[^\x20-\x7e]/;
const safe = (value: string): string => (UNSAFE.test(value) ? encodeURI(value.toWellFormed()) : value).slice(0, 512);

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

const routed = (instance: Instance, model: string | undefined, upstreamModel: string | undefined, attempts: number): string => {
  const lines = new HeaderLines().addAll(['x-lpa-instance', instance.name, 'x-lpa-provider', instance.kind, 'x-lpa-region', instance.provider.region]);
  if (model !== undefined) lines.add('x-lpa-model', safe(model));
  if (upstreamModel !== undefined) lines.add('x-lpa-upstream-model', safe(upstreamModel));
  return lines.add('x-lpa-attempts', String(attempts)).text;
};
/** Lines that follow one another and are mostly those of the answer before: as long as they are, their text is used again. */
let route: { instance: Instance; model: string | undefined; upstreamModel: string | undefined; attempts: number; text: string } | undefined;
const routeLines = ({ instance, model, upstreamModel, attempts }: Exchange): string => {
  if (instance === undefined) return '';
  if (route?.instance !== instance || route.model !== model || route.upstreamModel !== upstreamModel || route.attempts !== attempts)
    route = { instance, model, upstreamModel, attempts, text: routed(instance, model, upstreamModel, attempts) };
  return route.text;
};
/** What every answer of ours carries, in front of the headers of the answer itself. */
export const ownHeaders = (x: Exchange): HeaderLines => {
  const lines = new HeaderLines(`x-request-id: ${x.id}\r\n${routeLines(x)}`);
  if (x.instance !== undefined) lines.put('x-lpa-overhead-ms', hundredths(x.overhead + performance.now() - x.waitingSince));
  const clientId = echoable(x.head?.clientRequestId);
  if (clientId !== undefined) lines.put('x-client-request-id', clientId);
  const { origins } = x.plan.graph.settings.server.cors;
  if (origins.length > 0) lines.addAll(corsHeaders(origins, x.head?.origin));
  const upstreamId = shownUpstreamId(x);
  if (upstreamId !== undefined) lines.put('x-upstream-request-id', upstreamId);
  if (x.ledger.size > 0) lines.add('x-lpa-fidelity', [...x.ledger.values()].map((n) => `${n.kind}=${safe(n.param)}`).join(','));
  if (x.limit !== undefined && x.dialect?.rateHeaders !== undefined) lines.addAll(x.dialect.rateHeaders(x.limit));
  if (x.plan.closing() && !x.http2) lines.put('connection', 'close');
  return lines;
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
const begin = (x: Exchange, status: number): void => {
  x.status = status;
  endRetry(x);
};
export const sendHead = (x: Exchange, status: number, headers: HeaderLines): void => {
  begin(x, status);
  if (x.response instanceof LeanResponse) return x.response.writeLines(status, headers);
  const response = x.response as { writeHead(status: number, headers: readonly string[]): unknown };
  response.writeHead(status, headers.pairs());
};

/** Bytes of a body that is worth copying behind its head, so that both go out in one write. */
export const ONE_WRITE = 16_384;
/** `headers` say the length, and are the answer's from now on. */
export const sendBody = (x: Exchange, status: number, headers: HeaderLines, body: string | Uint8Array, size: number): void => {
  x.bytesOut += size;
  if (x.plan.graph.settings.log.content) x.plan.content(x, 'reply', bytesOf(body));
  if (x.response instanceof LeanResponse && size <= ONE_WRITE) {
    begin(x, status);
    return x.response.endWhole(status, headers, body, size);
  }
  sendHead(x, status, headers);
  x.response.end(bytesOf(body));
};
/** The same with the length put to the headers. */
export const sendWhole = (x: Exchange, status: number, headers: HeaderLines, body: string | Uint8Array): void => {
  const size = Buffer.byteLength(body);
  sendBody(x, status, headers.put('content-length', String(size)), body, size);
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
    sendHead(x, status, new HeaderLines().addAll(headers));
    x.response.end(x.request.method === 'HEAD' ? '' : body);
    return;
  }
  const id = idOf(x, dialect, e);
  const wire = dialect.error(x.mode === 'transparent' ? e : placed(x, e), x.operation, id);
  // A native answer carries the provider's own limits; one that was refused for ours never had any.
  const limits = x.dialect === undefined && x.limit !== undefined && e.code === 'rate_limit_exceeded' ? (dialect.rateHeaders?.(x.limit) ?? []) : [];
  const headers = ownHeaders(x).addAll([...limits, ...(x.refusedLimits ?? []), 'x-lpa-code', e.code, ...namedId(dialect, id), ...wire.headers, ...extra]);
  if (x.request.method !== 'HEAD') return sendWhole(x, wire.status, headers, wire.body);
  sendHead(x, wire.status, headers.put('content-length', String(Buffer.byteLength(wire.body))));
  x.response.end();
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
