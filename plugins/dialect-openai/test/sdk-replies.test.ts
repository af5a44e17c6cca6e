import { type AnySurface, type Json, parseJson, type Surface, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { responsesSurfaces } from '../src/responses/index.ts';
import { type Fields, holds } from './sdk-types.ts';
import { callOf, chat, seal } from './support.ts';

const responses = responsesSurfaces(seal)[0] as Surface<'chat'>;
/** Provider half, then client half, for a client that asked for the model that answered. */
const back =
  (surface: AnySurface, asked: Json = {}) =>
  (body: Fields): Json => {
    const { client, provider } = surface as Surface<'chat'>;
    const call = callOf(asked, { requestedModel: String(body.model) });
    const reply = provider?.read({ status: 200, headers: [], body: Buffer.from(stringifyJson(body as Json)) }, call, undefined);
    return reply === undefined ? undefined : parseJson(String(client?.write(reply, call).body));
  };

const ID = { why: 'an answer without an id gets one', as: fc.nat(999).map((n) => `id-${n}`) };
const NAMED = { why: 'a call without an id gets one', as: fc.nat(999).map((n) => `call-${n}`) };
const ARGUMENTS = { why: 'clients parse them: no arguments are an empty object', as: fc.constantFrom('{}', '{"a": [1]}', 'not json', ' ') };
/** More than all their parts together: what a provider counts wrong is repaired. */
const COUNTED = {
  why: 'no part of a sum is larger than the sum',
  fit: (usage: Fields): Fields => ({
    ...usage,
    prompt_tokens: Number(usage.prompt_tokens) + 50_000,
    completion_tokens: Number(usage.completion_tokens) + 50_000,
  }),
};
const callsOf = (choice: Fields): readonly unknown[] => ((choice.message as Fields).tool_calls ?? []) as readonly unknown[];
const CALLED: readonly unknown[] = ['stop', 'tool_calls', 'function_call'];
const calling = (choices: readonly Fields[]): readonly Fields[] => {
  const tools = choices.some((choice) => callsOf(choice).length > 0);
  return choices.map((choice) => {
    const { tool_calls: _calls, function_call, ...message } = choice.message as Fields;
    const list = callsOf(choice);
    const member = tools ? (list.length > 0 ? { tool_calls: list } : {}) : { function_call };
    const word = Object.values(member).some(Boolean) ? (tools ? 'tool_calls' : 'function_call') : 'stop';
    return { ...choice, message: { ...message, ...member }, finish_reason: CALLED.includes(choice.finish_reason) ? word : choice.finish_reason };
  });
};
holds({
  type: 'ChatCompletion',
  carried: back(chat),
  decisions: {
    exclude: {
      'ChatCompletion.id': ID,
      'ChatCompletionMessageFunctionToolCall.id': NAMED,
      'ChatCompletionMessageCustomToolCall.id': NAMED,
      'ChatCompletionMessageFunctionToolCall.Function.arguments': ARGUMENTS,
      'ChatCompletionMessage.FunctionCall.arguments': ARGUMENTS,
    },
    fit: {
      CompletionUsage: COUNTED,
      ChatCompletion: {
        why: 'calls are of tools or of functions, as they were asked for; the reason is of calls exactly where there are calls; an empty list of them is left out',
        fit: (reply) => ({ ...reply, choices: calling(reply.choices as readonly Fields[]) }),
      },
    },
  },
});
holds({
  type: 'Completion',
  carried: back(completions),
  decisions: { exclude: { 'Completion.id': ID }, fit: { CompletionUsage: COUNTED } },
});
holds({
  type: 'CreateEmbeddingResponse',
  carried: back(embeddings),
  decisions: {
    exclude: {
      'Embedding.embedding': {
        why: 'a vector is of 32-bit numbers',
        as: fc.array(
          fc.nat(9_999).map((n) => Math.fround(n / 7)),
          { maxLength: 3 },
        ),
      },
    },
    fit: {
      CreateEmbeddingResponse: {
        why: 'vectors are numbered in their order',
        fit: (reply) => ({ ...reply, data: (reply.data as readonly Fields[]).map((one, index) => ({ ...one, index })) }),
      },
    },
  },
});
holds({
  type: 'Response',
  carried: back(responses, { reasoning: { summary: 'auto' } }),
  decisions: {
    exclude: {
      'Response.error<ResponseError>': { why: 'a response that failed is an error, whatever else it says' },
      'ResponseFunctionToolCall.call_id': NAMED,
      'ResponseCustomToolCall.call_id': NAMED,
      'Response.status<failed>': { why: 'a response that failed is an error, whatever else it says' },
    },
    fit: Object.fromEntries(
      ['ResponseFunctionToolCall', 'ResponseCustomToolCall'].map((name) => [
        name,
        { why: 'an item of an answer without an id gets one', fit: (item: Fields) => ({ id: 'fc_1', ...item }) },
      ]),
    ),
  },
});
