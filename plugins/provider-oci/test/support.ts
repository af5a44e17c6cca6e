import {
  type Call,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  collect,
  frameReader,
  type Json,
  type Ledger,
  type LedgerKind,
  type ProviderHalf,
  parseJson,
  rawAt,
  stringifyJson,
  tracked,
} from '@llm-proxy-auth/plugin';
import { capabilitiesOf } from '../src/capabilities.ts';
import { ociDialect } from '../src/dialect/dialect.ts';
import type { ApiFormat } from '../src/model-id.ts';

export type Fields = Readonly<Record<string, Json>>;
export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}
export const ledger = (): Ledger & { readonly notes: readonly Note[] } => {
  const notes: Note[] = [];
  return { notes, note: (kind, param) => void notes.push({ kind, param }) };
};
export type Format = 'generic' | 'cohere' | 'coherev2';
export const FORMATS: readonly Format[] = ['generic', 'cohere', 'coherev2'];
/** A model of each format. */
export const MODELS: Readonly<Record<Format, string>> = {
  generic: 'meta.llama-4-maverick-17b-128e-instruct-fp8',
  cohere: 'cohere.command-r-08-2024',
  coherev2: 'cohere.command-a-vision-07-2025',
};
export const half = (format: Format): ProviderHalf<'chat'> => {
  const surface = ociDialect.surfaces.find(({ name }) => name === format);
  if (surface?.provider === undefined) throw new Error(`${format} has no provider half`);
  return surface.provider as ProviderHalf<'chat'>;
};
export const callOf = (format: Format, more: Partial<Call> = {}): Call => {
  const model = more.model ?? MODELS[format];
  return {
    id: 'req_1',
    now: 1_790_000_000_000,
    requestedModel: 'asked',
    model,
    stream: false,
    ledger: ledger(),
    seal: { seal: () => '', open: () => undefined },
    inbound: { method: 'POST', path: '/', query: '', headers: [], body: {}, stream: false, raw: (pointer: string) => rawAt('{}', pointer) } as Call['inbound'],
    endpoint: { dialect: 'oci', surface: format, method: 'POST', path: '/', capabilities: capabilitiesOf(format.toUpperCase() as ApiFormat, model) },
    ...more,
  };
};
export interface Made {
  readonly chat: Fields;
  readonly notes: readonly Note[];
  readonly memo: unknown;
}
/** What a format makes of a request, with the core's notes of what nobody looked at. */
export const written = (format: Format, request: ChatRequest, more: Partial<Call> = {}): Made => {
  const notes = ledger();
  const watched = tracked(request);
  const { body, memo } = half(format).write(watched.value, callOf(format, { ledger: notes, ...more }));
  for (const path of watched.unread()) notes.note('ignored', path, '');
  const whole = parseJson(stringifyJson(body)) as { readonly chatRequest: Fields };
  return { chat: whole.chatRequest, notes: notes.notes, memo };
};
export const replyOf = (body: Json | string, status = 200) => ({
  status,
  headers: ['content-type', 'application/json', 'opc-request-id', 'opc1'],
  body: Buffer.from(typeof body === 'string' ? body : stringifyJson(body)),
});
/** What a format reads of `chatResponse`. */
export const readReply = (format: Format, chatResponse: Json, memo: unknown = undefined): ChatReply =>
  half(format).read(replyOf({ modelId: MODELS[format], modelVersion: '1.0', chatResponse }), callOf(format), memo);
export const lines = (...events: readonly (object | string)[]): Buffer =>
  Buffer.from(events.map((event) => `data: ${typeof event === 'string' ? event : stringifyJson(event)}\n`).join(''));
/** Events read of a stream in pieces of the given sizes. */
export const readStream = (
  format: Format,
  bytes: Uint8Array,
  sizes: readonly number[] = [bytes.length + 1],
  memo: unknown = undefined,
): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = half(format).stream?.(callOf(format, { stream: true }), memo, (e) => void events.push(e));
  const frames = frameReader('sse-lines', (type, data) => reader?.event(type, data));
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  frames.end();
  reader?.end();
  return events;
};
export const streamed = (format: Format, bytes: Uint8Array, memo: unknown = undefined): ChatReply => collect(readStream(format, bytes, undefined, memo));
export const user = (text: string): ChatRequest['turns'][number] => ({ role: 'user', parts: [{ kind: 'text', text }] });
export const asking = (more: Partial<ChatRequest> = {}): ChatRequest => ({ turns: [user('Hello')], tools: [], choices: 1, maxTokens: 50, ...more });
