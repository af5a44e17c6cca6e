import type { Json } from '@llm-proxy-auth/plugin';
import { expect, it } from 'vitest';
import { callOf, client, inbound, ledger } from './responses-support.ts';

const foreign = { ...callOf({}).endpoint, dialect: 'anthropic', surface: 'messages' };
const own = { ...foreign, dialect: 'openai', surface: 'responses' };
const read = (more: Readonly<Record<string, Json>>, target = foreign) => {
  const notes = ledger();
  const request = client?.read(inbound({ model: 'm', input: 'x', ...more }), notes, target);
  return { request, told: notes.notes.map(({ kind, param }) => `${kind}=${param}`) };
};

it.each([
  [{ safety_identifier: 'a' }, 'a', []],
  [{ user: 'b' }, 'b', []],
  [{ safety_identifier: null, user: 'b' }, 'b', []],
  [{ safety_identifier: 'a', user: 'a' }, 'a', []],
  [{ safety_identifier: 'a', user: 'b' }, 'a', ['ignored=user']],
])('%o says who it is to other dialects', (more, user, told) => {
  const it = read(more);
  expect([it.request?.user, it.request?.rest?.fields.safety_identifier ?? undefined, it.told]).toEqual([user, undefined, told]);
});
it('a tool that is not strict and a picture whose detail the model chooses ask other dialects for nothing', () => {
  const tool = (strict: boolean) => ({ type: 'function', name: 'f', parameters: {}, strict });
  const picture = (detail: string) => ({ role: 'user', content: [{ type: 'input_image', image_url: 'https://a.example/b.png', detail }] });
  const of = (strict: boolean, detail: string, target = foreign) => {
    const { request } = read({ tools: [tool(strict)], input: [picture(detail)] }, target);
    const [part] = request?.turns[0]?.parts ?? [];
    const [first] = request?.tools ?? [];
    return [first?.kind === 'function' ? first.strict : undefined, part?.kind === 'image' ? part.detail : undefined];
  };
  expect([of(false, 'auto'), of(true, 'low'), of(false, 'auto', own)]).toEqual([
    [undefined, undefined],
    [true, 'low'],
    [false, 'auto'],
  ]);
});
it('what is no name of a person is refused by the name that it has', () => {
  expect(() => read({ safety_identifier: 7 })).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'safety_identifier' }));
});
