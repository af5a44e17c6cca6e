import {
  type Bytes,
  type Call,
  type Capabilities,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type Dialect,
  type Framing,
  frameReader,
  type Inbound,
  type Json,
  type Ledger,
  type LedgerKind,
  parseJson,
  rawAt,
  stringifyJson,
  tracked,
  wholeEvents,
} from '@llm-proxy-auth/plugin';
import { anthropic } from '../src/index.ts';
import type { Memo } from '../src/messages/memo.ts';
import { messages as messagesSurface } from '../src/messages/surface.ts';

export type Fields = Readonly<Record<string, Json>>;
export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}
export const ledger = (): Ledger & { readonly notes: readonly Note[] } => {
  const notes: Note[] = [];
  return { notes, note: (kind, param) => void notes.push({ kind, param }) };
};
export const NOW = 1_790_000_000_000;
/** Sealed text is told from forged text by its first letter. */
export const seal: Call['seal'] = {
  seal: (purpose, plain) => `s${Buffer.from(`${purpose}\n${Buffer.from(plain).toString()}`).toString('base64url')}`,
  open(purpose, sealed) {
    const text = Buffer.from(sealed.slice(1), 'base64url').toString();
    return sealed.startsWith('s') && text.startsWith(`${purpose}\n`) ? Buffer.from(text.slice(purpose.length + 1)) : undefined;
  },
};
export const dialect: Dialect = anthropic(() => NOW, seal);
export const messages = messagesSurface(seal);
export const ALL: Capabilities = Object.freeze({
  tools: true,
  parallelTools: true,
  forcedTool: true,
  images: true,
  documents: true,
  audioIn: true,
  audioOut: true,
  jsonSchema: 'native',
  sampling: true,
  choices: 1,
  logprobs: 0,
  reasoning: true,
  cache: true,
  stopSequences: 16,
});
export const inboundOf = (body: Json, more: Partial<Inbound> = {}): Inbound => {
  const text = stringifyJson(body);
  const parsed = parseJson(text) as Fields;
  return {
    method: 'POST',
    path: '/messages',
    query: '',
    headers: [],
    body: parsed,
    stream: parsed?.stream === true,
    raw: (pointer) => rawAt(text, pointer),
    ...more,
  };
};
export interface CallWanted extends Partial<Call> {
  readonly profile?: string;
  readonly framing?: Framing;
  readonly capabilities?: Partial<Capabilities>;
}
export const callOf = (body: Json = {}, { profile, framing, capabilities, ...more }: CallWanted = {}): Call => {
  const inbound = inboundOf(body);
  return {
    id: 'req_1',
    now: NOW,
    requestedModel: 'asked',
    model: 'claude-opus-5-5',
    stream: inbound.stream,
    ledger: ledger(),
    seal: { seal: () => '', open: () => undefined },
    inbound,
    endpoint: {
      dialect: 'anthropic',
      surface: 'messages',
      method: 'POST',
      path: '/messages',
      capabilities: { ...ALL, ...capabilities },
      ...(profile === undefined ? {} : { profile }),
      ...(framing === undefined ? {} : { framing }),
    },
    ...more,
  };
};
const { client, provider } = messages;
if (client?.stream === undefined || provider?.stream === undefined) throw new Error('messages have both halves');
export const messagesClient = client;
export const messagesProvider = provider;
const streamOf = provider.stream;
const writerOf = client.stream;

export interface WrittenRequest {
  readonly body: Fields;
  readonly notes: readonly Note[];
  readonly memo: Memo;
  readonly headers: readonly string[];
}
/** What the provider half makes of a request, and what it and the core tell of losses. */
export const written = (request: ChatRequest, more: CallWanted = {}): WrittenRequest => {
  const notes = ledger();
  const watched = tracked(request);
  const { body, memo, headers } = messagesProvider.write(watched.value, callOf({}, { ledger: notes, ...more }));
  for (const path of watched.unread()) notes.note('ignored', path, 'nobody looked at it');
  return { body: parseJson(stringifyJson(body as Json)) as Fields, notes: notes.notes, memo: memo as Memo, headers: headers ?? [] };
};
/** Client half, then provider half, with the core's read tracking between them. */
export const through = (body: Fields, more: CallWanted = {}): Fields => {
  const inbound = inboundOf(body);
  const call = callOf(body, { model: String(body.model), stream: body.stream === true, inbound, ...more });
  return parseJson(stringifyJson(messagesProvider.write(tracked(messagesClient.read(inbound, ledger())).value, call).body as Json)) as Fields;
};
export const bytesOf = (text: string): Buffer => Buffer.from(text);
export const read = (body: Json, memo?: Memo, more: CallWanted = {}): ChatReply =>
  messagesProvider.read({ status: 200, headers: [], body: bytesOf(stringifyJson(body)) }, callOf({}, more), memo);
export const answered = (reply: ChatReply, more: CallWanted = {}): Fields => parseJson(String(messagesClient.write(reply, callOf({}, more)).body)) as Fields;

/** What reading a stream tells, cut into the given pieces. */
export const eventsOf = (pieces: readonly Bytes[], framing: Framing = 'sse', memo?: Memo): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = streamOf(callOf({ stream: true }), memo, (e) => events.push(e));
  const frames = frameReader(framing, (type, data) => reader.event(type, data));
  for (const piece of pieces) frames.push(piece);
  try {
    frames.end();
  } catch {
    // a cut inside an event is the transport's to report
  }
  reader.end();
  return events;
};
export const sse = (events: readonly Fields[]): Buffer =>
  bytesOf(events.map((event) => `event: ${String(event.type)}\ndata: ${stringifyJson(event)}\n\n`).join(''));
/** What a stream's writer makes of events. */
export const streamed = (events: readonly ChatEvent[], more: CallWanted = {}): string => {
  const writer = writerOf(callOf({ stream: true }, more));
  const body = events.map((e) => String(e.type === 'error' ? writer.error(e.error) : writer.event(e))).join('');
  return `${body}${events.some((e) => e.type === 'error') ? '' : String(writer.end())}`;
};
/** Payloads of a stream's events. */
export const payloads = (text: string): readonly Fields[] =>
  text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => parseJson(event.slice(event.indexOf('data: ') + 6)) as Fields);
/** Whole events of a stream, one piece each. */
export const piecesOf = (bytes: Bytes, framing: Framing = 'sse'): readonly Bytes[] => {
  const whole = wholeEvents(framing);
  const pieces: Bytes[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const out = whole.push(bytes.subarray(i, i + 1));
    if (out !== undefined && out.length > 0) pieces.push(Buffer.from(out));
  }
  const rest = whole.rest();
  return rest.length === 0 ? pieces : [...pieces, Buffer.from(rest)];
};
