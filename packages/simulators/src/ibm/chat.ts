import { logprobsOf } from '../openai/chat.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../openai/check.ts';
import { count, tokens } from '../openai/tokens.ts';
import { type Call, type Prompt, type Tool, type Turn, turn } from '../openai/turn.ts';
import type { Context } from './context.ts';
import type { Model } from './models.ts';
import { unfit } from './refusal.ts';

const KINDS: Readonly<Record<string, string>> = { image_url: 'image', input_audio: 'audio', video_url: 'video' };
const contentText = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : listOf(content)
        .flatMap((part) => (part.type === 'text' ? [textOf(part.text)] : []))
        .join('\n');
const contentMedia = (content: unknown): string[] => listOf(content).flatMap((part) => KINDS[textOf(part.type)] ?? []);

const toolsOf = (body: Fields): Tool[] =>
  listOf(body.tools).map((tool) => {
    const made = fieldsOf(tool.function);
    return { kind: 'function', name: textOf(made.name), schema: made.parameters };
  });
const chosen = (body: Fields): Pick<Prompt, 'tools' | 'choice'> => {
  const tools = toolsOf(body);
  const { tool_choice: named, tool_choice_option: mode } = body;
  if (named === undefined) return { tools, choice: mode === 'none' || mode === 'required' ? mode : 'auto' };
  const name = textOf(fieldsOf(fieldsOf(named).function).name);
  return { tools: tools.filter((tool) => tool.name === name), choice: 'required' };
};
const formatOf = (body: Fields): Prompt['format'] => {
  const format = fieldsOf(body.response_format);
  if (format.type !== undefined) return { kind: textOf(format.type), schema: fieldsOf(format.json_schema).schema };
  if (body.guided_json === undefined) return { kind: 'text' };
  return { kind: 'json_schema', schema: typeof body.guided_json === 'string' ? JSON.parse(body.guided_json) : body.guided_json };
};
/** Tokens an answer has where the request says nothing. */
const UNSAID = 1024;
const THOUGHTS = 'The user wants an answer.';

export type Spoken = {
  readonly model: Model;
  readonly body: Fields;
  readonly turns: readonly Turn[];
  /** What the model thought, where it does and where that is shown. */
  readonly thought: string;
  readonly usage: Fields;
  readonly warnings: readonly Fields[];
};
const limitOf = (body: Fields, model: Model): { readonly most: number; readonly warnings: readonly Fields[] } => {
  const said = body.max_completion_tokens ?? body.max_tokens;
  if (typeof said === 'number') return { most: said === 0 ? model.context : said, warnings: [] };
  const message = "The 'max_completion_tokens' parameter was not specified; it was set to 1024";
  const properties = { limit: 0, new_value: UNSAID, parameter: 'max_completion_tokens', value: 0 };
  return { most: UNSAID, warnings: [{ message, id: 'unspecified_max_completion_tokens', additional_properties: properties }] };
};
const guided = (body: Fields, one: Turn): Turn => {
  const [choice] = Array.isArray(body.guided_choice) ? body.guided_choice.map(String) : [];
  return choice === undefined || one.text === undefined ? one : { ...one, text: choice, outputTokens: count(choice) };
};
/** Says what is to be said; throws the service's refusal. `context`: what the template of a deployment was given. */
export const speak = (body: Fields, model: Model): Spoken => {
  const messages = listOf(body.messages);
  const last = messages.at(-1);
  const user = messages.findLast((message) => message.role === 'user');
  const inputTokens =
    3 + count(textOf(body.context)) + messages.reduce((sum, one) => sum + 4 + count(contentText(one.content)) + count(JSON.stringify(one.tool_calls ?? '')), 0);
  if (inputTokens > model.context)
    throw unfit(`the number of input tokens ${inputTokens} cannot exceed the max sequence length ${model.context} for this model`);
  const { most, warnings } = limitOf(body, model);
  const prompt: Prompt = {
    text: contentText(user?.content),
    toolResult: last?.role === 'tool' ? contentText(last.content) : undefined,
    media: contentMedia(user?.content),
    inputTokens,
    ...chosen(body),
    parallel: true,
    format: formatOf(body),
    maxTokens: most,
    stop: Array.isArray(body.stop) ? body.stop.map(String) : [],
    reasoning: 0,
  };
  const turns = Array.from({ length: typeof body.n === 'number' ? body.n : 1 }, (_, index) => guided(body, turn(prompt, index)));
  const thinks = model.reasoning;
  const output = turns.reduce((sum, one) => sum + one.outputTokens + (thinks ? count(THOUGHTS) : 0), 0);
  return {
    model,
    body,
    turns,
    thought: thinks && body.include_reasoning !== false ? THOUGHTS : '',
    usage: { completion_tokens: output, prompt_tokens: inputTokens, total_tokens: inputTokens + output },
    warnings,
  };
};

const finishOf = ({ finish }: Turn): string => (finish === 'content_filter' ? 'stop' : finish);
const callOf = (call: Context, one: Call): Fields => ({ id: call.id('chatcmpl-tool-'), type: 'function', function: { name: one.name, arguments: one.input } });
const headOf = (call: Context, { model }: Spoken, id: string, object: string): Fields => ({
  id,
  object,
  model_id: model.id,
  model: model.id,
  created: call.seconds(),
  model_version: '1.0.0',
  created_at: call.time(),
});
const systemOf = ({ warnings }: Spoken): Fields => (warnings.length === 0 ? {} : { system: { warnings } });
const topOf = (body: Fields): number => (typeof body.top_logprobs === 'number' ? body.top_logprobs : 0);

/** An answer as one JSON object. */
export const chatCompletion = (call: Context, spoken: Spoken): Fields => ({
  ...headOf(call, spoken, call.id('chatcmpl-'), 'chat.completion'),
  choices: spoken.turns.map((one, index) => ({
    index,
    message: {
      role: 'assistant',
      ...(one.text === undefined ? {} : { content: one.text }),
      ...(one.refusal === undefined ? {} : { refusal: one.refusal }),
      ...(spoken.thought === '' ? {} : { reasoning_content: spoken.thought }),
      ...(one.calls.length === 0 ? {} : { tool_calls: one.calls.map((made) => callOf(call, made)) }),
    },
    ...(spoken.body.logprobs === true && one.text !== undefined ? { logprobs: { content: logprobsOf(tokens(one.text), topOf(spoken.body)) } } : {}),
    finish_reason: finishOf(one),
  })),
  usage: spoken.usage,
  ...systemOf(spoken),
});

/** One event, as recorded: number, name and data. */
export const event = (number: number, data: Fields, name = 'message'): Buffer =>
  Buffer.from(`id: ${number}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

type Delta = { readonly delta: Fields; readonly logprobs?: Fields };
const callDeltas = (call: Context, one: Call, index: number): Delta[] => {
  const { id, type, function: made } = callOf(call, one);
  const start = { index, id, type, function: { name: fieldsOf(made).name, arguments: '' } };
  // The name of a fragment that goes on is an empty string.
  const pieces = tokens(one.input).map((piece) => ({ delta: { tool_calls: [{ index, function: { name: '', arguments: piece } }] } }));
  return [{ delta: { tool_calls: [start] } }, ...pieces];
};
const deltas = (call: Context, { body, thought }: Spoken, one: Turn): Delta[] => {
  const role: Delta = { delta: { role: 'assistant', content: '' } };
  const thoughts = tokens(thought).map((piece) => ({ delta: { reasoning_content: piece } }));
  if (one.calls.length > 0) return [role, ...thoughts, ...one.calls.flatMap((made, index) => callDeltas(call, made, index))];
  if (one.refusal !== undefined) return [role, ...thoughts, ...tokens(one.refusal).map((piece) => ({ delta: { refusal: piece } }))];
  const logprobs = (piece: string) => (body.logprobs === true ? { logprobs: { content: logprobsOf([piece], topOf(body)) } } : {});
  return [role, ...thoughts, ...tokens(one.text ?? '').map((piece) => ({ delta: { content: piece }, ...logprobs(piece) }))];
};
/** Choices take turns, one delta each. */
const interleaved = (all: readonly (readonly Delta[])[]): [index: number, delta: Delta, last: boolean][] =>
  Array.from({ length: Math.max(...all.map((one) => one.length)) }).flatMap((_, at) =>
    all.flatMap((one, index): [number, Delta, boolean][] => {
      const delta = one[at];
      return delta === undefined ? [] : [[index, delta, at === one.length - 1]];
    }),
  );
/** The events of a stream: the reason comes with the last piece of a choice, the usage in an event of its own at the end. */
export function* chatStream(call: Context, spoken: Spoken): Generator<Buffer> {
  const head = headOf(call, spoken, call.id('chatcmpl-'), 'chat.completion.chunk');
  let number = 0;
  const chunk = (choices: readonly Fields[], more: Fields = {}): Buffer => {
    number += 1;
    return event(number, { ...head, choices, ...more });
  };
  for (const [index, { delta, logprobs }, last] of interleaved(spoken.turns.map((one) => deltas(call, spoken, one)))) {
    const one = spoken.turns[index];
    const reason = last && one !== undefined ? finishOf(one) : null;
    yield chunk([{ index, finish_reason: reason, delta, ...(logprobs === undefined ? {} : { logprobs }) }], number === 0 ? systemOf(spoken) : {});
  }
  yield chunk([], { usage: spoken.usage });
}
