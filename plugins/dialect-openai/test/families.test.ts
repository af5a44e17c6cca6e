import type { ChatRequest } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { callOf, chatClient, inboundOf, ledger, through, written } from './support.ts';

const foreign: ChatRequest = {
  turns: [
    { role: 'system', parts: [{ kind: 'text', text: 'rules' }] },
    { role: 'user', parts: [{ kind: 'text', text: 'hi' }] },
  ],
  tools: [],
  choices: 1,
  maxTokens: 9,
  stop: ['x'],
  sampling: { temperature: 0.5, topP: 0.5, frequencyPenalty: 1 },
};
const asked = (model: string, more: Partial<ChatRequest> = {}) => {
  const { body, notes } = written({ ...foreign, ...more }, { model });
  const { messages, ...params } = body;
  return {
    role: (messages as readonly { role: string }[])[0]?.role,
    params,
    ignored: notes.filter((n) => n.kind !== 'emulated').map((n) => `${n.kind}=${n.param}`),
  };
};

describe('a request of another dialect', () => {
  it('reaches a model that reasons without what it refuses, and says so', () => {
    expect(asked('o3')).toEqual({
      role: 'developer',
      params: { model: 'o3', max_completion_tokens: 9 },
      ignored: ['ignored=sampling.temperature', 'ignored=sampling.topP', 'ignored=sampling.frequencyPenalty', 'ignored=stop'],
    });
    expect(asked('gpt-5-mini').params).toEqual({ model: 'gpt-5-mini', max_completion_tokens: 9 });
  });
  it.each(['openai/gpt-5', 'openai.gpt-5', 'us.openai.gpt-5'])('is that of %s under any name that a cloud has for it', (model) => {
    expect(asked(model).params).toEqual({ model, max_completion_tokens: 9 });
  });
  it.each(['openai/gpt-oss-120b-maas', 'openai.gpt-oss-120b-1:0', 'gpt-oss-20b'])('asks %s for an effort, and keeps the rest', (model) => {
    const { params, ignored } = asked(model, { reasoning: { effort: 'high' } });
    expect([params, ignored]).toEqual([
      { model, max_tokens: 9, temperature: 0.5, top_p: 0.5, frequency_penalty: 1, stop: ['x'], reasoning_effort: 'high' },
      [],
    ]);
  });
  it('keeps temperature for gpt-5.1 only with reasoning off', () => {
    expect(asked('gpt-5.1', { reasoning: { off: true } }).params).toMatchObject({ temperature: 0.5, top_p: 0.5, reasoning_effort: 'none' });
    expect(asked('gpt-5.1', { reasoning: { effort: 'low' } }).params).not.toHaveProperty('temperature');
  });
  it.each(['gpt-4.1', 'gpt-4o', 'gpt-5-chat-latest', 'ft:gpt-4.1:acme::x', 'gpt-35-turbo'])('keeps everything for %s', (model) => {
    expect(asked(model)).toEqual({
      role: 'system',
      params: { model, max_completion_tokens: 9, temperature: 0.5, top_p: 0.5, frequency_penalty: 1, stop: ['x'] },
      ignored: [],
    });
  });
  it('speaks max_tokens to a model that is not of OpenAI', () => expect(asked('llama-4').params).toMatchObject({ max_tokens: 9 }));
  it('says nothing of a temperature of 1, which is what the model insists on', () => {
    expect(asked('o3', { sampling: { temperature: 1 }, stop: undefined }).ignored).toEqual([]);
  });
  it.each([
    [2048, 'gpt-5', 'low'],
    [8192, 'gpt-5', 'medium'],
    [32_000, 'gpt-5', 'high'],
  ])('turns a budget of %i into an effort', (budget, model, effort) => expect(asked(model, { reasoning: { budget } }).params.reasoning_effort).toBe(effort));
  it.each([
    ['gpt-6-sol', 'none', []],
    ['gpt-6-astra', 'low', ['clamped=reasoning.off']],
  ])('switches reasoning of %s off where it can be', (model, effort, ignored) => {
    const got = asked(model, { sampling: undefined, stop: undefined, reasoning: { off: true } });
    expect([got.params.reasoning_effort, got.ignored]).toEqual([effort, ignored]);
  });
  it.each([
    ['gpt-5.1', 'medium', ['emulated=reasoning.off']],
    ['gpt-5.6', 'medium', ['emulated=reasoning.off']],
    ['o3', undefined, []],
    ['gpt-5', undefined, []],
    ['gpt-oss-120b', undefined, []],
    ['gpt-4.1', undefined, ['ignored=reasoning.off']],
    ['llama-4', undefined, ['defaulted=reasoning.off']],
  ])('asks %s to reason as it sees fit', (model, effort, notes) => {
    const got = written({ ...foreign, sampling: undefined, stop: undefined, reasoning: { off: false } }, { model });
    expect([got.body.reasoning_effort, got.notes.map(({ kind, param }) => `${kind}=${param}`)]).toEqual([effort, notes]);
    const low = written({ ...foreign, sampling: undefined, stop: undefined, reasoning: { off: false, effort: 'low' } }, { model: 'gpt-5.1' });
    expect([low.body.reasoning_effort, low.notes]).toEqual(['low', []]);
  });
  it('clamps an effort that the family lacks', () => {
    const { params, ignored } = asked('o3', { sampling: undefined, stop: undefined, reasoning: { effort: 'xhigh' } });
    expect([params.reasoning_effort, ignored]).toEqual(['high', ['clamped=reasoning.effort']]);
  });
});
describe('a request of this surface', () => {
  it('is left as the client wrote it, whatever the model', () => {
    const body = { model: 'o3', messages: [{ role: 'system', content: 'rules' }], max_tokens: 5, temperature: 0.5, stop: 'x' };
    expect(through(body)).toEqual(body);
  });
  it('takes the newer of two token limits', () => {
    const limit = (b: object) => chatClient.read(inboundOf({ messages: [{ role: 'user', content: 'x' }], ...b }), ledger()).maxTokens;
    expect([limit({ max_tokens: 5, max_completion_tokens: 7 }), limit({ max_tokens: 5 }), limit({ max_tokens: null })]).toEqual([7, 5, undefined]);
  });
  it('offers only the tools it allows', () => {
    const tool = (name: string) => ({ type: 'function', function: { name } });
    const request = chatClient.read(
      inboundOf({
        messages: [{ role: 'user', content: 'x' }],
        tools: [tool('a'), tool('b')],
        tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('b')] } },
      }),
      ledger(),
    );
    expect(request.tools.map((t) => (t.kind === 'server' ? '' : t.name))).toEqual(['b']);
    expect(request.toolChoice).toBe('required');
  });
  it('says of tools that it may not use that another surface is not shown them', () => {
    const tool = (name: string) => ({ type: 'function', function: { name } });
    const notes = (surface: string, ...allowed: readonly string[]) => {
      const told = ledger();
      const tool_choice = { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: allowed.map(tool) } };
      const body = { messages: [{ role: 'user', content: 'x' }], tools: [tool('a'), tool('b')], tool_choice };
      chatClient.read(inboundOf(body), told, { ...callOf().endpoint, surface });
      return told.notes;
    };
    expect([notes('chat', 'b'), notes('responses', 'a', 'b')]).toEqual([[], []]);
    expect(notes('responses', 'b')).toEqual([{ kind: 'emulated', param: 'tool_choice' }]);
  });
  it.each([
    [{}, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [{ role: 'robot', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] }, 'messages[0].content[0].image_url.url'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 'x' }], temperature: 'hot' }, 'temperature'],
    [{ messages: [{ role: 'user', content: 'x' }], response_format: { type: 'xml' } }, 'response_format'],
    [{ messages: [{ role: 'user', content: 'x' }], tool_choice: 'maybe' }, 'tool_choice'],
  ])('that makes no sense is 400 with its place: %j', (body, param) => {
    expect(() => chatClient.read(inboundOf(body), ledger())).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
  });
  it('names the options of its stream when it goes to another surface', () => {
    const body = { messages: [{ role: 'user', content: 'x' }], stream: true, stream_options: { include_usage: true, include_obfuscation: true } };
    const notes = (surface: string) => {
      const told = ledger();
      chatClient.read(inboundOf(body), told, { ...callOf().endpoint, surface });
      return told.notes;
    };
    expect(notes('chat')).toEqual([]);
    expect(notes('responses')).toEqual([{ kind: 'ignored', param: 'stream_options.include_obfuscation' }]);
  });
});
