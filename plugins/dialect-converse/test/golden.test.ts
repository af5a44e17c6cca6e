import type { ChatRequest, Part } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { CLAUDE, client, inboundOf, ledger, NOVA, written } from './support.ts';

const said = (text: string): Part => ({ kind: 'text', text });
const call = (id: string, name: string, json: string): Part => ({ kind: 'toolCall', id, name, input: { json } });
const result = (id: string, ...parts: readonly Part[]): Part => ({ kind: 'toolResult', id, parts, failed: false });
/** Two calls, their results, an image, a mark for the cache, an effort: as a chat completions client asks for it. */
const request: ChatRequest = {
  turns: [
    { role: 'system', parts: [{ kind: 'text', text: 'Rules.', cache: {} }] },
    { role: 'user', parts: [said('Compare'), { kind: 'image', media: { base64: 'AAAA', type: 'image/jpg' } }] },
    { role: 'assistant', parts: [call('functions.w:0', 'w', '{"c":"Oslo"}'), call('call_2', 'now', '')] },
    { role: 'user', parts: [result('functions.w:0'), result('call_2', said('12:00'))] },
    { role: 'user', parts: [said('Go on')] },
  ],
  tools: [
    { kind: 'function', name: 'w', schema: { type: 'object', properties: { c: { type: 'string' } }, additionalProperties: false } },
    { kind: 'function', name: 'now', schema: { type: 'object', properties: {} } },
  ],
  toolChoice: 'auto',
  parallelTools: false,
  choices: 1,
  maxTokens: 2048,
  sampling: { temperature: 0.4, seed: 7 },
  reasoning: { effort: 'low' },
  user: 'u-1',
};
const ID = 'functions_w_0-b76109';

describe('the worked example of a chat completion for Claude', () => {
  const { body, notes } = written(request, { model: CLAUDE });
  it('becomes the body that Converse takes', () => {
    expect(body).toEqual({
      system: [{ text: 'Rules.' }, { cachePoint: { type: 'default' } }],
      messages: [
        { role: 'user', content: [{ text: 'Compare' }, { image: { format: 'jpeg', source: { bytes: 'AAAA' } } }] },
        {
          role: 'assistant',
          content: [{ toolUse: { toolUseId: ID, name: 'w', input: { c: 'Oslo' } } }, { toolUse: { toolUseId: 'call_2', name: 'now', input: {} } }],
        },
        {
          role: 'user',
          content: [{ toolResult: { toolUseId: ID, content: [] } }, { toolResult: { toolUseId: 'call_2', content: [{ text: '12:00' }] } }, { text: 'Go on' }],
        },
      ],
      inferenceConfig: { maxTokens: 2048 },
      toolConfig: {
        tools: [
          { toolSpec: { name: 'w', inputSchema: { json: { type: 'object', properties: { c: { type: 'string' } }, additionalProperties: false } } } },
          { toolSpec: { name: 'now', inputSchema: { json: { type: 'object', properties: {} } } } },
        ],
      },
      additionalModelRequestFields: {
        output_config: { effort: 'low' },
        tool_choice: { type: 'auto', disable_parallel_tool_use: true },
        metadata: { user_id: 'u-1' },
      },
    });
  });
  it('tells what the model does not take', () => {
    expect([...new Set(notes.map(({ kind, param }) => `${kind} ${param}`))].sort()).toEqual([
      'emulated turns.parts.id',
      'ignored sampling.seed',
      'ignored sampling.temperature',
    ]);
  });
  it('is the same bytes each time', () => {
    expect(JSON.stringify(written(request, { model: CLAUDE }).body)).toBe(JSON.stringify(body));
  });
});
describe('a conversation that grows', () => {
  it('keeps the bytes of what was said before', () => {
    const before = JSON.stringify(written(request).body.messages);
    const longer = {
      ...request,
      turns: [...request.turns, { role: 'assistant', parts: [said('Yes.')] } as const, { role: 'user', parts: [said('Why?')] } as const],
    };
    expect(JSON.stringify(written(longer).body.messages).startsWith(before.slice(0, -1))).toBe(true);
  });
});

describe('what other gateways get wrong', () => {
  const turns: ChatRequest['turns'] = [{ role: 'user', parts: [said('Hello')] }];
  const plain: ChatRequest = { turns, tools: [], choices: 1 };
  const tool = { kind: 'function', name: 'f', schema: { type: 'object' } } as const;
  const noted = (r: ChatRequest, model = CLAUDE) => written(r, { model }).notes.map(({ kind, param }) => `${kind} ${param}`);

  it('results of parallel calls stand in one message, before what the user says', () => {
    const messages = written({
      ...plain,
      turns: [
        ...turns,
        { role: 'assistant', parts: [call('a', 'f', '{}'), call('b', 'f', '{}')] },
        { role: 'user', parts: [result('a', said('1'))] },
        { role: 'user', parts: [said('and'), result('b', said('2'))] },
      ],
      tools: [tool],
    }).body.messages as readonly { readonly role: string; readonly content: readonly object[] }[];
    expect(messages.map(({ role, content }) => `${role} ${content.map((block) => Object.keys(block)[0]).join(' ')}`)).toEqual([
      'user text',
      'assistant toolUse toolUse',
      'user toolResult toolResult text',
    ]);
  });
  it('tools of earlier calls are declared although the request has none', () => {
    const { body, notes } = written({
      ...plain,
      turns: [...turns, { role: 'assistant', parts: [call('a', 'f', '{}')] }, { role: 'user', parts: [result('a', said('1'))] }],
    });
    expect(body.toolConfig).toEqual({ tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }] });
    expect(notes).toContainEqual({ kind: 'defaulted', param: 'tools' });
  });
  it('a choice of none leaves the tools out, or is asked for in words where calls stand in the conversation', () => {
    const none = { ...plain, tools: [tool], toolChoice: 'none' } as const;
    expect(written(none).body).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hello' }] }] });
    const called = written({
      ...none,
      turns: [...turns, { role: 'assistant', parts: [call('a', 'f', '{}')] }, { role: 'user', parts: [result('a', said('1'))] }],
    });
    expect(called.body.toolConfig).toEqual({ tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object' } } } }] });
    expect(called.body.system).toEqual([{ text: 'Do not call any tools.' }]);
  });
  it('a forced tool is asked for where the model takes it, and noted where not', () => {
    const forced = { ...plain, tools: [tool], toolChoice: { name: 'f' } };
    expect((written(forced, { model: 'anthropic.claude-sonnet-4-5-20250929-v1:0' }).body.toolConfig as { toolChoice: unknown }).toolChoice).toEqual({
      tool: { name: 'f' },
    });
    expect(written(forced, { model: CLAUDE }).body.toolConfig).not.toHaveProperty('toolChoice');
    expect(noted(forced)).toContain('emulated toolChoice');
  });
  it('one call at a time is asked of Claude with the choice it goes with, and of others not at all', () => {
    const single = { ...plain, tools: [tool], toolChoice: { name: 'f' }, parallelTools: false };
    const { body } = written(single, { model: 'anthropic.claude-opus-4-6' });
    expect(body.additionalModelRequestFields).toEqual({ tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } });
    expect(body.toolConfig).not.toHaveProperty('toolChoice');
    expect(noted(single, NOVA)).toContain('ignored parallelTools');
  });
  it('blank text is left out and told, an empty turn is none', () => {
    const { body, notes } = written({
      ...plain,
      turns: [
        { role: 'user', parts: [said(' \n'), said('x')] },
        { role: 'assistant', parts: [said(' ')] },
      ],
    });
    expect(body.messages).toEqual([{ role: 'user', content: [{ text: 'x' }] }]);
    expect(notes).toContainEqual({ kind: 'ignored', param: 'turns.parts.text' });
  });
  it('documents have names that the provider takes, each once', () => {
    const document = (name?: string): Part => ({
      kind: 'document',
      media: { base64: 'JVBERi0x', type: 'application/pdf' },
      ...(name === undefined ? {} : { name }),
    });
    const { body } = written({ ...plain, turns: [{ role: 'user', parts: [said('Read'), document('a.b_c.pdf'), document('a.b_c.pdf'), document()] }] });
    const [message] = body.messages as readonly { readonly content: readonly { readonly document?: { readonly name: string } }[] }[];
    expect(message?.content.flatMap((block) => block.document?.name ?? [])).toEqual(['a-b-c', 'a-b-c [2]', 'document-3']);
  });
  it('media behind a URL are refused by name, and those in S3 are not', () => {
    const image = (url: string): ChatRequest => ({ ...plain, turns: [{ role: 'user', parts: [{ kind: 'image', media: { url, type: 'image/png' } }] }] });
    expect(() => written(image('https://a.example/x.png'))).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'turns.parts.media' }));
    expect(written(image('s3://b/x.png')).body.messages).toEqual([
      { role: 'user', content: [{ image: { format: 'png', source: { s3Location: { uri: 's3://b/x.png' } } } }] },
    ]);
  });
  it('input that is no object is wrapped and told', () => {
    const { body, notes } = written({
      ...plain,
      turns: [...turns, { role: 'assistant', parts: [call('a', 'f', '{"cut')] }, { role: 'user', parts: [result('a', said('x'))] }],
      tools: [tool],
    });
    expect(JSON.stringify(body.messages)).toContain('"input":{"rawInvalidInput":"{\\"cut"}');
    expect(notes).toContainEqual({ kind: 'emulated', param: 'turns.parts.input' });
  });
  it('reasoning goes back only with the vendor’s own proof', () => {
    const thinking = (dialect: string, payload: string): Part => ({
      kind: 'thinking',
      text: 'Hm.',
      redacted: false,
      origin: { dialect, payload: { json: payload } },
    });
    const { body, notes } = written({
      ...plain,
      turns: [...turns, { role: 'assistant', parts: [thinking('converse', '{"signature":"c2ln"}'), thinking('anthropic', '{"signature":"x"}'), said('So.')] }],
    });
    expect((body.messages as readonly unknown[])[1]).toEqual({
      role: 'assistant',
      content: [{ reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } }, { text: 'So.' }],
    });
    expect(notes).toContainEqual({ kind: 'ignored', param: 'turns.parts.thinking' });
  });
  it('several answers and probabilities are refused', () => {
    expect(() => written({ ...plain, choices: 2 })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'choices' }));
    expect(() => written({ ...plain, logprobs: 0 })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'logprobs' }));
  });
  it('at most four cache points are set: the last', () => {
    const marked = (text: string): Part => ({ kind: 'text', text, cache: { ttl: '1h' } });
    const { body, notes } = written({ ...plain, turns: [{ role: 'user', parts: ['a', 'b', 'c', 'd', 'e'].map(marked) }] });
    const [message] = body.messages as readonly { readonly content: readonly object[] }[];
    const point = { cachePoint: { type: 'default', ttl: '1h' } };
    expect(message?.content).toEqual([{ text: 'a' }, { text: 'b' }, point, { text: 'c' }, point, { text: 'd' }, point, { text: 'e' }, point]);
    expect(notes).toContainEqual({ kind: 'clamped', param: 'turns.parts.cache' });
  });
  it('what the vendor signed goes back to it and is no loss', () => {
    const origin = (json: string) => ({ dialect: 'converse', payload: { json } });
    const redacted: Part = { kind: 'thinking', text: '', redacted: true, origin: origin('{"redactedContent":"AAAA"}') };
    const citation = { title: 't', quote: 'q', url: 'https://a.example/', origin: origin('{"title":"t"}') };
    const answer = { role: 'assistant', parts: [redacted, { kind: 'text', text: 'b', citations: [citation] }] } as const;
    const { body, notes } = written({ ...plain, turns: [...plain.turns, answer, ...plain.turns] }, { model: CLAUDE });
    expect((body.messages as readonly { readonly content: unknown }[])[1]?.content).toEqual([
      { reasoningContent: { redactedContent: 'AAAA' } },
      { citationsContent: { content: [{ text: 'b' }], citations: [{ title: 't' }] } },
    ]);
    expect(notes.filter(({ kind }) => kind === 'ignored')).toEqual([]);
  });
  it('names of tools that the provider does not take come back as they were', () => {
    const named = { ...plain, tools: [{ ...tool, name: 'mcp.server/tool' }] };
    const { body, memo } = written(named);
    const [first] = (body.toolConfig as { readonly tools: readonly { readonly toolSpec: { readonly name: string } }[] }).tools;
    expect(first?.toolSpec.name).toMatch(/^mcp_server_tool-[0-9a-f]{6}$/);
    expect((memo as { readonly names: ReadonlyMap<string, string> }).names.get(first?.toolSpec.name ?? '')).toBe('mcp.server/tool');
  });
  it('an empty result is what the family takes', () => {
    const empty = {
      ...plain,
      tools: [tool],
      turns: [...turns, { role: 'assistant', parts: [call('a', 'f', '{}')] }, { role: 'user', parts: [result('a')] }],
    } as const;
    const content = (model: string) => JSON.stringify((written(empty, { model }).body.messages as readonly unknown[])[2]);
    expect(content(CLAUDE)).toContain('"content":[]');
    expect(content(NOVA)).toContain('"content":[{"text":""}]');
  });
});

describe('a request of a Converse client for Bedrock', () => {
  it('goes back as it came, and nothing is told as lost: a schema is always kept to', () => {
    const body = {
      messages: [{ role: 'user', content: [{ text: 'x' }] }],
      inferenceConfig: { maxTokens: 5, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
      additionalModelRequestFields: { top_k: 5, x: 1 },
      serviceTier: { type: 'flex' },
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{ "type": "object" }', name: 'answer', description: 'd' } } } },
    };
    expect(written(client.read(inboundOf(body), ledger()))).toMatchObject({ body, notes: [] });
  });
});
describe('a request of a Converse client for another provider', () => {
  it('names what only Bedrock understands in `rest`, and what models call otherwise in the conversation', () => {
    const body = {
      messages: [{ role: 'user', content: [{ text: 'x' }] }],
      inferenceConfig: { maxTokens: 5, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
      additionalModelRequestFields: { top_k: 5, thinking: { type: 'enabled', budget_tokens: 2048 }, metadata: { user_id: 'u' }, x: 1 },
      performanceConfig: { latency: 'optimized' },
      serviceTier: { type: 'flex' },
      outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object"}', name: 'answer' } } } },
    };
    const foreign = { dialect: 'openai', surface: 'chat', method: 'POST', path: '/', capabilities: {} as never };
    expect(JSON.parse(JSON.stringify(client.read(inboundOf(body), ledger(), foreign)))).toEqual({
      turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }],
      tools: [],
      choices: 1,
      maxTokens: 5,
      stop: ['END'],
      sampling: { temperature: 0.5, topP: 0.9, topK: 5 },
      reasoning: { budget: 2048, summary: 'auto' },
      user: 'u',
      tier: 'flex',
      output: { schema: { type: 'object' }, name: 'answer', strict: true },
      rest: {
        from: 'converse.converse',
        fields: { performanceConfig: body.performanceConfig, additionalModelRequestFields: { x: 1 } },
      },
    });
  });
  it('says what it knows of thinking and effort where something stands beside them, which is told by itself', () => {
    const body = {
      messages: [{ role: 'user', content: [{ text: 'x' }] }],
      additionalModelRequestFields: {
        thinking: { type: 'adaptive', display: 'omitted' },
        output_config: { effort: 'low', task_budget: { type: 'tokens', total: 20_000 } },
      },
    };
    const foreign = { dialect: 'openai', surface: 'chat', method: 'POST', path: '/', capabilities: {} as never };
    expect(client.read(inboundOf(body), ledger(), foreign)).toMatchObject({
      reasoning: { off: false, effort: 'low' },
      rest: { fields: { additionalModelRequestFields: { thinking: { display: 'omitted' }, output_config: { task_budget: { total: 20_000 } } } } },
    });
    expect(written(client.read(inboundOf(body), ledger()))).toMatchObject({ body, notes: [] });
  });
  it('is refused where it names a guardrail, and not where it names none', () => {
    const foreign = { dialect: 'openai', surface: 'chat', method: 'POST', path: '/', capabilities: {} as never };
    const guarded = (guardrailConfig: object) => () =>
      client.read(inboundOf({ messages: [{ role: 'user', content: [{ text: 'x' }] }], guardrailConfig }), ledger(), foreign);
    expect(guarded({ guardrailIdentifier: 'g', guardrailVersion: '1' })).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'guardrailConfig' }),
    );
    expect(guarded({})).not.toThrow();
  });
  it('is refused where it points into S3', () => {
    const body = { messages: [{ role: 'user', content: [{ image: { format: 'png', source: { s3Location: { uri: 's3://b/k' } } } }] }] };
    const foreign = { dialect: 'openai', surface: 'chat', method: 'POST', path: '/', capabilities: {} as never };
    expect(() => client.read(inboundOf(body), ledger(), foreign)).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'messages[0].content[0].image.source.s3Location' }),
    );
  });
  it('is read as it was written by hand of a hook: what a block says is written as it was changed', () => {
    const body = { messages: [{ role: 'user', content: [{ guardContent: { text: { text: 'old', qualifiers: ['query'] } } }, { text: 'old' }] }], system: [] };
    const read = client.read(inboundOf(body), ledger());
    const changed: ChatRequest = {
      ...read,
      turns: read.turns.map((turn) => ({ ...turn, parts: turn.parts.map((part) => (part.kind === 'text' ? { ...part, text: 'new' } : part)) })),
    };
    expect(written(changed).body).toEqual({
      messages: [{ role: 'user', content: [{ guardContent: { text: { text: 'new', qualifiers: ['query'] } } }, { text: 'new' }] }],
      system: [],
    });
  });
});
