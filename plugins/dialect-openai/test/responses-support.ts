import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Bytes, Call, ChatEvent, Inbound, Json, Ledger, LedgerKind, Seal, StreamReader } from '@llm-proxy-auth/plugin';
import { parseJson, rawAt, sseReader, stringifyJson } from '@llm-proxy-auth/plugin';
import { responsesSurfaces } from '../src/responses/index.ts';

/** A seal that shows what it sealed, for tests. */
export const seal: Seal = {
  seal: (purpose, plain) => {
    const body = Buffer.from(plain).toString('base64url');
    return `${body}.${createHmac('sha256', 'test key').update(`${purpose}\n${body}`).digest('base64url')}`;
  },
  open: (purpose, sealed) => {
    const [body = '', tag] = sealed.split('.');
    const wanted = createHmac('sha256', 'test key').update(`${purpose}\n${body}`).digest('base64url');
    return tag === wanted ? Buffer.from(body, 'base64url') : undefined;
  },
};
const [surface] = responsesSurfaces(seal);
if (surface?.operation !== 'chat' || surface.client === undefined || surface.provider === undefined) throw new Error('The first surface is /responses.');
export const client = surface.client;
export const provider = surface.provider;
export const tapOf = surface.tap ?? (() => Promise.reject(new Error('no tap')) as never);

export interface Note {
  readonly kind: LedgerKind;
  readonly param: string;
}
export const ledger = (): Ledger & { readonly notes: Note[] } => {
  const notes: Note[] = [];
  return { notes, note: (kind, param) => void notes.push({ kind, param }) };
};
export const inbound = (body: Json, stream = false): Inbound => ({
  method: 'POST',
  path: '/openai/main/v1/responses',
  query: '',
  headers: [],
  body,
  model: 'the-model',
  stream,
  raw: (pointer) => rawAt(stringifyJson(body), pointer),
});
export const callOf = (
  body: Json,
  options: { readonly stream?: boolean; readonly model?: string; readonly id?: string; readonly ledger?: Ledger } = {},
): Call => ({
  id: options.id ?? 'req_0123456789abcdef',
  now: 1_790_000_000_500,
  requestedModel: options.model ?? 'the-model',
  model: options.model ?? 'the-model',
  stream: options.stream ?? false,
  ledger: options.ledger ?? ledger(),
  seal,
  inbound: inbound(body, options.stream ?? false),
  endpoint: {
    dialect: 'openai',
    surface: 'responses',
    method: 'POST',
    path: '/responses',
    capabilities: {
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
      logprobs: 20,
      reasoning: true,
      cache: true,
      stopSequences: 0,
    },
  },
});

export interface Recording {
  readonly name: string;
  readonly request: Json;
  readonly status: number;
  readonly stream: boolean;
  /** The body as the provider sent it; chunks recorded without framing become events. */
  readonly body: string;
}
const FOLDERS = new URL('../../../packages/simulators/recordings/', import.meta.url);
const read = (folder: string, file: string): Recording => {
  const whole = JSON.parse(readFileSync(new URL(`${folder}/${file}`, FOLDERS), 'utf8')) as {
    stream: boolean;
    request: { body: Json };
    response: { status: number; body?: string; chunks?: string[] };
  };
  const { status, body, chunks } = whole.response;
  return {
    name: `${folder}/${file}`,
    request: whole.request.body,
    status,
    stream: whole.stream,
    body: body ?? (chunks ?? []).map((data) => `data: ${data}\n\n`).join(''),
  };
};
/** Every recorded call of `/responses`, at OpenAI and at providers that speak the surface. */
export const recordings: readonly Recording[] = ['openai', 'azure_openai', 'bedrock'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, FOLDERS))
    .filter((file) => file.startsWith('responses-') && file.endsWith('.json'))
    .map((file) => read(folder, file)),
);
export const streams = recordings.filter((recording) => recording.stream && recording.status === 200);
export const answers = recordings.filter((recording) => !recording.stream && recording.status === 200);

/** Recorded requests without hosted tools and their items, which no other provider could serve. */
const HOSTED = /"type": ?"(?:web_search|web_search_call|tool_search|tool_search_call|file_search)"/;
export const translatable = recordings.filter(({ request }) => request !== null && !HOSTED.test(stringifyJson(request)));

/** Events of a body, fed to a reader in the pieces given. */
export const readEvents = (pieces: readonly Bytes[]): readonly ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader: StreamReader | undefined = provider.stream?.(callOf({}), undefined, (e) => events.push(e));
  const frames = sseReader((type, data) => reader?.event(type, data));
  for (const piece of pieces) frames.push(piece);
  frames.end();
  reader?.end();
  return events;
};
/** Data of every event of a stream that this surface wrote. */
export interface WireEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, Json>>;
}
export const wireEvents = (text: string): readonly WireEvent[] => {
  const found: WireEvent[] = [];
  const frames = sseReader((event, data) => found.push({ event, data: parseJson(data) as Readonly<Record<string, Json>> }));
  frames.push(Buffer.from(text));
  frames.end();
  return found;
};
/** What a client of this surface gets for these events. */
export const writeStream = (events: readonly ChatEvent[], call: Call): string => {
  const writer = client.stream?.(call);
  return `${events.map((e) => writer?.event(e)).join('')}${writer?.end()}`;
};
