import { Readable } from 'node:stream';
import {
  type Call,
  type Dialect,
  type Edit,
  type Endpoint,
  type Framing,
  GatewayError,
  patchBody,
  type Surface,
  type Tap,
  totalLength,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { headerValueIsSafe } from '../http/header-lines.ts';
import type { Found } from '../http/route.ts';
import type { Candidate } from '../routing/resolve.ts';
import { beginWait, ownHeaders, sendWhole } from './answer.ts';
import { answerTap } from './answer-tap.ts';
import { answersOf, flawOf, isJsonType, isPage, mustBeJson } from './answered.ts';
import type { Prepared } from './attempt.ts';
import type { ReplyHead, Sink } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { isEvents, type PassingRules, passingStream } from './pass.ts';
import type { ReceivedBody } from './protocol.ts';
import { byHead } from './reply/by-head.ts';
import { heldSink, refusedSink } from './reply/held.ts';
import { type Attempting, DONE, textOf } from './reply/outcome.ts';
import { withOwn } from './reply/owned.ts';
import { relaySink } from './reply/relay.ts';
import { streamSink } from './reply/stream.ts';
import { answerSink } from './reply/whole.ts';
import { readsReply, recordVerdict } from './stateful.ts';
import { inboundOf, makeLedger } from './translate.ts';
import { addLength, passesReply, replyHeaders, requestOf } from './upstream-head.ts';

type SurfaceFound = Extract<Found, { is: 'surface' }>;
const BODY_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'content-range',
  'last-modified',
  'etag',
]);

/** The client's bytes with another model name and our question for usage patched in. */
const patched = (x: Exchange, candidate: Candidate, body: ReceivedBody, ask: readonly Edit[] | undefined): readonly Uint8Array[] => {
  const model = candidate.instance.provider.names?.wire(candidate.model) ?? candidate.model;
  const rename = x.model !== undefined && body.governed.hasBody && (model !== x.model || body.governed.model === undefined);
  if (!rename && (ask === undefined || ask.length === 0)) return body.pieces;
  return patchBody(body.pieces, mergeInserts([...(rename ? body.governed.renameModel(model) : []), ...(ask ?? [])]));
};
/** Two members inserted at the same place of an empty object need one comma between them. */
const mergeInserts = (edits: readonly Edit[]): readonly Edit[] => {
  const [first, second] = edits;
  if (edits.length !== 2 || first === undefined || second === undefined || first.start !== second.start || first.end !== first.start) return edits;
  const join = first.text.endsWith(',') ? '' : ',';
  return [{ start: first.start, end: first.end, text: `${first.text}${join}${second.text}` }];
};

const bodyOf = (pieces: readonly Uint8Array[], rest: Readable | undefined): Prepared['body'] => {
  if (rest === undefined) return pieces.length === 0 ? undefined : pieces;
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield* pieces;
    yield* rest;
  };
  return Readable.from(all(), { objectMode: false });
};
/** Bytes of the client's body that have not been read; undefined where nobody has said. */
const unread = ({ head }: Exchange, { pieces, rest }: ReceivedBody): number | undefined => {
  if (rest === undefined) return 0;
  return head?.contentLength === undefined ? undefined : head.contentLength - totalLength(pieces);
};

/** A call whose provider speaks the client's own surface: bytes pass both ways, a tap watches. */
class Passing implements Prepared, PassingRules {
  readonly request: Prepared['request'];
  readonly body: Prepared['body'];
  readonly stream: boolean;
  readonly surface: Surface<'chat'> | Surface<'opaque'>;
  readonly framing: Framing;
  readonly #x: Exchange;
  readonly #dialect: Dialect;
  readonly #found: SurfaceFound;
  readonly #endpoint: Endpoint;
  readonly #model: string;
  readonly #received: ReceivedBody;
  readonly #asked: boolean;

  constructor(x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, endpoint: Endpoint, body: ReceivedBody) {
    const ask = x.stream && body.kind === 'json' ? body.governed.askUsage() : undefined;
    const pieces = patched(x, candidate, body, ask);
    const contentType = body.kind === 'none' ? undefined : body.kind === 'json' ? 'application/json' : x.head?.contentType;
    this.request = requestOf(x, dialect, found, endpoint, candidate, contentType, []);
    this.body = bodyOf(pieces, body.rest);
    const behind = unread(x, body);
    if (behind !== undefined) addLength(this.request.headers, pieces, behind);
    this.stream = x.stream;
    this.surface = found.surface as Surface<'chat'>;
    this.framing = endpoint.framing ?? found.surface.framing;
    this.#x = x;
    this.#dialect = dialect;
    this.#found = found;
    this.#endpoint = endpoint;
    this.#model = candidate.model;
    this.#received = body;
    this.#asked = ask !== undefined && ask.length > 0 && endpoint.surface !== '';
  }
  sink(a: Attempting): Sink {
    const x = this.#x;
    const { surface, reach } = this.#found;
    if (x.stream && (surface.operation === 'chat' || surface.operation === 'opaque')) {
      const stream = passingStream(x, this.#asked, this);
      if (stream !== undefined && answersOf(this.#found) !== 'text') return streamSink(a, stream);
    }
    const reads = surface.operation !== 'opaque' || reach.class === 'stateful' || readsReply(x, reach);
    if (reads) return answerSink(a, (reply, head) => this.#reply(a, reply, head));
    return byHead(a, (status, head) => this.#byHead(a, status, head));
  }
  /** What passes as it comes: a stream keeps the rules of streams though none was asked for, and what must be JSON is held until it is seen to be. */
  #byHead(a: Attempting, status: number, head: ReplyHead): Sink {
    const { surface } = this.#found;
    const type = textOf(head, 'content-type');
    const answers = answersOf(this.#found);
    const streams = answers !== undefined && answers !== 'any' && surface.framing !== 'json';
    const stream = streams && status < 300 && isEvents(type) ? passingStream(this.#x, false, this, 'sse') : undefined;
    if (stream !== undefined) return streamSink(a, stream);
    if (status < 300 && isPage(answers, type)) return refusedSink(a);
    const passes = passesReply(this.#dialect);
    const only = (name: string): boolean => BODY_HEADERS.has(name) || passes(name);
    if (status >= 300 || !mustBeJson(answers, type)) return relaySink(a, answerTap(surface, head), false, only);
    return heldSink(a, answers, surface.tap?.('json', false), relaySink(a, undefined, false, only));
  }
  headers(head: ReplyHead): readonly string[] {
    return replyHeaders(this.#x, this.#dialect, this.#dialect.name, head);
  }
  get call(): Call {
    return new LazyCall(this.#x, this.#endpoint, this.#model, this.#received.pieces);
  }
  onVerdict(x: Exchange, tap: Tap): void | Promise<void> {
    const verdict = tap.end();
    if (verdict.usage !== undefined) x.usage = verdict.usage;
    if (x.instance !== undefined && readsReply(x, this.#found.reach)) return recordVerdict(x, x.instance, verdict);
  }
  /** A whole reply: bytes pass, a tap reads usage. */
  #reply(a: Attempting, reply: UpstreamReply, head: ReplyHead): void {
    const { x } = a;
    const { surface, reach } = this.#found;
    // What is no JSON (the content of a file) has no ending of its own; its length says whether it is whole.
    const answers = answersOf(this.#found);
    const type = textOf(head, 'content-type');
    const isGone = reply.status === 204 && x.request.method === 'DELETE';
    const mustBe = !isGone && (answers === undefined ? isJsonType(type) : mustBeJson(answers, type));
    const tap = surface.tap?.(mustBe ? 'json' : 'binary', false);
    tap?.bytes(reply.body);
    const verdict = tap?.end();
    // The flaw first: usage is found in the text that was made for it.
    const error = mustBe ? flawOf(a.instance.name, answers, reply.body, verdict) : undefined;
    if (verdict?.usage !== undefined) x.usage = verdict.usage;
    const accounted = verdict?.error !== undefined || verdict?.usage !== undefined;
    if (error !== undefined) return a.resolve({ is: 'failed', class: '502', error, accounted });
    if (surface.operation === 'embeddings' && surface.fits?.(reply.body, this.#received.pieces) === false) return this.#anew(a, surface, reply, head);
    if (!readsReply(x, reach)) return this.#answer(a, reply, head, reply.body);
    withOwn(a, reach, reply.body, (body) => this.#answer(a, reply, head, body));
  }
  /** An answer in another form than the one that was asked for. */
  #anew(a: Attempting, { client, provider }: Surface<'embeddings'>, reply: UpstreamReply, head: ReplyHead): void {
    if (client === undefined || provider === undefined) return this.#answer(a, reply, head, reply.body);
    let body: string | Uint8Array;
    try {
      const { call } = this;
      body = client.write(provider.read(reply, call, undefined), call).body;
    } catch (cause) {
      const error = new GatewayError('upstream_bad_response', `The answer of ${a.instance.name} cannot be read.`, { cause });
      return a.resolve({ is: 'failed', class: '502', error, accounted: a.x.usage !== undefined });
    }
    this.#answer(a, reply, head, body);
  }
  #answer(a: Attempting, reply: UpstreamReply, head: ReplyHead, body: string | Uint8Array): void {
    const { x } = a;
    const told = textOf(head, 'content-type');
    const isTold = told !== '' && headerValueIsSafe(told) && (answersOf(this.#found) !== 'json' || isJsonType(told));
    const type = isTold ? told : 'application/json';
    beginWait(x);
    sendWhole(x, reply.status, ownHeaders(x).put('content-type', type).addAll(this.headers(head)), body);
    a.resolve(DONE);
  }
}
export const passing = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, endpoint: Endpoint, body: ReceivedBody): Prepared =>
  new Passing(x, dialect, found, candidate, endpoint, body);

/** A `Call` whose body is parsed only if somebody looks. A class: a getter in a literal is a new shape for each call. */
class LazyCall implements Call {
  readonly id: string;
  readonly now: number;
  readonly requestedModel: string;
  readonly model: string;
  readonly stream: boolean;
  readonly endpoint: Endpoint;
  readonly #x: Exchange;
  readonly #pieces: readonly Buffer[];
  #inbound: Call['inbound'] | undefined;
  #ledger: Call['ledger'] | undefined;
  constructor(x: Exchange, endpoint: Endpoint, model: string, pieces: readonly Buffer[]) {
    this.id = x.id;
    this.now = x.startedAt;
    this.requestedModel = x.model ?? model;
    this.model = model;
    this.stream = x.stream;
    this.endpoint = endpoint;
    this.#x = x;
    this.#pieces = pieces;
  }
  get framing(): Call['framing'] {
    return this.#x.surface?.framingOf?.(this.#x.target?.query ?? '');
  }
  get ledger(): Call['ledger'] {
    this.#ledger ??= makeLedger(this.#x, this.#x.surface?.client);
    return this.#ledger;
  }
  get seal(): Call['seal'] {
    return this.#x.plan.graph.seal;
  }
  get inbound(): Call['inbound'] {
    this.#inbound ??= inboundOf(this.#x, Buffer.concat(this.#pieces).toString());
    return this.#inbound;
  }
}
