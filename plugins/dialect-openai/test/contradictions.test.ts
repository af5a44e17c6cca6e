import { isGatewayError } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { callOf, chatClient, inboundOf, ledger, through } from './support.ts';

const user = { role: 'user', content: 'x' };
const asked = (more: object) => ({ model: 'm', messages: [user], ...more });
const target = { ...callOf({}).endpoint, dialect: 'anthropic', surface: 'messages' };
const read = (more: object): readonly string[] => {
  const notes = ledger();
  chatClient.read(inboundOf(asked(more)), notes, target);
  return notes.notes.map(({ kind, param }) => `${kind}=${param}`);
};
const refusal = (more: object): unknown => {
  try {
    return read(more);
  } catch (error) {
    return isGatewayError(error) ? [error.code, error.status, error.param] : error;
  }
};

it('top_logprobs without logprobs is refused, where another vendor would never hear of it', () => {
  for (const more of [{ top_logprobs: 2 }, { top_logprobs: 2, logprobs: false }, { top_logprobs: 2, logprobs: null }])
    expect(refusal(more)).toEqual(['invalid_request', 400, 'top_logprobs']);
  for (const more of [{ top_logprobs: 0 }, { top_logprobs: null }, { top_logprobs: 2, logprobs: true }]) expect(refusal(more)).toEqual([]);
  expect(through(asked({ top_logprobs: 2 }))).toEqual(asked({ top_logprobs: 2 }));
});
it('of two different limits the newer counts, and the answer says so', () => {
  expect(read({ max_tokens: 5, max_completion_tokens: 7 })).toEqual(['ignored=max_tokens']);
  for (const more of [{ max_tokens: 5, max_completion_tokens: 5 }, { max_tokens: 5 }, { max_tokens: 5, max_completion_tokens: null }])
    expect(read(more)).toEqual([]);
});
it.each([
  [{ role: 'user' }, 'messages[1].content'],
  [{ role: 'user', content: null }, 'messages[1].content'],
  [{ role: 'system', content: null }, 'messages[1].content'],
  [{ role: 'developer' }, 'messages[1].content'],
  [{ role: 'assistant', tool_calls: 'x' }, 'messages[1].tool_calls'],
  [{ role: 'assistant', tool_calls: { id: 'c' } }, 'messages[1].tool_calls'],
  [{ role: 'assistant', function_call: { name: 'f', arguments: { a: 1 } } }, 'function_call.arguments'],
])('%j is not dropped from among the messages', (message, param) =>
  expect(refusal({ messages: [user, message, user] })).toEqual(['invalid_request', 400, param]),
);
it.each([
  { role: 'assistant' },
  { role: 'assistant', content: null, tool_calls: null },
  { role: 'user', content: '' },
  { role: 'tool', tool_call_id: 'c', content: null },
])('%j is a message', (message) => expect(refusal({ messages: [user, message, user] })).toEqual([]));
