import {
  type Bytes,
  type Call,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type ClientHalf,
  type Dialect,
  type ErrorLike,
  GatewayError,
  type Inbound,
  type Ledger,
  lostTo,
  oneText,
  type ProviderHalf,
  parseJson,
  type StreamReader,
  type StreamWriter,
  type Surface,
  sseComment,
  sseEvent,
  stringifyJson,
  type Tap,
  type TapState,
  type Turn,
  type UpstreamReply,
  type Usage,
} from '@llm-proxy-auth/plugin';
import type { SurfaceSamples, SurfaceSubject } from '../../src/index.ts';

/*
 * A dialect that keeps every rule. Requests are {model, messages: [{role, text}], max?, temperature?, …}, an answer is the canonical
 * one as JSON, a stream is the canonical events as JSON, one to a `data:` line.
 */
type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const invalid = (param: string): GatewayError => new GatewayError('invalid_request', `${param} is not as it should be.`, { param });
const bad = (cause?: unknown): GatewayError => new GatewayError('upstream_bad_response', 'The provider sent something else.', { cause });
const parsed = (text: string | Bytes): Fields => {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw bad(cause);
  }
  if (!isFields(value) || value.error !== undefined) throw bad();
  return value;
};

const turnOf = (message: unknown): Turn => {
  if (!isFields(message) || typeof message.text !== 'string') throw invalid('messages');
  const { role, text } = message;
  if (role !== 'system' && role !== 'user' && role !== 'assistant') throw invalid('messages.role');
  return { role, parts: [{ kind: 'text', text }] };
};
const numberOf = (value: unknown, param: string): number | undefined => {
  if (value !== undefined && typeof value !== 'number') throw invalid(param);
  return value;
};
export const read = ({ body }: Inbound, _ledger: Ledger): ChatRequest => {
  if (!isFields(body)) throw invalid('body');
  const { model: _model, stream: _stream, messages, max, temperature, ...others } = body;
  if (!Array.isArray(messages)) throw invalid('messages');
  const maxTokens = numberOf(max, 'max');
  const warmth = numberOf(temperature, 'temperature');
  return {
    turns: messages.map(turnOf),
    tools: [],
    choices: 1,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(warmth === undefined ? {} : { sampling: { temperature: warmth } }),
    ...(Object.keys(others).length === 0 ? {} : { rest: { from: 'acme.talk', fields: others } }),
  };
};
export const write = (request: ChatRequest, call: Call) => {
  const text = (turn: Turn): string => {
    const other = turn.parts.find((part) => part.kind !== 'text');
    if (other !== undefined) throw new GatewayError('unsupported_parameter', `A ${other.kind} part cannot be sent.`, { param: 'turns.parts' });
    return oneText(turn.parts, lostTo(call.ledger));
  };
  const messages = request.turns.map((turn) => ({ role: turn.role, text: text(turn) }));
  const max = request.maxTokens;
  const temperature = request.sampling?.temperature;
  const own = request.rest?.from === 'acme.talk' ? request.rest.fields : {};
  const stream = call.stream ? { stream: true } : {};
  return {
    body: { model: call.model, messages, ...(max === undefined ? {} : { max }), ...(temperature === undefined ? {} : { temperature }), ...own, ...stream },
  };
};
export const readReply = (reply: UpstreamReply): ChatReply => {
  const body = parsed(reply.body);
  if (!Array.isArray(body.choices)) throw bad();
  return body as unknown as ChatReply;
};
export const readStream = (emit: (event: ChatEvent) => void): StreamReader => {
  let over = false;
  return {
    event(_type, data) {
      if (over) return;
      let event: ChatEvent;
      try {
        const value: unknown = parseJson(data);
        if (!isFields(value) || typeof value.type !== 'string') throw bad();
        event = value as unknown as ChatEvent;
      } catch (cause) {
        event = { type: 'error', error: bad(cause) };
      }
      over = event.type === 'end' || event.type === 'error';
      emit(event);
    },
    end: () => undefined,
  };
};
const frame = (event: ChatEvent): string => sseEvent(stringifyJson(event));
const told = ({ code, status, message }: ErrorLike): ChatEvent => ({ type: 'error', error: { code, status, message } });
export const writeStream = (): StreamWriter => ({
  type: 'text/event-stream',
  event: (event) => frame(event),
  error: (e) => frame(told(e)),
  end: () => '',
  idle: () => sseComment('alive'),
});

const framesOf = (chunk: Bytes): readonly string[] =>
  Buffer.from(chunk)
    .toString()
    .split(/(?<=\n\n)/);
const eventOf = (text: string): ChatEvent | undefined => {
  try {
    const value: unknown = JSON.parse(text.replace(/^data: /, ''));
    return isFields(value) && typeof value.type === 'string' ? (value as unknown as ChatEvent) : undefined;
  } catch {
    return undefined;
  }
};
export const tap = (asked: boolean): Tap => {
  let state: TapState = 'waiting';
  let usage: Usage | undefined;
  let error: ErrorLike | undefined;
  const see = (event: ChatEvent): void => {
    if (state === 'done' || state === 'failed') return;
    if (event.type === 'delta' || (event.type === 'part' && event.part.kind === 'toolCall')) state = 'content';
    if (event.type === 'usage') usage = event.usage;
    if (event.type === 'end') state = 'done';
    if (event.type === 'error') {
      error = event.error;
      state = 'failed';
    }
  };
  const cut = (chunk: Bytes): Bytes => {
    const frames = framesOf(chunk);
    const kept = frames.filter((text) => eventOf(text)?.type !== 'usage');
    return kept.length === frames.length ? chunk : Buffer.from(kept.join(''));
  };
  return {
    bytes(chunk) {
      for (const event of framesOf(chunk).map(eventOf)) if (event !== undefined) see(event);
    },
    ...(asked ? { cut } : {}),
    get state() {
      return state;
    },
    fail: (e) => frame(told(e)),
    idle: () => sseComment('alive'),
    end: () => ({ complete: state === 'done', usage, error }),
  };
};

export const client: ClientHalf<'chat'> = {
  names: { maxTokens: 'max', 'sampling.temperature': 'temperature' },
  read,
  write: (reply) => ({ body: stringifyJson(reply) }),
  stream: writeStream,
};
export const provider: ProviderHalf<'chat', unknown> = { write, read: readReply, stream: (_call, _memo, emit) => readStream(emit) };
export const talk: Surface<'chat'> = {
  name: 'talk',
  operation: 'chat',
  routes: [{ method: 'POST', pattern: '/talk' }],
  body: ['json'],
  governed: { model: ['model'], stream: ['stream'] },
  reach: { class: 'inference' },
  framing: 'sse',
  client,
  provider,
  tap: (_framing, asked) => tap(asked),
};
const vendorOf = (e: ErrorLike): string | undefined => (e.vendor?.dialect === 'acme' ? e.vendor.body.json : undefined);
export const acme: Dialect = {
  name: 'acme',
  surfaces: [talk],
  error: (e) => ({
    status: e.status,
    headers: ['content-type', 'application/json', ...(e.retryAfterMs === undefined ? [] : ['retry-after', String(Math.ceil(e.retryAfterMs / 1000))])],
    body: vendorOf(e) ?? JSON.stringify({ error: { message: e.message, code: e.code } }),
  }),
  readError({ status, body }) {
    const text = Buffer.from(body).toString();
    let error: unknown;
    try {
      const value: unknown = JSON.parse(text);
      error = isFields(value) ? value.error : undefined;
    } catch {
      error = undefined;
    }
    const message =
      isFields(error) && typeof error.message === 'string' && error.message !== ''
        ? error.message.slice(0, 2000)
        : `The provider answered with status ${status}.`;
    const vendor = isFields(error) ? { vendor: { dialect: 'acme', status, body: { json: text } } } : {};
    return { code: 'upstream_rejected', status, message, ...vendor };
  },
};

const usage: Usage = { input: 5, output: 2, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false };
const events: readonly ChatEvent[] = [
  { type: 'start', id: 'a-1', model: 'm' },
  { type: 'part', choice: 0, index: 0, part: { kind: 'text', text: '' } },
  { type: 'delta', choice: 0, index: 0, field: 'text', text: 'Grüß ' },
  { type: 'delta', choice: 0, index: 0, field: 'text', text: 'Gott 🔑' },
  { type: 'part-end', choice: 0, index: 0 },
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'usage', usage },
  { type: 'end' },
];
export const samples: SurfaceSamples = {
  requests: [
    '{"model":"m","messages":[{"role":"system","text":"Be brief."},{"role":"user","text":"Hi"}],"max":5,"color":"red"}',
    '{"model":"m","messages":[{"role":"user","text":"Hi"}],"temperature":0.5,"big":12345678901234567890}',
  ],
  replies: [
    '{"id":"a-1","model":"m","choices":[{"index":0,"parts":[{"kind":"text","text":"Hello"}],"finish":"stop"}],"usage":{"input":5,"output":2,"cacheRead":0,"cacheWrite":0,"reasoning":0,"estimated":false}}',
  ],
  streams: [Buffer.from(events.map(frame).join(''))],
};
export const surfaceSubject: SurfaceSubject = { dialect: acme, surface: talk, samples };
