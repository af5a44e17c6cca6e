import type { ChatEvent, ChatRequest, Json, Part } from '@llm-proxy-auth/plugin';
import { collect } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { exceptionFrame, eventFrame as frame } from '../src/stream/frames.ts';
import { CLAUDE, callOf, ledger, NOVA, provider, readStream, replyOf, written } from './support.ts';

const HAIKU = 'anthropic.claude-3-haiku-20240307-v1:0';
const OPUS = 'us.anthropic.claude-opus-5';
const MISTRAL = 'mistral.mistral-large-2402-v1:0';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const plain: ChatRequest = { turns: [{ role: 'user', parts: [{ kind: 'text', text: 'Where?' }] }], tools: [], choices: 1, maxTokens: 9 };
const asking = (more: Partial<ChatRequest> = {}, of: Json = schema): ChatRequest => ({
  ...plain,
  output: { schema: of, name: 'place', strict: true, description: 'A place' },
  ...more,
});
const tool = { toolSpec: { name: 'json_answer', description: 'Gives the answer (place: A place).', inputSchema: { json: schema } } };
const WORDS = [{ kind: 'emulated', param: 'output' }];
const without = (jsonSchema: 'tool' | 'none', forcedTool = true) => ({
  endpoint: { ...callOf().endpoint, capabilities: { ...callOf().endpoint.capabilities, jsonSchema, forcedTool } },
});

describe('an answer that follows a schema, of a model that is held to none', () => {
  it.each([
    [HAIKU, {}, { tool: { name: 'json_answer' } }],
    [NOVA, {}, { tool: { name: 'json_answer' } }],
    ['us.amazon.nova-pro-v1:0', {}, { tool: { name: 'json_answer' } }],
    [OPUS, without('tool'), { tool: { name: 'json_answer' } }],
    [MISTRAL, {}, { any: {} }],
  ])('is the input of a tool that it must call: %s', (model, more, toolChoice) => {
    const { body, notes } = written(asking(), { model, ...more });
    expect(body.toolConfig).toEqual({ tools: [tool], toolChoice });
    expect([body.outputConfig, body.system, notes]).toEqual([undefined, undefined, WORDS]);
  });
  it.each<readonly [string, string, Partial<ChatRequest>, object]>([
    ['it may call other tools', NOVA, { tools: [{ kind: 'function', name: 'f', schema: { type: 'object' } }] }, {}],
    ['it was told to reason', NOVA, { reasoning: { effort: 'low' } }, {}],
    ['Claude thinks', 'anthropic.claude-sonnet-4-20250514-v1:0', { reasoning: { budget: 2048 }, maxTokens: 4096 }, {}],
    ['the endpoint makes it call none', OPUS, {}, without('tool', false)],
    ['the model is made to call none', CLAUDE, {}, without('tool')],
  ])('is asked for in words where %s', (_why, model, more, call) => {
    const { body, notes } = written(asking(more), { model, ...call });
    expect(JSON.stringify(body.system)).toContain('JSON Schema (place: A place)');
    expect([JSON.stringify(body).includes('json_answer'), notes.some(({ param }) => param === 'output')]).toEqual([false, true]);
  });
  it.each([{ type: 'array', items: { type: 'string' } }, { anyOf: [schema, { type: 'object' }] }])(
    'is asked for in words where it is not one object: %o',
    (of) => {
      const { body } = written(asking({}, of), { model: NOVA });
      expect([body.toolConfig, JSON.stringify(body.system)]).toEqual([undefined, expect.stringContaining('JSON Schema')]);
    },
  );
  const loop: ChatRequest['turns'] = [
    ...plain.turns,
    { role: 'assistant', parts: [{ kind: 'toolCall', id: 'a', name: 'look', input: { json: '{}' } }] },
    { role: 'user', parts: [{ kind: 'toolResult', id: 'a', parts: [{ kind: 'text', text: 'Oslo' }], failed: false }] },
  ];
  it('stands beside the tools of earlier calls where it is named, and is asked for in words where it cannot be', () => {
    const look = { toolSpec: { name: 'look', inputSchema: { json: { type: 'object', properties: {} } } } };
    expect(written(asking({ turns: loop }), { model: NOVA }).body.toolConfig).toEqual({ tools: [look, tool], toolChoice: { tool: { name: 'json_answer' } } });
    const { body } = written(asking({ turns: loop }), { model: MISTRAL });
    expect([body.toolConfig, JSON.stringify(body.system)]).toEqual([{ tools: [look] }, expect.stringContaining('JSON Schema')]);
  });
});
it('a model that cannot be told a tool by its name is given no other', () => {
  const tools = ['f', 'g'].map((name) => ({ kind: 'function', name, schema: { type: 'object' } }) as const);
  const { body, notes } = written({ ...plain, tools, toolChoice: { name: 'g' } }, { model: MISTRAL });
  expect(body.toolConfig).toEqual({ tools: [{ toolSpec: { name: 'g', inputSchema: { json: { type: 'object' } } } }], toolChoice: { any: {} } });
  expect(notes).toEqual(['tools', 'toolChoice'].map((param) => ({ kind: 'emulated', param })));
  const only = written({ ...plain, tools: tools.slice(0, 1), toolChoice: { name: 'f' } }, { model: MISTRAL });
  expect([only.body.toolConfig, only.notes]).toMatchObject([{ toolChoice: { any: {} } }, [{ kind: 'emulated', param: 'toolChoice' }]]);
  expect(written({ ...plain, tools, toolChoice: { name: 'g' } }, { model: NOVA }).body.toolConfig).toMatchObject({ toolChoice: { tool: { name: 'g' } } });
});

const { memo } = written(asking(), { model: NOVA });
const call = (input: Json, name = 'json_answer'): Json => ({ toolUse: { toolUseId: 't', name, input } });
const answer = (content: readonly Json[], stopReason = 'tool_use'): Json => ({
  output: { message: { role: 'assistant', content } },
  stopReason,
  usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
});
interface Told {
  readonly parts: readonly Part[] | undefined;
  readonly finish: string | undefined;
  readonly notes: readonly string[];
}
const whole = (content: readonly Json[], stopReason?: string): Told => {
  const notes = ledger();
  const [choice] = provider.read(replyOf(answer(content, stopReason)), callOf({ model: NOVA, ledger: notes }), memo as never).choices;
  return { parts: choice?.parts, finish: choice?.finish, notes: notes.notes.map(({ kind, param }) => `${kind}=${param}`) };
};
/** The same blocks as a stream, read in pieces of one size. */
const framed = (content: readonly Json[], stopReason = 'tool_use'): Buffer => {
  const frames = [frame('messageStart', { role: 'assistant' })];
  content.forEach((block, contentBlockIndex) => {
    const { toolUse, text } = block as { toolUse?: { input: Json }; text?: string };
    if (toolUse !== undefined) {
      const { input, ...start } = toolUse;
      frames.push(frame('contentBlockStart', { contentBlockIndex, start: { toolUse: start } }));
      const json = JSON.stringify(input);
      for (const piece of json === '{}' ? [] : [json.slice(0, 4), json.slice(4)])
        frames.push(frame('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: piece } } }));
    } else frames.push(frame('contentBlockDelta', { contentBlockIndex, delta: { text: text ?? '' } }));
    frames.push(frame('contentBlockStop', { contentBlockIndex }));
  });
  frames.push(frame('messageStop', { stopReason }), frame('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }));
  return Buffer.concat(frames);
};
const streamed = (content: readonly Json[], stopReason?: string): Told => {
  const notes = ledger();
  const events = readStream(framed(content, stopReason), [7], memo, { model: NOVA, ledger: notes });
  const [choice] = collect(events).choices;
  return { parts: choice?.parts, finish: choice?.finish, notes: notes.notes.map(({ kind, param }) => `${kind}=${param}`) };
};
describe.each([
  ['whole', whole],
  ['streamed', streamed],
])('what the tool was called with, %s', (_how, read) => {
  it('is the text of the answer, which ends as any other', () => {
    expect(read([call({ city: 'Oslo' })])).toEqual({ parts: [{ kind: 'text', text: '{"city":"Oslo"}' }], finish: 'stop', notes: [] });
    expect(read([call({})]).parts).toEqual([{ kind: 'text', text: '{}' }]);
  });
  it('is all of it: what is said or called beside it is left out, which the ledger says', () => {
    const told = { parts: [{ kind: 'text', text: '{"city":"Oslo"}' }], finish: 'stop', notes: ['ignored=choices.parts.text'] };
    expect(read([{ text: '<thinking>I call it.</thinking>' }, call({ city: 'Oslo' })])).toEqual(told);
    expect(read([call({ city: 'Oslo' }), call({ city: 'Bergen' })])).toEqual(told);
    expect(read([call({ city: 'Oslo' }), { text: ' Done.' }])).toEqual(told);
  });
  it('may not come: then the model said something else, and that is the answer', () => {
    const told = { parts: [{ kind: 'text', text: 'Blocked.' }], finish: 'filter', notes: [] };
    expect(read([{ text: 'Blocked.' }], 'guardrail_intervened')).toEqual(told);
    expect(read([call({ city: 'O' })], 'max_tokens').finish).toBe('length');
  });
});
it('streams the text of the answer piece by piece, and fails as any other stream', () => {
  const events: readonly ChatEvent[] = readStream(framed([call({ city: 'Oslo' })]), [7], memo, { model: NOVA });
  expect(events.flatMap((e) => (e.type === 'delta' ? [`${e.field} ${e.text}`] : []))).toEqual(['text {"ci', 'text ty":"Oslo"}']);
  const begun = [
    frame('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: { toolUseId: 't', name: 'json_answer' } } }),
    frame('contentBlockDelta', { contentBlockIndex: 0, delta: { toolUse: { input: '{"ci' } } }),
  ];
  const failure = exceptionFrame({ code: 'upstream_overloaded', message: 'x', status: 503 });
  expect(readStream(Buffer.concat([...begun, failure]), [7], memo, { model: NOVA }).at(-1)).toMatchObject({ type: 'error' });
});
