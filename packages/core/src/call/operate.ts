import {
  type Bytes,
  type Call,
  type Dialect,
  type Edit,
  type Endpoint,
  GatewayError,
  type HeaderPairs,
  patchBody,
  type Surface,
  totalLength,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import type { Found } from '../http/route.ts';
import type { Candidate } from '../routing/resolve.ts';
import { beginWait, endWait, headerValueIsSafe, ownHeaders, sendWhole, upstreamRequestId, writtenHeaders } from './answer.ts';
import { type Prepared, send } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import { passingStream } from './pass.ts';
import { endpointFor, type ReceivedBody } from './protocol.ts';
import { type Attempting, DONE, type Outcome, type ReplyHead, statusOutcome } from './reply/outcome.ts';
import { relaySink } from './reply/relay.ts';
import { streamSink } from './reply/stream.ts';
import { wholeSink } from './reply/whole.ts';
import { ownReply } from './stateful.ts';
import { callOf, inboundOf, makeLedger, type Translated, translatedStream, translateRequest } from './translate.ts';

type SurfaceFound = Extract<Found, { is: 'surface' }>;
const USER_AGENT = 'llm-proxy-auth';
type Chat = Surface<'chat'>;
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'content-range',
  'last-modified',
  'etag',
]);

/** `{name}` of an endpoint's path is the route's parameter as the client wrote it. */
const fill = (path: string, params: Readonly<Record<string, string>>): string =>
  path.includes('{') ? path.replaceAll(/\{([a-zA-Z]+)\+?\}/g, (_, name: string) => params[name] ?? '') : path;

/** Client headers that may go along: the dialect's own list when provider and client speak the same, and `forwardHeaders`. */
const clientHeaders = (x: Exchange, dialect: Dialect, sameDialect: boolean, extra: readonly string[]): string[] => {
  const allowed = sameDialect ? (dialect.requestHeaders ?? []) : [];
  const out: string[] = [];
  const pairs = x.head?.forward ?? [];
  if (allowed.length === 0 && extra.length === 0) return out;
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] ?? '';
    if (allowed.includes(name) || extra.includes(name)) out.push(name, pairs[i + 1] ?? '');
  }
  return out;
};
const replyFilters = new WeakMap<Dialect, (name: string) => boolean>();
const passesReply = (dialect: Dialect): ((name: string) => boolean) => {
  const known = replyFilters.get(dialect);
  if (known !== undefined) return known;
  const exact = new Set((dialect.replyHeaders ?? []).filter((h) => !h.endsWith('*')));
  const prefixes = (dialect.replyHeaders ?? []).filter((h) => h.endsWith('*')).map((h) => h.slice(0, -1));
  const made = (name: string): boolean => exact.has(name) || prefixes.some((p) => name.startsWith(p));
  replyFilters.set(dialect, made);
  return made;
};
/** Headers of the provider that reach a client of the same dialect; with limits of ours its rate-limit lines would mislead. */
export const replyHeaders = (x: Exchange, dialect: Dialect, sameDialect: boolean, head: ReplyHead): string[] => {
  if (!sameDialect) return [];
  const passes = passesReply(dialect);
  const out: string[] = [];
  for (const name in head) {
    if (!passes(name) || (x.limit !== undefined && name.startsWith('x-ratelimit-'))) continue;
    const value = head[name];
    if (typeof value === 'string' && headerValueIsSafe(value)) out.push(name, value);
  }
  return out;
};

const requestOf = (
  x: Exchange,
  dialect: Dialect,
  found: SurfaceFound,
  endpoint: Endpoint,
  candidate: Candidate,
  contentType: string | undefined,
  headers: HeaderPairs,
): Prepared['request'] => {
  const { provider, settings } = candidate.instance;
  const same = endpoint.dialect === dialect.name;
  const query = found.route.query === true && (x.target?.query ?? '') !== '' ? `${endpoint.path.includes('?') ? '&' : '?'}${x.target?.query ?? ''}` : '';
  return {
    method: endpoint.method,
    origin: endpoint.origin ?? provider.base.origin,
    path: provider.base.path + fill(endpoint.path, found.params) + query,
    headers: [
      'user-agent',
      USER_AGENT,
      'accept-encoding',
      'identity',
      ...(contentType === undefined ? [] : ['content-type', contentType]),
      ...clientHeaders(x, dialect, same, settings.forwardHeaders),
      ...(endpoint.headers ?? []),
      ...headers,
    ],
  };
};

/** A whole reply of the same surface: bytes pass, a tap reads usage. */
const passReply =
  (a: Attempting, dialect: Dialect, found: SurfaceFound) =>
  (reply: UpstreamReply, head: ReplyHead): void => {
    const { x } = a;
    const tap = found.surface.tap?.('json', false);
    tap?.bytes(reply.body);
    const verdict = tap?.end();
    if (verdict?.usage !== undefined) x.usage = verdict.usage;
    if (verdict?.error !== undefined) return a.resolve({ is: 'failed', class: '502', error: verdict.error });
    void ownReply(x, a.instance, found.reach, reply.body).then(
      (body) => {
        const type = typeof head['content-type'] === 'string' && headerValueIsSafe(head['content-type']) ? head['content-type'] : 'application/json';
        beginWait(x);
        sendWhole(x, reply.status, [...ownHeaders(x), 'content-type', type, ...replyHeaders(x, dialect, true, head)], body);
        a.resolve(DONE);
      },
      (error: unknown) =>
        a.resolve({
          is: 'failed',
          class: 'other',
          error: error instanceof GatewayError ? error : new GatewayError('internal_error', 'The answer could not be recorded.', { cause: error }),
        }),
    );
  };

/** A whole reply read by the provider half and written by the client half. */
const translateReply =
  (a: Attempting, dialect: Dialect, client: Chat, provider: Chat, call: Call, memo: unknown) =>
  (reply: UpstreamReply, head: ReplyHead): void => {
    const { x } = a;
    try {
      const read = provider.provider?.read(reply, call, memo);
      if (read === undefined || client.client === undefined) throw new GatewayError('upstream_bad_response', 'The answer cannot be translated.');
      if (typeof read === 'object' && 'usage' in read) x.usage = read.usage;
      const written = client.client.write(read, call);
      beginWait(x);
      sendWhole(
        x,
        written.status ?? 200,
        [...ownHeaders(x), ...writtenHeaders(written.headers), ...replyHeaders(x, dialect, call.endpoint.dialect === dialect.name, head)],
        written.body,
      );
      a.resolve(DONE);
    } catch (thrown) {
      const error =
        thrown instanceof Error && thrown.name === 'GatewayError'
          ? (thrown as GatewayError)
          : new GatewayError('upstream_bad_response', `The answer of ${a.instance.name} cannot be read.`, { cause: thrown });
      a.resolve({ is: 'failed', class: '502', error });
    }
  };

/** Answers that are needed whole: statuses from 300 on are errors. */
const whole = (a: Attempting, then: (reply: UpstreamReply, head: ReplyHead) => void) => {
  let head: ReplyHead = {};
  const sink = wholeSink(a, (reply) => {
    endWait(a.x);
    if (reply.status >= 300) return a.resolve(statusOutcome(a.x, a.instance, reply));
    then(reply, head);
  });
  return {
    ...sink,
    head(status: number, headers: ReplyHead) {
      head = headers;
      a.x.upstreamRequestId = upstreamRequestId(headers);
      sink.head(status, headers);
    },
  };
};

interface PassingBody {
  readonly pieces: readonly Uint8Array[];
  readonly asked: boolean;
}
/** The client's bytes with another model name and our question for usage patched in. */
const passingBody = (x: Exchange, endpoint: Endpoint, candidate: Candidate, body: ReceivedBody): PassingBody => {
  const edits: Edit[] = [];
  if (x.model !== undefined && body.governed.hasBody && (candidate.model !== x.model || body.governed.model === undefined))
    edits.push(...body.governed.renameModel(candidate.model));
  const ask = x.stream && body.kind === 'json' ? body.governed.askUsage() : undefined;
  if (ask !== undefined) edits.push(...ask);
  return {
    pieces: edits.length === 0 ? body.pieces : patchBody(body.pieces, mergeInserts(edits)),
    asked: ask !== undefined && ask.length > 0 && endpoint.surface !== '',
  };
};
/** Two members inserted at the same place of an empty object need one comma between them. */
const mergeInserts = (edits: readonly Edit[]): readonly Edit[] => {
  const [first, second] = edits;
  if (edits.length !== 2 || first === undefined || second === undefined || first.start !== second.start || first.end !== first.start) return edits;
  const join = first.text.endsWith(',') ? '' : ',';
  return [{ start: first.start, end: first.end, text: `${first.text}${join}${second.text}` }];
};

const withLength = (headers: string[], pieces: readonly Uint8Array[]): string[] =>
  pieces.length > 0 ? [...headers, 'content-length', String(totalLength(pieces))] : headers;

const passing = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, endpoint: Endpoint, body: ReceivedBody): Prepared => {
  const { surface } = found;
  const { pieces, asked } = passingBody(x, endpoint, candidate, body);
  const contentType = body.kind === 'none' ? undefined : body.kind === 'json' ? 'application/json' : x.head?.contentType;
  const request = requestOf(x, dialect, found, endpoint, candidate, contentType, []);
  request.headers = withLength(request.headers, pieces);
  const headers = (head: ReplyHead): readonly string[] => replyHeaders(x, dialect, true, head);
  return {
    request,
    body: pieces.length === 0 ? undefined : pieces,
    stream: x.stream,
    sink(a) {
      if (x.stream && (surface.operation === 'chat' || surface.operation === 'opaque')) {
        const text = (): string => Buffer.concat(body.pieces).toString();
        const lazy = lazyCall(x, endpoint, candidate, text);
        const stream = passingStream(x, surface as Chat, endpoint.framing ?? surface.framing, asked, lazy, headers, (_x, tap) => {
          const verdict = tap.end();
          if (verdict.usage !== undefined) x.usage = verdict.usage;
          if (verdict.id === undefined || x.principal === undefined || (found.reach.ids?.reply.length ?? 0) === 0) return;
          return x.plan.owners.record(x.principal, a.instance.name, [verdict.id]);
        });
        if (stream !== undefined) return streamSink(a, stream);
      }
      const reads = surface.operation !== 'opaque' || found.reach.ids !== undefined;
      if (!reads) return relaySink(a, undefined, false, (name) => BODY_HEADERS.has(name) || passesReply(dialect)(name));
      return whole(a, passReply(a, dialect, found));
    },
  };
};

/** A `Call` whose body is parsed only if somebody looks. */
const lazyCall = (x: Exchange, endpoint: Endpoint, candidate: Candidate, text: () => string): Call => {
  let made: ReturnType<typeof inboundOf> | undefined;
  const call = callOf(x, inboundOf(x, ''), endpoint, candidate.model, makeLedger(x), x.plan.graph.seal);
  return Object.defineProperty({ ...call }, 'inbound', {
    get: () => {
      made ??= inboundOf(x, text());
      return made;
    },
    enumerable: true,
  });
};

const translating = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, endpoint: Endpoint, body: ReceivedBody): Prepared => {
  const client = found.surface as Chat;
  const provider = x.plan.graph.dialects.get(endpoint.dialect)?.surfaces.find((s) => s.name === endpoint.surface) as Chat | undefined;
  if (provider === undefined || provider.operation !== client.operation || client.operation === ('opaque' as string))
    throw new GatewayError('operation_not_supported', `This operation cannot be translated for ${candidate.instance.name}.`);
  x.ledger.clear();
  const ledger = makeLedger(x);
  const inbound = inboundOf(x, body.pieces.length === 1 ? (body.pieces[0] as Buffer).toString() : Buffer.concat(body.pieces).toString());
  const call = callOf(x, inbound, endpoint, candidate.model, ledger, x.plan.graph.seal);
  const strict = (x.head?.ours.get('fidelity') ?? x.plan.graph.settings.fidelity) === 'reject';
  const translated: Translated = translateRequest(x, client, provider, call, strict);
  const request = requestOf(x, dialect, found, endpoint, candidate, 'application/json', translated.headers);
  request.headers = withLength(request.headers, [translated.body]);
  const headers = (head: ReplyHead): readonly string[] => replyHeaders(x, dialect, endpoint.dialect === dialect.name, head);
  return {
    request,
    body: [translated.body] as readonly Bytes[],
    stream: x.stream,
    sink(a) {
      if (x.stream && client.operation === 'chat') {
        const stream = translatedStream(x, client, provider, endpoint.framing ?? provider.framing, call, translated.memo, headers);
        if (stream === undefined) throw new GatewayError('operation_not_supported', `This operation cannot be streamed for ${candidate.instance.name}.`);
        return streamSink(a, stream);
      }
      return whole(a, translateReply(a, dialect, client, provider, call, translated.memo));
    },
  };
};

/** Builds the upstream request of one candidate: same surface, bytes pass; else they are translated. */
export const prepare = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, body: ReceivedBody): Prepared => {
  const endpoint = endpointFor(x, dialect, found, candidate);
  if (endpoint === undefined) throw new GatewayError('operation_not_supported', `The provider of ${candidate.instance.name} does not have this operation.`);
  const same = endpoint.dialect === dialect.name && endpoint.surface === found.surface.name && endpoint.profile === undefined;
  const pass = same && (x.plan.pass || found.surface.operation === 'opaque' || found.surface.client === undefined || body.kind !== 'json');
  return pass ? passing(x, dialect, found, candidate, endpoint, body) : translating(x, dialect, found, candidate, endpoint, body);
};

export const operate = (
  x: Exchange,
  dialect: Dialect,
  found: SurfaceFound,
  candidate: Candidate,
  body: ReceivedBody,
  number: number,
  fresh: boolean,
): Promise<Outcome> => send(x, candidate.instance, prepare(x, dialect, found, candidate, body), number, fresh);
