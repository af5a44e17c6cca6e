import { type Fields, fieldsOf, isFields, listOf, textOf } from '../openai/check.ts';
import { tokens } from '../openai/tokens.ts';
import type { Prompt } from '../openai/turn.ts';
import { checkGeneric } from './generic-check.ts';
import type { Model } from './models.ts';
import { type Context, type Said, say, usageOf, weigh } from './said.ts';

const textIn = (content: unknown): string =>
  listOf(content)
    .map(({ text }) => textOf(text))
    .filter((text) => text !== '')
    .join('\n');
const mediaIn = (content: unknown): readonly string[] => listOf(content).flatMap(({ type }) => (type === 'TEXT' ? [] : [textOf(type).toLowerCase()]));

const promptOf = (chat: Fields): Omit<Prompt, 'reasoning'> => {
  const messages = listOf(chat.messages);
  const last = messages.at(-1) ?? {};
  const results: string[] = [];
  for (let at = messages.length - 1; messages[at]?.role === 'TOOL'; at -= 1) results.unshift(textIn(messages[at]?.content));
  const choice = fieldsOf(chat.toolChoice);
  const all = listOf(chat.tools).map(({ name, parameters }) => ({ kind: 'function' as const, name: textOf(name), schema: parameters }));
  const tools = choice.type === 'FUNCTION' ? all.filter(({ name }) => name === choice.name) : all;
  const format = fieldsOf(chat.responseFormat);
  const kinds: Readonly<Record<string, string>> = { JSON_OBJECT: 'json_object', JSON_SCHEMA: 'json_schema' };
  const limit = chat.maxTokens ?? chat.maxCompletionTokens;
  return {
    text: last.role === 'TOOL' ? '' : textIn(last.content),
    toolResult: results.length === 0 ? undefined : results.join('\n'),
    media: mediaIn(last.content),
    inputTokens:
      messages.reduce((sum, { content }) => sum + 3 + weigh(textIn(content)), 0) + weigh(...all.map(({ name, schema }) => name + JSON.stringify(schema))),
    tools,
    choice: choice.type === 'NONE' ? 'none' : choice.type === 'REQUIRED' || choice.type === 'FUNCTION' ? 'required' : 'auto',
    parallel: chat.isParallelToolCalls !== false,
    format: { kind: kinds[textOf(format.type)] ?? 'text', schema: fieldsOf(format.jsonSchema).schema },
    // The service ends after a few words where nobody says otherwise.
    maxTokens: typeof limit === 'number' ? limit : 20,
    stop: Array.isArray(chat.stop) ? chat.stop.map(String) : [],
  };
};
const FINISH = { stop: 'stop', length: 'length', tool_calls: 'tool_calls', content_filter: 'content_filter' } as const;
const content = (text: string) => [{ type: 'TEXT', text }];
const logprobsOf = (chat: Fields, text: string) => {
  if (typeof chat.logProbs !== 'number') return undefined;
  const pieces = tokens(text);
  return {
    tokens: pieces,
    tokenLogprobs: pieces.map(() => -0.25),
    topLogprobs: pieces.map((piece) => ({ [piece]: '-0.25' })),
    textOffset: pieces.map((_, at) => pieces.slice(0, at).join('').length),
  };
};
const callId = (call: Context, model: Model): { readonly id?: string } => (model.calls === 'nameless' ? {} : { id: `call_${call.id().slice(0, 8)}` });

const choiceOf = (call: Context, model: Model, chat: Fields, said: Said, index: number) => ({
  index,
  message: {
    role: 'ASSISTANT',
    content: said.text === undefined ? null : content(said.text),
    refusal: said.refusal ?? null,
    ...(said.thought === undefined ? {} : { reasoningContent: said.thought }),
    toolCalls: said.calls.map(({ name, input }) => ({ type: 'FUNCTION', ...callId(call, model), name, arguments: input })),
  },
  finishReason: FINISH[said.finish],
  ...(said.text === undefined ? {} : { logprobs: logprobsOf(chat, said.text) }),
});

const piece = (index: number, message: Fields) => ({ index, message: { role: 'ASSISTANT', ...message } });
/** Calls as each vendor streams them. */
const callPieces = (call: Context, model: Model, said: Said, index: number): readonly object[] =>
  said.calls.flatMap(({ name, input }) => {
    const of = (fields: Fields) => piece(index, { toolCalls: [{ type: 'FUNCTION', ...fields }] });
    const half = Math.ceil(input.length / 2);
    if (model.calls === 'whole' || model.calls === 'nameless') return [of({ ...callId(call, model), name, arguments: input })];
    const rest = [input.slice(0, half), input.slice(half)];
    if (model.calls === 'fragments') return [of({ ...callId(call, model), name }), ...rest.map((part) => of({ arguments: part }))];
    return [of({ ...callId(call, model), name, arguments: '' }), ...rest.map((part) => of({ ...callId(call, model), name: '', arguments: part }))];
  });
const choicePieces = (call: Context, model: Model, chat: Fields, said: Said, index: number, only: boolean): readonly object[] => {
  const thought = said.thought === undefined ? [] : tokens(said.thought).map((text) => piece(index, { reasoningContent: text }));
  const logprobs = typeof chat.logProbs === 'number';
  const text = tokens(said.text ?? '').map((one) => ({ ...piece(index, { content: content(one) }), ...(logprobs ? { logprobs: logprobsOf(chat, one) } : {}) }));
  const refusal = said.refusal === undefined ? [] : [piece(index, { refusal: said.refusal })];
  return [...thought, ...text, ...refusal, ...callPieces(call, model, said, index), { ...(only ? {} : { index }), finishReason: FINISH[said.finish] }];
};

export type ChatAnswer = { readonly response: object } | { readonly events: readonly object[] };
/** A chat in the format GENERIC. */
export const generic = (call: Context, model: Model, chat: Fields): ChatAnswer => {
  checkGeneric(chat, model);
  const prompt = promptOf(chat);
  const thinks = model.thinks && isFields(chat) && chat.reasoningEffort !== undefined && chat.reasoningEffort !== 'NONE';
  const several = typeof chat.numGenerations === 'number' ? chat.numGenerations : 1;
  const answers = Array.from({ length: several }, (_, index) => say(call, model, prompt, thinks, index));
  const usage = usageOf(prompt.inputTokens, answers);
  if (chat.isStream !== true) {
    const choices = answers.map((said, index) => choiceOf(call, model, chat, said, index));
    return { response: { apiFormat: 'GENERIC', timeCreated: new Date(call.now()).toISOString(), choices, usage } };
  }
  const pieces = answers.flatMap((said, index) => choicePieces(call, model, chat, said, index, several === 1));
  const counted = fieldsOf(chat.streamOptions).isIncludeUsage === true ? [{ usage }] : [];
  return { events: [...pieces, ...counted].map((event) => ({ ...event, pad: call.pad() })) };
};
