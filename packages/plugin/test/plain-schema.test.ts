import { describe, expect, it } from 'vitest';
import { checkPairs, plainSchema, type Turn, unwrapInput, wrapInput, wrappedTools } from '../src/index.ts';

const of = (schema: unknown) => plainSchema({ name: 'f', schema: schema as never });

describe('the schema of a tool as one object', () => {
  it('stays what it is, or is said to be an object', () => {
    const schema = { type: 'object', properties: { a: { anyOf: [{ type: 'string' }, { type: 'null' }] } } };
    expect(of(schema)).toEqual({ schema, wrapped: false });
    expect(of(schema).schema).toBe(schema);
    expect(of({ properties: {} })).toEqual({ schema: { type: 'object', properties: {} }, wrapped: false });
  });
  it.each(['anyOf', 'oneOf', 'allOf'])('%s at the top stands in a member, beside the definitions', (key) => {
    const $defs = { A: { type: 'object', properties: { next: { $ref: '#' } } } };
    const { schema, wrapped } = of({ $schema: 'x', description: 'd', [key]: [{ $ref: '#/$defs/A' }], $defs });
    expect(wrapped).toBe(true);
    expect(schema).toEqual({
      type: 'object',
      properties: { input: { description: 'd', [key]: [{ $ref: '#/$defs/A' }] } },
      required: ['input'],
      additionalProperties: false,
      $defs: { A: { type: 'object', properties: { next: { $ref: '#/properties/input' } } } },
    });
  });
  it('a choice among objects is not closed to no members by its own type', () => {
    const forms = [{ type: 'object', properties: { a: {} } }];
    expect(of({ type: 'object', anyOf: forms }).schema.properties).toEqual({ input: { anyOf: forms } });
    expect(of({ type: 'object', properties: { a: {} }, anyOf: [{ required: ['a'] }] }).schema.properties).toEqual({
      input: { type: 'object', properties: { a: {} }, anyOf: [{ required: ['a'] }] },
    });
  });
  it('a reference to a definition is followed, and what it leads to may be a choice', () => {
    const A = { type: 'object', properties: { a: { $ref: '#/$defs/A' } } };
    expect(of({ $ref: '#/$defs/A', $defs: { A } })).toEqual({ schema: { ...A, $defs: { A } }, wrapped: false });
    expect(of({ $ref: '#/definitions/B%20b', definitions: { 'B b': { anyOf: [A] } } }).wrapped).toBe(true);
  });
  it.each([
    { $ref: '#/$defs/none', $defs: {} },
    { $ref: 'https://example.com/schema' },
    { $ref: '#/$defs/A', $defs: { A: { $ref: '#/$defs/A' } } },
    { type: 'string' },
  ])('%j is refused', (schema) => {
    expect(() => of(schema)).toThrow(expect.objectContaining({ code: 'unsupported_parameter', param: 'tools.schema' }));
  });
  it('input goes into the member and out of it, whatever a number is', () => {
    expect(wrapInput({ a: 1 })).toEqual({ input: { a: 1 } });
    expect(unwrapInput('{"input":{"a":12345678901234567890}}')).toBe('{"a":12345678901234567890}');
    expect(unwrapInput('{"a":1}')).toBe('{"a":1}');
    expect(unwrapInput('')).toBe('{}');
    expect(unwrapInput('{"input":{"a"')).toBe('{"input":{"a"');
    expect([
      ...wrappedTools([
        { kind: 'function', name: 'f', schema: { anyOf: [] } },
        { kind: 'function', name: 'g', schema: {} },
      ]),
    ]).toEqual(['f']);
  });
});

const call = (id: string) => ({ kind: 'toolCall', id, name: 'f', input: { json: '{}' } }) as const;
const result = (id: string) => ({ kind: 'toolResult', id, parts: [], failed: false }) as const;
const turn = (role: Turn['role'], ...parts: Turn['parts']): Turn => ({ role, parts });
const go = turn('user', { kind: 'text', text: 'Go' });

describe('calls and their results', () => {
  it.each<[string, readonly Turn[]]>([
    ['one each', [go, turn('assistant', call('a')), turn('user', result('a')), go]],
    [
      'over several turns of one role, in any order',
      [go, turn('assistant', call('a')), turn('assistant', call('b')), turn('user', result('b')), turn('user', result('a'))],
    ],
    ['with what the system says between them', [go, turn('assistant', call('a')), turn('system', { kind: 'text', text: 'Hm' }), turn('user', result('a'))]],
    ['of one name used again later', [go, turn('assistant', call('a')), turn('user', result('a')), turn('assistant', call('a')), turn('user', result('a'))]],
    ['none', [go]],
  ])('%s: taken', (_what, turns) => {
    expect(() => checkPairs(turns)).not.toThrow();
  });
  it.each<[string, readonly Turn[]]>([
    ['a result before everything', [turn('user', result('a'))]],
    ['a result of another id', [go, turn('assistant', call('a')), turn('user', result('a'), result('b'))]],
    [
      'a result after the next answer',
      [go, turn('assistant', call('a')), turn('user', result('a')), turn('assistant', { kind: 'text', text: 'x' }), turn('user', result('a'))],
    ],
    ['a call without its result', [go, turn('assistant', call('a'), call('b')), turn('user', result('a'))]],
    ['a call at the end', [go, turn('assistant', call('a'))]],
  ])('%s: 400', (_what, turns) => {
    expect(() => checkPairs(turns)).toThrow(expect.objectContaining({ code: 'invalid_request', param: 'turns.parts.id' }));
  });
});
