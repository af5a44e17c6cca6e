import { fakeCall, ledger } from '@llm-proxy-auth/contract-tests';
import {
  type AnySurface,
  type Call,
  type ChatEvent,
  type ChatReply,
  type ChatRequest,
  type Choice,
  collect,
  frameReader,
  type Json,
  type Ledger,
  type Part,
  parseJson,
  type Surface,
  stringifyJson,
  type Tool,
  type Turn,
  type UpstreamReply,
} from '@llm-proxy-auth/plugin';
import { watsonxDialect } from '../src/dialect/dialect.ts';

/** A reader of requests and a writer of answers, made from the SDK's types alone: the other halves of what is tested. */
export type Fields = Readonly<Record<string, unknown>>;
export const surfaceOf = (name: string): AnySurface => {
  const found = watsonxDialect.surfaces.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no surface ${name}`);
  return found;
};
export const chat = surfaceOf('chat') as Surface<'chat'>;
export const generation = surfaceOf('generation') as Surface<'chat'>;
export const noted = ledger;
export interface CallWanted {
  readonly model?: string;
  readonly ledger?: Ledger;
  readonly stream?: boolean;
  readonly profile?: string;
}
export const callOf = (surface: AnySurface, { profile, ...wanted }: CallWanted = {}): Call => {
  const call = fakeCall(surface, { dialect: 'watsonx', ...wanted });
  return profile === undefined ? call : { ...call, endpoint: { ...call.endpoint, profile } };
};
export const plain = (value: Json): Fields => parseJson(stringifyJson(value)) as Fields;
/** The body that is sent for a request. */
export const written = (request: ChatRequest, wanted: CallWanted = {}, surface = chat): Fields => {
  const body = surface.provider?.write(request, callOf(surface, wanted)).body;
  return plain(body);
};
export const replyOf = (body: Fields, status = 200): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(stringifyJson(body)),
});
export const readWhole = (body: Fields, wanted: CallWanted = {}, surface = chat): ChatReply => {
  const { provider } = surface;
  if (provider === undefined) throw new Error('no provider half');
  return provider.read(replyOf(body), callOf(surface, wanted), undefined);
};
/** Events that a stream in these pieces is read as. */
export const eventsOf = (pieces: readonly Uint8Array[], wanted: CallWanted = {}, surface = chat): ChatEvent[] => {
  const events: ChatEvent[] = [];
  const reader = surface.provider?.stream?.(callOf(surface, { ...wanted, stream: true }), undefined, (e) => events.push(e));
  if (reader === undefined) throw new Error('reads no stream');
  const frames = frameReader('sse', (type, data) => reader.event(type, data));
  for (const piece of pieces) frames.push(piece);
  frames.end();
  reader.end();
  return events;
};
export const readStream = (text: string, wanted: CallWanted = {}, surface = chat): ChatReply => collect(eventsOf([Buffer.from(text)], wanted, surface));

const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? (value as Fields[]) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const DATA = /^data:([^;]+);base64,(.*)$/s;
const partOf = (wire: Fields): Part => {
  if (wire.type === 'text') return { kind: 'text', text: text(wire.text) };
  if (wire.type === 'input_audio') {
    const { data, format } = wire.input_audio as { readonly data: string; readonly format: string };
    return { kind: 'audio', media: { base64: data, type: format === 'wav' ? 'audio/wav' : 'audio/mpeg' } };
  }
  const kind = wire.type === 'video_url' ? 'video' : 'image';
  const { url, detail } = wire[`${kind}_url`] as { readonly url: string; readonly detail?: string };
  const [, type = '', base64 = ''] = DATA.exec(url) ?? [];
  return { kind, media: { base64, type }, ...(detail === undefined ? {} : { detail }) };
};
const contentOf = (content: unknown): Part[] => (typeof content === 'string' ? [{ kind: 'text', text: content }] : list(content).map(partOf));
const turnOf = (m: Fields): Turn => {
  const name = m.name === undefined ? {} : { name: text(m.name) };
  if (m.role === 'tool') return { role: 'user', parts: [{ kind: 'toolResult', id: text(m.tool_call_id), parts: contentOf(m.content), failed: false }] };
  if (m.role !== 'assistant') return { role: m.role as 'system' | 'user', ...name, parts: contentOf(m.content) };
  const calls = list(m.tool_calls).map((c): Part => {
    const { name: called, arguments: json } = c.function as { readonly name: string; readonly arguments: string };
    return { kind: 'toolCall', id: text(c.id), name: called, input: { json } };
  });
  const said: Part[] = m.content === undefined ? [] : contentOf(m.content);
  const refusal: Part[] = typeof m.refusal === 'string' ? [{ kind: 'refusal', text: m.refusal }] : [];
  return { role: 'assistant', ...name, parts: [...said, ...refusal, ...calls] };
};
const toolOf = (wire: Fields): Tool => {
  const made = wire.function as { readonly name: string; readonly description?: string; readonly parameters?: unknown };
  return { kind: 'function', name: made.name, ...(made.description === undefined ? {} : { description: made.description }), schema: made.parameters };
};
const OWN = 'time_limit repetition_penalty length_penalty guided_choice guided_regex guided_grammar guided_json include_reasoning crypto'.split(' ');
const present = (o: Fields): Fields => Object.fromEntries(Object.entries(o).filter(([, value]) => value !== undefined));
const choiceOf = ({ tool_choice: named, tool_choice_option: mode }: Fields): ChatRequest['toolChoice'] =>
  named === undefined ? (mode as 'auto' | undefined) : { name: text(((named as Fields).function as Fields).name) };
/** The conversation that a body of text/chat asks to go on. */
export const readBody = (body: Fields): ChatRequest => {
  const limit = (body.max_completion_tokens ?? body.max_tokens) as number | undefined;
  const own = present(Object.fromEntries(OWN.map((name) => [name, body[name]])));
  return {
    turns: list(body.messages).map(turnOf),
    tools: list(body.tools).map(toolOf),
    choices: (body.n as number | undefined) ?? 1,
    sampling: present({
      temperature: body.temperature,
      topP: body.top_p,
      seed: body.seed,
      frequencyPenalty: body.frequency_penalty,
      presencePenalty: body.presence_penalty,
      logitBias: body.logit_bias,
    }),
    ...present({
      toolChoice: choiceOf(body),
      maxTokens: limit === 0 ? undefined : limit,
      stop: body.stop,
      output: body.response_format === undefined ? undefined : 'json',
      logprobs: body.logprobs === true ? (body.top_logprobs ?? 0) : undefined,
      reasoning: body.reasoning_effort === undefined ? undefined : { effort: body.reasoning_effort },
    }),
    ...(Object.keys(own).length === 0 ? {} : { rest: { from: 'openai.chat', fields: own } }),
  } as ChatRequest;
};

const WORDS: Readonly<Partial<Record<Choice['finish'], string>>> = { stop: 'stop', length: 'length', tool: 'tool_calls' };
const messageOf = (parts: readonly Part[]): Fields => {
  const said = (kind: 'text' | 'refusal' | 'thinking'): string | undefined => {
    const found = parts.flatMap((part) => (part.kind === kind ? [part.text] : []));
    return found.length === 0 ? undefined : found.join('');
  };
  const calls = parts.flatMap((part) =>
    part.kind === 'toolCall'
      ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: 'json' in part.input ? part.input.json : part.input.text } }]
      : [],
  );
  const made = { content: said('text'), refusal: said('refusal'), reasoning_content: said('thinking'), tool_calls: calls.length === 0 ? undefined : calls };
  return { role: 'assistant', ...present(made) };
};
/** An answer of text/chat. */
export const answerOf = (reply: ChatReply): Fields => ({
  id: reply.id,
  model_id: reply.model,
  ...(reply.created === undefined ? {} : { created: reply.created }),
  choices: reply.choices.map(({ index, parts, finish, rest }) => {
    const { message: more, ...others } = (rest ?? {}) as { readonly message?: Fields };
    return { index, message: { ...messageOf(parts), ...more }, finish_reason: WORDS[finish] ?? 'stop', ...others };
  }),
  ...(reply.usage.raw === undefined ? {} : { usage: parseJson(reply.usage.raw.json) }),
  ...reply.rest?.fields,
});

export const event = (number: number, data: Fields, name = 'message'): string => `id: ${number}\nevent: ${name}\ndata: ${stringifyJson(data)}\n\n`;
const halves = (whole: string): readonly string[] => (whole.length < 2 ? [whole] : [whole.slice(0, whole.length >> 1), whole.slice(whole.length >> 1)]);
const deltasOf = (message: Fields): readonly Fields[] => [
  { role: 'assistant', content: '' },
  ...(message.reasoning_content === undefined ? [] : halves(text(message.reasoning_content)).map((piece) => ({ reasoning_content: piece }))),
  ...(message.content === undefined ? [] : halves(text(message.content)).map((piece) => ({ content: piece }))),
  ...(message.refusal === undefined ? [] : halves(text(message.refusal)).map((piece) => ({ refusal: piece }))),
  ...list(message.tool_calls).flatMap((call, index) => {
    const { name, arguments: input } = call.function as { readonly name: string; readonly arguments: string };
    const opening = { index, id: call.id, type: 'function', function: { name, arguments: '' } };
    return [{ tool_calls: [opening] }, ...halves(input).map((piece) => ({ tool_calls: [{ index, function: { name: '', arguments: piece } }] }))];
  }),
];
/** The same answer as a stream: choices take turns, the reason comes with the last piece or alone, the usage at the end. */
export const streamOf = (body: Fields, alone = false): string => {
  const { choices, usage, ...head } = body;
  const rows = list(choices).map((choice) => ({ choice, deltas: deltasOf(choice.message as Fields) }));
  const out: string[] = [];
  const chunk = (list: readonly Fields[], more: Fields = {}): void => void out.push(event(out.length + 1, { ...head, choices: list, ...more }));
  for (let at = 0; rows.some(({ deltas }) => at < deltas.length); at++)
    for (const { choice, deltas } of rows) {
      const delta = deltas[at];
      const last = at === deltas.length - 1 && !alone;
      if (delta !== undefined) chunk([{ index: choice.index, finish_reason: last ? choice.finish_reason : null, delta }]);
    }
  if (alone) for (const { choice } of rows) chunk([{ index: choice.index, finish_reason: choice.finish_reason, delta: {} }]);
  chunk([], { usage });
  return out.join('');
};
