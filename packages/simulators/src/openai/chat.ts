import { checkChat } from './chat-check.ts';
import { type Fields, fieldsOf, isFields, listOf, textOf } from './check.ts';
import type { Context } from './context.ts';
import type { Model } from './models.ts';
import { count, tokens } from './tokens.ts';
import { type Call, type Prompt, type Tool, type Turn, turn } from './turn.ts';

const kindOf: Readonly<Record<string, string>> = { image_url: 'image', input_audio: 'audio', file: 'file' };

const contentText = (content: unknown): string => {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => textOf(part.text))
    .filter((text) => text !== '')
    .join('\n');
};

const contentMedia = (content: unknown): string[] =>
  listOf(content).flatMap((part) => {
    const kind = kindOf[textOf(part.type)];
    return kind === undefined ? [] : [kind];
  });

const toolsOf = (body: Fields): Tool[] => [
  ...listOf(body.tools).map((tool): Tool => {
    const custom = tool.type === 'custom';
    const inner = fieldsOf(tool[custom ? 'custom' : 'function']);
    return { kind: custom ? 'custom' : 'function', name: textOf(inner.name), schema: inner.parameters };
  }),
  ...listOf(body.functions).map((one): Tool => ({ kind: 'function', name: textOf(one.name), schema: one.parameters })),
];

/** What a `tool_choice` (or the older `function_call`) leaves of the tools, and whether one must be called. */
const chosen = (body: Fields): Pick<Prompt, 'tools' | 'choice'> => {
  const tools = toolsOf(body);
  const choice = body.tool_choice ?? body.function_call ?? 'auto';
  if (choice === 'none' || choice === 'auto' || choice === 'required') return { tools, choice };
  const wanted = fieldsOf(choice);
  if (wanted.type === 'allowed_tools') {
    const allowed = fieldsOf(wanted.allowed_tools);
    const names = listOf(allowed.tools).map((tool) => textOf(fieldsOf(tool[textOf(tool.type)]).name ?? tool.name));
    return { tools: tools.filter(({ name }) => names.includes(name)), choice: allowed.mode === 'required' ? 'required' : 'auto' };
  }
  const name = textOf(fieldsOf(wanted.function ?? wanted.custom).name ?? wanted.name);
  return { tools: tools.filter((tool) => tool.name === name), choice: 'required' };
};

const formatOf = (body: Fields): Prompt['format'] => {
  const format = fieldsOf(body.response_format);
  return { kind: textOf(format.type) || 'text', schema: fieldsOf(format.json_schema).schema };
};

/** Thinking costs 64 tokens, or none where the effort says so. */
export const reasoningOf = (model: Model, effort: unknown): number => (!model.reasoning || effort === 'none' || effort === 'minimal' ? 0 : 64);

const stops = (stop: unknown): string[] => (typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop.map(String) : []);

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

const promptOf = (body: Fields, model: Model): Prompt => {
  const messages = listOf(body.messages);
  const last = messages.at(-1);
  const user = messages.findLast((message) => message.role === 'user');
  const isResult = last?.role === 'tool' || last?.role === 'function';
  return {
    text: contentText(user?.content),
    toolResult: isResult ? contentText(last?.content) : undefined,
    media: contentMedia(user?.content),
    inputTokens: messages.reduce(
      (sum, message) => sum + 4 + count(contentText(message.content)) + count(message.tool_calls === undefined ? '' : JSON.stringify(message.tool_calls)),
      3,
    ),
    ...chosen(body),
    parallel: body.parallel_tool_calls !== false && !Array.isArray(body.functions),
    format: formatOf(body),
    maxTokens: number(body.max_completion_tokens) ?? number(body.max_tokens),
    stop: stops(body.stop),
    reasoning: reasoningOf(model, body.reasoning_effort),
  };
};

export type Spoken = {
  readonly model: Model;
  readonly prompt: Prompt;
  readonly turns: readonly Turn[];
  readonly usage: Fields;
  readonly tier: string;
  /** The request used the older `functions`. */
  readonly legacy: boolean;
  readonly audio: boolean;
};

const chatUsage = (prompt: Prompt, turns: readonly Turn[]): Fields => {
  const completion = turns.reduce((sum, one) => sum + one.outputTokens, 0);
  const reasoning = turns.reduce((sum, one) => sum + one.reasoningTokens, 0);
  return {
    prompt_tokens: prompt.inputTokens,
    completion_tokens: completion,
    total_tokens: prompt.inputTokens + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
};

/** The tier used: `fast` is an alias of `priority`, `auto` resolves to `default`. */
export const tierOf = (tier: unknown): string => {
  if (tier === 'fast') return 'priority';
  return tier === 'flex' || tier === 'priority' || tier === 'scale' ? tier : 'default';
};

/** Checks a chat request and says what is to be said; throws the service's refusal. */
export const speak = (call: Context, body: Fields): Spoken => {
  const model = checkChat(body, (id) => call.models.require(id, 'chat'));
  const prompt = promptOf(body, model);
  call.checkLength(prompt.inputTokens, 'messages');
  const choices = number(body.n) ?? 1;
  const turns = Array.from({ length: choices }, (_, index) => turn(prompt, index));
  const audio = Array.isArray(body.modalities) && body.modalities.includes('audio');
  return { model, prompt, turns, usage: chatUsage(prompt, turns), tier: tierOf(body.service_tier), legacy: Array.isArray(body.functions), audio };
};

export const logprobsOf = (pieces: readonly string[], top: number): Fields[] => {
  const entry = (token: string, logprob: number) => ({ token, logprob, bytes: [...Buffer.from(token)] });
  return pieces.map((token, index) => ({
    ...entry(token, -0.01 * (1 + (index % 7))),
    top_logprobs: Array.from({ length: top }, (_, rank) =>
      rank === 0 ? entry(token, -0.01 * (1 + (index % 7))) : entry(`${token}${'~'.repeat(rank)}`, -3 - rank),
    ),
  }));
};

export const wireCall = (call: Context, one: Call): Fields => {
  const id = call.id('call_').slice(0, 29);
  if (one.kind === 'custom') return { id, type: 'custom', custom: { name: one.name, input: one.input } };
  return { id, type: 'function', function: { name: one.name, arguments: one.input } };
};

/** Silence with the transcript's length: deterministic bytes that decode as base64. */
export const audioBytes = (transcript: string): Buffer => Buffer.alloc(48 * Math.max(1, count(transcript)), 0x7f);

const messageOf = (call: Context, spoken: Spoken, one: Turn): Fields => {
  const base = { role: 'assistant', content: one.text ?? null, refusal: one.refusal ?? null };
  if (one.calls.length > 0) {
    const first = one.calls[0];
    if (spoken.legacy && first !== undefined) return { ...base, function_call: { name: first.name, arguments: first.input } };
    return { ...base, tool_calls: one.calls.map((made) => wireCall(call, made)), annotations: [] };
  }
  if (!spoken.audio || one.text === undefined) return { ...base, annotations: [] };
  const audio = { id: call.id('audio_'), data: audioBytes(one.text).toString('base64'), expires_at: call.seconds() + 3600, transcript: one.text };
  return { ...base, content: null, audio, annotations: [] };
};

export const finishOf = (spoken: Spoken, one: Turn): string => (spoken.legacy && one.finish === 'tool_calls' ? 'function_call' : one.finish);

/** A chat completion as one JSON object. */
export const chatCompletion = (call: Context, body: Fields, spoken: Spoken): Fields => {
  const top = number(body.top_logprobs) ?? 0;
  return {
    id: call.id('chatcmpl-'),
    object: 'chat.completion',
    created: call.seconds(),
    model: spoken.model.id,
    choices: spoken.turns.map((one, index) => ({
      index,
      message: messageOf(call, spoken, one),
      logprobs: body.logprobs === true ? { content: logprobsOf(tokens(one.text ?? ''), top), refusal: null } : null,
      finish_reason: finishOf(spoken, one),
    })),
    usage: spoken.usage,
    service_tier: spoken.tier,
    system_fingerprint: 'fp_simulated',
  };
};

export const isStream = (body: unknown): boolean => isFields(body) && body.stream === true;
