import assert from 'node:assert/strict';
import { isGatewayError, type Json, parseJson, stringifyJson } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { casesOf } from './cases.ts';
import type { Decisions } from './decisions.ts';
import type { VendorType } from './shape.ts';
import { valuesOf } from './values.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What comes of a value of a vendor's type is the value, or what a documented rule makes of it. */
export interface Carrying {
  readonly carried: (value: Fields) => unknown;
  readonly expected?: ((value: Fields) => unknown) | undefined;
}
/** A value as JSON holds it: members without a value are not there, numbers that a double cannot hold stay what they are. */
export const plain = (value: unknown): unknown => parseJson(stringifyJson(value as Json));
/** Where two plain values differ; the order of members does not count. */
export const differences = (a: unknown, b: unknown, at = ''): readonly string[] => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return Object.is(a, b) ? [] : [`${at}: ${JSON.stringify(a)} became ${JSON.stringify(b)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differences((a as Fields)[key], (b as Fields)[key], `${at}/${key}`));
};
/** What a refusal says in place of differences. Throws what is no refusal. */
export const refusedOr = (find: () => readonly string[]): readonly string[] => {
  try {
    return find();
  } catch (failure) {
    if (isGatewayError(failure)) return [`is refused: ${failure.code} ${failure.param ?? ''} ${failure.message}`];
    throw failure;
  }
};
/** How what came differs from what was sent; a refusal is a difference too. */
export const lostOf = ({ carried, expected = (value) => value }: Carrying, value: Fields): readonly string[] =>
  refusedOr(() => differences(plain(expected(value)), plain(carried(value))));

/** One test of a law, for whatever runs tests. */
export interface LawTest {
  readonly name: string;
  run(): void;
}
/** The tests of a law over every field of a type: `lost` says how what came of a value differs. `depth`: of generated values. */
export const lawTests = (
  type: VendorType,
  decisions: Decisions,
  lost: (value: Fields) => readonly string[],
  options: { readonly numRuns: number; readonly depth?: number | undefined },
): readonly LawTest[] => {
  const made = casesOf(type, decisions);
  return [
    {
      name: 'has no field that is neither tried nor excluded, and every exclusion has a field',
      run: () => assert.deepEqual({ undecided: made.undecided, stale: made.stale }, { undecided: [], stale: [] }),
    },
    {
      name: 'comes back with each of its fields and alternatives',
      run() {
        const broken = made.cases.flatMap(({ field, value }) => lost(value as Fields).map((one) => `${field} ${one}`));
        assert.deepEqual(broken, []);
        assert.ok(made.cases.length > 0, 'nothing was tried');
      },
    },
    {
      name: 'comes back whatever stands in it',
      run: () =>
        fc.assert(
          fc.property(valuesOf(type, decisions, options.depth), (value) => assert.deepEqual(lost(value as Fields), [])),
          { numRuns: options.numRuns },
        ),
    },
  ];
};
