import type { Capabilities, ChatRequest, Part } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { familyOf } from '../src/request/families.ts';
import { answered, callOf, client, inboundOf, ledger, NOVA, seal, written } from './support.ts';

const plain: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x' }] }], tools: [], choices: 1 };
const fields = (model: string, more: Partial<ChatRequest>): unknown => written({ ...plain, ...more }, { model }).body.additionalModelRequestFields;
const config = (model: string, more: Partial<ChatRequest>): unknown => written({ ...plain, ...more }, { model }).body.inferenceConfig;
const endpoint = (capabilities: Partial<Capabilities>, profile?: string) => ({
  endpoint: { ...callOf().endpoint, capabilities: capabilities as Capabilities, ...(profile === undefined ? {} : { profile }) },
});

describe('the family of a model', () => {
  it.each([
    ['anthropic.claude-opus-5-5', 'anthropic', 'none'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic', 'one'],
    ['us-gov.anthropic.claude-3-haiku-20240307-v1:0', 'anthropic', 'any'],
    ['anthropic.claude-sonnet-4-6', 'anthropic', 'one'],
    ['anthropic.claude-v2:1', 'anthropic', 'any'],
    ['global.anthropic.claude-next-9', 'anthropic', 'none'],
    ['amazon.nova-lite-v1:0', 'amazon', 'any'],
    ['openai.gpt-6-luna', 'openai', 'none'],
    ['arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b-instruct-v1:0', 'meta', 'any'],
    ['arn:aws:bedrock:us-east-1:1:inference-profile/eu.mistral.pixtral-large', 'mistral', 'any'],
    ['arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123', '', 'any'],
  ])('%s is %s', (model, vendor, sampling) => expect(familyOf(model, undefined)).toMatchObject({ vendor, sampling }));
  it('is what the provider says of an ARN that does not say', () => {
    expect(familyOf('arn:aws:bedrock:us-east-1:1:application-inference-profile/abc', 'anthropic.claude-opus-5-5').vendor).toBe('anthropic');
  });
});
describe('an amount of reasoning', () => {
  it('is not asked for by a budget where a loop goes on without its thinking, which would be refused', () => {
    const loop = (...said: readonly Part[]): Partial<ChatRequest> => ({
      turns: [
        ...plain.turns,
        { role: 'assistant', parts: [...said, { kind: 'toolCall', id: 'a', name: 'f', input: { json: '{}' } }] },
        { role: 'user', parts: [{ kind: 'toolResult', id: 'a', parts: [], failed: false }] },
      ],
      reasoning: { budget: 2048 },
      sampling: { topK: 3 },
    });
    const signed = (model: string): Part => ({
      kind: 'thinking',
      text: 'Hm.',
      redacted: false,
      origin: { dialect: 'converse', model, payload: { json: '{"signature":"c2ln"}' } },
    });
    const SONNET = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
    for (const lost of [loop(), loop(signed(NOVA))]) {
      expect(fields(SONNET, lost)).toEqual({ top_k: 3 });
      expect(written({ ...plain, ...lost }, { model: SONNET }).notes).toContainEqual({ kind: 'ignored', param: 'reasoning' });
    }
    expect(fields(SONNET, loop(signed(SONNET)))).toMatchObject({ thinking: { type: 'enabled', budget_tokens: 2048 } });
  });
  it.each([
    ['anthropic.claude-opus-5-5', { effort: 'high' }, { output_config: { effort: 'high' } }],
    ['anthropic.claude-opus-4-7', { effort: 'low' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }],
    ['anthropic.claude-opus-4-6', { budget: 4096 }, { thinking: { type: 'enabled', budget_tokens: 4096 } }],
    ['anthropic.claude-sonnet-4-20250514-v1:0', { effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 8192 } }],
    ['anthropic.claude-opus-5-5', { budget: 4096 }, { output_config: { effort: 'medium' } }],
    ['anthropic.claude-sonnet-5-5', { off: true }, { thinking: { type: 'between_tools' } }],
    ['anthropic.claude-haiku-5-5', { off: true }, { thinking: { type: 'disabled' } }],
    ['anthropic.claude-opus-5-5', { off: true }, { output_config: { effort: 'low' } }],
    [NOVA, { effort: 'xhigh' }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'high' } }],
    ['openai.gpt-oss-20b-1:0', { effort: 'minimal' }, { reasoning_effort: 'low' }],
    ['openai.gpt-5.6-luna', { effort: 'medium' }, { reasoning: { effort: 'medium' } }],
    [
      'anthropic.claude-opus-5-5',
      { effort: 'low', summary: 'auto' },
      { output_config: { effort: 'low' }, thinking: { type: 'adaptive', display: 'summarized' } },
    ],
    ['anthropic.claude-sonnet-4-6', { off: false }, { thinking: { type: 'adaptive' } }],
    ['anthropic.claude-opus-4-5-20251101-v1:0', { off: false }, { thinking: { type: 'enabled', budget_tokens: 8192 } }],
    ['anthropic.claude-sonnet-4-20250514-v1:0', { off: false }, { thinking: { type: 'enabled', budget_tokens: 8192 } }],
    [NOVA, { off: false }, { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
    ['openai.gpt-5.6-luna', { off: false }, { reasoning: { effort: 'medium' } }],
    ['meta.llama3-8b-instruct-v1:0', { off: false }, undefined],
    ['anthropic.claude-sonnet-4-6', { effort: 'xhigh' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }],
    ['anthropic.claude-opus-4-5-20251101-v1:0', { effort: 'max' }, { output_config: { effort: 'high' } }],
    ['anthropic.claude-opus-4-7', { effort: 'xhigh' }, { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }],
    ['meta.llama3-8b-instruct-v1:0', { effort: 'medium' }, undefined],
  ])('of %s: %o', (model, reasoning, expected) => expect(fields(model, { reasoning })).toEqual(expected));
  it('leaves tokens for the answer, and is not asked for where none would be left', () => {
    expect(fields('anthropic.claude-opus-4-6', { reasoning: { budget: 8000 }, maxTokens: 4000 })).toEqual({
      thinking: { type: 'enabled', budget_tokens: 3999 },
    });
    expect(fields('anthropic.claude-opus-4-6', { reasoning: { budget: 8000 }, maxTokens: 900 })).toBeUndefined();
    const sonnet = 'anthropic.claude-sonnet-4-5-20250929-v1:0';
    expect(fields(sonnet, { reasoning: { effort: 'high' }, maxTokens: 9000 })).toEqual({ thinking: { type: 'enabled', budget_tokens: 6750 } });
    expect(fields(sonnet, { reasoning: { effort: 'high' }, maxTokens: 1300 })).toBeUndefined();
  });
});
describe('sampling', () => {
  const sampling = { temperature: 1.5, topP: 0.9, topK: 5 };
  it.each([
    ['anthropic.claude-opus-5-5', undefined, undefined],
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', { temperature: 1 }, { top_k: 5 }],
    ['amazon.nova-lite-v1:0', { temperature: 1, topP: 0.9 }, { inferenceConfig: { topK: 5 } }],
    ['meta.llama3-8b-instruct-v1:0', { temperature: 1, topP: 0.9 }, undefined],
  ])('of %s', (model, expected, more) => {
    expect(config(model, { sampling })).toEqual(expected);
    expect(fields(model, { sampling })).toEqual(more);
  });
  it('stays out beside a budget of reasoning', () => {
    expect(config('anthropic.claude-opus-4-6', { sampling: { temperature: 0.2 }, reasoning: { budget: 2048 } })).toBeUndefined();
  });
});
describe('a model that is told to reason', () => {
  const tool = { kind: 'function', name: 'f', schema: { type: 'object' } } as const;
  const SONNETS = ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'anthropic.claude-sonnet-4-6'];
  it.each(SONNETS)('is made to call no tool, which it refuses beside thinking: %s', (model) => {
    for (const toolChoice of ['required', { name: 'f' }] as const) {
      const forced = { ...plain, tools: [tool], toolChoice };
      const { body, notes } = written({ ...forced, reasoning: { effort: 'high' } }, { model });
      expect([body.additionalModelRequestFields, body.toolConfig]).toMatchObject([{ thinking: {} }, { tools: [{}] }]);
      expect(body.toolConfig).not.toHaveProperty('toolChoice');
      expect(notes).toContainEqual({ kind: 'emulated', param: 'toolChoice' });
      expect(written(forced, { model }).body.toolConfig).toHaveProperty('toolChoice');
      const one = written({ ...forced, reasoning: { effort: 'high' }, parallelTools: false }, { model });
      expect(one.body.additionalModelRequestFields).toMatchObject({ tool_choice: { type: 'auto', disable_parallel_tool_use: true } });
    }
  });
  it.each(SONNETS)('takes neither top-k nor a small top-p: %s', (model) => {
    const asked = (topP: number) => written({ ...plain, sampling: { topP, topK: 5 }, reasoning: { effort: 'high' } }, { model });
    expect([asked(0.5).body.inferenceConfig, asked(0.95).body.inferenceConfig]).toEqual([undefined, { topP: 0.95 }]);
    expect(asked(0.5).body.additionalModelRequestFields).not.toHaveProperty('top_k');
    expect(asked(0.5).notes).toEqual(
      expect.arrayContaining([
        { kind: 'ignored', param: 'sampling.topP' },
        { kind: 'ignored', param: 'sampling.topK' },
      ]),
    );
  });
});
describe('a limit of tokens', () => {
  it("is at most the model's, at least 1, and told where it is the model's own", () => {
    const asked = (maxTokens: number | undefined, model: string) => written({ ...plain, ...(maxTokens === undefined ? {} : { maxTokens }) }, { model });
    expect(asked(100_000, 'anthropic.claude-sonnet-4-5-20250929-v1:0')).toMatchObject({
      body: { inferenceConfig: { maxTokens: 64_000 } },
      notes: [{ kind: 'clamped', param: 'maxTokens' }],
    });
    expect(asked(100_000, NOVA)).toMatchObject({ body: { inferenceConfig: { maxTokens: 100_000 } }, notes: [] });
    expect(asked(undefined, NOVA).notes).toEqual([{ kind: 'defaulted', param: 'maxTokens' }]);
    expect(() => asked(0, NOVA)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'maxTokens' }));
  });
});
describe('an answer that is to be continued', () => {
  it('ends with no white space, and one that is followed by another turn stays', () => {
    const said = (text: string) => ({ role: 'assistant', parts: [{ kind: 'text', text }] }) as const;
    const { body, notes } = written({ ...plain, turns: [...plain.turns, said('a '), ...plain.turns, said('Sure \n')] });
    expect((body.messages as { content: unknown }[]).map(({ content }) => content)).toEqual([
      [{ text: 'x' }],
      [{ text: 'a ' }],
      [{ text: 'x' }],
      [{ text: 'Sure' }],
    ]);
    expect(notes).toContainEqual({ kind: 'clamped', param: 'turns.parts.text' });
  });
});
describe('results of calls', () => {
  const call = (id: string): Part => ({ kind: 'toolCall', id, name: 'f', input: { json: '{}' } });
  const result = (id: string, text: string, cache?: object): Part => ({
    kind: 'toolResult',
    id,
    parts: [{ kind: 'text', text }],
    failed: false,
    ...(cache === undefined ? {} : { cache }),
  });
  const made = (...results: readonly Part[]) => {
    const turns = [...plain.turns, { role: 'assistant' as const, parts: [call('a'), call('b')] }, { role: 'user' as const, parts: results }];
    const { body, notes } = written({ ...plain, turns });
    const [, , last] = body.messages as readonly {
      readonly content: readonly Readonly<Record<string, { readonly toolUseId?: string; readonly content?: unknown }>>[];
    }[];
    return { said: last?.content.map((block) => block.toolResult?.toolUseId ?? Object.keys(block)[0]), content: last?.content, notes };
  };
  it('stand in the order of the calls, with the cache point behind them', () => {
    expect(made(result('b', '2', {}), result('a', '1'))).toMatchObject({
      said: ['a', 'b', 'cachePoint'],
      notes: expect.arrayContaining([{ kind: 'emulated', param: 'turns.parts' }]),
    });
    expect(made(result('a', '1'), result('b', '2')).notes).not.toContainEqual({ kind: 'emulated', param: 'turns.parts' });
  });
  it.each([
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'no', 'error'],
    ['us.amazon.nova-2-lite-v1:0', 'no', 'error'],
    ['us.anthropic.claude-sonnet-4-5-20250929-v1:0', '', undefined],
    ['mistral.mistral-large-2402-v1:0', 'no', undefined],
    ['writer.palmyra-x5-v1:0', 'no', undefined],
  ])('say at %s that the call failed with "%s", or the ledger does that they do not', (model, text, status) => {
    const failed: Part = { kind: 'toolResult', id: 'a', parts: [{ kind: 'text', text }], failed: true };
    const turns = [...plain.turns, { role: 'assistant' as const, parts: [call('a')] }, { role: 'user' as const, parts: [failed] }];
    const { body, notes } = written({ ...plain, turns }, { model });
    const [, , last] = body.messages as readonly { readonly content: readonly { readonly toolResult?: { readonly status?: string } }[] }[];
    expect(last?.content[0]?.toolResult?.status).toBe(status);
    expect(notes.some(({ kind, param }) => kind === 'ignored' && param === 'turns.parts.failed')).toBe(status === undefined);
  });
  it('of one call are one: the last, which is told', () => {
    const { said, content, notes } = made(result('a', '1'), result('b', '2'), result('a', '3'));
    expect([said, content?.[0]?.toolResult?.content]).toEqual([['a', 'b'], [{ text: '3' }]]);
    expect(notes).toContainEqual({ kind: 'ignored', param: 'turns.parts' });
  });
});
describe('a model from before Converse', () => {
  it.each(['amazon.titan-text-express-v1', 'cohere.command-text-v14', 'ai21.j2-ultra-v1'])(
    '%s hears from the user what the system says, and takes no tools',
    (model) => {
      const system = { role: 'system', parts: [{ kind: 'text', text: 'Rules.', cache: {} }] } as const;
      const { body, notes } = written({ ...plain, turns: [system, ...plain.turns] }, { model });
      expect([body.system, body.messages]).toEqual([undefined, [{ role: 'user', content: [{ text: 'Rules.' }, { text: 'x' }] }]]);
      expect(notes).toContainEqual({ kind: 'emulated', param: 'turns' });
      const tools = [{ kind: 'function', name: 'f', schema: { type: 'object' } }] as const;
      expect(() => written({ ...plain, tools }, { model })).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'tools' }));
    },
  );
});
describe('what the endpoint says that it cannot', () => {
  const tool = { kind: 'function', name: 'f', schema: { type: 'object' } } as const;
  it('is left out and told, or refused by name', () => {
    const marked: ChatRequest = { ...plain, turns: [{ role: 'user', parts: [{ kind: 'text', text: 'x', cache: {} }] }] };
    const uncached = written({ ...marked, maxTokens: 9 }, endpoint({ cache: false }));
    expect([JSON.stringify(uncached.body).includes('cachePoint'), uncached.notes]).toEqual([false, [{ kind: 'ignored', param: 'turns.parts.cache' }]]);
    expect(written({ ...plain, stop: ['a'] }, endpoint({ stopSequences: 0 })).notes).toContainEqual({ kind: 'ignored', param: 'stop' });
    const forced = written({ ...plain, tools: [tool], toolChoice: 'required' }, { ...endpoint({ forcedTool: false }), model: NOVA });
    expect(forced.body.toolConfig).not.toHaveProperty('toolChoice');
    expect(() => written({ ...plain, tools: [tool] }, endpoint({ tools: false }))).toThrow(
      expect.objectContaining({ code: 'unsupported_parameter', param: 'tools' }),
    );
    const audio: Part = { kind: 'audio', media: { base64: 'AA==', type: 'audio/wav' } };
    expect(() => written({ ...plain, turns: [{ role: 'user', parts: [audio] }] }, endpoint({ audioIn: false }))).toThrow(
      expect.objectContaining({ param: 'turns.parts.media' }),
    );
  });
  it('a schema is neither sent to an older Claude nor kept to by its tools', () => {
    const model = 'anthropic.claude-sonnet-4-20250514-v1:0';
    const asked = written({ ...plain, tools: [{ ...tool, strict: true }], output: { schema: { type: 'object' }, name: 'answer', strict: true } }, { model });
    expect([asked.body.outputConfig, JSON.stringify(asked.body.toolConfig).includes('strict')]).toEqual([undefined, false]);
    expect(asked.notes).toEqual(
      expect.arrayContaining([
        { kind: 'emulated', param: 'output' },
        { kind: 'ignored', param: 'tools.strict' },
      ]),
    );
  });
  it('a schema is asked for in words where it is not native', () => {
    const output = { schema: { type: 'object', additionalProperties: false }, name: 'answer', strict: true } as const;
    expect(written({ ...plain, output }, endpoint({ jsonSchema: 'native' })).body.outputConfig).toEqual({
      textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{"type":"object","additionalProperties":false}', name: 'answer' } } },
    });
    const asked = written({ ...plain, output }, endpoint({ jsonSchema: 'none' }));
    expect(asked.body.outputConfig).toBeUndefined();
    expect(JSON.stringify(asked.body.system)).toContain('JSON Schema (answer)');
    expect(asked.notes).toContainEqual({ kind: 'emulated', param: 'output' });
  });
});
describe('what another vendor signed', () => {
  const thinking = (redacted: boolean): Part => ({
    kind: 'thinking',
    text: redacted ? '' : 'Hm.',
    redacted,
    origin: { dialect: 'anthropic', model: 'claude', payload: { json: '{"signature":"abc"}' } },
  });
  const reply = (part: Part) => ({
    id: 'r',
    model: 'm',
    choices: [{ index: 0, parts: [part], finish: 'stop' as const }],
    usage: { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: 0, estimated: false },
  });
  it.each([false, true])('travels sealed with a client of this dialect and comes back whole (redacted: %s)', (redacted) => {
    const [block] = (answered(reply(thinking(redacted))).output as { readonly message: { readonly content: readonly object[] } }).message.content;
    expect(JSON.stringify(block)).not.toContain('abc');
    const again = client.read(
      inboundOf({
        messages: [
          { role: 'user', content: [{ text: 'x' }] },
          { role: 'assistant', content: [block] },
        ],
      }),
      ledger(),
    );
    expect(again.turns[1]?.parts[0]?.origin).toEqual({ dialect: 'anthropic', model: 'claude', payload: { json: '{"signature":"abc"}' } });
  });
  it('is refused when it was changed', () => {
    const forged = `lpa1.${seal.seal('another.purpose', Buffer.from('{}'))}`;
    const body = { messages: [{ role: 'assistant', content: [{ reasoningContent: { reasoningText: { text: 'x', signature: forged } } }] }] };
    expect(() => client.read(inboundOf(body), ledger())).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'messages[0].content[0].reasoningContent.reasoningText.signature' }),
    );
  });
});
