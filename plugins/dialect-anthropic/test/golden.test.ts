import type { ChatEvent, ChatRequest, Part, Turn } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { payloads, streamed, written } from './support.ts';

const text = (value: string): Part => ({ kind: 'text', text: value });
const user = (...parts: readonly Part[]): Turn => ({ role: 'user', parts });
const call = (id: string, name: string, json: string): Part => ({ kind: 'toolCall', id, name, input: { json } });
const result = (id: string, ...parts: readonly Part[]): Part => ({ kind: 'toolResult', id, parts, failed: false });
const NO_PARAMETERS = { type: 'object', properties: {} };

/** Parallel calls answered in another order, an image, a hint and an effort, as an OpenAI client sends them. */
const request: ChatRequest = {
  turns: [
    { role: 'system', parts: [{ kind: 'text', text: 'Rules.', cache: {} }] },
    user(text('Compare'), { kind: 'image', media: { base64: 'AAAA', type: 'image/jpg' } }),
    { role: 'assistant', parts: [call('functions.w:0', 'w', '{"c":"Oslo"}'), call('call_2', 'now', '')] },
    user(result('call_2', text('12:00')), result('functions.w:0')),
    user(text('Go on')),
  ],
  tools: [
    { kind: 'function', name: 'w', schema: { type: 'object', properties: { c: { type: 'string' } }, additionalProperties: false } },
    { kind: 'function', name: 'now', schema: NO_PARAMETERS },
  ],
  toolChoice: 'auto',
  parallelTools: false,
  maxTokens: 2048,
  reasoning: { effort: 'low' },
  sampling: { temperature: 0.4, seed: 7 },
  user: 'u-1',
  choices: 1,
};

describe('a request of an OpenAI client', () => {
  const { body, notes } = written(request, { model: 'claude-opus-5-5' });
  const assistant = (body.messages as readonly { readonly content: readonly { readonly id: string }[] }[])[1];
  const id = assistant?.content[0]?.id ?? '';

  it('becomes the message that the vendor documents', () => {
    expect(id).toMatch(/^functions_w_0-[0-9a-f]{6}$/);
    expect(body).toEqual({
      model: 'claude-opus-5-5',
      max_tokens: 2048,
      metadata: { user_id: 'u-1' },
      output_config: { effort: 'low' },
      system: [{ type: 'text', text: 'Rules.', cache_control: { type: 'ephemeral' } }],
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Compare' },
            { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id, name: 'w', input: { c: 'Oslo' } },
            { type: 'tool_use', id: 'call_2', name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: id },
            { type: 'tool_result', tool_use_id: 'call_2', content: '12:00' },
            { type: 'text', text: 'Go on' },
          ],
        },
      ],
      tools: [
        { name: 'w', input_schema: { type: 'object', properties: { c: { type: 'string' } }, additionalProperties: false } },
        { name: 'now', input_schema: NO_PARAMETERS },
      ],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
  });
  it('says what the model does not take', () => {
    expect(notes).toContainEqual({ kind: 'ignored', param: 'sampling.temperature' });
    expect(notes).toContainEqual({ kind: 'ignored', param: 'sampling.seed' });
  });
  it('keeps every byte of what was said before when a turn is added', () => {
    const more = written(
      { ...request, turns: [...request.turns, { role: 'assistant', parts: [text('Done.')] }, user(text('Thanks'))] },
      { model: 'claude-opus-5-5' },
    );
    const before = JSON.stringify(body.messages).slice(0, -1);
    expect(JSON.stringify(more.body.messages).startsWith(before)).toBe(true);
    expect(JSON.stringify([more.body.system, more.body.tools])).toBe(JSON.stringify([body.system, body.tools]));
  });
});
describe('a stream of an OpenAI provider', () => {
  const events: readonly ChatEvent[] = [
    { type: 'start', id: 'chatcmpl-1', model: 'm' },
    { type: 'part', choice: 0, index: 0, part: { kind: 'thinking', text: '', redacted: false } },
    { type: 'delta', choice: 0, index: 0, field: 'text', text: 'a' },
    { type: 'part-end', choice: 0, index: 0 },
    { type: 'part', choice: 0, index: 1, part: { kind: 'text', text: '' } },
    { type: 'delta', choice: 0, index: 1, field: 'text', text: 'b' },
    { type: 'part-end', choice: 0, index: 1 },
    { type: 'part', choice: 0, index: 2, part: { kind: 'toolCall', id: 'call_1', name: 'f', input: { json: '' } } },
    { type: 'delta', choice: 0, index: 2, field: 'input', text: '{"x":1}' },
    { type: 'part-end', choice: 0, index: 2 },
    { type: 'finish', choice: 0, reason: 'tool' },
    { type: 'usage', usage: { input: 21, output: 8, cacheRead: 3, cacheWrite: 2, reasoning: 2, estimated: false } },
    { type: 'end' },
  ];
  it('becomes blocks one behind the other, with the usage in the last event', () => {
    const [start, ...rest] = payloads(streamed(events));
    expect(start).toMatchObject({ type: 'message_start', message: { id: 'chatcmpl-1', role: 'assistant', model: 'asked', content: [] } });
    expect(rest).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'a' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'b' } },
      { type: 'content_block_stop', index: 1 },
      { type: 'content_block_start', index: 2, content_block: { type: 'tool_use', id: 'call_1', name: 'f', input: {}, caller: { type: 'direct' } } },
      { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"x":1}' } },
      { type: 'content_block_stop', index: 2 },
      {
        type: 'message_delta',
        delta: { stop_reason: 'tool_use', stop_sequence: null, stop_details: null, container: null },
        usage: {
          input_tokens: 16,
          cache_creation_input_tokens: 2,
          cache_read_input_tokens: 3,
          cache_creation: null,
          output_tokens: 8,
          output_tokens_details: { thinking_tokens: 2 },
          server_tool_use: null,
          service_tier: null,
          speed: null,
          inference_geo: null,
        },
      },
      { type: 'message_stop' },
    ]);
  });
});
