import {
  type Bytes,
  type Call,
  type ChatEvent,
  type ChatRequest,
  type Dialect,
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
import { recordings } from '@llm-proxy-auth/simulators';
import { chat as chatSurface } from '../src/chat/surface.ts';
import { openai } from '../src/index.ts';

export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}
export const ledger = (): Ledger & { readonly notes: readonly Note[] } => {
  const notes: Note[] = [];
  return { notes, note: (kind, param) => void notes.push({ kind, param }) };
};
export const seal: Call['seal'] = {
  seal: (_purpose, plain) => Buffer.from(plain).toString('base64url'),
  open: (_purpose, sealed) => Buffer.from(sealed, 'base64url'),
};
export const dialect: Dialect = openai(seal);
export const inboundOf = (body: Json, more: Partial<Inbound> = {}): Inbound => {
  const text = stringifyJson(body);
  const parsed = parseJson(text) as Readonly<Record<string, Json>>;
  return {
    method: 'POST',
    path: '/chat/completions',
    query: '',
    headers: [],
    body: parsed,
    stream: parsed?.stream === true,
    raw: (pointer) => rawAt(text, pointer),
    ...more,
  };
};
export const callOf = (body: Json = {}, more: Partial<Call> = {}): Call => {
  const inbound = inboundOf(body);
  return {
    id: 'req_1',
    now: 1_790_000_000_000,
    requestedModel: 'asked',
    model: 'gpt-4.1',
    stream: inbound.stream,
    ledger: ledger(),
    seal,
    inbound,
    endpoint: { dialect: 'openai', surface: 'chat', method: 'POST', path: '/chat/completions', capabilities: {} as Call['endpoint']['capabilities'] },
    ...more,
  };
};
export const chat = chatSurface(seal);
const { client, provider } = chat;
if (client === undefined || provider === undefined) throw new Error('chat has both halves');
export const chatClient = client;
export const chatProvider = provider;
/** What the provider half makes of a request. */
export const written = (request: ChatRequest, more: Partial<Call> = {}): { readonly body: Readonly<Record<string, Json>>; readonly notes: readonly Note[] } => {
  const notes = ledger();
  const { body } = chatProvider.write(request, callOf({}, { ledger: notes, ...more }));
  return { body: body as Readonly<Record<string, Json>>, notes: notes.notes };
};
/** Client half, then provider half, with the core's read tracking between them. */
export const through = (body: Readonly<Record<string, Json>>): Json => {
  const inbound = inboundOf(body);
  return chatProvider.write(tracked(chatClient.read(inbound, ledger())).value, callOf(body, { model: String(body.model) })).body;
};
export const chatEvents = (bytes: Bytes | string, call: Call = callOf({ stream: true })): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = chatProvider.stream?.(call, undefined, (e) => events.push(e));
  const frames = frameReader('sse', (type, data) => reader?.event(type, data));
  frames.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  try {
    frames.end();
  } catch {
    // a cut inside an event is the transport's to report
  }
  reader?.end();
  return events;
};
export const chatStream = (events: readonly ChatEvent[], body: Json = { stream: true }): string => {
  const writer = chatClient.stream?.(callOf(body));
  if (writer === undefined) return '';
  return `${events.map((e) => String(e.type === 'error' ? writer.error(e.error) : writer.event(e))).join('')}${events.some((e) => e.type === 'error') ? '' : String(writer.end())}`;
};
/** Payloads of the events of a stream, `[DONE]` as text. */
export const payloads = (text: string): readonly Json[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: '))
    .map((event) => (event === 'data: [DONE]' ? '[DONE]' : JSON.parse(event.slice(6))));
/** Whole events of a stream, one piece each. */
export const piecesOf = (bytes: Bytes): readonly Bytes[] => {
  const whole = wholeEvents('sse');
  const pieces: Bytes[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const out = whole.push(bytes.subarray(i, i + 1));
    if (out !== undefined && out.length > 0) pieces.push(Buffer.from(out));
  }
  return pieces;
};
/** Recorded streams that speak chat chunks and end with `[DONE]`, whoever sent them. */
export const recordedStreams = recordings()
  .filter((r) => r.provider !== 'watsonx' && r.stream && r.response.status === 200 && r.response.body?.includes('chat.completion.chunk') === true)
  .map((r) => ({ name: r.file, bytes: Buffer.from(r.response.body ?? '') }));
