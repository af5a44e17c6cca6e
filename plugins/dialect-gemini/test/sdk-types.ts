import { casesOf, type Decisions, type VendorType, valuesOf, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { isGatewayError, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from './support.ts';

/** What stands in a body; the SDK's `config` is spread over it, so the members are those of its parts. */
const types = vendorTypes(
  import.meta.url,
  `
import type { Content, FunctionResponse, GenerateContentResponse, GenerateContentResponsePromptFeedback, GenerateContentResponseUsageMetadata, ToolResponse, GenerationConfig, SafetySetting, Tool, ToolConfig, ModelArmorConfig } from '@google/genai';
/** Classes of the SDK have their members on the wire and nothing else. */
type Plain<T> = T extends readonly (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
export type Result = Plain<FunctionResponse>;
export type Format = Plain<NonNullable<GenerationConfig['responseFormat']>[number]>;
export type ServerResult = Plain<ToolResponse>;
export type Feedback = Plain<GenerateContentResponsePromptFeedback>;
export type UsageMetadata = Plain<GenerateContentResponseUsageMetadata>;
export interface Request {
  contents: Content[];
  systemInstruction?: Content;
  tools?: Tool[];
  toolConfig?: ToolConfig;
  generationConfig?: GenerationConfig;
  safetySettings?: SafetySetting[];
  cachedContent?: string;
  labels?: Record<string, string>;
  modelArmorConfig?: ModelArmorConfig;
  continuationToken?: string;
  serviceTier?: 'flex' | 'standard' | 'priority' | 'unspecified';
}
export interface Answer {
  candidates: NonNullable<GenerateContentResponse['candidates']>;
  promptFeedback?: Feedback;
  usageMetadata?: UsageMetadata;
  modelVersion?: string;
  responseId?: string;
  createTime?: string;
  modelStatus?: GenerateContentResponse['modelStatus'];
}
`,
);
/** A type of the SDK. */
export const sdkType = (name: string): VendorType => {
  const type = types.get(name);
  if (type === undefined) throw new Error(`the SDK has no ${name}`);
  return type;
};
/** A law of one type of the SDK: what comes of a value is the value, or what a documented rule makes of it. */
export interface Law {
  readonly type: string;
  /** Where values are not made from the type alone, each with its reason. */
  readonly decisions: Decisions;
  readonly carried: (value: Fields) => unknown;
  readonly expected?: ((value: Fields) => unknown) | undefined;
}
const plain = (value: unknown): unknown => parseJson(stringifyJson(value as Json));
const differences = (a: unknown, b: unknown, at = ''): readonly string[] => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return Object.is(a, b) ? [] : [`${at}: ${JSON.stringify(a)} became ${JSON.stringify(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences((a as Fields)[key], (b as Fields)[key], `${at}/${key}`));
};
/** How what came differs from what was sent. */
const lost = ({ carried, expected = (value) => value }: Law, value: Fields): readonly string[] => {
  try {
    return differences(plain(expected(value)), plain(carried(value)));
  } catch (failure) {
    if (isGatewayError(failure)) return [`is refused: ${failure.code} ${failure.param ?? ''} ${failure.message}`];
    throw failure;
  }
};
/** The tests of a law. */
export const holds = (law: Law, options: { readonly numRuns?: number; readonly depth?: number } = {}): void => {
  describe(`${law.type} of the SDK`, () => {
    const type = sdkType(law.type);
    const made = casesOf(type, law.decisions);
    it('has no field that is neither tried nor excluded, and every exclusion has a field', () => {
      const { undecided, stale } = made;
      expect({ undecided, stale }).toEqual({ undecided: [], stale: [] });
    });
    it('comes back with each of its fields and alternatives', () => {
      const broken = made.cases.flatMap(({ field, value }) => lost(law, value as Fields).map((one) => `${field} ${one}`));
      expect(broken).toEqual([]);
      expect(made.cases.length).toBeGreaterThan(0);
    });
    it('comes back whatever stands in it', () => {
      const any = fc.property(valuesOf(type, law.decisions, options.depth), (value) => void expect(lost(law, value as Fields)).toEqual([]));
      fc.assert(any, { numRuns: options.numRuns ?? 200 });
    });
  });
};
