import { isDeepStrictEqual } from 'node:util';
import { type ChatEvent, type ChatRequest, collect, type Part, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { bytesOf, callOf, eventsOf, type Fields, inboundOf, ledger, messagesClient, messagesProvider, sse, streamed } from './support.ts';

const MODEL = 'claude-opus-4-6';
const base64 = { type: 'base64', media_type: 'image/png', data: 'AAEC' };
const page = { type: 'web_search_result_location', cited_text: 'x', encrypted_index: 'e', title: 't', url: 'https://a.example/' };
const cache_control = { type: 'ephemeral', ttl: '1h' };
/** Blocks of every kind, in a message of the role that may hold them. */
const BLOCKS: readonly (readonly ['user' | 'assistant', Fields])[] = [
  ['user', { type: 'text', text: 'x', cache_control }],
  ['user', { type: 'image', source: base64 }],
  ['user', { type: 'image', source: { type: 'url', url: 'https://i.example/a.png' } }],
  ['user', { type: 'document', source: { ...base64, media_type: 'application/pdf' }, title: 't', context: 'c', citations: { enabled: true } }],
  ['user', { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'plain' } }],
  ['user', { type: 'document', source: { type: 'file', file_id: 'file_1' } }],
  ['user', { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] }],
  [
    'user',
    {
      type: 'tool_result',
      tool_use_id: 'toolu_1',
      is_error: true,
      content: [
        { type: 'text', text: 'x' },
        { type: 'image', source: base64 },
      ],
    },
  ],
  ['assistant', { type: 'text', text: 'x', citations: [page] }],
  ['assistant', { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: [1] } }],
  ['assistant', { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } }],
  ['assistant', { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }],
  ['assistant', { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' }],
  ['assistant', { type: 'redacted_thinking', data: 'AAEC' }],
];
type Fault = (part: Part) => readonly Part[];
const OTHER: Readonly<Record<string, unknown>> = Object.freeze({
  text: 'other',
  input: { json: '{"b":2}' },
  media: { base64: 'BAUG', type: 'image/gif' },
  parts: [],
  id: 'toolu_2',
  name: 'other',
  failed: false,
});
/** A member that says nothing in this part: what was signed goes back as it came, and what only its origin says has nothing else. */
const silent = (part: Part, name: string): boolean =>
  name === 'kind' || name === 'redacted' || (name === 'text' && part.kind === 'thinking') || (name === 'origin' && part.kind === 'opaque');
/** One member after the other goes missing or is another; what tells kinds apart stays. */
const faults = (part: Part): readonly (readonly [name: string, fault: Fault])[] => [
  ['whole', () => []],
  ...Object.keys(part)
    .filter((name) => (part as unknown as Fields)[name] !== undefined && !silent(part, name))
    .map((name): readonly [string, Fault] => {
      const { [name]: _gone, ...others } = part as unknown as Record<string, unknown>;
      return [name, () => [(OTHER[name] === undefined ? others : { ...part, [name]: OTHER[name] }) as unknown as Part]];
    }),
];
const readWire = (wire: Fields): ChatRequest => messagesClient.read(inboundOf(wire), ledger());
const keeps = (wire: Fields, request: ChatRequest): boolean => {
  const { body } = messagesProvider.write(request, callOf(wire, { model: MODEL, stream: false }));
  return isDeepStrictEqual(parseJson(stringifyJson(body)), parseJson(stringifyJson(wire)));
};

describe.each(BLOCKS.map(([role, block]) => [String(block.type), role, block] as const))('a block %s of a %s', (_name, role, block) => {
  const around = role === 'user' ? [] : [{ role: 'user', content: 'Hello' }];
  const wire = { model: MODEL, max_tokens: 100, messages: [...around, { role, content: [block, { type: 'text', text: 'end' }] }] };
  const read = readWire(wire);
  const [part] = read.turns.at(-1)?.parts ?? [];
  const through = (fault: Fault): boolean => {
    const turns = read.turns.map((turn, i) =>
      i === read.turns.length - 1 ? { ...turn, parts: [...turn.parts.slice(0, 1).flatMap(fault), ...turn.parts.slice(1)] } : turn,
    );
    return keeps(wire, { ...read, turns });
  };
  it('keeps the law, and breaks it with each member that goes missing or is another', () => {
    if (part === undefined) throw new Error('a block is a part');
    expect(through((one) => [one])).toBe(true);
    const unnoticed = faults(part).filter(([, fault]) => through(fault));
    expect(unnoticed.map(([name]) => name)).toEqual([]);
  });
});

/** Everything that a request can say beside its messages. */
const REQUEST: Fields = {
  model: MODEL,
  max_tokens: 2000,
  system: [{ type: 'text', text: 'Be brief.', cache_control }],
  messages: [{ role: 'user', content: 'Hello' }],
  tools: [
    { name: 'f', description: 'd', input_schema: { type: 'object', properties: {} }, strict: true },
    { type: 'web_search_20250305', name: 'web_search' },
  ],
  tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
  stop_sequences: ['END'],
  metadata: { user_id: 'u' },
  output_config: { effort: 'low', format: { type: 'json_schema', schema: { type: 'object' } } },
  service_tier: 'standard_only',
  inference_geo: 'eu',
};
describe('a request', () => {
  const read = readWire(REQUEST);
  it('keeps the law', () => expect(keeps(REQUEST, read)).toBe(true));
  it.each(
    Object.entries(read)
      .filter(([name, value]) => value !== undefined && name !== 'choices')
      .map(([name]) => [name]),
  )('breaks it without its %s', (name) => {
    const { [name]: gone, ...others } = read as unknown as Record<string, unknown>;
    const empty = { ...others, ...(Array.isArray(gone) ? { [name]: [] } : {}) } as unknown as ChatRequest;
    const kept = (): boolean => {
      try {
        return keeps(REQUEST, empty);
      } catch {
        return false;
      }
    };
    expect(kept()).toBe(false);
  });
  it.each(read.tools.map((_, i) => [i]))('breaks it without its tool %i', (index) =>
    expect(keeps(REQUEST, { ...read, tools: read.tools.filter((_, i) => i !== index) })).toBe(false),
  );
});

const at = (index: number, more: object): Fields => ({ index, ...more });
const start = (index: number, content_block: object): Fields => ({ type: 'content_block_start', ...at(index, { content_block }) });
const delta = (index: number, one: object): Fields => ({ type: 'content_block_delta', ...at(index, { delta: one }) });
const stop = (index: number): Fields => ({ type: 'content_block_stop', index });
const WIRE = sse([
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'asked',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 1 },
    },
  },
  start(0, { type: 'thinking', thinking: '', signature: '' }),
  delta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
  delta(0, { type: 'signature_delta', signature: 'c2ln' }),
  stop(0),
  start(1, { type: 'text', text: '' }),
  delta(1, { type: 'text_delta', text: 'So.' }),
  delta(1, { type: 'citations_delta', citation: page }),
  stop(1),
  start(2, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }),
  delta(2, { type: 'input_json_delta', partial_json: '{"a":1}' }),
  stop(2),
  { type: 'message_delta', delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' }, usage: { output_tokens: 9 } },
  { type: 'message_stop' },
]);
describe('a stream', () => {
  const events = eventsOf([WIRE]);
  const told = (some: readonly ChatEvent[]): string => {
    try {
      return stringifyJson(JSON.parse(JSON.stringify(collect(eventsOf([bytesOf(streamed(some))])))));
    } catch (failure) {
      return String(failure);
    }
  };
  const whole = told(events);
  it('tells the same when it was written again', () => expect(whole).toBe(stringifyJson(JSON.parse(JSON.stringify(collect(events))))));
  it.each(events.map((event, i) => [i, event.type, 'index' in event ? event.index : '', event.type === 'delta' ? event.field : ''] as const))(
    'tells another answer, or none, without its event %i: %s %s %s',
    (index, type, part) => {
      const without = told(events.filter((_, i) => i !== index));
      // A part that is not ended ends with the next; what its end says (the signature) is then missing.
      const said = events.some((one, i) => i === index && one.type === 'part-end' && one.origin !== undefined);
      if (type === 'part-end' && !said) expect([part, without]).toEqual([part, whole]);
      else expect(without).not.toBe(whole);
    },
  );
});
