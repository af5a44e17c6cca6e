import { expect, test } from 'vitest';
import { factsAt } from '../src/facts.ts';

const HAIKU = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const facts = factsAt('us-east-1', false);
test('a profile of a geography costs a tenth more than the world', () => {
  expect(facts(`global.${HAIKU}`)?.price).toEqual({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 });
  expect(facts(`us.${HAIKU}`)?.price).toEqual({ input: 1.1, output: 5.5, cacheRead: 0.11, cacheWrite: 1.375 });
});
test('ARNs of AWS itself are known by the name they end in', () => {
  expect(facts(`arn:aws:bedrock:us-east-1::foundation-model/${HAIKU}`)).toEqual(facts(HAIKU));
  expect(facts(`arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.${HAIKU}`)).toEqual(facts(`us.${HAIKU}`));
});
test('a region has its own price where one is told, and bedrock-mantle its own', () => {
  expect(factsAt('eu-west-2', false)('meta.llama3-8b-instruct-v1:0')?.price?.input).toBe(0.39);
  expect(facts('meta.llama3-8b-instruct-v1:0')?.price?.input).toBe(0.3);
  expect(factsAt('us-east-1', true)('anthropic.claude-haiku-5-5')?.price?.input).toBe(0.11);
  expect(facts('anthropic.claude-haiku-5-5')?.price?.input).toBe(0.1);
});
test('a geography that nobody told costs what the model does', () => {
  expect(facts('mars.amazon.nova-lite-v1:0')).toEqual(facts('amazon.nova-lite-v1:0'));
});
test.each([
  'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc',
  'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc',
  'acme.wonder-v1:0',
  'cohere.rerank-v3-5:0',
  '',
])('%s has no price', (model) => {
  expect(facts(model)?.price).toBeUndefined();
});
test('the end of a model is that of AWS', () => {
  expect(facts('ai21.jamba-1-5-mini-v1:0')).toMatchObject({ retires: '2026-11-26', endSource: expect.stringMatching(/^https:\/\/docs\.aws\.amazon\.com\//) });
});
