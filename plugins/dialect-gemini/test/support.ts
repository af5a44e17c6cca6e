import { allCapabilities, fakeHost, type Note, ledger as noting } from '@llm-proxy-auth/contract-tests';
import {
  type Bytes,
  type Call,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type Dialect,
  type Framing,
  frameReader,
  type Inbound,
  type Json,
  parseJson,
  rawAt,
  type Surface,
  stringifyJson,
  tracked,
} from '@llm-proxy-auth/plugin';
import type { Memo } from '../src/generate/memo.ts';
import { gemini } from '../src/index.ts';

export type Fields = Readonly<Record<string, Json>>;
const { seal } = fakeHost();
export const dialect: Dialect = gemini(seal);
const [first] = dialect.surfaces;
if (first === undefined || first.operation !== 'chat') throw new Error('the first surface generates');
export const generate: Surface<'chat'> = first;
const { client, provider } = generate;
if (client?.stream === undefined || provider?.stream === undefined) throw new Error('generation has both halves');
const readerOf = provider.stream;
const writerOf = client.stream;

export const inboundOf = (body: Json): Inbound => {
  const text = stringifyJson(body);
  return { method: 'POST', path: '/', query: '', headers: [], body: parseJson(text), model: 'asked', stream: false, raw: (pointer) => rawAt(text, pointer) };
};
export interface CallWanted {
  readonly model?: string;
  readonly profile?: string;
  readonly framing?: Framing;
  readonly stream?: boolean;
  readonly notes?: ReturnType<typeof noting>;
}
export const callOf = ({ model = 'gemini-3-pro-preview', profile, framing, stream = false, notes = noting() }: CallWanted = {}): Call => ({
  id: 'req_1',
  now: 1_790_000_000_000,
  requestedModel: 'asked',
  model,
  stream,
  ...(framing === undefined ? {} : { framing }),
  ledger: notes,
  seal,
  inbound: inboundOf({}),
  endpoint: {
    dialect: 'gemini',
    surface: 'generate',
    method: 'POST',
    path: '/',
    capabilities: allCapabilities,
    ...(profile === undefined ? {} : { profile }),
  },
});
export interface Written {
  readonly body: Fields;
  readonly notes: readonly Note[];
  readonly memo: Memo;
  readonly headers: readonly string[];
}
/** What the provider half makes of a request, and what it and the core tell of losses. */
export const written = (request: ChatRequest, wanted: CallWanted = {}): Written => {
  const notes = noting();
  const watched = tracked(request);
  const { body, memo, headers } = provider.write(watched.value, callOf({ ...wanted, notes }));
  for (const path of watched.unread()) notes.note('ignored', path, 'nobody looked at it');
  return { body: parseJson(stringifyJson(body as Json)) as Fields, notes: notes.notes, memo: memo as Memo, headers: headers ?? [] };
};
export const readRequest = (body: Json, notes = noting()): ChatRequest => client.read(inboundOf(body), notes);
/** Client half, then provider half, with the core's read tracking between them. */
export const through = (body: Json): Fields => written(readRequest(body)).body;
export const read = (body: Json, memo?: Memo, notes = noting()): ChatReply =>
  provider.read({ status: 200, headers: [], body: Buffer.from(stringifyJson(body)) }, callOf({ notes }), memo);
export const answered = (reply: ChatReply, notes = noting()): Fields => parseJson(String(client.write(reply, callOf({ notes })).body)) as Fields;

/** What reading a stream tells, cut into the given pieces. */
export const eventsOf = (pieces: readonly Bytes[], framing: Framing = 'sse', memo?: Memo, notes = noting()): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = readerOf(callOf({ stream: true, notes }), memo, (e) => events.push(e));
  const frames = frameReader(framing, (type, data) => reader.event(type, data));
  for (const piece of pieces) frames.push(piece);
  let isCut = false;
  try {
    frames.end();
  } catch {
    // The core tells of a cut array and asks the reader for nothing more.
    isCut = true;
  }
  if (!isCut) reader.end();
  return events;
};
export const sse = (pieces: readonly Json[]): Buffer => Buffer.from(pieces.map((piece) => `data: ${stringifyJson(piece)}\r\n\r\n`).join(''));
/** What a stream's writer makes of events. */
export const streamed = (events: readonly ChatEvent[], wanted: CallWanted = {}): string => {
  const writer = writerOf(callOf({ stream: true, ...wanted }));
  const body = events.map((e) => String(e.type === 'error' ? writer.error(e.error) : writer.event(e))).join('');
  return `${body}${events.some((e) => e.type === 'error') ? '' : String(writer.end())}`;
};
/** Payloads of a stream's events. */
export const payloads = (text: string): readonly Fields[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => parseJson(event.slice(6)) as Fields);
