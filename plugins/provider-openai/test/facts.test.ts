import { expect, test } from 'vitest';
import { facts } from '../src/facts.ts';

test.each([
  ['gpt-5', 1.25],
  ['gpt-5-2025-08-07', 1.25],
  ['gpt-5-mini-2025-08-07', 0.25],
  ['gpt-4o-mini', 0.15],
  ['gpt-4o-2024-08-06', 2.5],
])('%s costs %d USD per million tokens of input', (model, input) => {
  expect(facts(model)).toMatchObject({ price: { input }, source: expect.stringMatching(/^https:/), date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
});
test.each(['gpt-5-acme', 'gpt-4o-realtime-preview', 'gpt-4o-mini-tts', 'ft:gpt-4o:acme', 'o3-huge', ''])('%s is another model', (model) => {
  expect(facts(model)).toBeUndefined();
});
test('data kept in a region costs a tenth more', () => {
  expect(facts('gpt-5.6-sol')?.price).toMatchObject({ input: 4, output: 20, cacheRead: 0.4, cacheWrite: 5 });
  expect(facts('gpt-5.6-sol', ['eu'])?.price).toMatchObject({ input: 4.4, output: 22, cacheRead: 0.44, cacheWrite: 5.5 });
  expect(facts('gpt-4o', ['eu'])).toEqual(facts('gpt-4o'));
});
test('a day to come is told with the page that says it', () => {
  expect(facts('gpt-4o-2024-05-13')).toMatchObject({ retires: '2026-10-23', endSource: 'https://developers.openai.com/api/docs/deprecations' });
});
