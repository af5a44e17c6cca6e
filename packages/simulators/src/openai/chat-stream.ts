import { sseFrame } from '../http/answer.ts';
import { audioBytes, finishOf, logprobsOf, type Spoken, wireCall } from './chat.ts';
import { type Fields, fieldsOf } from './check.ts';
import type { Context } from './context.ts';
import { tokens } from './tokens.ts';
import type { Call, Turn } from './turn.ts';

type Delta = { readonly delta: Fields; readonly logprobs?: Fields };

/** The start of a call with an empty input, then its input in pieces. */
const callDeltas = (call: Context, one: Call, index: number): Delta[] => {
  const { id, type } = wireCall(call, one);
  const member = one.kind === 'custom' ? 'custom' : 'function';
  const input = one.kind === 'custom' ? 'input' : 'arguments';
  const start = { index, id, type, [member]: { name: one.name, [input]: '' } };
  const pieces = tokens(one.input).map((piece) => ({ delta: { tool_calls: [{ index, [member]: { [input]: piece } }] } }));
  return [{ delta: { tool_calls: [start] } }, ...pieces];
};

const legacyDeltas = (one: Call): Delta[] => [
  { delta: { function_call: { name: one.name, arguments: '' } } },
  ...tokens(one.input).map((piece) => ({ delta: { function_call: { arguments: piece } } })),
];

const audioDeltas = (call: Context, text: string): Delta[] => {
  const id = call.id('audio_');
  return [
    ...tokens(text).map((transcript, index) => ({ delta: { audio: index === 0 ? { id, transcript } : { transcript } } })),
    { delta: { audio: { data: audioBytes(text).toString('base64') } } },
    { delta: { audio: { expires_at: call.seconds() + 3600 } } },
  ];
};

const deltas = (call: Context, body: Fields, spoken: Spoken, one: Turn): Delta[] => {
  const role = { role: 'assistant', content: one.calls.length > 0 || one.refusal !== undefined || spoken.audio ? null : '', refusal: null };
  const [first] = one.calls;
  if (first !== undefined) {
    // The first call starts in the role chunk, as recorded.
    const [start, ...rest] = spoken.legacy ? legacyDeltas(first) : one.calls.flatMap((made, index) => callDeltas(call, made, index));
    return [{ delta: { ...role, ...start?.delta } }, ...rest];
  }
  if (one.refusal !== undefined) return [{ delta: role }, ...tokens(one.refusal).map((refusal) => ({ delta: { refusal } }))];
  const text = one.text ?? '';
  if (spoken.audio) return [{ delta: role }, ...audioDeltas(call, text)];
  const top = typeof body.top_logprobs === 'number' ? body.top_logprobs : 0;
  const logprobs = (piece: string) => (body.logprobs === true ? { logprobs: { content: logprobsOf([piece], top), refusal: null } } : {});
  return [{ delta: role }, ...tokens(text).map((content) => ({ delta: { content }, ...logprobs(content) }))];
};

/** Choices take turns, one delta each, as `n` > 1 streams do. */
const interleaved = (all: readonly (readonly Delta[])[]): [index: number, delta: Delta][] => {
  const longest = Math.max(...all.map((one) => one.length));
  return Array.from({ length: longest }).flatMap((_, at) =>
    all.flatMap((one, index): [number, Delta][] => {
      const delta = one[at];
      return delta === undefined ? [] : [[index, delta]];
    }),
  );
};

/** The events of a chat stream, one Buffer each, `[DONE]` last. */
export function* chatStream(call: Context, body: Fields, spoken: Spoken, id = call.id('chatcmpl-')): Generator<Buffer> {
  const options = fieldsOf(body.stream_options);
  const usage = options.include_usage === true;
  const padding = () => (options.include_obfuscation === false ? {} : { obfuscation: call.obfuscation() });
  const base = {
    id,
    object: 'chat.completion.chunk',
    created: call.seconds(),
    model: spoken.model.id,
    service_tier: spoken.tier,
    system_fingerprint: 'fp_simulated',
  };
  const chunk = (choice: Fields): Buffer => sseFrame({ ...base, choices: [choice], ...(usage ? { usage: null } : {}), ...padding() });
  for (const [index, { delta, logprobs }] of interleaved(spoken.turns.map((one) => deltas(call, body, spoken, one)))) {
    yield chunk({ index, delta, logprobs: logprobs ?? null, finish_reason: null });
  }
  for (const [index, one] of spoken.turns.entries()) yield chunk({ index, delta: {}, logprobs: null, finish_reason: finishOf(spoken, one) });
  if (usage) yield sseFrame({ ...base, choices: [], usage: spoken.usage, ...padding() });
  yield sseFrame('[DONE]');
}
