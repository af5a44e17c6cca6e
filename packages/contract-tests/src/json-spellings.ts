import fc from 'fast-check';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', '"', '\\', 'n', '}', '\u2028', '\ud83d', '😀', '\n') }));
/** A text in quotes in two spellings: as JSON has it, and as one writes it who escapes only quotes and backslashes, which may be no JSON. */
export const jsonSpellings: fc.Arbitrary<readonly string[]> = text.map((one) => [
  JSON.stringify(one),
  `"${one.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
]);
