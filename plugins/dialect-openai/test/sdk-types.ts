import { type Case, casesOf, type Decisions, differences, plain, type VendorType, valuesOf, vendorTypes } from '@llm-proxy-auth/contract-tests/vendor-types';
import { isGatewayError } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const CHAT = 'openai/resources/chat/completions/completions';
const RESPONSES = 'openai/resources/responses/responses';
/** The types of the SDK that this dialect speaks. */
export const sdkTypes: ReadonlyMap<string, VendorType> = vendorTypes(
  import.meta.url,
  `
export type { ChatCompletion, ChatCompletionChunk, ChatCompletionCreateParams } from '${CHAT}';
export type { Completion, CompletionCreateParams } from 'openai/resources/completions';
export type { CreateEmbeddingResponse, EmbeddingCreateParams } from 'openai/resources/embeddings';
export type { Response, ResponseCreateParams, ResponseError, ResponseStreamEvent } from '${RESPONSES}';
`,
);
/** A type of the SDK. */
export const sdkType = (name: string): VendorType => {
  const type = sdkTypes.get(name);
  if (type === undefined) throw new Error(`the SDK has no ${name}`);
  return type;
};
export type Fields = Readonly<Record<string, unknown>>;
/** A law of one type of the SDK: what comes of a value is the value, or what a documented rule makes of it. */
export interface Law {
  readonly type: string;
  /** Where values are not made from the type alone, each with its reason. */
  readonly decisions: Decisions;
  readonly carried: (value: Fields) => unknown;
  readonly expected?: ((value: Fields) => unknown) | undefined;
  /** Fields that are refused by name, with the code and parameter. They stand in no case of the law. */
  readonly refused?: Readonly<Record<string, readonly [code: string, param: string]>> | undefined;
}
const refusal = (f: () => unknown): string | undefined => {
  try {
    f();
  } catch (failure) {
    if (isGatewayError(failure)) return `${failure.code} ${failure.param ?? ''}`;
    throw failure;
  }
  return undefined;
};
const REFUSED = 'is refused: ';
/** How what came differs from what was sent. */
export const lost = ({ carried, expected = (value) => value }: Law, value: Fields): readonly string[] => {
  let came: unknown;
  const refused = refusal(() => {
    came = carried(value);
  });
  return refused === undefined ? differences(plain(expected(value)), plain(came)) : [`${REFUSED}${refused}`];
};
/** Everything that stands nowhere else: exclusions, and what is refused by name. */
export const decisionsOf = ({ decisions, refused = {} }: Law): Decisions => {
  const named = Object.keys(refused).map((field) => [field, { why: 'refused by name' }] as const);
  return { ...decisions, exclude: { ...decisions.exclude, ...Object.fromEntries(named) } };
};
const refusedWrongly = (law: Law, cases: readonly Case[]): readonly string[] =>
  Object.entries(law.refused ?? {}).flatMap(([field, [code, param]]) => {
    const value = cases.find((one) => one.field === field)?.value as Fields;
    const came = refusal(() => law.carried(value));
    return came === `${code} ${param}` ? [] : [`${field}: ${came}`];
  });
/** The tests of a law. */
export const holds = (law: Law, options: { readonly numRuns?: number; readonly depth?: number } = {}): void => {
  describe(`${law.type} of the SDK`, () => {
    const type = sdkType(law.type);
    const decisions = decisionsOf(law);
    const made = casesOf(type, decisions);
    it('has no field that is neither tried nor excluded, and every exclusion has a field', () => {
      const { undecided, stale } = made;
      expect({ undecided, stale }).toEqual({ undecided: [], stale: [] });
    });
    it('comes back with each of its fields and alternatives', () => {
      const broken = made.cases.flatMap(({ field, value }) => lost(law, value as Fields).map((one) => `${field} ${one}`));
      expect(broken).toEqual([]);
      expect(made.cases.length).toBeGreaterThan(0);
    });
    it('comes back whatever stands in it, or is refused by name', () => {
      const numRuns = options.numRuns ?? 300;
      let carried = 0;
      const any = fc.property(valuesOf(type, decisions, options.depth), (value) => {
        const differs = lost(law, value as Fields);
        if (differs[0]?.startsWith(REFUSED) === true && differs[0] !== REFUSED) return;
        expect(differs).toEqual([]);
        carried += 1;
      });
      fc.assert(any, { numRuns });
      expect(carried).toBeGreaterThan(numRuns / 3);
    });
    it.runIf(law.refused !== undefined)('is refused by name where it cannot be carried', () => {
      expect(refusedWrongly(law, casesOf(type, law.decisions).cases)).toEqual([]);
    });
  });
};
