import { expect, it } from 'vitest';
import { callOf, chatClient, inboundOf, ledger, through } from './support.ts';

const spoken = { model: 'm', messages: [{ role: 'user', content: 'x' }], modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'mp3' } };
const { endpoint } = callOf({});
it.each([
  ['another dialect', { ...endpoint, dialect: 'anthropic', surface: 'messages' }],
  ['another surface', { ...endpoint, surface: 'responses' }],
])('a spoken answer is asked of no provider of %s', (_what, target) => {
  expect(() => chatClient.read(inboundOf(spoken), ledger(), target)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'modalities' }));
});
it('reaches a provider of this surface as it was asked for', () => {
  expect(chatClient.read(inboundOf(spoken), ledger(), endpoint).rest?.fields.modalities).toEqual(['text', 'audio']);
  expect(through(spoken)).toEqual(spoken);
});
it('text alone asks for nothing, and comes back to this surface', () => {
  const asked = { ...spoken, modalities: ['text'], audio: undefined };
  const target = { ...endpoint, dialect: 'anthropic', surface: 'messages' };
  expect(chatClient.read(inboundOf(asked), ledger(), target).rest).toBeUndefined();
  const plain = { model: 'm', messages: spoken.messages, modalities: ['text'] };
  expect(through(plain)).toEqual(plain);
});
