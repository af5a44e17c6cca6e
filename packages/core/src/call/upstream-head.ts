import { type Dialect, type Endpoint, type HeaderPairs, header, totalLength } from '@llm-proxy-auth/plugin';
import { headerValueIsSafe } from '../http/header-lines.ts';
import type { Found } from '../http/route.ts';
import type { Candidate } from '../routing/resolve.ts';
import { holdsSecret } from './answer.ts';
import type { Prepared } from './attempt.ts';
import type { ReplyHead } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { checkModelHeaders } from './further-models.ts';
import { isStrict, lossError } from './strict.ts';

type SurfaceFound = Extract<Found, { is: 'surface' }>;
const USER_AGENT = 'llm-proxy-auth';

/** `{name}` of an endpoint's path is the route's parameter as the client wrote it. */
const fill = (path: string, params: Readonly<Record<string, string>>): string =>
  path.includes('{') ? path.replaceAll(/\{([a-zA-Z]+)\+?\}/g, (_, name: string) => params[name] ?? '') : path;

const NO_HEADERS: ReadonlySet<string> = new Set();
const requestHeaders = new WeakMap<Dialect, ReadonlySet<string>>();
const requestHeadersOf = (dialect: Dialect): ReadonlySet<string> => {
  let known = requestHeaders.get(dialect);
  if (known === undefined) {
    known = new Set(dialect.requestHeaders);
    requestHeaders.set(dialect, known);
  }
  return known;
};
const lose = (x: Exchange, param: string): void => {
  if (isStrict(x)) throw lossError(x, param);
  x.note('ignored', param);
  x.plan.metrics.fidelity(param);
};
/**
 * Client headers that may go along: the dialect's own list when provider and client speak the same, and `forwardHeaders`. Parameters among
 * the others are lost, unless they are `written` already. Throws `unsupported_parameter` where nothing may be.
 */
const clientHeaders = (x: Exchange, dialect: Dialect, sameDialect: boolean, extra: readonly string[], written: HeaderPairs): string[] => {
  const allowed = sameDialect ? requestHeadersOf(dialect) : NO_HEADERS;
  const params = dialect.headerParams;
  const out: string[] = [];
  const pairs = x.head?.forward ?? [];
  if (allowed.size === 0 && extra.length === 0 && params === undefined) return out;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (allowed.has(name) || (extra.length > 0 && extra.includes(name))) out.push(name, pairs[i + 1] ?? '');
    else if (params !== undefined && Object.hasOwn(params, name) && !written.includes(name)) lose(x, params[name] ?? name);
  }
  return out;
};
const replyFilters = new WeakMap<Dialect, (name: string) => boolean>();
export const passesReply = (dialect: Dialect): ((name: string) => boolean) => {
  const known = replyFilters.get(dialect);
  if (known !== undefined) return known;
  const exact = new Set((dialect.replyHeaders ?? []).filter((h) => !h.endsWith('*')));
  const prefixes = (dialect.replyHeaders ?? []).filter((h) => h.endsWith('*')).map((h) => h.slice(0, -1));
  const made = (name: string): boolean => exact.has(name) || prefixes.some((p) => name.startsWith(p));
  replyFilters.set(dialect, made);
  return made;
};
const textIn =
  (head: ReplyHead) =>
  (name: string): string | undefined => {
    const value = head[name];
    return typeof value === 'string' ? value : undefined;
  };
/** What a provider of another dialect says of its limits, by headers that clients of this one read; nothing where limits of ours stand in their place. */
const translatedLimits = (x: Exchange, dialect: Dialect, from: string, head: (name: string) => string | undefined): HeaderPairs => {
  if (x.limit !== undefined || dialect.rateHeaders === undefined) return [];
  const limits = x.plan.graph.dialects.get(from)?.readLimits?.(head);
  return limits === undefined ? [] : dialect.rateHeaders(limits);
};
/**
 * Headers of the provider that reach a client of the same dialect, with limits of ours without its rate-limit lines, which would mislead; and
 * the id of the request where such clients look for it, unless the provider's own passes. What stands in `written` already is not repeated. `from`: the dialect of the answer.
 */
export const replyHeaders = (x: Exchange, dialect: Dialect, from: string, head: ReplyHead, written: HeaderPairs = []): string[] => {
  const isWritten = (name: string): boolean => written.some((one, i) => i % 2 === 0 && one === name);
  const id = dialect.requestIdHeader === undefined || isWritten(dialect.requestIdHeader) ? [] : [dialect.requestIdHeader, x.id];
  if (from !== dialect.name) return [...id, ...translatedLimits(x, dialect, from, textIn(head))];
  const passes = passesReply(dialect);
  const secrets = x.plan.graph.secrets();
  const out: string[] = [];
  let isNamed = false;
  for (const name in head) {
    if (!passes(name) || isWritten(name) || (x.limit !== undefined && name.includes('-ratelimit-'))) continue;
    const value = head[name];
    if (typeof value !== 'string' || !headerValueIsSafe(value) || holdsSecret(secrets, name, value)) continue;
    out.push(name, value);
    if (name === dialect.requestIdHeader) isNamed = true;
  }
  if (!isNamed) out.push(...id);
  return out;
};

/** What an error of a provider says of limits, by headers that clients of this dialect read; undefined where limits of ours stand in their place. */
export const limitHeaders = (x: Exchange, headers: HeaderPairs): readonly string[] | undefined => {
  const { dialect, instance, plan } = x;
  if (dialect === undefined || instance === undefined || x.limit !== undefined) return undefined;
  const { errors } = instance.provider;
  if (errors !== dialect.name) return translatedLimits(x, dialect, errors, (name) => header(headers, name));
  const passes = passesReply(dialect);
  const secrets = plan.graph.secrets();
  const out: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i]?.toLowerCase(), headers[i + 1]];
    if (name.includes('-ratelimit-') && passes(name) && headerValueIsSafe(value) && !holdsSecret(secrets, name, value)) out.push(name, value);
  }
  return out;
};

export const requestOf = (
  x: Exchange,
  dialect: Dialect,
  found: SurfaceFound,
  endpoint: Endpoint,
  candidate: Candidate,
  contentType: string | undefined,
  headers: HeaderPairs,
): Prepared['request'] => {
  const { provider, settings } = candidate.instance;
  // A variant of the dialect has headers of its own, which its writer knows.
  const same = endpoint.dialect === dialect.name && endpoint.profile === undefined;
  const query = found.route.query === true && (x.target?.query ?? '') !== '' ? `${endpoint.path.includes('?') ? '&' : '?'}${x.target?.query ?? ''}` : '';
  const sent = [
    'user-agent',
    USER_AGENT,
    'accept-encoding',
    'identity',
    ...(contentType === undefined ? [] : ['content-type', contentType]),
    ...clientHeaders(x, dialect, same, settings.forwardHeaders, headers),
    ...(endpoint.headers ?? []),
    ...headers,
  ];
  checkModelHeaders(x, provider, sent);
  return {
    method: endpoint.method,
    origin: endpoint.origin ?? provider.base.origin,
    path: provider.base.path + fill(endpoint.path, found.params) + query,
    headers: sent,
  };
};

/** `behind`: bytes that follow the pieces. */
export const addLength = (headers: string[], pieces: readonly Uint8Array[], behind = 0): void => {
  if (pieces.length > 0) headers.push('content-length', String(totalLength(pieces) + behind));
};
