import {
  type Bytes,
  type Call,
  type Canonical,
  type Dialect,
  type EmbedRequest,
  type Endpoint,
  GatewayError,
  isGatewayError,
  type Ledger,
  type Surface,
  type UpstreamReply,
  type Written,
} from '@llm-proxy-auth/plugin';
import type { Found } from '../http/route.ts';
import type { Candidate } from '../routing/resolve.ts';
import { aboutParam, beginWait, endWait, ownHeaders, sendWhole, writtenHeaders } from './answer.ts';
import { type Prepared, send } from './attempt.ts';
import { giveUpParts, joinChoices, joinVectors, partsOf, repliesAt, usageOf, wholePart } from './batches.ts';
import { refusedName } from './client-name.ts';
import type { ReplyHead } from './dispatch.ts';
import type { Exchange } from './exchange.ts';
import { learn } from './learned.ts';
import { isMarked } from './marked.ts';
import { passing } from './passing.ts';
import { checkJudged } from './pinned.ts';
import { endpointFor, type ReceivedBody } from './protocol.ts';
import { recordingReply, recordingStream } from './recording.ts';
import { type Attempting, DONE, type Outcome } from './reply/outcome.ts';
import { streamSink } from './reply/stream.ts';
import { answerSink } from './reply/whole.ts';
import { asking } from './shared-memory.ts';
import { readsReply, sendOwn } from './stateful.ts';
import { isStrict } from './strict.ts';
import { callOf, inboundOf, makeLedger, readRequest, translatedStream, writeRequest } from './translate.ts';
import { addLength, replyHeaders, requestOf } from './upstream-head.ts';

type SurfaceFound = Extract<Found, { is: 'surface' }>;
type Chat = Surface<'chat'>;
type Embeddings = Surface<'embeddings'>;
/** Work on a reply whose failure is the failure of the attempt. */
const attempting = (a: Attempting, work: () => void): void => {
  const { usage } = a.x;
  try {
    work();
  } catch (thrown) {
    const error = isGatewayError(thrown)
      ? thrown
      : new GatewayError('upstream_bad_response', `The answer of ${a.instance.name} cannot be read.`, { cause: thrown });
    a.resolve({ is: 'failed', class: '502', error, accounted: a.x.usage !== usage });
  }
};
const sendWritten = (a: Attempting, dialect: Dialect, call: Call, written: Written, head: ReplyHead): void => {
  const { x } = a;
  beginWait(x);
  const own = writtenHeaders(written.headers);
  const passed = replyHeaders(x, dialect, call.endpoint.dialect, head, own);
  sendWhole(x, written.status ?? 200, ownHeaders(x).addAll([...own, ...passed]), written.body);
  a.resolve(DONE);
};
/** A whole reply read by the provider half and written by the client half. */
const translateReply =
  (a: Attempting, dialect: Dialect, client: Chat, provider: Chat, call: Call, memo: unknown) =>
  (reply: UpstreamReply, head: ReplyHead): void =>
    attempting(a, () => {
      const read = provider.provider?.read(reply, call, memo);
      if (read === undefined || client.client === undefined) throw new GatewayError('upstream_bad_response', 'The answer cannot be translated.');
      if (typeof read === 'object' && 'usage' in read) a.x.usage = read.usage;
      sendWritten(a, dialect, call, client.client.write(read, call), head);
    });

interface Batches<O extends 'chat' | 'embeddings'> {
  readonly client: Surface<O>;
  readonly provider: Surface<O>;
  readonly call: Call;
  readonly parts: readonly Canonical[O]['request'][];
  readonly strict: boolean;
  readonly checked: (part: Canonical[O]['request'], reply: Canonical[O]['reply']) => Canonical[O]['reply'];
  readonly joined: (replies: readonly Canonical[O]['reply'][]) => Canonical[O]['reply'];
}
/** This part was answered; what became of the next is counted there. */
const ofNext = (outcome: Outcome): Outcome => (outcome.is === 'failed' ? { ...outcome, accounted: true } : outcome);
/** More than the provider takes at once: one upstream call after the other, one answer. */
const inBatches = <O extends 'chat' | 'embeddings'>(
  x: Exchange,
  dialect: Dialect,
  found: SurfaceFound,
  candidate: Candidate,
  { client, provider, call, parts, strict, checked, joined }: Batches<O>,
): Prepared => {
  const replies = repliesAt<Canonical[O]['reply']>(x, candidate, parts);
  const part = (asked: Canonical[O]['request']): Prepared => {
    const { body, headers, memo } = writeRequest(x, client, provider, asked, call, strict);
    const request = requestOf(x, dialect, found, call.endpoint, candidate, 'application/json', headers);
    addLength(request.headers, [body]);
    const taken = (a: Attempting) => (reply: UpstreamReply, head: ReplyHead) =>
      attempting(a, () => {
        if (provider.provider === undefined || client.client === undefined) throw new GatewayError('upstream_bad_response', 'The answer cannot be translated.');
        const read = provider.provider.read(reply, call, memo);
        x.usage = usageOf([...replies, read]);
        replies.push(checked(asked, read));
        const next = parts[replies.length];
        if (next !== undefined) return void send(x, a.instance, part(next), 1, false).then((outcome) => a.resolve(ofNext(outcome)));
        const whole = joined(replies);
        sendWritten(a, dialect, call, client.client.write(whole, call), head);
      });
    return { request, body: [body], stream: false, sink: (a) => answerSink(a, taken(a)) };
  };
  return part(parts[replies.length] as Canonical[O]['request']);
};

/** A translated body names the model as the account calls it. */
const withWireName = (endpoint: Endpoint, { instance, model }: Candidate): Endpoint => {
  const wire = instance.provider.names?.wire(model) ?? model;
  return wire === model ? endpoint : { ...endpoint, members: { ...endpoint.members, model: wire } };
};
const translating = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, endpoint: Endpoint, body: ReceivedBody): Prepared => {
  const client = found.surface as Chat;
  const provider = x.plan.graph.dialects.get(endpoint.dialect)?.surfaces.find((s) => s.name === endpoint.surface) as Chat | undefined;
  if (provider === undefined || provider.operation !== client.operation || client.operation === ('opaque' as string))
    throw new GatewayError('operation_not_supported', `This operation cannot be translated for ${candidate.instance.name}.`);
  if (candidate.model === '' && client.governed.model !== 'none') throw new GatewayError('invalid_request', '`model` is missing.', { param: 'model' });
  x.forgetNotes();
  const inbound = inboundOf(x, body.pieces.length === 1 ? (body.pieces[0] as Buffer).toString() : Buffer.concat(body.pieces).toString());
  const ledger = makeLedger(x, client.client, inbound.body);
  const call = callOf(x, inbound, withWireName(endpoint, candidate), candidate.model, ledger, x.plan.graph.seal);
  const strict = isStrict(x);
  const several = x.stream ? undefined : client.client?.split?.(inbound.body);
  if (several !== undefined) {
    const parts = several.map((one) => readRequest(x, client, { ...call, inbound: { ...inbound, body: one } }));
    return inBatches(x, dialect, found, candidate, { client, provider, call, parts, strict, checked: (_part, reply) => reply, joined: joinChoices });
  }
  const asked = readRequest(x, client, call);
  if (endpoint.instead !== undefined && provider.provider?.yields?.(asked, call) === true)
    return translating(x, dialect, found, candidate, endpoint.instead, body);
  if (client.operation === ('embeddings' as string)) {
    const parts = partsOf(asked as unknown as EmbedRequest, endpoint.batch);
    if (parts.length > 1)
      return inBatches(x, dialect, found, candidate, {
        client: found.surface as Embeddings,
        provider: provider as unknown as Embeddings,
        call,
        parts,
        strict,
        checked: wholePart,
        joined: joinVectors,
      });
  }
  const translated = writeRequest(x, client, provider, asked, call, strict);
  const request = requestOf(x, dialect, found, endpoint, candidate, 'application/json', translated.headers);
  addLength(request.headers, [translated.body]);
  const headers = (head: ReplyHead): readonly string[] => replyHeaders(x, dialect, endpoint.dialect, head);
  const records = endpoint.dialect === dialect.name && endpoint.surface === client.name && readsReply(x, found.reach);
  return {
    request,
    ...learning(x, candidate, provider, translated.memo),
    ...(provider === client ? {} : { names: (param: string) => refusedName(param, provider.client ?? {}, client.client ?? {}, inbound.body) }),
    body: [translated.body] as readonly Bytes[],
    stream: x.stream,
    sink(a) {
      if (x.stream && client.operation === 'chat') {
        const stream = translatedStream(x, client, provider, endpoint.framing ?? provider.framing, call, translated.memo, headers);
        if (stream === undefined) throw new GatewayError('operation_not_supported', `This operation cannot be streamed for ${candidate.instance.name}.`);
        return streamSink(a, records ? recordingStream(x, a.instance, client, endpoint.framing ?? provider.framing, stream) : stream);
      }
      const answer = translateReply(a, dialect, client, provider, call, translated.memo);
      return answerSink(a, records ? recordingReply(a, found.reach, answer) : answer);
    },
  };
};

const learning = (x: Exchange, { instance, model }: Candidate, { provider }: Chat, memo: unknown): Pick<Prepared, 'learns'> => {
  const refusal = provider?.refusal;
  if (refusal === undefined) return {};
  return {
    learns(error) {
      const words = refusal(error, memo);
      return words !== undefined && learn(instance, x.principal?.owner ?? '', model, words, x.plan.now());
    },
  };
};

/** For a body that is only looked at. */
const UNTOLD: Ledger = { note: () => undefined };
/** Whether the provider takes fewer inputs at once than the client sent: then they are split, the same surface or not. */
const splits = (x: Exchange, found: SurfaceFound, endpoint: Endpoint, body: ReceivedBody): boolean => {
  const { client, operation } = found.surface;
  if (endpoint.batch === undefined || operation !== 'embeddings' || client === undefined || body.kind !== 'json') return false;
  const inbound = inboundOf(x, Buffer.concat(body.pieces).toString());
  try {
    return partsOf(client.read(inbound, UNTOLD, endpoint) as EmbedRequest, endpoint.batch).length > 1;
  } catch {
    // What is asked otherwise than for vectors of text passes, and is the vendor's to judge.
    return false;
  }
};
/** Whether the client brings back what another vendor issued; with one dialect alone nobody did. */
const bringsForeign = (x: Exchange, { surface }: SurfaceFound, body: ReceivedBody): boolean =>
  surface.marks !== undefined && x.plan.graph.dialects.size > 1 && isMarked(body.pieces, surface.marks);
/** Builds the upstream request of one candidate: same surface, bytes pass; else they are translated. Losses told of another candidate are forgotten. */
export const prepare = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, body: ReceivedBody): Prepared => {
  if (x.usage !== undefined) giveUpParts(x, candidate);
  x.forgetNotes();
  const endpoint = endpointFor(x, dialect, found, candidate);
  if (endpoint === undefined) throw new GatewayError('operation_not_supported', `The provider of ${candidate.instance.name} does not have this operation.`);
  const { surface } = found;
  const framed = !x.stream || (surface.framingOf?.(x.target?.query ?? '') ?? surface.framing) === (endpoint.framing ?? surface.framing);
  const same =
    framed &&
    endpoint.dialect === dialect.name &&
    endpoint.surface === surface.name &&
    endpoint.profile === undefined &&
    endpoint.members === undefined &&
    endpoint.without === undefined;
  const pass = same && (x.plan.pass || found.surface.operation === 'opaque' || found.surface.client === undefined || body.kind !== 'json');
  if (!pass || bringsForeign(x, found, body) || splits(x, found, endpoint, body)) return translating(x, dialect, found, candidate, endpoint, body);
  if (endpoint.judge !== undefined) checkJudged(endpoint, body.pieces, x.plan.graph.settings.server.maxDepth);
  return passing(x, dialect, found, candidate, endpoint, body);
};

/** What other replicas remember of this caller's conversation, fetched before the body is read; undefined when nothing has to be waited for. */
const recalled = (x: Exchange, dialect: Dialect, found: SurfaceFound, candidate: Candidate, body: ReceivedBody): Promise<void> | undefined => {
  const { shared, memories } = x.plan;
  const { client } = found.surface;
  if (shared === undefined || client === undefined || !bringsForeign(x, found, body)) return undefined;
  const endpoint = endpointFor(x, dialect, found, candidate);
  if (endpoint === undefined) return undefined;
  const owner = x.principal?.owner ?? '';
  const { memory, asked } = asking(owner);
  try {
    client.read({ ...inboundOf(x, Buffer.concat(body.pieces).toString()), memory }, UNTOLD, endpoint, candidate.model);
  } catch {
    // What is wrong with the body is said when it is translated.
    return undefined;
  }
  const missing = [...asked].filter((key) => memories.recall(owner, key) === undefined);
  if (missing.length === 0) return undefined;
  // Without an answer it is lost to this replica, which is counted where it is missed.
  return shared.find(owner, missing).then(
    (values) => {
      for (const [key, value] of values) memories.keep(owner, key, value);
    },
    () => undefined,
  );
};

/** Refusals of what was asked; a surface that is not there at all is 404 or 405. */
const TEACHES: ReadonlySet<string> = new Set(['400', '404', '405']);
/** Nothing was sent to the client, who is still there, and the refusal says what to leave out. */
const teaches = (x: Exchange, outcome: Outcome, { learns }: Prepared): boolean =>
  outcome.is === 'failed' && TEACHES.has(outcome.class) && !x.gone && learns?.(outcome.error) === true;

const inClientNames = (outcome: Outcome, { names }: Prepared): Outcome => {
  if (outcome.is === 'done' || names === undefined || outcome.error.param === undefined) return outcome;
  return { ...outcome, error: aboutParam(outcome.error, names(outcome.error.param)) };
};

export const operate = (
  x: Exchange,
  dialect: Dialect,
  found: SurfaceFound,
  candidate: Candidate,
  body: ReceivedBody,
  number: number,
  fresh: boolean,
): Promise<Outcome> => {
  const write = (): Prepared => prepare(x, dialect, found, candidate, body);
  const ask = (prepared: Prepared): Promise<Outcome> => sendOwn(x, candidate.instance, prepared, found.reach, number, fresh);
  const send = (): Promise<Outcome> => {
    const prepared = write();
    const outcome = ask(prepared);
    if (prepared.learns === undefined && prepared.names === undefined) return outcome;
    return outcome.then((first) => (teaches(x, first, prepared) ? again() : inClientNames(first, prepared)));
  };
  const again = (): Promise<Outcome> => {
    endWait(x);
    x.attempts++;
    const prepared = write();
    return ask(prepared).then((outcome) => inClientNames(outcome, prepared));
  };
  const waiting = recalled(x, dialect, found, candidate, body);
  return waiting === undefined ? send() : waiting.then(send);
};
