import { type Call, type ChatRequest, type Part, tracked } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { provider as responses, callOf as responsesCall } from './responses-support.ts';
import { callOf, chatClient, chatProvider, inboundOf, ledger } from './support.ts';

const text = (said: string, cache?: Part['cache']): Part => ({ kind: 'text', text: said, ...(cache === undefined ? {} : { cache }) });
const asked: ChatRequest = {
  turns: [
    { role: 'system', parts: [text('Rules.', {}), text('More')] },
    { role: 'user', parts: [text('a'), text('b', { ttl: '1h' }), text('c'), { kind: 'image', media: { url: 'https://x.example/i.png' }, cache: {} }] },
    { role: 'assistant', parts: [text('Hm.'), { kind: 'toolCall', id: 'c1', name: 'f', input: { json: '{}' } }] },
    { role: 'user', parts: [{ kind: 'toolResult', id: 'c1', parts: [text('snow')], failed: false, cache: {} }] },
  ],
  tools: [{ kind: 'function', name: 'f', schema: {} }],
  choices: 1,
};
const POINT = { mode: 'explicit' };
const LONG = { mode: 'explicit', ttl: '12h' };
const own = (more: Partial<Call['endpoint']['capabilities']> = {}): Call['endpoint'] => {
  const { endpoint } = callOf({});
  return { ...endpoint, capabilities: { ...endpoint.capabilities, cache: true, ...more } };
};
/** What is written, and what the ledger says of it. */
const written = (request: ChatRequest, more: Partial<Call>) => {
  const notes = ledger();
  const watched = tracked(request);
  const { body } = chatProvider.write(watched.value, callOf({}, { ledger: notes, ...more }));
  return { body, notes: [...notes.notes, ...watched.unread().map((param) => ({ kind: 'ignored', param }))] };
};

describe('marks for the cache of clients of other dialects', () => {
  it.each(['gpt-5.6', 'gpt-5.6-sol', 'gpt-6-luna', 'gpt-7', 'openai/gpt-5.6'])('are those of %s', (model) => {
    const { body, notes } = written(asked, { model, endpoint: own() });
    expect(body).toMatchObject({
      prompt_cache_options: { mode: 'explicit' },
      messages: [
        {
          content: [
            { text: 'Rules.', prompt_cache_breakpoint: POINT },
            { type: 'text', text: 'More' },
          ],
        },
        {
          content: [
            { text: 'a' },
            { text: 'b', prompt_cache_breakpoint: LONG },
            { type: 'text', text: 'c' },
            { type: 'image_url', prompt_cache_breakpoint: POINT },
          ],
        },
        { content: 'Hm.' },
        { role: 'tool', content: [{ text: 'snow', prompt_cache_breakpoint: POINT }] },
      ],
    });
    expect(notes).toEqual([{ kind: 'emulated', param: 'turns.parts.cache' }]);
  });
  it('are those of its Responses too', () => {
    const call = responsesCall({}, { model: 'gpt-5.6' });
    const body = responses?.write(asked, call).body;
    expect(body).toMatchObject({
      prompt_cache_options: { mode: 'explicit' },
      input: [
        { content: [{ text: 'Rules.', prompt_cache_breakpoint: POINT }, { text: 'More' }] },
        { content: [{ text: 'a' }, { text: 'b', prompt_cache_breakpoint: LONG }, { text: 'c' }, { type: 'input_image', prompt_cache_breakpoint: POINT }] },
        { content: 'Hm.' },
        { type: 'function_call' },
        { type: 'function_call_output', output: [{ text: 'snow', prompt_cache_breakpoint: POINT }] },
      ],
    });
  });
  const unmarked: readonly (readonly [string, Partial<Call>])[] = [
    ['a model before gpt-5.6', { model: 'gpt-5.5', endpoint: own() }],
    ['a model of somebody else', { model: 'llama-4', endpoint: own() }],
    ['a provider without a cache', { model: 'gpt-5.6', endpoint: own({ cache: false }) }],
    ['a model that refused them', { model: 'gpt-5.6', endpoint: own(), refused: new Set(['prompt_cache_breakpoint']) }],
    ['a model that refuses them by its configuration', { model: 'gpt-5.6', endpoint: own(), rejects: ['prompt_cache_breakpoint'] }],
  ];
  it.each(unmarked)('are not written for %s, and the ledger says so', (_name, call) => {
    const { body, notes } = written(asked, call);
    expect(JSON.stringify(body)).not.toContain('prompt_cache');
    expect(notes).toContainEqual({ kind: 'ignored', param: 'turns.parts.cache' });
  });
  it('are none on what the model said and on tools', () => {
    const marked: ChatRequest = {
      ...asked,
      turns: [
        { role: 'user', parts: [text('Hi')] },
        { role: 'assistant', parts: [text('Hm.', {})] },
        { role: 'user', parts: [text('So?')] },
      ],
      tools: [{ kind: 'function', name: 'f', schema: {}, cache: {} }],
    };
    const { body, notes } = written(marked, { model: 'gpt-5.6', endpoint: own() });
    expect(JSON.stringify(body)).not.toContain('prompt_cache');
    expect(notes.map(({ param }) => param)).toEqual(['tools.cache', 'turns.parts.cache']);
  });
  it('that a model refuses are left out the next time', () => {
    const refusal = {
      code: 'invalid_request',
      status: 400,
      message: 'Unknown parameter.',
      param: 'messages[0].content[0].prompt_cache_breakpoint',
    } as const;
    const { memo } = chatProvider.write(asked, callOf({}, { model: 'gpt-5.6', endpoint: own() }));
    expect(chatProvider.refusal?.(refusal, memo)).toEqual(['prompt_cache_breakpoint']);
    expect(chatProvider.refusal?.({ ...refusal, param: 'temperature' }, memo)).toBeUndefined();
    const plain = chatProvider.write(asked, callOf({}, { model: 'gpt-4.1', endpoint: own() }));
    expect(chatProvider.refusal?.(refusal, plain.memo)).toBeUndefined();
  });
});

describe('a mark of this dialect for other vendors', () => {
  const body = (ttl?: string) => ({
    model: 'm',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'a', prompt_cache_breakpoint: { ...POINT, ...(ttl === undefined ? {} : { ttl }) } }] }],
  });
  const target = { ...own(), dialect: 'anthropic', surface: 'messages' };
  it.each([
    [undefined, {}, []],
    ['30m', {}, []],
    ['12h', { ttl: '1h' }, [{ kind: 'clamped', param: 'turns.parts.cache' }]],
  ] as const)('that lives for %s', (ttl, cache, notes) => {
    const kept = ledger();
    expect(chatClient.read(inboundOf(body(ttl)), kept, target).turns[0]?.parts[0]).toMatchObject({ cache });
    expect(kept.notes).toEqual(notes);
  });
  it('is told of once where nothing is kept at all', () => {
    const kept = ledger();
    chatClient.read(inboundOf(body('12h')), kept, { ...target, capabilities: { ...target.capabilities, cache: false } });
    expect(kept.notes).toEqual([]);
  });
});
