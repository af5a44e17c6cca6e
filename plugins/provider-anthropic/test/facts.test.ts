import { expect, test } from 'vitest';
import { facts } from '../src/facts.ts';

test.each([
  ['claude-haiku-4-5', 1],
  ['claude-haiku-4-5-20251001', 1],
  ['claude-opus-4-5-20251101', 5],
  ['claude-opus-4-1-20250805', 15],
  ['claude-sonnet-4-20250514', 3],
])('%s costs %d USD per million tokens of input', (model, input) => {
  const known = facts(model);
  expect(known).toMatchObject({ price: { input }, source: expect.stringMatching(/^https:/), date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  // Writing to the cache costs a quarter more, reading from it a tenth (but for the oldest).
  expect(known?.price?.cacheWrite).toBeCloseTo(1.25 * input, 9);
  expect(known?.price?.cacheRead).toBeCloseTo(0.1 * input, 9);
});
test.each(['claude-opus-9', 'claude-opus-4-6-fast', 'claude-sonnet-4-60', 'us.anthropic.claude-haiku-4-5', ''])('%s is another model', (model) => {
  expect(facts(model)).toBeUndefined();
});
test('models that have ended say since when', () => {
  expect(facts('claude-3-opus-20240229')).toMatchObject({ deprecated: '2025-06-30', retires: '2026-01-05', endSource: expect.stringMatching(/^https:/) });
  expect(facts('claude-haiku-4-5')).not.toHaveProperty('retires');
});
