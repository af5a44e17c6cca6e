import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chatRequest, embedRequest } from '../src/fixtures/generators.ts';
import { type ChatRequest, type EmbedRequest, tracked } from '../src/index.ts';

const request: ChatRequest = {
  turns: [
    { role: 'system', parts: [{ kind: 'text', text: 'Be brief.', cache: {} }] },
    {
      role: 'user',
      name: 'ann',
      parts: [
        { kind: 'text', text: 'hi', rest: { x_tone: 'warm', x_mood: 'calm' } },
        { kind: 'image', media: { base64: 'AAAA', type: 'image/png' }, detail: 'high' },
        { kind: 'image', media: { url: 'https://a.example/b' }, detail: undefined },
      ],
    },
    {
      role: 'assistant',
      parts: [{ kind: 'toolCall', id: 'c1', name: 'f', input: { json: '{"a":1}' }, origin: { dialect: 'acme', payload: { json: '"s"' } } }],
    },
    { role: 'user', parts: [{ kind: 'toolResult', id: 'c1', failed: false, parts: [{ kind: 'text', text: 'ok' }] }] },
  ],
  tools: [{ kind: 'function', name: 'f', schema: { type: 'object', properties: { a: {} } }, strict: true }],
  stop: [],
  sampling: { temperature: 1, topK: 5, logitBias: { '1': 2 } },
  choices: 1,
  rest: { from: 'acme.chat', fields: { logit_processors: ['x'], foo: 1 } },
};

test('nothing read: every field that holds something, lists as one path, objects by their members', () => {
  expect(tracked(request).unread()).toEqual([
    'rest.fields.foo',
    'rest.fields.logit_processors',
    'sampling.logitBias',
    'sampling.temperature',
    'sampling.topK',
    'tools',
    'turns',
  ]);
  expect(tracked({ ...request, choices: 2 }).unread()).toContain('choices');
});
test('a field is unread when it is so in any element; indexes do not count', () => {
  const { value, unread } = tracked(request);
  for (const turn of value.turns) {
    expect(turn.role).toBeTypeOf('string');
    for (const part of turn.parts) {
      if (part.kind === 'text') expect(part.text).toBeTypeOf('string');
      if (part.kind === 'image' && 'base64' in part.media) expect([part.media.base64, part.media.type]).toEqual(['AAAA', 'image/png']);
      if (part.kind === 'toolCall') expect([part.id, part.name, part.input]).toEqual(['c1', 'f', { json: '{"a":1}' }]);
      if (part.kind === 'toolResult') expect([part.id, part.parts.map((inner) => inner.kind)]).toEqual(['c1', ['text']]);
    }
  }
  expect(value.tools.map((tool) => tool.kind === 'function' && [tool.name, tool.schema])).toEqual([['f', { type: 'object', properties: { a: {} } }]]);
  expect(value.sampling?.temperature).toBe(1);
  expect(value.rest?.fields.foo).toBe(1);
  expect(unread()).toEqual([
    'rest.fields.logit_processors',
    'sampling.logitBias',
    'sampling.topK',
    'tools.strict',
    'turns.name',
    'turns.parts.cache',
    'turns.parts.detail',
    'turns.parts.media.url',
    'turns.parts.origin',
    'turns.parts.parts.text',
    'turns.parts.rest.x_mood',
    'turns.parts.rest.x_tone',
  ]);
});
test('a failed result and an asked-for cache time count when they say something', () => {
  const part = { kind: 'toolResult', id: 'c', parts: [], failed: true, cache: { ttl: '1h' } } as const;
  const { value, unread } = tracked<ChatRequest>({ turns: [{ role: 'user', parts: [part] }], tools: [], choices: 1 });
  expect(value.turns[0]?.parts[0]?.cache).toEqual({ ttl: '1h' });
  const again = tracked<ChatRequest>({ turns: [{ role: 'user', parts: [part] }], tools: [], choices: 1 });
  expect(again.value.turns[0]?.parts[0]?.cache).not.toBe(undefined);
  expect(unread()).toEqual(['turns.parts.failed', 'turns.parts.id', 'turns.role']);
  expect(again.unread()).toEqual(['turns.parts.cache.ttl', 'turns.parts.failed', 'turns.parts.id', 'turns.role']);
});
test('bytes, tokens and schemas are the very objects of the request', () => {
  const input = { tokens: [1, 2] };
  const embed: EmbedRequest & { bytes: Uint8Array } = { inputs: [input], encoding: 'float', bytes: Uint8Array.of(1) };
  const { value, unread } = tracked(embed);
  expect(value.bytes).toBe(embed.bytes);
  const [first] = value.inputs;
  expect(first !== undefined && 'tokens' in first && first.tokens).toBe(input.tokens);
  expect(unread()).toEqual(['encoding']);
  const schema = { type: 'object' };
  expect(tracked<ChatRequest>({ turns: [], tools: [], choices: 1, output: { schema, name: 'o', strict: false } }).value.output).toHaveProperty(
    'schema',
    schema,
  );
});
test('the tracked value cannot be changed', () => {
  const { value } = tracked<{ a?: number; list: number[] }>({ a: 1, list: [] });
  expect(() => {
    value.a = 2;
  }).toThrow(TypeError);
  expect(() => delete value.a).toThrow(TypeError);
  expect(() => Object.defineProperty(value, 'b', { value: 1 })).toThrow(TypeError);
});
test('JSON.stringify and deep copies by spread read everything, frozen or not, and see the same value', () => {
  const freeze = <T>(value: T): T => {
    if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) Object.values(Object.freeze(value)).forEach(freeze);
    return value;
  };
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return [...value].map(copy);
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries({ ...value }).map(([key, member]) => [key, copy(member)])) : value;
  };
  fc.assert(
    fc.property(fc.oneof<[fc.Arbitrary<object>, fc.Arbitrary<object>]>(chatRequest(), embedRequest()), (value) => {
      const first = tracked(freeze(value));
      expect(JSON.stringify(first.value)).toBe(JSON.stringify(value));
      expect(first.unread()).toEqual([]);
      const second = tracked(value);
      copy(second.value);
      expect(second.unread()).toEqual([]);
      expect(tracked(value).value).toEqual(value);
    }),
  );
});
