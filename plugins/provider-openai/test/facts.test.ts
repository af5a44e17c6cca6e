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
test.each(['gpt-5-codex', 'gpt-4o-realtime-preview', 'gpt-4o-mini-tts', 'ft:gpt-4o:acme', 'o3-pro', ''])('%s is another model', (model) => {
  expect(facts(model)).toBeUndefined();
});
