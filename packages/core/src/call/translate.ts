import {
  type Bytes,
  type Call,
  type Canonical,
  type ChatEvent,
  type ChatRequest,
  type Endpoint,
  type ErrorLike,
  type Framing,
  frameReader,
  GatewayError,
  type Inbound,
  isGatewayError,
  isObject,
  type Json,
  type JsonText,
  type Ledger,
  type LedgerKind,
  parseJson,
  rawAt,
  type Seal,
  type Surface,
  stringifyJson,
  type TapState,
  tracked,
} from '@llm-proxy-auth/plugin';
import { knownOf } from '../access/prices.ts';
import { clientPlace, type Naming } from './client-name.ts';
import type { ReplyHead } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { learnedOf } from './learned.ts';
import { withMembers, withoutMembers } from './members.ts';
import { CONTENT_TYPES, isType, streamFromWhole } from './pass.ts';
import { refusalError } from './pinned.ts';
import type { StreamBody } from './reply/stream.ts';
import { lossError } from './strict.ts';

/** Notes of both halves, which name places in the conversation, in the words of the client's surface. */
export const makeLedger = (x: Exchange, naming: Naming = {}, body?: Json): Ledger => ({
  note(kind: LedgerKind, path: string): void {
    const param = clientPlace(path, naming, body);
    x.note(kind, param);
    x.plan.metrics.fidelity(param);
  },
});

/** The request as a translator sees it. */
export const inboundOf = (x: Exchange, text: string): Inbound => ({
  method: x.request.method ?? 'GET',
  path: x.target?.path ?? '',
  query: x.target?.query ?? '',
  headers: x.head?.forward ?? [],
  body: text === '' ? undefined : parseJson(text, { maxDepth: x.plan.graph.settings.server.maxDepth }),
  model: x.model,
  stream: x.stream,
  raw: (pointer: string): JsonText | undefined => rawAt(text, pointer),
  memory: x.plan.memories.of(x.principal?.owner ?? '', x, x.plan.shared),
});
const toldOf = ({ instance }: Exchange, model: string): Pick<Call, 'like' | 'rejects'> => {
  if (instance === undefined) return {};
  const { like, rejects } = knownOf(instance, model);
  return { like, rejects };
};
export const callOf = (x: Exchange, inbound: Inbound, endpoint: Endpoint, model: string, ledger: Ledger, seal: Seal): Call => ({
  id: x.id,
  now: x.startedAt,
  requestedModel: x.model ?? model,
  model,
  ...toldOf(x, model),
  refused: x.instance === undefined ? undefined : learnedOf(x.instance, x.principal?.owner ?? '', model, x.plan.now()),
  stream: x.stream,
  framing: x.surface?.framingOf?.(inbound.query),
  ledger,
  seal,
  inbound,
  endpoint,
});

export interface Translated {
  readonly body: Bytes;
  readonly headers: readonly string[];
  readonly memo: unknown;
}
type Half = 'chat' | 'embeddings' | 'rerank' | 'countTokens';

/** Notes every field that the provider half never looked at. */
const noteUnread = (unread: readonly string[], ledger: Ledger): void => {
  for (const path of unread) if (path !== 'rest.from') ledger.note('ignored', path, 'the provider has no such parameter');
};

/** Whether everything of a body stands in another, in its place. */
const stands = (in_: Json, body: Json): boolean => {
  if (Array.isArray(body)) return Array.isArray(in_) && in_.length === body.length && body.every((v, i) => stands(in_[i], v));
  if (isObject(body)) return isObject(in_) && Object.keys(body).every((name) => stands(in_[name], body[name]));
  return in_ === body;
};
/** Of a body that goes back to the client's own surface with everything that stood in it, nothing is lost, whoever looked at it. */
const isKept = (written: Json, body: Json): boolean => isObject(body) && isObject(written) && stands(written, { ...body, model: written.model });

/** At most as many stop sequences as the endpoint takes. One that takes none has no parameter for them, which `noteUnread` says. */
const fitStops = (request: Partial<ChatRequest>, call: Call): object => {
  const most = call.endpoint.capabilities.stopSequences;
  if (request.stop === undefined || most === 0 || request.stop.length <= most) return request;
  call.ledger.note('clamped', 'stop', `the provider takes ${most} stop sequences`);
  return { ...request, stop: request.stop.slice(0, most) };
};

/** What the client asks for, in the words of the conversation. */
export const readRequest = <O extends Half>(x: Exchange, client: Surface<O>, call: Call): Canonical[O]['request'] => {
  if (client.client === undefined)
    throw new GatewayError('operation_not_supported', `This operation cannot be translated for ${x.instance?.name ?? 'this instance'}.`);
  return client.client.read(call.inbound, call.ledger, call.endpoint, call.model);
};

/** What a provider half refuses it names by its place in the conversation; the client is told its own name for that. */
const inClientWords = <T>(naming: Naming = {}, body: Json, write: () => T): T => {
  try {
    return write();
  } catch (e) {
    if (!isGatewayError(e) || e.param === undefined) throw e;
    throw new GatewayError(e.code, e.message, { ...e, param: clientPlace(e.param, naming, body), cause: e });
  }
};

/** Conversation → provider surface. Throws `unsupported_parameter` when nothing may be lost and something would. */
export const writeRequest = <O extends Half>(
  x: Exchange,
  client: Surface<O>,
  provider: Surface<O>,
  request: Canonical[O]['request'],
  call: Call,
  strict: boolean,
): Translated => {
  if (provider.provider === undefined)
    throw new GatewayError('operation_not_supported', `This operation cannot be translated for ${x.instance?.name ?? 'this instance'}.`);
  const half = provider.provider;
  const { value, unread } = tracked(provider === client ? (request as object) : fitStops(request as Partial<ChatRequest>, call));
  const written = inClientWords(client.client, call.inbound.body, () => half.write(value as Canonical[O]['request'], call));
  const { members, without, judge } = call.endpoint;
  const refused = x.instance === undefined || provider === client ? undefined : knownOf(x.instance, call.model).facts.rejects;
  const left = (body: Json): Json => withMembers(withoutMembers(withoutMembers(body, without, call.ledger), refused, call.ledger), members);
  const whole = written.body instanceof Uint8Array ? written.body : left(written.body);
  const body = whole instanceof Uint8Array ? whole : Buffer.from(stringifyJson(whole));
  const refusal = judge?.(whole instanceof Uint8Array ? parseJson(whole) : whole);
  if (refusal !== undefined) throw refusalError(refusal);
  const missed = unread();
  if (missed.length > 0 && !(provider === client && !(whole instanceof Uint8Array) && isKept(whole, call.inbound.body))) noteUnread(missed, call.ledger);
  if (strict) {
    const lost = [...x.ledger.values()].find((n) => n.kind === 'ignored' || n.kind === 'clamped');
    if (lost !== undefined) throw lossError(x, lost.param);
  }
  return { body, headers: written.headers ?? [], memo: written.memo };
};

const isContent = (e: ChatEvent): boolean => {
  if (e.type === 'delta') return e.text !== '';
  if (e.type !== 'part') return false;
  return !('text' in e.part) || e.part.text !== '';
};

/** A stream read by the provider half and written by the client half, event by event. */
export const translatedStream = (
  x: Exchange,
  client: Surface<'chat'>,
  provider: Surface<'chat'>,
  framing: Framing,
  call: Call,
  memo: unknown,
  headers: (head: ReplyHead) => readonly string[],
): StreamBody | undefined => {
  const writer = client.client?.stream?.(call);
  if (writer === undefined || provider.provider?.stream === undefined) return undefined;
  let state: TapState = 'waiting';
  let failure: ErrorLike | undefined;
  let text = '';
  let pieces: Buffer[] | undefined;
  const put = (out: string | Bytes): void => {
    if (typeof out === 'string' && pieces === undefined) text += out;
    else {
      pieces ??= text === '' ? [] : [Buffer.from(text)];
      pieces.push(typeof out === 'string' ? Buffer.from(out) : Buffer.from(out));
    }
  };
  const drain = (): string | Uint8Array => {
    const out = pieces === undefined ? text : Buffer.concat(pieces);
    text = '';
    pieces = undefined;
    return out;
  };
  const emit = (e: ChatEvent): void => {
    if (state === 'done' || state === 'failed') return;
    if (e.type === 'error') {
      failure = e.error;
      state = 'failed';
      put(writer.error(e.error));
      return;
    }
    if (e.type === 'usage') x.usage = e.usage;
    put(writer.event(e));
    if (e.type === 'end') {
      put(writer.end());
      state = 'done';
    } else if (isContent(e)) state = 'content';
  };
  const reader = provider.provider.stream(call, memo, emit);
  const frames = frameReader(framing, (type, data) => reader.event(type, data));
  return {
    type: writer.type,
    accepts: (contentType) => isType(contentType, CONTENT_TYPES[framing]),
    push(chunk) {
      frames.push(chunk);
      return drain();
    },
    end() {
      frames.end();
      reader.end();
      return drain();
    },
    state: () => state,
    ended: () => state === 'done' || state === 'failed',
    error: () => failure,
    fail: (e) => writer.error(e),
    idle: () => writer.idle?.() ?? '',
    fromWhole: (reply) => streamFromWhole(client.client, provider.provider, call, memo, reply, x),
    verdict: () => undefined,
    headers,
  };
};
