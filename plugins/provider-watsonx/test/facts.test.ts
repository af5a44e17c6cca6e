import { expect, test } from 'vitest';
import { facts } from '../src/facts.ts';

test.each([
  ['ibm/granite-4-h-small', { input: 0.0636, output: 0.265 }],
  ['meta-llama/llama-3-3-70b-instruct', { input: 0.7526, output: 0.7526 }],
  ['ibm/slate-125m-english-rtrvr-v2', { input: 0.1, output: 0 }],
])('%s', (model, price) => {
  expect(facts(model)?.price).toEqual(price);
});
test.each(['deployment/abc', 'acme/wonder', ''])('"%s" is known to nobody', (name) => {
  expect(facts(name)).toBeUndefined();
});
