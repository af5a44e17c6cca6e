import type { Bench } from '../gateway.ts';

/** Where a format puts thinking, or what vouches for it, as a string. */
const PLACES: ReadonlySet<string> = new Set([
  'signature',
  'data',
  'redactedContent',
  'encrypted_content',
  'thoughtSignature',
  'thought_signature',
  'reasoningContent',
  'reasoning_content',
  'reasoning',
  'thinking',
]);
/** Pictures and documents of other blocks have their bytes there. */
const isProof = (block: object): boolean => !('data' in block) || ('type' in block && block.type === 'redacted_thinking');
const thoughtsIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    typeof one === 'string' && one !== '' && PLACES.has(name) && isProof(value) ? [one] : thoughtsIn(one),
  );
};
const jsonOf = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8'));
/** What the provider thought in the turn before the last, and what of it the last one carries back to it: the provider checks what it signed. */
export const thoughtsOf = ({ simulator }: Bench): { readonly thought: readonly string[]; readonly carried: readonly string[] } => {
  const [before, last] = simulator.requests.slice(-2);
  if (before === undefined || last === undefined) throw new Error('There were no two turns');
  return { thought: thoughtsIn(jsonOf(before.answer)).toSorted(), carried: thoughtsIn(jsonOf(last.body)).toSorted() };
};
