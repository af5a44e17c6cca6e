import { casesOf, type Decisions, type VendorType, valuesOf, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { isGatewayError, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from './support.ts';

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
