import { expect, it } from 'vitest';
import { callOf, chatClient, inboundOf, ledger, through } from './support.ts';

const asked = (more: object) => ({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...more });
const target = { ...callOf({}).endpoint, dialect: 'anthropic', surface: 'messages' };
const read = (more: object) => {
  const notes = ledger();
  const { user, rest } = chatClient.read(inboundOf(asked(more)), notes, target);
  return [user, rest, notes.notes.map(({ kind, param }) => `${kind}=${param}`)];
};
it.each([
  [{ safety_identifier: 'a' }, ['a', undefined, []]],
  [{ user: 'b' }, ['b', undefined, []]],
  [{ safety_identifier: 'a', user: 'a' }, ['a', undefined, []]],
  [{ safety_identifier: 'a', user: 'b' }, ['a', undefined, ['ignored=user']]],
])('%o says who it is to other dialects', (more, told) => expect(read(more)).toEqual(told));
it.each([{ safety_identifier: 'a' }, { user: 'b' }, { safety_identifier: 'a', user: 'b' }, { safety_identifier: null, user: 'b' }])(
  '%o comes back to this surface as it was',
  (more) => expect(through(asked(more))).toEqual(asked(more)),
);
