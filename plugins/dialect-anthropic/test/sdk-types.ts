import { type Carrying, type Decisions, lawTests, lostOf, type VendorType, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { describe, it } from 'vitest';

/** The two sets of types have names in common, so each is read by itself. */
const types = new Map([
  ...vendorTypes(
    import.meta.url,
    `
export type { Message, MessageCountTokensParams, MessageCreateParams, RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages/messages';
export type { ModelInfo } from '@anthropic-ai/sdk/resources/models';
`,
  ),
  ...vendorTypes(
    import.meta.url,
    `
export type {
  BetaMessage,
  BetaRawMessageStreamEvent,
  MessageCountTokensParams as BetaMessageCountTokensParams,
  MessageCreateParams as BetaMessageCreateParams,
} from '@anthropic-ai/sdk/resources/beta/messages/messages';
`,
  ),
]);
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
