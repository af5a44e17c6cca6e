import { expect, test } from 'vitest';
import { factsOf } from '../src/facts.ts';
import { deploymentNames } from '../src/names.ts';

test('a model and the deployment that serves it cost the same; another deployment is known to nobody', () => {
  const facts = factsOf(deploymentNames({ 'gpt-5.2': 'chat-prod', 'gpt-4o': 'shared', 'gpt-4o-mini': 'shared' }));
  expect(facts('gpt-5.2')?.price).toEqual({ input: 1.75, output: 14, cacheRead: 0.175 });
  expect(facts('chat-prod')).toEqual(facts('gpt-5.2'));
  expect(facts('gpt-5.2')).toMatchObject({ context: 400_000, output: 128_000, retires: '2027-06-08' });
  expect([facts('shared'), facts('chat-test')]).toEqual([undefined, undefined]);
});
test('models of the catalogue of Foundry', () => {
  expect(factsOf(deploymentNames())('claude-haiku-4-5')?.price).toEqual({ input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 });
});
