import { describe, expect, test } from 'vitest';
import { instanceOf } from '../src/openai/schema-instance.ts';

const tree = {
  type: 'object',
  properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
  required: ['value', 'next'],
};

describe('the smallest instance of a schema', () => {
  test.each([
    ['required members only', { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['a'] }, { a: 'text' }],
    ['const and enum', { type: 'object', properties: { a: { const: 7 }, b: { enum: ['x', 'y'] } }, required: ['a', 'b'] }, { a: 7, b: 'x' }],
    ['the first type that is not null', { type: ['null', 'boolean'] }, false],
    ['the first alternative', { anyOf: [{ type: 'integer', minimum: 3 }, { type: 'string' }] }, 3],
    [
      'lower bounds of numbers',
      { type: 'object', properties: { a: { type: 'integer', exclusiveMinimum: 4 }, b: { type: 'number', minimum: 5, multipleOf: 4 } }, required: ['a', 'b'] },
      { a: 5, b: 8 },
    ],
    [
      'lengths of strings',
      { type: 'object', properties: { a: { type: 'string', minLength: 6 }, b: { type: 'string', maxLength: 2 } }, required: ['a', 'b'] },
      { a: 'text..', b: 'te' },
    ],
    ['formats', { type: 'string', format: 'date' }, '2026-01-01'],
    ['as many items as asked', { type: 'array', minItems: 2, items: { type: 'null' } }, [null, null]],
    ['no items where none are asked', { type: 'array', items: { type: 'string' } }, []],
    ['members without a type are objects', { properties: { a: { type: 'boolean' } }, required: ['a'] }, { a: false }],
    ['nothing known', {}, {}],
    ['no schema', undefined, {}],
  ])('%s', (_what, schema, expected) => {
    expect(instanceOf(schema)).toEqual(expected);
  });

  test('references are followed, and recursion ends in null', () => {
    const found = JSON.stringify(instanceOf({ $defs: { node: tree }, $ref: '#/$defs/node' }));
    expect(found).toMatch(/^(\{"value":0,"next":)+null\}+$/);
    expect(instanceOf({ $defs: { 'a/b': { const: 1 } }, $ref: '#/$defs/a~1b' })).toBe(1);
  });
});
