import { valuesOf } from '@llm-proxy-auth/contract-tests/vendor-types';
import { type ChatRequest, type Json, type Part, parseJson, sameJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { jsonValue } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formOf } from '../src/form.ts';
import { decisionsOf, type Fields, sdkType, wireOf } from './sdk-types.ts';
import { callOf, client, inboundOf, ledger, provider } from './support.ts';

const any = { why: 'any JSON object', as: fc.dictionary(fc.constantFrom('a', 'b'), jsonValue(), { maxKeys: 2, noNullPrototype: true }) };
const type = 'ConverseRequest';
const decisions = decisionsOf({
  type,
  carried: () => undefined,
  decisions: {
    exclude: {
      'ToolUseBlock.input': any,
      'ToolResultContentBlock.JsonMember.json': any,
      'ToolInputSchema.JsonMember.json': any,
      'ConverseRequest.modelId': { why: 'it stands in the path' },
      'ConverseRequest.additionalModelRequestFields': any,
      'JsonSchemaDefinition.schema': { why: 'a string that holds JSON', as: fc.constant('{}') },
    },
  },
});
const isPlain = (part: Part): boolean => {
  const form = formOf(part);
  return part.kind === 'text' && part.rest === undefined && part.citations === undefined && form?.json !== true && form?.pieces === undefined;
};
const SAID = 'other';
/** Every plain text says something else, as a hook would have it. */
const changed = (request: ChatRequest): ChatRequest => ({
  ...request,
  turns: request.turns.map((turn) => ({
    ...turn,
    parts: turn.parts.map((part): Part => (part.kind === 'text' && isPlain(part) ? { ...part, text: SAID } : part)),
  })),
});
const changedBlocks = (list: unknown): unknown =>
  Array.isArray(list) ? list.map((block: Fields) => (typeof block.text === 'string' && Object.keys(block).length === 1 ? { text: SAID } : block)) : list;
const changedWire = (wire: Fields): Fields => ({
  ...wire,
  ...(wire.system === undefined ? {} : { system: changedBlocks(wire.system) }),
  ...(wire.messages === undefined ? {} : { messages: (wire.messages as readonly Fields[]).map((m) => ({ ...m, content: changedBlocks(m.content) })) }),
});
const writtenBy = (request: ChatRequest): Json => provider.write(request, callOf()).body;

describe('a conversation that a hook changed', () => {
  it('is written as it was changed, and everything else as it was sent', () => {
    const each = fc.property(valuesOf(sdkType(type), decisions), (value) => {
      const wire = parseJson(stringifyJson(wireOf(value) as Json)) as Fields;
      const request = changed(client.read(inboundOf(wire), ledger()));
      expect(sameJson(stringifyJson(writtenBy(request)), stringifyJson(changedWire(wire))), stringifyJson(writtenBy(request))).toBe(true);
    });
    fc.assert(each, { numRuns: 200 });
  });
  it('loses and gains whole turns and tools', () => {
    const wire = {
      system: [{ text: 'a' }, { cachePoint: { type: 'default' } }],
      messages: [
        { role: 'user', content: [{ text: 'b' }, { cachePoint: { type: 'default', ttl: '1h' } }] },
        { content: [{ text: 'c' }], role: 'assistant' },
      ],
      toolConfig: { tools: [{ toolSpec: { name: 'f', inputSchema: { json: {} } } }], toolChoice: { auto: {} } },
    };
    const read = client.read(inboundOf(wire), ledger());
    const [, second] = read.turns;
    const added = { role: 'system', parts: [{ kind: 'text', text: 'first' }] } as const;
    expect(writtenBy({ ...read, turns: [added, ...(second === undefined ? [] : [second])], tools: [] })).toEqual({
      system: [{ text: 'first' }],
      messages: [{ role: 'user', content: [{ text: 'b' }, { cachePoint: { type: 'default', ttl: '1h' } }] }],
      toolConfig: { toolChoice: { auto: {} } },
    });
  });
  it('says in fields of the model what was changed of them, in the words of its family', () => {
    const wire = {
      messages: [{ role: 'user', content: [{ text: 'b' }] }],
      additionalModelRequestFields: { thinking: { type: 'enabled', budget_tokens: 2048 }, x: 1 },
    };
    const read = client.read(inboundOf(wire), ledger());
    const { body } = provider.write({ ...read, reasoning: { budget: 4096 } }, callOf({ model: 'anthropic.claude-opus-4-6' }));
    expect(body).toEqual({ ...wire, additionalModelRequestFields: { x: 1, thinking: { type: 'enabled', budget_tokens: 4096 } } });
  });
});
