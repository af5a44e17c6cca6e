import { expect, test } from 'vitest';
import { facts } from '../src/facts.ts';

test('prices by the character are those of four characters a token, others by the token', () => {
  expect(facts('meta.llama-3.3-70b-instruct')?.price).toEqual({ input: 0.72, output: 0.72 });
  expect(facts('cohere.command-r-08-2024')?.price).toEqual({ input: 0.36, output: 0.36 });
  expect(facts('cohere.command-a-03-2025')?.price).toEqual({ input: 6.24, output: 6.24 });
  expect(facts('cohere.embed-v4.0')?.price).toEqual({ input: 0.12, output: 0 });
  expect(facts('xai.grok-4.20-reasoning')?.price).toMatchObject({ input: 1.25, output: 2.5, cacheRead: 0.2, long: { over: 200_000, input: 2.5 } });
});
test.each(['ocid1.generativeaimodel.oc1.us-chicago-1.x', 'acme.wonder', ''])('"%s" is known to nobody', (name) => {
  expect(facts(name)).toBeUndefined();
});
