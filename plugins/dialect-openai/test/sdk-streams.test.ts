import { type AnySurface, type ChatEvent, frameReader, type Json, type Surface, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { completions } from '../src/completions/surface.ts';
import { together } from './sdk-chunks.ts';
import { type Fields, holds } from './sdk-types.ts';
import { callOf, chat, payloads } from './support.ts';

const sse = (payload: Json | '[DONE]'): string => `data: ${payload === '[DONE]' ? payload : stringifyJson(payload)}\n\n`;
/** Provider half, then client half, on the chunks of a stream. */
const rewritten =
  (surface: AnySurface) =>
  (chunks: readonly Fields[]): readonly Fields[] => {
    const { client, provider } = surface as Surface<'chat'>;
    const asked = JSON.stringify(chunks).includes('"function_call":{') ? { functions: [] } : {};
    const call = callOf({ ...asked, stream: true, stream_options: { include_usage: true } }, { requestedModel: String(chunks[0]?.model), stream: true });
    const events: ChatEvent[] = [];
    const reader = provider?.stream?.(call, undefined, (event) => events.push(event));
    const frames = frameReader('sse', (type, data) => reader?.event(type, data));
    frames.push(Buffer.from([...chunks, '[DONE]'].map((chunk) => sse(chunk as Json)).join('')));
    frames.end();
    reader?.end();
    const writer = client?.stream?.(call);
    const text = events.map((event) => String(writer?.event(event))).join('') + String(writer?.end());
    return payloads(text).filter((payload) => payload !== '[DONE]') as readonly Fields[];
  };
/** A stream around a chunk: one before it that opens its choices, one after it in which they end. */
const streamOf =
  (opening: Fields, ending: (choice: Fields) => Fields) =>
  (chunk: Fields): readonly Fields[] => {
    const { id, object, created, model } = chunk;
    const indexes = [...new Set((chunk.choices as readonly Fields[]).map(({ index }) => index))];
    const choices = indexes.length === 0 ? [0] : indexes;
    const head = { id, object, created, model };
    const all = chunk.choices as readonly Fields[];
    return [
      { ...head, choices: choices.map((index) => ({ index, ...opening, finish_reason: null })) },
      { ...chunk, choices: all.map((choice) => ({ ...choice, finish_reason: null })) },
      { ...head, choices: choices.map((index) => ({ index, ...ending(all.findLast((one) => one.index === index) ?? {}) })) },
    ];
  };
const law = (surface: AnySurface, stream: (chunk: Fields) => readonly Fields[]) => ({
  carried: (chunk: Fields) => together(rewritten(surface)(stream(chunk))),
  expected: (chunk: Fields) => together(stream(chunk)),
});
const ID = { why: 'an answer without an id gets one', as: fc.nat(999).map((n) => `id-${n}`) };
const DATED = { why: 'servers say 0 when they do not know the time', as: fc.integer({ min: 1, max: 9_999 }) };
/** More than all their parts together: what a provider counts wrong is repaired. */
const COUNTED = {
  why: 'no part of a sum is larger than the sum',
  fit: (usage: Fields): Fields => ({
    ...usage,
    prompt_tokens: Number(usage.prompt_tokens) + 50_000,
    completion_tokens: Number(usage.completion_tokens) + 50_000,
  }),
};
const ASSISTANT = { why: 'an answer is the assistant’s' };
const withArguments = (body: unknown): Fields => {
  const { name, arguments: input } = (body ?? {}) as Fields;
  return { name: name || 'f', arguments: input || '{}' };
};
const CALLED: readonly unknown[] = ['stop', 'tool_calls', 'function_call'];
const calling = (choices: readonly Fields[]): readonly Fields[] => {
  const listOf = (choice: Fields): readonly Fields[] => ((choice.delta as Fields).tool_calls ?? []) as readonly Fields[];
  const tools = choices.some((choice) => listOf(choice).length > 0);
  return choices.map((choice, index) => {
    const { tool_calls: _calls, function_call, ...delta } = choice.delta as Fields;
    const list = listOf(choice).map((call, at) => ({ ...call, index: at }));
    const member = tools ? { tool_calls: list } : function_call === undefined ? {} : { function_call: withArguments(function_call) };
    const calls = tools ? list.length > 0 : function_call !== undefined;
    const word = calls ? (tools ? 'tool_calls' : 'function_call') : 'stop';
    const { finish_reason } = choice;
    return { ...choice, index, delta: { ...delta, ...member }, finish_reason: CALLED.includes(finish_reason) || finish_reason === null ? word : finish_reason };
  });
};
holds({
  type: 'ChatCompletionChunk',
  ...law(
    chat,
    streamOf({ delta: { role: 'assistant' } }, (choice) => ({ delta: {}, finish_reason: choice.finish_reason ?? 'stop' })),
  ),
  decisions: {
    exclude: {
      'ChatCompletionChunk.id': ID,
      'ChatCompletionChunk.created': DATED,
      'ChatCompletionChunk.obfuscation': { why: 'it hides how long a chunk of its vendor is, and these are other chunks' },
      ...Object.fromEntries(['developer', 'system', 'user', 'tool'].map((role) => [`ChatCompletionChunk.Choice.Delta.role<${role}>`, ASSISTANT])),
    },
    fit: {
      CompletionUsage: COUNTED,
      ChatCompletionChunk: {
        why: 'choices and calls are counted from 0; calls are of tools or of functions; the reason is of calls exactly where there are calls',
        fit: (chunk) => ({ ...chunk, choices: calling(chunk.choices as readonly Fields[]) }),
      },
      'ChatCompletionChunk.Choice.Delta.ToolCall': {
        why: 'a call has an id, and its name and input are of its type; no arguments are an empty object',
        fit: ({ function: body, custom, ...call }) =>
          custom !== undefined || (call.type === 'custom' && body === undefined)
            ? { ...call, id: call.id || 'call-1', type: 'custom', custom: { ...(custom as Fields), name: (custom as Fields | undefined)?.name || 'f' } }
            : { ...call, id: call.id || 'call-1', type: 'function', function: withArguments(body) },
      },
    },
  },
});
holds({
  type: 'Completion',
  ...law(
    completions,
    streamOf({ text: '' }, (choice) => ({ text: '', finish_reason: choice.finish_reason ?? 'stop' })),
  ),
  decisions: { exclude: { 'Completion.id': ID }, fit: { CompletionUsage: COUNTED } },
});
