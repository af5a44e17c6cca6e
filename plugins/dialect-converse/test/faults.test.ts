import { type ChatEvent, type ChatRequest, collect, eventStreamMessage, type Json, type Part, sameJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, expect, it } from 'vitest';
import { type Body, callOf, client, inboundOf, ledger, provider, readStream, writeStream } from './support.ts';

const bytes = { source: { bytes: 'AAEC' } };
/** Blocks of every kind, in a message of the role that may hold them. */
const BLOCKS: readonly (readonly ['user' | 'assistant', Body])[] = [
  ['user', { text: 'x' }],
  ['user', { image: { format: 'png', ...bytes } }],
  ['user', { document: { format: 'pdf', name: 'a', ...bytes, context: 'c', citations: { enabled: true } } }],
  ['user', { document: { name: 'a', source: { content: [{ text: 'one' }, { text: 'two' }] } } }],
  ['user', { video: { format: 'mp4', source: { s3Location: { uri: 's3://b/k', bucketOwner: '1' } } } }],
  ['user', { audio: { format: 'wav', ...bytes } }],
  ['user', { guardContent: { text: { text: 'x', qualifiers: ['query'] } } }],
  ['user', { searchResult: { source: 'https://a.example/', title: 't', content: [{ text: 'x' }], citations: { enabled: true } } }],
  ['user', { toolResult: { toolUseId: 't', content: [{ json: { a: 1 } }, { text: 'x' }, { image: { format: 'png', ...bytes } }], status: 'error' } }],
  ['user', { toolAddition: { tool: { name: 'f' } } }],
  ['assistant', { toolUse: { toolUseId: 't', name: 'f', input: { a: [1] } } }],
  ['assistant', { toolUse: { toolUseId: 't', name: 'nova_grounding', input: {}, type: 'server_tool_use' } }],
  ['assistant', { reasoningContent: { reasoningText: { text: 'Hm.', signature: 'c2ln' } } }],
  ['assistant', { reasoningContent: { redactedContent: 'AAEC' } }],
  ['assistant', { citationsContent: { content: [{ text: 'x' }], citations: [{ title: 't', location: { web: { url: 'https://a.example/' } } }] } }],
];
type Fault = (part: Part) => readonly Part[];
/** One member after the other goes missing or is another; what tells kinds apart stays. */
const faults = (part: Part): readonly Fault[] => [
  () => [],
  ...Object.keys(part)
    .filter((name) => !['kind', 'failed', 'redacted'].includes(name) && !(part.kind === 'opaque' && name === 'origin'))
    // What is redacted has no text.
    .filter((name) => !(name === 'text' && part.kind === 'thinking' && part.redacted))
    .map(
      (name): Fault =>
        (one) => {
          const { [name]: _gone, ...others } = one as unknown as Record<string, unknown>;
          const put = { text: 'other', input: { json: '{"b":2}' }, media: { base64: 'BAUG', type: 'image/gif' }, parts: [], id: 'other', name: 'other' }[name];
          return [(put === undefined ? others : { ...one, [name]: put }) as unknown as Part];
        },
    ),
];
describe.each(BLOCKS.map(([role, block]) => [Object.keys(block).join(), role, block] as const))('a block %s', (_name, role, block) => {
  const wire = { messages: [{ role, content: [block, { cachePoint: { type: 'default' } }] }] };
  const through = (fault: Fault): boolean => {
    const read = client.read(inboundOf(wire), ledger());
    const request: ChatRequest = { ...read, turns: read.turns.map((turn) => ({ ...turn, parts: turn.parts.flatMap(fault) })) };
    const body: Json = provider.write(request, callOf()).body;
    return sameJson(stringifyJson(body), stringifyJson(wire));
  };
  const [part] = client.read(inboundOf(wire), ledger()).turns[0]?.parts ?? [];
  it('keeps the law, and breaks it with each member that goes missing or is another', () => {
    expect(through((one) => [one])).toBe(true);
    if (part === undefined) throw new Error('a block is a part');
    expect(faults(part).map(through)).toEqual(faults(part).map(() => false));
  });
});

const frame = (type: string, payload: object): Buffer =>
  Buffer.from(eventStreamMessage({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, Buffer.from(JSON.stringify(payload))));
const at = (contentBlockIndex: number, more: object = {}): object => ({ contentBlockIndex, ...more });
const stream = Buffer.concat([
  frame('messageStart', { role: 'assistant' }),
  frame('contentBlockDelta', at(0, { delta: { reasoningContent: { text: 'Hm.' } } })),
  frame('contentBlockDelta', at(0, { delta: { reasoningContent: { signature: 'c2ln' } } })),
  frame('contentBlockStop', at(0)),
  frame('contentBlockDelta', at(1, { delta: { text: 'So.' } })),
  frame('contentBlockDelta', at(1, { delta: { citation: { title: 't' } } })),
  frame('contentBlockStop', at(1)),
  frame('contentBlockStart', at(2, { start: { toolUse: { toolUseId: 't', name: 'f' } } })),
  frame('contentBlockDelta', at(2, { delta: { toolUse: { input: '{"a":1}' } } })),
  frame('contentBlockStop', at(2)),
  frame('messageStop', { stopReason: 'guardrail_intervened', additionalModelResponseFields: { a: 1 } }),
  frame('metadata', {
    usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    metrics: { latencyMs: 7 },
    trace: { promptRouter: { invokedModelId: 'm' } },
  }),
]);
describe('a stream', () => {
  const told = (events: readonly ChatEvent[]): string => {
    try {
      const reply = collect(readStream(writeStream(events)));
      return stringifyJson(JSON.parse(JSON.stringify(reply)) as Json);
    } catch (failure) {
      return String(failure);
    }
  };
  const events = readStream(stream);
  const whole = told(events);
  it('tells the same when it was written again', () => {
    expect(whole).toBe(stringifyJson(JSON.parse(JSON.stringify(collect(events))) as Json));
  });
  // What is counted for nothing: a signature stands whole in the end of its part.
  it.each(events.flatMap((event, i) => (event.type === 'delta' && event.field === 'signature' ? [] : [[i, event.type] as const])))(
    'tells another answer, or none, without its event %i (%s)',
    (index, type) => {
      const without = told(events.filter((_, i) => i !== index));
      // A part that is not ended ends with the answer.
      const [kind] = events.flatMap((one, i) => (i === index && 'index' in one ? [one.index] : []));
      if (type === 'part-end' && kind !== 0) expect(without).toBe(whole);
      else expect(without).not.toBe(whole);
    },
  );
});
