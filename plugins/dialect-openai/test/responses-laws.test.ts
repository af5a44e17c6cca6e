import {
  type ChatReply,
  type ChatRequest,
  type Citation,
  collect,
  type Media,
  normal,
  normalReply,
  type Part,
  parseJson,
  stringifyJson,
  type TokenLogprob,
  type Tool,
  type Turn,
} from '@llm-proxy-auth/plugin';
import * as generators from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callOf, client, inbound, ledger, provider, readEvents, wireEvents, writeStream } from './responses-support.ts';

const OWN = { dialect: 'openai', surface: 'openai.responses', kept: false, kinds: ['text', 'refusal', 'thinking', 'image', 'document', 'toolCall'] } as const;

/** What the Responses API can say of generated values; everything else is the ledger's, which other tests show. */
const withBytes = (entry: TokenLogprob): TokenLogprob => ({ ...entry, bytes: entry.bytes ?? [...Buffer.from(entry.token)], top: entry.top.map(withBytes) });
const cited = (citations: readonly Citation[]): readonly Citation[] =>
  citations.flatMap(({ start = 0, end = 0, url, title = '' }) => (url === undefined ? [] : [{ start, end, url, title }]));
const bare = (media: Media): Media => ('url' in media ? { url: media.url } : media);
const sayable = (part: Part, role: Turn['role']): readonly Part[] => {
  if (part.kind === 'text')
    return [
      {
        ...part,
        ...(part.citations === undefined ? {} : { citations: cited(part.citations) }),
        ...(part.logprobs === undefined ? {} : { logprobs: part.logprobs.map(withBytes) }),
      },
    ];
  if (part.kind === 'refusal') return [{ kind: 'refusal', text: part.text }];
  if (part.kind === 'thinking') return part.text === '' ? [] : [part];
  if ((part.kind === 'image' || part.kind === 'document') && role === 'assistant') return [];
  if (part.kind === 'image') return [{ kind: 'image', media: bare(part.media), ...(part.detail === undefined ? {} : { detail: part.detail }) }];
  if (part.kind === 'document') return [{ kind: 'document', media: bare(part.media), ...(part.name === undefined ? {} : { name: part.name }) }];
  if (part.kind !== 'toolResult') return [part];
  const parts = part.parts.flatMap((one) => sayable(one, 'user'));
  const silent = parts.every((one) => one.kind === 'text' && one.text === '');
  return [{ ...part, failed: false, parts: silent ? [] : parts }];
};
const sayableTurns = (turns: readonly Turn[]): readonly Turn[] => {
  const out: Turn[] = [];
  for (const { role, parts } of turns) {
    const said = parts.flatMap((part) => sayable(part, role));
    const last = out.at(-1);
    if (said.length === 0) continue;
    if (last?.role === 'assistant' && role === 'assistant') out[out.length - 1] = { role, parts: [...last.parts, ...said] };
    else out.push({ role, parts: said });
  }
  return out;
};
const GRAMMAR = { json: '{"syntax":"lark","definition":"start: \\"a\\""}' };
const sayableTool = (tool: Tool): Tool => (tool.kind === 'custom' && tool.grammar !== undefined ? { ...tool, grammar: GRAMMAR } : tool);
const sayableRequest = ({ stop: _stop, prediction: _p, webSearch: _w, sampling, reasoning, ...request }: ChatRequest): ChatRequest => ({
  ...request,
  turns: sayableTurns(request.turns),
  tools: request.tools.map(sayableTool),
  choices: 1,
  ...(sampling === undefined ? {} : { sampling: { temperature: sampling.temperature, topP: sampling.topP } }),
  ...(reasoning === undefined
    ? {}
    : {
        reasoning: {
          effort: reasoning.off === true ? undefined : reasoning.effort,
          off: reasoning.off === true ? true : undefined,
          summary: reasoning.summary,
        },
      }),
  rest: { from: 'openai.responses', fields: { truncation: 'auto', 'text.unheard_of': 'low' } },
});

describe('the laws of translation', () => {
  it('a request that was written and read is the same', () => {
    fc.assert(
      fc.property(generators.chatRequest(OWN).map(sayableRequest), (request) => {
        const body = provider.write(request, callOf({}, { model: 'm' })).body;
        expect(normal(client.read(inbound(parseJson(stringifyJson(body))), ledger()))).toEqual(normal(request));
      }),
      { numRuns: 300 },
    );
  });
  it('any request is written, and nothing that is written is refused when it comes back', () => {
    fc.assert(
      fc.property(generators.chatRequest({ dialect: 'acme', kept: false }), (request) => {
        const body = provider.write(request, callOf({}, { model: 'm' })).body;
        expect(() => client.read(inbound(parseJson(stringifyJson(body))), ledger())).not.toThrow();
      }),
      { numRuns: 200 },
    );
  });
  it('an answer that was written and read is the same', () => {
    fc.assert(
      fc.property(generators.chatReply({ ...OWN, kinds: ['text', 'refusal', 'toolCall'] }), (reply) => {
        const [choice] = reply.choices;
        const parts = (choice?.parts ?? []).flatMap((part) => sayable(part, 'assistant'));
        const one: ChatReply = { ...reply, choices: [{ index: 0, parts, finish: 'length' }] };
        const body = String(client.write(one, callOf({}, { model: reply.model })).body);
        const again = provider.read({ status: 200, headers: [], body: Buffer.from(body) }, callOf({}), undefined);
        const unnamed = (part: Part): Part => ({ ...part, rest: undefined });
        const plain = (answer: ChatReply): unknown =>
          normalReply({ ...answer, choices: answer.choices.map((c) => ({ ...c, parts: c.parts.map(unnamed) })) }).choices;
        expect(plain(again)).toEqual(plain(one));
        expect(again).toMatchObject({
          id: one.id,
          model: one.model,
          usage: { input: one.usage.input, output: one.usage.output, cacheRead: one.usage.cacheRead },
        });
      }),
      { numRuns: 200 },
    );
  });
});

/** Any JSON object with these members, some optional, in any order, with members nobody knows. */
const object = (required: Record<string, fc.Arbitrary<unknown>>, optional: Record<string, fc.Arbitrary<unknown>> = {}): fc.Arbitrary<object> =>
  fc
    .tuple(
      fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required), noNullPrototype: true }),
      fc.dictionary(fc.constantFrom('x_new', 'phase', 'y'), generators.jsonValue(), { maxKeys: 1, noNullPrototype: true }),
    )
    .chain(([known, unknown]) => fc.shuffledSubarray(Object.entries({ ...known, ...unknown }), { minLength: Object.keys({ ...known, ...unknown }).length }))
    .map((entries) => Object.fromEntries(entries));
const text = generators.text();
const status = fc.constantFrom('completed', 'incomplete', 'in_progress');
const id = fc.nat(99).map((n) => `id_${n}`);
const annotation = fc.oneof(
  object({ type: fc.constant('url_citation'), start_index: fc.nat(9), end_index: fc.nat(9), url: text, title: text }),
  object({ type: fc.constant('file_citation'), file_id: id, filename: text, index: fc.nat(9) }),
);
const inputContent = fc.array(
  fc.oneof(
    object({ type: fc.constant('input_text'), text }, { prompt_cache_breakpoint: fc.constantFrom({ mode: 'explicit' }, { mode: 'explicit', ttl: '30m' }) }),
    object(
      {
        type: fc.constant('input_image'),
        image_url: fc.constantFrom('https://a.example/x.png', 'data:image/png;base64,AAAA', 'data:image/png;charset=x;base64,AAAA'),
      },
      { detail: fc.constantFrom('low', null) },
    ),
    object({ type: fc.constant('input_file'), file_id: id }, { detail: fc.constant('low') }),
    object({ type: fc.constant('input_file'), file_data: fc.constantFrom('AAAA', 'data:text/plain;base64,AAAA') }, { filename: text }),
  ),
  { maxLength: 3 },
);
const outputContent = fc.array(
  fc.oneof(
    object({ type: fc.constant('output_text'), text }, { annotations: fc.array(annotation, { maxLength: 2 }), logprobs: fc.constant([]) }),
    object({ type: fc.constant('refusal'), refusal: text }),
    object({ type: fc.constant('input_text'), text }),
  ),
  { maxLength: 2 },
);
const item = fc.oneof(
  object({ role: fc.constantFrom('user', 'system', 'developer'), content: fc.oneof(text, inputContent) }, { type: fc.constant('message'), status, id }),
  object({ role: fc.constant('assistant'), content: fc.oneof(text, outputContent) }, { type: fc.constant('message'), status, id }),
  object(
    { type: fc.constant('function_call'), call_id: id, name: text, arguments: fc.constantFrom('{}', '{"a": 1}', 'not json') },
    { id, status, namespace: text },
  ),
  object({ type: fc.constant('custom_tool_call'), call_id: id, name: text, input: text }, { id }),
  object(
    { type: fc.constantFrom('function_call_output', 'custom_tool_call_output'), call_id: id, output: fc.oneof(text, inputContent) },
    { id, status, name: text },
  ),
  object(
    { type: fc.constant('reasoning'), summary: fc.array(object({ type: fc.constant('summary_text'), text }), { maxLength: 2 }) },
    { id, encrypted_content: fc.constantFrom('gAAA', null), status },
  ),
);
const hosted = fc.oneof(
  object({ type: fc.constant('web_search_call'), id }, { status, action: generators.jsonValue() }),
  object({ id }, { type: fc.constant('item_reference') }),
  object({ type: fc.constant('function_call_output'), call_id: id, output: fc.constant([{ type: 'unheard_of' }]) }),
);
const tool = fc.oneof(
  object(
    { type: fc.constant('function'), name: text.filter((name) => name !== '') },
    {
      description: fc.oneof(text, fc.constant(null)),
      parameters: fc.oneof(generators.schema(), fc.constant(null)),
      strict: fc.constantFrom(true, false, null),
    },
  ),
  object(
    { type: fc.constant('custom'), name: text.filter((name) => name !== '') },
    { format: fc.oneof(object({ type: fc.constant('text') }), object({ type: fc.constant('grammar'), syntax: fc.constant('lark'), definition: text })) },
  ),
);
const nullable = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
const bodyOf = (items: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  object(
    { model: fc.constant('m'), input: fc.oneof(text, fc.array(items, { maxLength: 6 })) },
    {
      instructions: nullable(text),
      max_output_tokens: nullable(fc.nat(99)),
      temperature: nullable(fc.constantFrom(0, 0.5)),
      top_p: nullable(fc.constant(1)),
      top_logprobs: nullable(fc.nat(3)),
      include: nullable(fc.subarray(['reasoning.encrypted_content', 'message.output_text.logprobs', 'message.input_image.image_url'])),
      tools: fc.array(tool, { maxLength: 3 }),
      tool_choice: fc.constantFrom('auto', 'none', 'required', null),
      parallel_tool_calls: nullable(fc.boolean()),
      text: object(
        {},
        {
          format: fc.oneof(
            object({ type: fc.constantFrom('text', 'json_object') }),
            object({ type: fc.constant('json_schema'), name: text, schema: generators.schema() }, { strict: nullable(fc.boolean()), description: text }),
          ),
          verbosity: nullable(fc.constant('low')),
        },
      ),
      reasoning: nullable(
        object({}, { effort: nullable(fc.constantFrom('none', 'low')), summary: nullable(fc.constant('auto')), context: fc.constant('auto') }),
      ),
      store: nullable(fc.boolean()),
      background: fc.constantFrom(false, null),
      truncation: fc.constantFrom('auto', 'disabled', null),
      stream: fc.constantFrom(true, false),
      metadata: nullable(fc.constant({ a: 'b' })),
      user: text,
      service_tier: fc.constantFrom('auto', 'flex', null),
      previous_response_id: fc.constant(null),
    },
  );
describe('a body of the wire', () => {
  it('is written as it was read, to the letter', () => {
    fc.assert(
      fc.property(bodyOf(item), (wire) => {
        const stream = (wire as { stream?: unknown }).stream === true;
        const request = client.read(inbound(wire, stream), ledger());
        expect(stringifyJson(provider.write(request, callOf(wire, { model: 'm', stream })).body)).toBe(stringifyJson(wire));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a body that goes to a provider of this surface', () => {
  it('is written as it was read, hosted items among the others', () => {
    fc.assert(
      fc.property(bodyOf(fc.oneof(item, hosted)), (wire) => {
        const call = callOf(wire, { model: 'm', stream: (wire as { stream?: unknown }).stream === true });
        expect(stringifyJson(provider.write(client.read(call.inbound, ledger(), call.endpoint), call).body)).toBe(stringifyJson(wire));
      }),
      { numRuns: 300 },
    );
  });
});

describe('any stream', () => {
  const streamed = generators.streamedReply({ ...OWN, kinds: ['text', 'refusal', 'thinking', 'toolCall', 'image'] });
  it('gives the answer that comes whole, opens before it fills, and counts without a gap', () => {
    fc.assert(
      fc.property(streamed, ({ reply, events }) => {
        const wrote = wireEvents(writeStream(events, callOf({}, { model: reply.model })));
        const whole = parseJson(String(client.write(reply, callOf({}, { model: reply.model })).body));
        expect(wrote.at(-1)?.data.response).toEqual(whole);
        expect(wrote.map(({ data }) => data.sequence_number)).toEqual(wrote.map((_, index) => index));
        const open = new Set<unknown>();
        for (const { data } of wrote) {
          const id = (data.item as { id?: string } | undefined)?.id ?? data.item_id;
          if (data.type === 'response.output_item.added') open.add(id);
          else if (id !== undefined) expect(open.has(id)).toBe(true);
          if (data.type === 'response.output_item.done') open.delete(id);
        }
        expect([...open]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
  it('is read as the answer that comes whole', () => {
    fc.assert(
      fc.property(streamed, ({ reply, events }) => {
        const again = collect(readEvents([Buffer.from(writeStream(events, callOf({}, { model: reply.model })))]));
        const body = Buffer.from(String(client.write(reply, callOf({}, { model: reply.model })).body));
        expect(normalReply(again)).toEqual(normalReply(provider.read({ status: 200, headers: [], body }, callOf({}), undefined)));
      }),
      { numRuns: 200 },
    );
  });
});
