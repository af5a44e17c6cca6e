import {
  type Carrying,
  type Decisions,
  differences,
  type Exclusion,
  type Fit,
  lawTests,
  plain,
  refusedOr,
  type VendorType,
  vendorTypes,
} from '@llm-proxy-auth/contract-tests/vendor-types';
import { type Json, sameJson, stringifyJson } from '@llm-proxy-auth/plugin';
import { describe, it } from 'vitest';

const types = vendorTypes(
  import.meta.url,
  `export type { ConverseRequest, ConverseStreamRequest, ConverseResponse, ConverseStreamOutput, CountTokensRequest, CountTokensResponse } from '@aws-sdk/client-bedrock-runtime';`,
);
/** A type of the SDK. */
export const sdkType = (name: string): VendorType => {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the SDK has no ${name}`);
  return type;
};
export type Fields = Readonly<Record<string, unknown>>;
/** A law of one type of the SDK: what comes of a value is the value, or what a documented rule makes of it. */
export interface Law extends Carrying {
  readonly type: string;
  /** Where values are not made from the type alone, each with its reason. */
  readonly decisions: Decisions;
  /** False: members may come in another order. */
  readonly ordered?: false | undefined;
}
/** A value of the SDK as its serialiser writes it: bytes are base64, the model stands in the path. */
export const wireOf = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (Array.isArray(value)) return value.map(wireOf);
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wireOf(inner)]));
};
/** How what came differs from what was sent; a refusal is a difference too. */
const lost = ({ carried, expected = (wire) => wire, ordered }: Law, value: unknown): readonly string[] => {
  const wire = wireOf(value) as Fields;
  return refusedOr(() => {
    const [sent, came] = [plain(expected(wire)), plain(carried(wire))];
    const found = differences(sent, came);
    if (found.length > 0 || ordered === false) return found;
    return sameJson(stringifyJson(sent as Json), stringifyJson(came as Json)) ? [] : [`the order of members: ${stringifyJson(came as Json)}`];
  });
};
const NOT_OF_THE_SERVICE: Exclusion = { why: 'no service sends it: the SDK makes it of members that it does not know' };
const complete = (members: Fields): Fit => ({
  why: 'the service demands these members, although the type lets them be undefined',
  fit: (value) => ({ ...members, ...value }),
});
const source = { source: { bytes: Uint8Array.of(1) } };
/** Members that the service demands, by object. */
const DEMANDED: Readonly<Record<string, Fit>> = {
  Message: complete({ role: 'user', content: [] }),
  ToolUseBlock: complete({ toolUseId: 't', name: 'n' }),
  ToolResultBlock: complete({ toolUseId: 't' }),
  ImageBlock: complete(source),
  VideoBlock: complete(source),
  AudioBlock: complete(source),
  DocumentBlock: complete(source),
  GuardrailConverseImageBlock: complete(source),
  GuardrailConverseTextBlock: complete({ text: 'x' }),
  S3Location: complete({ uri: 's3://b/k' }),
  ToolSpecification: complete({ name: 'n' }),
  SpecificToolChoice: complete({ name: 'n' }),
  MessageStartEvent: { why: 'an answer is the assistant’s', fit: (value) => ({ ...value, role: 'assistant' }) },
  ToolUseBlockDelta: {
    why: 'clients parse the input of a call, which is at least an empty object',
    fit: (value) => ({ ...value, input: value.input || '{}' }),
  },
  MessageStopEvent: complete({ stopReason: 'end_turn' }),
  ContentBlockStartEvent: complete({ start: { toolUse: { toolUseId: 't', name: 'n' } } }),
  ContentBlockDeltaEvent: complete({ delta: { text: 'x' } }),
  ToolUseBlockStart: complete({ toolUseId: 't', name: 'n' }),
  ConverseStreamMetadataEvent: complete({ usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, metrics: { latencyMs: 1 } }),
};
/** Numbers that JSON holds and that are not 0, which means nothing where there is nothing to count. */
export const decisionsOf = ({ type, decisions }: Law): Decisions => {
  const { objects } = sdkType(type);
  const unknown = [...objects.keys()].filter((name) => name.includes('$UnknownMember')).map((name) => [name, NOT_OF_THE_SERVICE] as const);
  const demanded = Object.entries(DEMANDED).filter(([name]) => objects.has(name));
  return { exclude: { ...decisions.exclude, ...Object.fromEntries(unknown) }, fit: { ...Object.fromEntries(demanded), ...decisions.fit } };
};
/** The tests of a law. */
export const holds = (law: Law, { numRuns = 300, depth }: { readonly numRuns?: number; readonly depth?: number } = {}): void => {
  describe(`${law.type} of the SDK`, () => {
    for (const { name, run } of lawTests(sdkType(law.type), decisionsOf(law), (value) => lost(law, value), { numRuns, depth })) it(name, run);
  });
};
