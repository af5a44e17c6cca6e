import type { AnySurface, Json, Surface } from '@llm-proxy-auth/plugin';
import { collect, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { completions } from '../src/completions/surface.ts';
import { embeddings } from '../src/embeddings/surface.ts';
import { responsesSurfaces } from '../src/responses/index.ts';
import { readEvents } from './responses-support.ts';
import { responseOf, rewritten, streamAround, streamOf } from './sdk-events.ts';
import { callOf, chat, chatEvents, chatStream, inboundOf, ledger, payloads, seal } from './support.ts';

const responses = responsesSurfaces(seal)[0] as Surface<'chat'>;
const answered = (surface: AnySurface, body: Json): Json => {
  const { client, provider } = surface as Surface<'chat'>;
  const call = callOf({}, { requestedModel: 'm' });
  const reply = provider?.read({ status: 200, headers: [], body: Buffer.from(stringifyJson(body)) }, call, undefined);
  return reply === undefined ? undefined : parseJson(String(client?.write(reply, call).body));
};
const sent = (input: Json, more: object = {}): Json => {
  const body = { model: 'gpt-5', input, ...more } as Json;
  const endpoint = { ...callOf({}).endpoint, surface: 'responses' };
  const request = responses.client?.read(inboundOf(body), ledger(), endpoint);
  return request === undefined
    ? undefined
    : parseJson(stringifyJson(responses.provider?.write(request, callOf(body, { model: 'gpt-5', endpoint })).body as Json));
};
const message = (more: object): Json => ({
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: null, refusal: null, ...more }, logprobs: null, finish_reason: 'stop' }],
});
const chunk = (more: object): string =>
  `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], ...more })}\n\n`;
const choice = (delta: object, finish_reason: string | null = null) => ({ choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
/** The chunks that a client of this surface gets for those of a provider. */
const streamed = (text: string): readonly Json[] => payloads(chatStream(chatEvents(`${text}data: [DONE]\n\n`)));

describe('a conversation on its way to the Responses API keeps', () => {
  it.each([
    ['an image in what the model said', [{ role: 'assistant', content: [{ type: 'input_image', detail: 'auto', file_id: 'file-1' }] }]],
    ['a file in what the model said', [{ role: 'assistant', content: [{ type: 'input_file', file_id: 'file-1' }] }]],
    ['an image that says only how it is shown', [{ role: 'user', content: [{ type: 'input_image', detail: 'low' }] }]],
    ['the output of a hosted call, which has no call_id', [{ type: 'function_call_output', output: 'x', name: 'f', caller: { type: 'direct' } }]],
    ['a reference whose type is null', [{ id: 'msg_1', type: null }]],
  ])('%s', (_what, input) => {
    expect(sent(input)).toEqual({ model: 'gpt-5', input });
  });
  it('a stream member that is null', () => {
    expect(sent('x', { stream: null })).toEqual({ model: 'gpt-5', input: 'x', stream: null });
  });
});
describe('an answer on its way to a client keeps', () => {
  it('annotations of a message without text', () => {
    const body = message({ annotations: [{ type: 'url_citation', url_citation: { start_index: 0, end_index: 1, url: 'https://a.example/', title: 'A' } }] });
    expect(answered(chat, body)).toEqual(body);
  });
  it('logprobs of a message without text', () => {
    const logprobs = { content: [{ token: 'f', bytes: [102], logprob: -0.5, top_logprobs: [] }], refusal: null };
    const { choices, ...head } = message({}) as { readonly choices: readonly object[] };
    const body = { ...head, choices: choices.map((one) => ({ ...one, logprobs })) };
    expect(answered(chat, body)).toEqual(body);
  });
  it('the fingerprint, null logprobs and missing usage of a text completion', () => {
    const logprobs = { tokens: ['a', 'b'], token_logprobs: [null, -0.5], top_logprobs: null, text_offset: [7, 8] };
    const choices = [{ text: 'ab', index: 0, logprobs, finish_reason: 'stop' }];
    const body = { id: 'c', object: 'text_completion', created: 1, model: 'm', choices, system_fingerprint: 'fp_1' };
    expect(answered(completions, body)).toEqual(body);
  });
  it('the usage of embeddings as it was counted', () => {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5] }];
    const body = { object: 'list', data, model: 'm', usage: { prompt_tokens: 3, total_tokens: 5 } };
    expect(answered(embeddings, body)).toEqual(body);
  });
});
describe('a stream of chat on its way to a client', () => {
  const opening = chunk(choice({ role: 'assistant', content: 'a' }));
  it('tells a moderation chunk with the last chunk of the choice', () => {
    const moderation = { input: { type: 'error', code: 'c', message: 'm' }, output: { type: 'error', code: 'c', message: 'm' } };
    const chunks = streamed(opening + chunk(choice({}, 'stop')) + chunk({ moderation }));
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }], moderation });
    expect(chunks.filter((one) => JSON.stringify(one).includes('moderation'))).toHaveLength(1);
  });
  it('tells a tier and a fingerprint that came late, and not those that every chunk has', () => {
    const first = chunk({ ...choice({ role: 'assistant', content: 'a' }), system_fingerprint: 'fp_1' });
    const last = chunk({ ...choice({}, 'stop'), system_fingerprint: 'fp_1', service_tier: 'flex' });
    const [role, , end] = streamed(first + last) as readonly Readonly<Record<string, Json>>[];
    expect(role).toMatchObject({ system_fingerprint: 'fp_1' });
    expect(role).not.toHaveProperty('service_tier');
    expect(JSON.stringify(end).match(/fp_1/g)).toHaveLength(1);
    expect(end).toMatchObject({ service_tier: 'flex' });
  });
  it.each([
    ['chat', chat, choice({ role: 'assistant', content: 'a' }, 'stop')],
    ['completions', completions, { object: 'text_completion', choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: 'stop' }] }],
  ] as const)('that is cut before its end tells none, %s', (_name, surface, body) => {
    const call = callOf({ stream: true });
    const writer = surface.client?.stream?.(call);
    const reader = surface.provider?.stream?.(call, undefined, (event) => text.push(String(writer?.event(event))));
    const text: string[] = [];
    reader?.event('', JSON.stringify({ id: 'c1', created: 1, model: 'm', ...body }));
    const error = String(writer?.error({ code: 'upstream_stream_truncated', status: 502, message: 'Gone.' }));
    expect(text.join('')).toContain('"a"');
    expect(text.join('') + error).not.toContain('"stop"');
    expect(error).toContain('upstream_stream_truncated');
  });
  it('ends a choice before another goes on', () => {
    const both = [0, 1].map((index) => ({ index, delta: { role: 'assistant', content: 'a' }, finish_reason: null }));
    const ends = [0, 1].map((index) => chunk({ choices: [{ index, delta: {}, finish_reason: 'stop' }] }));
    const last = streamed(chunk({ choices: both }) + ends[0] + chunk({ choices: [{ index: 1, delta: { content: 'b' }, finish_reason: null }] }) + ends[1]);
    const told = last.slice(-4, -1) as readonly { readonly choices: readonly { readonly index: number; readonly finish_reason: string | null }[] }[];
    expect(told.map(({ choices: [one] }) => [one?.index, one?.finish_reason])).toEqual([
      [0, 'stop'],
      [1, null],
      [1, 'stop'],
    ]);
  });
  it('has a custom call that is one by its type alone', () => {
    const call = chunk(choice({ tool_calls: [{ index: 0, id: 'call_1', type: 'custom' }] }));
    const rest = chunk(choice({ tool_calls: [{ index: 0, custom: { name: 'f', input: 'x' } }] }));
    const text = JSON.stringify(streamed(call + rest + chunk(choice({}, 'tool_calls'))));
    expect(text).toContain('{"index":0,"id":"call_1","type":"custom","custom":{"name":"f","input":""}}');
    expect(text).not.toContain('"function"');
  });
});
describe('a stream of the Responses API on its way to a client', () => {
  it('tells the progress of a hosted tool where it happened, with numbers of its own', () => {
    const partial = {
      type: 'response.image_generation_call.partial_image',
      item_id: 'item_1',
      output_index: 0,
      partial_image_index: 0,
      partial_image_b64: 'AAAA',
    };
    const events = rewritten([...streamAround(partial).slice(0, 3), partial, partial, ...streamAround(partial).slice(4)]);
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      partial.type,
      partial.type,
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events[4]).toEqual({ ...partial, sequence_number: 4 });
  });
  it('tells no other surface of that progress as a part of the answer', () => {
    const progress = streamAround({ type: 'response.web_search_call.searching', item_id: 'item_1', output_index: 0 });
    const text = progress.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');
    const parts = collect(readEvents([Buffer.from(text)])).choices[0]?.parts ?? [];
    expect(parts.map((part) => [part.kind, part.origin?.payload.json.includes('searching')])).toEqual([['opaque', false]]);
  });
  it('tells the finished output of a tool, not the one that began', () => {
    const item = { id: 'o_1', type: 'custom_tool_call_output', call_id: 'call_1', output: 'x', status: 'completed' };
    expect(rewritten(streamOf(responseOf([item]))).at(-1)?.response).toEqual(responseOf([item]));
  });
  it('tells why a policy was broken', () => {
    const misalignment = { error_type: 'other', detailed_explanation: 'because', steer: { message: 'do not' } };
    const error = { code: 'misalignment_policy_violation', message: 'No.', misalignment };
    const failed = rewritten(streamAround({ type: 'response.failed', response: responseOf([], { error }) })).find(({ type }) => type === 'response.failed');
    expect(failed?.response).toMatchObject({ status: 'failed', error });
  });
});
