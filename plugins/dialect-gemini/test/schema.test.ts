import { isGatewayError, type Json } from '@llm-proxy-auth/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lightSchema } from '../src/schema/light.ts';
import { readSchema } from '../src/schema/read.ts';
import { writeSchema } from '../src/schema/write.ts';

const gemini = (schema: Json): { readonly schema: Json; readonly notes: number } => {
  let notes = 0;
  const written = writeSchema(schema, 'tools.schema', () => {
    notes += 1;
  });
  return { schema: written, notes };
};
const light = (schema: Json): Json => lightSchema(schema, 'tools.schema', () => undefined);
const refusal = (work: () => unknown): string | undefined => {
  try {
    work();
  } catch (e) {
    if (isGatewayError(e)) return e.code;
    throw e;
  }
  return undefined;
};

/** Rows of the conversion, by what they are about: a JSON Schema, the vendor's form of it, whether something is lost. */
const ROWS: readonly (readonly [string, Json, Json, boolean])[] = [
  ['annotations go', { $schema: 's', $id: 'i', $comment: 'c', type: 'string', readOnly: true, deprecated: true, 'x-a': 1 }, { type: 'STRING' }, false],
  ['examples stand in the description', { type: 'string', examples: ['a', 'b'] }, { type: 'STRING', description: '(examples: ["a","b"])' }, true],
  ['a type or null', { type: ['string', 'null'] }, { type: 'STRING', nullable: true }, false],
  ['several types', { type: ['string', 'number', 'null'] }, { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }], nullable: true }, false],
  ['a choice with null', { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'd' }, { type: 'INTEGER', description: 'd', nullable: true }, false],
  ['oneOf is anyOf', { oneOf: [{ type: 'string' }, { type: 'integer' }] }, { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] }, false],
  [
    'beside anyOf nothing stands',
    { anyOf: [{ type: 'string' }, { type: 'integer' }], description: 'd', minLength: 1 },
    {
      anyOf: [
        { type: 'STRING', description: 'd' },
        { type: 'INTEGER', description: 'd' },
      ],
    },
    true,
  ],
  [
    'allOf is joined',
    {
      type: 'object',
      allOf: [
        { properties: { a: { type: 'string' } }, required: ['a'] },
        { properties: { b: { type: 'integer' } }, required: ['b'] },
      ],
    },
    { type: 'OBJECT', properties: { a: { type: 'STRING' }, b: { type: 'INTEGER' } }, required: ['a', 'b'], propertyOrdering: ['a', 'b'] },
    false,
  ],
  ['const is an enum of one', { const: 'v' }, { type: 'STRING', format: 'enum', enum: ['v'] }, false],
  ['an enum of texts', { enum: ['a', 'b'] }, { type: 'STRING', format: 'enum', enum: ['a', 'b'] }, false],
  ['an enum of numbers is told as text', { type: 'integer', enum: [101, 102] }, { type: 'INTEGER', format: 'enum', enum: ['101', '102'] }, false],
  ['an enum with null', { enum: ['a', null] }, { type: 'STRING', format: 'enum', enum: ['a'], nullable: true }, false],
  ['an enum with an empty text', { enum: ['a', ''] }, { type: 'STRING', format: 'enum', enum: ['a'], nullable: true }, false],
  ['a mixed enum is described', { enum: ['a', 1] }, { type: 'OBJECT', description: '(enum: ["a",1])' }, true],
  [
    'additionalProperties as a flag goes',
    { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
    { type: 'OBJECT', properties: { a: { type: 'STRING' } }, propertyOrdering: ['a'] },
    false,
  ],
  ['a map', { type: 'object', additionalProperties: { type: 'string' } }, { type: 'OBJECT', description: '(additionalProperties: {"type":"string"})' }, true],
  ['a list of anything', { type: 'array' }, { type: 'ARRAY', items: { type: 'STRING' } }, false],
  [
    'a tuple',
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] },
    { type: 'ARRAY', items: { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] }, minItems: 2, maxItems: 2 },
    true,
  ],
  ['a format that is known', { type: 'string', format: 'date-time' }, { type: 'STRING', format: 'date-time' }, false],
  ['a format that is not', { type: 'string', format: 'uri' }, { type: 'STRING', description: '(format: "uri")' }, true],
  ['exclusive bounds of whole numbers', { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 }, { type: 'INTEGER', minimum: 1, maximum: 9 }, false],
  ['exclusive bounds of others', { type: 'number', exclusiveMinimum: 0 }, { type: 'NUMBER', description: '(exclusiveMinimum: 0)' }, true],
  [
    'keywords that change what is valid are described',
    { type: 'number', multipleOf: 5, description: 'd' },
    { type: 'NUMBER', description: 'd (multipleOf: 5)' },
    true,
  ],
  ['anything', true, { type: 'OBJECT' }, true],
  [
    'required names what is there',
    { type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'z'] },
    { type: 'OBJECT', properties: { a: { type: 'STRING' } }, required: ['a'], propertyOrdering: ['a'] },
    false,
  ],
  [
    'names of properties are names, whatever they mean elsewhere',
    { type: 'object', properties: { type: { type: 'string' }, $ref: { type: 'string' }, additionalProperties: { type: 'string' } } },
    {
      type: 'OBJECT',
      properties: { type: { type: 'STRING' }, $ref: { type: 'STRING' }, additionalProperties: { type: 'STRING' } },
      propertyOrdering: ['type', '$ref', 'additionalProperties'],
    },
    false,
  ],
  [
    'a reference is what it names, its siblings first',
    { $defs: { 'a/b': { type: 'string', description: 'inner' } }, type: 'object', properties: { x: { $ref: '#/$defs/a~1b', description: 'outer' } } },
    { type: 'OBJECT', properties: { x: { type: 'STRING', description: 'outer' } }, propertyOrdering: ['x'] },
    false,
  ],
];

/** Schemas of the words that are rewritten, left out or looked into. */
const { full: SCHEMA } = fc.letrec<{ schema: unknown; full: unknown }>((tie) => ({
  schema: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.boolean(), tie('full')),
  full: fc.record(
    {
      $schema: fc.constant('s'),
      $defs: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2 }),
      type: fc.constantFrom('object', 'string', 'array', ['string', 'null']),
      title: fc.string(),
      default: fc.jsonValue({ maxDepth: 1 }),
      const: fc.string(),
      format: fc.string(),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 3 }),
      required: fc.array(fc.string(), { maxLength: 2 }),
      items: tie('schema'),
      oneOf: fc.array(tie('schema'), { maxLength: 2 }),
      anyOf: fc.array(tie('schema'), { maxLength: 2 }),
      examples: fc.array(fc.string(), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
}));

describe('a JSON Schema in the vendor’s form', () => {
  it.each(ROWS)('%s', (_name, schema, expected, lossy) => {
    const written = gemini(schema);
    expect(written.schema).toEqual(expected);
    expect(written.notes > 0).toBe(lossy);
  });
  it('ends a schema that holds itself', () => {
    const tree = { $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } }, $ref: '#/$defs/node' };
    expect(gemini(tree)).toEqual({
      schema: { type: 'OBJECT', properties: { next: { type: 'OBJECT' } }, propertyOrdering: ['next'] },
      notes: 1,
    });
  });
  it('refuses a reference to nothing, and what is too deep or too large', () => {
    expect(refusal(() => gemini({ $ref: '#/$defs/none' }))).toBe('unsupported_parameter');
    expect(refusal(() => gemini({ $ref: 'https://example.com/s' }))).toBe('unsupported_parameter');
    let deep: Json = { type: 'string' };
    for (let i = 0; i < 40; i++) deep = { type: 'array', items: deep };
    expect(refusal(() => gemini(deep))).toBe('unsupported_parameter');
    const bomb = {
      $defs: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`n${i}`, { anyOf: [{ $ref: `#/$defs/n${i + 1}` }, { $ref: `#/$defs/n${i + 1}` }] }])),
      $ref: '#/$defs/n0',
    };
    expect(refusal(() => gemini({ ...bomb, $defs: { ...bomb.$defs, n20: { type: 'string' } } }))).toBe('unsupported_parameter');
    expect(refusal(() => light({ $defs: { a: { $ref: '#/$defs/a', title: 't' } }, $ref: '#/$defs/a', title: 't' }))).toBe('unsupported_parameter');
  });
  it('never changes the schema that it is given', () => {
    fc.assert(
      fc.property(fc.oneof(SCHEMA, fc.jsonValue({ maxDepth: 4 })) as fc.Arbitrary<Json>, (schema) => {
        const before = JSON.stringify(schema);
        for (const work of [() => gemini(schema), () => light(schema), () => readSchema(schema, 'p')]) refusal(work);
        expect(JSON.stringify(schema)).toBe(before);
      }),
    );
  });
});

describe('a JSON Schema with the keywords that newer models read', () => {
  it('keeps references and drops what nobody reads', () => {
    const schema = {
      $schema: 's',
      definitions: { a: { type: 'string', 'x-b': 1 } },
      type: 'object',
      properties: { x: { $ref: '#/definitions/a' } },
      strict: true,
    };
    expect(light(schema)).toEqual({ $defs: { a: { type: 'string' } }, type: 'object', properties: { x: { $ref: '#/$defs/a' } } });
  });
  it('joins a reference that has siblings with what it names', () => {
    expect(light({ $defs: { a: { type: 'string' } }, properties: { x: { $ref: '#/$defs/a', description: 'd' } } })).toEqual({
      $defs: { a: { type: 'string' } },
      properties: { x: { type: 'string', description: 'd' } },
    });
  });
});

describe('the vendor’s form as JSON Schema', () => {
  it('says types, null and counts as others do', () => {
    const wire = {
      type: 'OBJECT',
      properties: {
        b: { type: 'STRING', nullable: true, format: 'enum', enum: ['x'] },
        a: { type: 'ARRAY', items: { type: 'INTEGER', enum: ['1'] }, minItems: '2' },
      },
      propertyOrdering: ['a', 'b'],
    };
    expect(JSON.stringify(readSchema(wire, 'p'))).toBe(
      '{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer","enum":[1]},"minItems":2},"b":{"type":["string","null"],"enum":["x",null]}}}',
    );
  });
  it('comes back from it', () => {
    const wire = { type: 'OBJECT', properties: { a: { type: 'STRING', nullable: true } }, required: ['a'], propertyOrdering: ['a'] };
    expect(gemini(readSchema(wire, 'p')).schema).toEqual(wire);
  });
});
