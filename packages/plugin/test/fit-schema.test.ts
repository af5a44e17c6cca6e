import { describe, expect, it } from 'vitest';
import { fitSchema, type Json } from '../src/index.ts';

const of = (schema: Json): Json => fitSchema(schema).schema;

describe('a schema that answers are held to', () => {
  it('closes its objects, wherever they stand', () => {
    const inner = { type: 'object', properties: {}, additionalProperties: true };
    const closed = { type: 'object', properties: {}, additionalProperties: false };
    expect(of({ $defs: { a: inner }, properties: { b: { type: 'array', items: inner }, c: { allOf: [inner] } } })).toEqual({
      $defs: { a: closed },
      properties: { b: { type: 'array', items: closed }, c: { allOf: [closed] } },
      additionalProperties: false,
    });
  });
  it('says in descriptions what its keywords may not', () => {
    expect(of({ type: 'string', minLength: 2, format: 'regex' })).toEqual({ type: 'string', description: 'minLength: 2, format: "regex"' });
    expect(of({ type: 'number', maximum: 3, description: 'A number' })).toEqual({ type: 'number', description: 'A number (maximum: 3)' });
    expect(of({ type: 'string', format: 'uuid' })).toEqual({ type: 'string', format: 'uuid' });
  });
  it('takes what clients named or gave as values for no keyword', () => {
    const schema = { type: 'object', properties: { minimum: { const: { oneOf: 1 } }, not: { enum: [{ pattern: 'x' }] } }, additionalProperties: false };
    expect(fitSchema(schema)).toEqual({ schema, changed: false });
  });
});
