import { type Case, casesOf, type Decisions, type VendorType, valuesOf, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { type ChatReply, isGatewayError, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const NAMES = [
  'GenericChatResponse',
  'ChatChoice',
  'AssistantMessage',
  'TextContent',
  'FunctionCall',
  'Logprobs',
  'Usage',
  'CohereChatResponse',
  'CohereToolCall',
  'Citation',
  'CohereChatResponseV2',
  'CohereAssistantMessageV2',
  'CohereTextContentV2',
  'CohereThinkingContentV2',
  'CohereToolCallV2',
  'CohereCitationV2',
  'LogProbability',
];
const types = vendorTypes(
  import.meta.url,
  `import type { models } from 'oci-generativeaiinference';\n${NAMES.map((name) => `export type ${name} = models.${name};`).join('\n')}`,
);
const typeOf = (name: string): VendorType => {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the SDK has no ${name}: ${[...types.keys()].join(', ')}`);
  return type;
};
type Fields = Readonly<Record<string, unknown>>;
/** A value as it stands on the wire. */
const wireOf = (value: unknown): unknown => {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(wireOf);
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wireOf(inner)]));
};
/** A law of one type: each text and number of a value stands in what was read of an answer that holds it. */
export interface Law {
  readonly type: string;
  readonly decisions: Decisions;
  /** An answer that holds the value, read. */
  readonly read: (value: Fields) => ChatReply;
  /** Members whose value is said in another way, which other tests show. */
  readonly said: ReadonlySet<string>;
}
interface Leaf {
  readonly path: string;
  readonly text: string;
}
const leavesOf = (value: unknown, said: ReadonlySet<string>, path = ''): readonly Leaf[] => {
  if (typeof value === 'string') return value === '' ? [] : [{ path, text: value }];
  if (typeof value === 'number') return value === 0 ? [] : [{ path, text: String(value) }];
  if (typeof value === 'boolean') return [{ path, text: String(value) }];
  if (typeof value !== 'object' || value === null) return [];
  if ('rawJSON' in value) return [{ path, text: String(value.rawJSON) }];
  return Object.entries(value).flatMap(([key, inner]) => (said.has(key) ? [] : leavesOf(inner, said, `${path}/${key}`)));
};
/** Every text and number of what was read, also inside the vendor's own JSON. */
const textsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') {
    try {
      const inner: Json = /^[[{"]/.test(value.trim()) ? parseJson(value) : undefined;
      return inner === undefined ? [value] : [value, ...textsOf(inner)];
    } catch {
      return [value];
    }
  }
  if (typeof value !== 'object' || value === null) return [String(value)];
  if ('rawJSON' in value) return [String(value.rawJSON)];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)]);
};
const lost = ({ read, said }: Law, value: unknown): readonly string[] => {
  const wire = parseJson(stringifyJson(wireOf(value) as Json)) as Fields;
  try {
    const texts = textsOf(read(wire));
    const whole = texts.join('\n');
    return leavesOf(wire, said).flatMap(({ path, text }) => (texts.includes(text) || whole.includes(text) ? [] : [`${path}: ${text}`]));
  } catch (failure) {
    return isGatewayError(failure) ? [`refused: ${failure.message}`] : [String(failure)];
  }
};
/** The tests of a law. */
export const holds = (law: Law): void => {
  describe(`${law.type} of the SDK`, () => {
    const type = typeOf(law.type);
    const made = casesOf(type, law.decisions);
    it('has no field that is neither tried nor excluded, and every exclusion has a field', () => {
      const { undecided, stale } = made;
      expect({ undecided, stale }).toEqual({ undecided: [], stale: [] });
    });
    it('keeps each of its fields', () => {
      const broken = made.cases.flatMap(({ field, value }: Case) => lost(law, value).map((one) => `${field} ${one}`));
      expect(broken).toEqual([]);
      expect(made.cases.length).toBeGreaterThan(0);
    });
    it('keeps whatever stands in it', () => {
      fc.assert(
        fc.property(valuesOf(type, law.decisions, 2), (value) => {
          expect(lost(law, value)).toEqual([]);
        }),
        { numRuns: 150 },
      );
    });
  });
};
