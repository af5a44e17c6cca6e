import { expect, test } from 'vitest';
import { factsAt } from '../src/facts.ts';

const there = factsAt({ project: 'p', location: 'us-central1' });
const world = factsAt({ project: 'p', location: 'global' });
test('Claude costs a tenth more in a location than at the global endpoint', () => {
  expect(world('claude-haiku-4-5@20251001')?.price).toEqual({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 });
  expect(there('claude-haiku-4-5@20251001')?.price).toEqual({ input: 1.1, output: 5.5, cacheRead: 0.11, cacheWrite: 1.375 });
});
test.each([
  'claude-haiku-4-5-20251001',
  'anthropic/claude-haiku-4-5@20251001',
  'publishers/anthropic/models/claude-haiku-4-5@20251001',
  'projects/p/locations/global/publishers/anthropic/models/claude-haiku-4-5@20251001',
])('%s is the same model', (name) => {
  expect(world(name)).toEqual(world('claude-haiku-4-5@20251001'));
});
test('a publisher may stand before the name or not', () => {
  expect(there('openai/gpt-oss-120b-maas')?.price).toEqual({ input: 0.09, output: 0.36 });
  expect(there('gpt-oss-120b-maas')).toEqual(there('openai/gpt-oss-120b-maas'));
});
test('long input has its own price', () => {
  expect(there('gemini-2.5-pro')?.price).toMatchObject({ input: 1.25, long: { over: 200_000, input: 2.5, output: 15, cacheRead: 0.25 } });
});
test.each(['1234567890', 'endpoints/1234567890', 'gemini-77', 'a b', ''])('"%s" is known to nobody', (name) => {
  expect(there(name)).toBeUndefined();
});
