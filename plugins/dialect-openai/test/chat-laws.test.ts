import { type ChatRequest, type Json, normal, type Part, parseJson, stringifyJson, type Tool, type Turn } from '@llm-proxy-auth/plugin';
import { chatRequest } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { chatClient, inboundOf, ledger, through, written } from './support.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'é', '漢', '😀', '"', '\\', '\n', '\ud800'), minLength: 1, maxLength: 6 });
const name = fc.constantFrom('get_weather', 'f', 'x-1');
const json = fc.constantFrom({}, { type: 'object', properties: { n: { type: 'integer', maximum: 9007199254740991 } } }, { a: [1, 2.5, null, true, 'x'] });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const record = (required: Record<string, fc.Arbitrary<unknown>>, optional: Record<string, fc.Arbitrary<unknown>> = {}) =>
  fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required), noNullPrototype: true });
const breakpoint = { prompt_cache_breakpoint: record({ mode: fc.constant('explicit') }, { ttl: fc.constantFrom('30m', '12h') }), x_unknown: json };

const textPart = record({ type: fc.constant('text'), text }, breakpoint);
const imagePart = record(
  {
    type: fc.constant('image_url'),
    image_url: record(
      { url: fc.constantFrom('https://i.example/a.png', 'data:image/png;base64,iVBORw0KGgo=') },
      { detail: fc.constantFrom('auto', 'low', 'high', 'original') },
    ),
  },
  breakpoint,
);
const audioPart = record(
  { type: fc.constant('input_audio'), input_audio: record({ data: fc.constant('UklGRg=='), format: fc.constantFrom('wav', 'mp3') }) },
  breakpoint,
);
const filePart = record(
  {
    type: fc.constant('file'),
    file: fc.oneof(
      record({ file_id: fc.constant('file-1') }),
      record({ file_data: fc.constant('data:application/pdf;base64,JVBERi0x') }, { filename: fc.constant('a.pdf') }),
    ),
  },
  breakpoint,
);
const unknownPart = record({ type: fc.constant('video_url'), video_url: record({ url: text }) });
const refusalPart = record({ type: fc.constant('refusal'), refusal: text });
const texts = fc.oneof(text, fc.array(textPart, { maxLength: 3 }));
const call = fc.oneof(
  record(
    {
      id: text,
      type: fc.constant('function'),
      function: record({ name, arguments: fc.constantFrom('{}', '{"n":12345678901234567890}', '{"a": 1.0}', '', 'not json') }),
    },
    { x_extra: text },
  ),
  record({ id: text, type: fc.constant('custom'), custom: record({ name, input: text }) }),
);
const message = fc.oneof(
  record({ role: fc.constantFrom('system', 'developer'), content: texts }, { name }),
  record(
    {
      role: fc.constant('user'),
      content: fc.oneof(fc.constant(''), text, fc.array(fc.oneof(textPart, imagePart, audioPart, filePart, unknownPart), { maxLength: 3 })),
    },
    { name, x_unknown: json },
  ),
  record(
    { role: fc.constant('assistant') },
    {
      content: maybe(fc.oneof(fc.constant(''), text, fc.array(fc.oneof(textPart, refusalPart), { maxLength: 3 }))),
      name,
      refusal: maybe(text),
      tool_calls: fc.array(call, { minLength: 1, maxLength: 2 }),
      audio: maybe(record({ id: text })),
      annotations: fc.constant([]),
      parsed: json,
      reasoning_content: text,
    },
  ),
  record({ role: fc.constant('assistant'), content: fc.constant(null), function_call: record({ name, arguments: fc.constant('{"a":1}') }) }),
  record({ role: fc.constant('tool'), tool_call_id: text, content: texts }, { x_unknown: json }),
  record({ role: fc.constant('function'), name, content: maybe(text) }),
);
const functionBody = record({ name }, { description: text, parameters: json, strict: maybe(fc.boolean()), x_unknown: text });
const tool = fc.oneof(
  record({ type: fc.constant('function'), function: functionBody }),
  record({
    type: fc.constant('custom'),
    custom: record(
      { name },
      {
        description: text,
        format: fc.oneof(
          record({ type: fc.constant('text') }),
          record({ type: fc.constant('grammar'), grammar: record({ definition: text, syntax: fc.constantFrom('lark', 'regex') }) }),
        ),
      },
    ),
  }),
  record({ type: fc.constant('web_search') }, { filters: json }),
);
const named = record({ type: fc.constant('function'), function: record({ name }) });
const toolChoice = fc.oneof(
  fc.constantFrom('none', 'auto', 'required'),
  named,
  record({ type: fc.constant('custom'), custom: record({ name }) }),
  record({
    type: fc.constant('allowed_tools'),
    allowed_tools: record({ mode: fc.constantFrom('auto', 'required'), tools: fc.array(named, { minLength: 1, maxLength: 2 }) }),
  }),
);
const format = fc.oneof(
  record({ type: fc.constantFrom('text', 'json_object') }),
  record({ type: fc.constant('json_schema'), json_schema: record({ name }, { description: text, schema: json, strict: maybe(fc.boolean()) }) }),
);
type Parameter = Exclude<keyof OpenAI.Chat.ChatCompletionCreateParams, 'model' | 'messages' | 'stream_options'>;
/** Every parameter of the SDK: one that a new version adds must be added here. */
const parameters = {
  audio: maybe(record({ format: fc.constant('wav'), voice: fc.constant('alloy') })),
  frequency_penalty: maybe(fc.constantFrom(-2, 0, 0.5)),
  function_call: fc.oneof(fc.constantFrom('none', 'auto'), record({ name })),
  functions: fc.array(functionBody, { minLength: 1, maxLength: 2 }),
  logit_bias: maybe(fc.constantFrom({}, { 50256: -100 })),
  logprobs: maybe(fc.boolean()),
  max_completion_tokens: maybe(fc.nat(4000)),
  max_tokens: maybe(fc.nat(4000)),
  metadata: maybe(fc.constant({ a: 'b' })),
  modalities: maybe(fc.constant(['text', 'audio'])),
  moderation: maybe(fc.constant({ model: 'omni' })),
  n: maybe(fc.integer({ min: 1, max: 3 })),
  parallel_tool_calls: fc.boolean(),
  prediction: maybe(fc.constant({ type: 'content', content: 'x' })),
  presence_penalty: maybe(fc.constantFrom(-2, 0, 2)),
  prompt_cache_key: maybe(text),
  prompt_cache_options: fc.constant({ mode: 'explicit' }),
  prompt_cache_retention: maybe(fc.constant('24h')),
  reasoning_effort: maybe(fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')),
  response_format: format,
  safety_identifier: maybe(text),
  seed: maybe(fc.integer()),
  service_tier: maybe(fc.constantFrom('auto', 'flex', 'priority', 'fast')),
  stop: maybe(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  store: maybe(fc.boolean()),
  stream: fc.constantFrom(false, null),
  temperature: maybe(fc.constantFrom(0, 0.7, 2)),
  tool_choice: toolChoice,
  tools: fc.array(tool, { maxLength: 3 }),
  top_logprobs: maybe(fc.nat(20)),
  top_p: maybe(fc.constantFrom(0, 0.9, 1)),
  user: text,
  verbosity: maybe(fc.constantFrom('low', 'high')),
  web_search_options: fc.constant({ search_context_size: 'low' }),
} satisfies Record<Parameter, fc.Arbitrary<unknown>>;
const body = record(
  { model: fc.constantFrom('gpt-4.1', 'gpt-5', 'o3'), messages: fc.array(message, { minLength: 1, maxLength: 4 }) },
  { ...parameters, x_unknown: json },
).filter((b) => !(b.functions !== undefined && b.tools !== undefined) && !(b.function_call !== undefined && b.tool_choice !== undefined));

describe('a chat request of an SDK', () => {
  it('comes back with every member, null and spelling when it is read and written on the same surface', () => {
    const same = fc.property(body, (b) => {
      expect(JSON.parse(stringifyJson(through(b)))).toEqual(JSON.parse(JSON.stringify(b)));
    });
    fc.assert(same, { numRuns: 600 });
  });
  it('asks for usage when it streams, and keeps the other stream options', () => {
    const b = { model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true, stream_options: { include_obfuscation: false } };
    expect(through(b)).toEqual({ ...b, stream_options: { include_obfuscation: false, include_usage: true } });
  });
  it('keeps numbers that a double cannot hold', () => {
    const source = '{"model":"m","messages":[{"role":"user","content":"x"}],"seed":12345678901234567890,"x":{"n":0.12345678901234567891}}';
    const body = parseJson(source) as Readonly<Record<string, Json>>;
    expect(stringifyJson(through(body))).toBe(source);
  });
});

/** What chat completions carry of a conversation: the rest is the ledger's. */
const carriedPart = (part: Part): readonly Part[] => {
  if (part.kind === 'text') return [{ kind: 'text', text: part.text }];
  if (part.kind === 'refusal') return [{ kind: 'refusal', text: part.text }];
  if (part.kind === 'toolResult')
    return [{ kind: 'toolResult', id: part.id, parts: part.parts.flatMap(carriedPart).filter((p) => p.kind === 'text'), failed: false }];
  if (part.kind === 'toolCall') return [{ ...part, input: 'json' in part.input ? { json: part.input.json } : part.input }];
  return [];
};
const RANK: Readonly<Record<string, number>> = { text: 0, refusal: 1, toolCall: 2 };
const carriedTurn = (turn: Turn): Turn => {
  const parts = turn.parts.flatMap(carriedPart);
  const sorted = turn.role === 'assistant' ? parts.toSorted((a, b) => (RANK[a.kind] ?? 0) - (RANK[b.kind] ?? 0)) : parts;
  const refusal = sorted.flatMap((p) => (p.kind === 'refusal' ? [p.text] : [])).join('');
  const joined: Part[] = sorted.filter((p) => p.kind !== 'refusal');
  const at = joined.findIndex((p) => p.kind === 'toolCall');
  if (refusal !== '') joined.splice(at < 0 ? joined.length : at, 0, { kind: 'refusal', text: refusal });
  const results = turn.role === 'user' && turn.parts.every((p) => p.kind === 'toolResult');
  return { role: turn.role, ...(turn.name === undefined || results ? {} : { name: turn.name }), parts: joined };
};
const emptyTexts = (request: ChatRequest): ChatRequest => ({
  ...request,
  turns: request.turns.map((t) => ({
    ...t,
    parts: t.parts
      .filter((p) => p.kind !== 'text' || p.text !== '')
      .map((p) => (p.kind === 'toolResult' ? { ...p, parts: p.parts.filter((q) => q.kind !== 'text' || q.text !== '') } : p)),
  })),
});
/** A grammar is JSON of its own: white space in it means nothing. */
const compact = (tool: Tool): Tool =>
  tool.kind === 'custom' && tool.grammar !== undefined ? { ...tool, grammar: { json: stringifyJson(parseJson(tool.grammar.json)) } } : tool;
const carried = (x: ChatRequest): ChatRequest => {
  const { topK: _topK, ...sampling } = x.sampling ?? {};
  const { summary: _summary, budget: _budget, ...thought } = x.reasoning ?? {};
  const reasoning = thought.off === true ? { off: true } : thought.effort === undefined ? {} : { effort: thought.effort };
  const description = typeof x.output === 'object' && x.output.description !== undefined ? { description: x.output.description } : {};
  const output = typeof x.output === 'object' ? { name: x.output.name, schema: x.output.schema, strict: x.output.strict, ...description } : x.output;
  const { parallelTools, toolChoice, metadata: _metadata, ...others } = x;
  const called = x.tools.length === 0 ? {} : { ...(parallelTools === undefined ? {} : { parallelTools }), ...(toolChoice === undefined ? {} : { toolChoice }) };
  return normal(
    emptyTexts(
      normal({
        ...others,
        ...called,
        turns: x.turns.map(carriedTurn),
        tools: x.tools.map(compact),
        sampling,
        reasoning,
        ...(output === undefined ? {} : { output }),
      }),
    ),
  );
};
describe('a conversation of another dialect', () => {
  it('is the same when it was written and read again, but for what the surface cannot carry', () => {
    const x = chatRequest({ kinds: ['text', 'refusal', 'toolCall', 'toolResult'], kept: false }).filter((r) => r.reasoning?.budget === undefined);
    fc.assert(
      fc.property(x, (request) => {
        const again = chatClient.read(inboundOf(written(request, { model: 'model-1' }).body), ledger());
        expect(JSON.parse(JSON.stringify(emptyTexts(normal(again))))).toEqual(JSON.parse(JSON.stringify(carried(request))));
      }),
      { numRuns: 400 },
    );
  });
});
