import {
  type Bytes,
  type Call,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type Dialect,
  type ErrorLike,
  frameReader,
  type Inbound,
  type Json,
  type Ledger,
  type LedgerKind,
  parseJson,
  rawAt,
  type Surface,
  stringifyJson,
  tracked,
} from '@llm-proxy-auth/plugin';
import { type Recording, recordings } from '@llm-proxy-auth/simulators';
import { converse } from '../src/converse.ts';
import { countTokens } from '../src/count-tokens.ts';
import { converseDialect } from '../src/index.ts';

export type Body = Readonly<Record<string, Json>>;
export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}
export const ledger = (): Ledger & { readonly notes: readonly Note[] } => {
  const notes: Note[] = [];
  return { notes, note: (kind, param) => void notes.push({ kind, param }) };
};
/** Sealed text is told from forged text by its first letter. */
export const seal: Call['seal'] = {
  seal: (purpose, plain) => `s${Buffer.from(`${purpose}\n${Buffer.from(plain).toString()}`).toString('base64url')}`,
  open(purpose, sealed) {
    const text = Buffer.from(sealed.slice(1), 'base64url').toString();
    return sealed.startsWith('s') && text.startsWith(`${purpose}\n`) ? Buffer.from(text.slice(purpose.length + 1)) : undefined;
  },
};
export const dialect: Dialect = converseDialect(seal);
export const surface: Surface<'chat'> = converse(seal);
export const counting = countTokens(seal);
const { client: clientHalf, provider: providerHalf } = surface;
if (clientHalf === undefined || providerHalf === undefined) throw new Error('converse has both halves');
export const client = clientHalf;
export const provider = providerHalf;

export const inboundOf = (body: Json, more: Partial<Inbound> = {}): Inbound => {
  const text = stringifyJson(body);
  return {
    method: 'POST',
    path: '/model/m/converse',
    query: '',
    headers: [],
    body: parseJson(text),
    model: 'm',
    stream: false,
    raw: (pointer) => rawAt(text, pointer),
    ...more,
  };
};
export const CLAUDE = 'us.anthropic.claude-opus-5-5';
export const NOVA = 'us.amazon.nova-2-lite-v1:0';
export const callOf = (more: Partial<Call> = {}): Call => ({
  id: 'req_1',
  now: 1_790_000_000_000,
  requestedModel: 'asked',
  model: CLAUDE,
  stream: false,
  ledger: ledger(),
  seal,
  inbound: inboundOf({}),
  endpoint: { dialect: 'converse', surface: 'converse', method: 'POST', path: '/model/m/converse', capabilities: {} as Call['endpoint']['capabilities'] },
  ...more,
});
export interface Made {
  readonly body: Body;
  readonly notes: readonly Note[];
  readonly memo: unknown;
}
/** What the provider half makes of a request, with the core's notes of what nobody looked at. */
export const written = (request: ChatRequest, more: Partial<Call> = {}): Made => {
  const notes = ledger();
  const watched = tracked(request);
  const { body, memo } = provider.write(watched.value, callOf({ ledger: notes, ...more }));
  for (const path of watched.unread()) notes.note('ignored', path, '');
  return { body: parseJson(stringifyJson(body)) as Body, notes: notes.notes, memo };
};
/** Client half, then provider half, with the core's read tracking between them. */
export const through = (body: Json): Json => provider.write(tracked(client.read(inboundOf(body), ledger())).value, callOf()).body;
export const replyOf = (body: Json | string, status = 200, headers: readonly string[] = []) => ({
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : stringifyJson(body)),
});
export const readReply = (body: Json, more: Partial<Call> = {}, memo: unknown = undefined): ChatReply => provider.read(replyOf(body), callOf(more), memo);
/** The body that a client gets. */
export const answered = (reply: ChatReply, more: Partial<Call> = {}): Body => parseJson(String(client.write(reply, callOf(more)).body)) as Body;

/** Events read of a stream in pieces of the given sizes. */
export const readStream = (
  bytes: Bytes,
  sizes: readonly number[] = [bytes.length + 1],
  memo: unknown = undefined,
  more: Partial<Call> = {},
): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = provider.stream?.(callOf({ stream: true, ...more }), memo, (e) => void events.push(e));
  const frames = frameReader('aws-eventstream', (type, data) => reader?.event(type, data));
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  try {
    frames.end();
    reader?.end();
  } catch (cause) {
    // A cut inside a message is the transport's to report.
    events.push({ type: 'error', error: cause as ErrorLike });
  }
  return events;
};
const asBytes = (piece: string | Bytes): Bytes => (typeof piece === 'string' ? Buffer.from(piece) : piece);
/** The stream that a client gets. */
export const writeStream = (events: readonly ChatEvent[], more: Partial<Call> = {}): Buffer => {
  const writer = client.stream?.(callOf({ stream: true, ...more }));
  if (writer === undefined) throw new Error('converse streams');
  const failed = events.some((e) => e.type === 'error');
  return Buffer.concat([
    ...events.map((e) => asBytes(e.type === 'error' ? writer.error(e.error) : writer.event(e))),
    ...(failed ? [] : [asBytes(writer.end())]),
  ]);
};
export interface Frame {
  readonly type: string;
  readonly data: Json;
}
export const framesOf = (bytes: Bytes): readonly Frame[] => {
  const frames: Frame[] = [];
  const reader = frameReader('aws-eventstream', (type, data) => void frames.push({ type, data: parseJson(data) }));
  reader.push(bytes);
  reader.end();
  return frames;
};
/** Recorded exchanges, but for those whose request or bytes nobody kept. */
export const recorded = (operation: string): readonly Recording[] =>
  recordings({ provider: 'bedrock', operation }).filter(({ grade }) => grade.startsWith('A'));
export const recordedStreams = recorded('converse-stream').flatMap(({ file, response }) =>
  response.body_base64 === undefined ? [] : [{ name: file, bytes: Buffer.from(response.body_base64, 'base64') }],
);
