import { type Carrying, type Decisions, lawTests, lostOf, type VendorType, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { describe, it } from 'vitest';

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
export interface Law extends Carrying {
  readonly type: string;
  /** Where values are not made from the type alone, each with its reason. */
  readonly decisions: Decisions;
}
/** The tests of a law. */
export const holds = (law: Law, { numRuns = 200, depth }: { readonly numRuns?: number; readonly depth?: number } = {}): void => {
  describe(`${law.type} of the SDK`, () => {
    for (const { name, run } of lawTests(sdkType(law.type), law.decisions, (value) => lostOf(law, value), { numRuns, depth })) it(name, run);
  });
};
