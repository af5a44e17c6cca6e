import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { casesOf, fieldsIn, type VendorType, valuesOf, vendorTypes } from '../src/vendor-types/index.ts';

const SOURCE = `
interface Named { name: string; note?: string | null }
interface Tree { kind: 'tree'; children: Tree[]; parent?: Tree }
interface Leaf { kind: 'leaf'; size: number; bytes?: Uint8Array; made?: Date; loose?: 'a' | 'b' | (string & {}) }
type Document = null | string | Document[] | { [key: string]: Document };
export interface Body {
  model: string;
  on?: boolean;
  nodes: (Tree | Leaf)[];
  anything?: unknown;
  document?: Document;
  metadata?: { [key: string]: Named } | null;
  detail?: { low: number } | { high: number };
  never?: never;
  gone?: undefined;
  method(): void;
}
export type Either = { left: string; right?: never } | { right: number; left?: never };
export interface Unsayable { fine: string; call?: () => void }
`;
const types = vendorTypes(import.meta.url, SOURCE);
const named = (name: string): VendorType => {
  const type = types.get(name);
  if (type === undefined) throw new Error(name);
  return type;
};
const body = named('Body');

describe('a type of an SDK', () => {
  it('has a field for each member, alternative, item and value, at any depth, once', () => {
    expect([...body.places.keys()].toSorted()).toEqual(
      [
        ...['Body.anything', 'Body.detail', 'Body.detail<Body.detail>', 'Body.detail<Body.detail#2>', 'Body.detail.low', 'Body.detail#2.high'],
        ...['Body.document', 'Body.document<list>', 'Body.document<list>[]', 'Body.document<null>', 'Body.document<record>', 'Body.document<record>{}'],
        ...['Body.document<text>', 'Body.metadata', 'Body.metadata<null>', 'Body.metadata<record>', 'Body.metadata<record>{}', 'Body.model', 'Body.nodes'],
        ...['Body.nodes[]', 'Body.nodes[]<Leaf>', 'Body.nodes[]<Tree>', 'Body.on', 'Body.on<false>', 'Body.on<true>'],
        ...['Leaf.bytes', 'Leaf.kind', 'Leaf.loose', 'Leaf.loose<a>', 'Leaf.loose<b>', 'Leaf.loose<text>', 'Leaf.made', 'Leaf.size'],
        ...['Named.name', 'Named.note', 'Named.note<null>', 'Named.note<text>'],
        ...['Tree.children', 'Tree.children[]', 'Tree.kind', 'Tree.parent'],
      ].toSorted(),
    );
  });
  it('that the packages do not have is refused', () => {
    expect(() => vendorTypes(import.meta.url, `export type { Nothing } from 'no-such-package';`)).toThrow('Nothing');
    expect(() => vendorTypes(import.meta.url, `import type { Nothing } from 'no-such-package'; export interface Body { a: Nothing }`)).toThrow('Body.a');
  });
  it('is read once for the same text', () => {
    expect(vendorTypes(import.meta.url, SOURCE)).toBe(types);
  });
});
describe('the cases of a type', () => {
  it('are one for each field, which stands in the value; none is undecided', () => {
    const { cases, undecided, stale } = casesOf(body);
    expect(cases.map(({ field }) => field).toSorted()).toEqual([...body.places.keys()].toSorted());
    for (const { field, value } of cases) expect([...fieldsIn(body, value)], field).toContain(field);
    expect({ undecided, stale }).toEqual({ undecided: [], stale: [] });
  });
  it('hold what must be there and nothing else', () => {
    const find = (field: string): unknown => casesOf(body).cases.find((one) => one.field === field)?.value;
    expect(find('Body.on<false>')).toEqual({ model: 'model', on: false, nodes: [{ kind: 'tree', children: [] }] });
    expect(find('Tree.parent')).toEqual({ model: 'model', nodes: [{ kind: 'tree', children: [], parent: { kind: 'tree', children: [] } }] });
  });
  it('of a union have each alternative', () => {
    expect(
      casesOf(named('Either'))
        .cases.slice(0, 3)
        .map(({ value }) => value),
    ).toEqual([{ left: 'left' }, { left: 'left' }, { right: 1 }]);
  });
  it('name a field of which no value can be made, until it is excluded', () => {
    expect(casesOf(named('Unsayable')).undecided).toEqual(['Unsayable.call']);
    expect(casesOf(named('Unsayable'), { exclude: { 'Unsayable.call': { why: 'functions are not sent' } } }).undecided).toEqual([]);
  });
  it('leave out what is excluded, and what stands below it alone', () => {
    const fields = (key: string): readonly string[] => casesOf(body, { exclude: { [key]: { why: 'tested' } } }).cases.map(({ field }) => field);
    const lost = (key: string): readonly string[] => [...body.places.keys()].filter((field) => !fields(key).includes(field)).toSorted();
    expect(lost('Body.on<true>')).toEqual(['Body.on<true>']);
    expect(lost('Body.metadata<record>')).toEqual(
      ['Body.metadata<record>', 'Body.metadata<record>{}', 'Named.name', 'Named.note', 'Named.note<null>', 'Named.note<text>'].toSorted(),
    );
    expect(lost('Tree')).toEqual(['Body.nodes[]<Tree>', 'Tree.children', 'Tree.children[]', 'Tree.kind', 'Tree.parent']);
  });
  it('take other values where an exclusion has some', () => {
    const { cases } = casesOf(body, {
      exclude: { 'Body.model': { why: 'tested', as: fc.constant('mine') }, Leaf: { why: 'tested', as: fc.constant('leaf') } },
    });
    expect(cases.find(({ field }) => field === 'Body.model')?.value).toEqual({ model: 'mine', nodes: ['leaf'] });
    expect(cases.some(({ field }) => field === 'Leaf.size')).toBe(false);
  });
  it('say which exclusions and fits have no place any more', () => {
    const same = (value: Readonly<Record<string, unknown>>) => value;
    const decisions = { exclude: { 'Body.old': { why: '' }, Leaf: { why: '' } }, fit: { Old: { why: '', fit: same }, Tree: { why: '', fit: same } } };
    expect(casesOf(body, decisions).stale).toEqual(['Body.old', 'Old']);
  });
  it('have members that fit one another', () => {
    const { cases } = casesOf(body, { fit: { Leaf: { why: 'tested', fit: (leaf) => ({ ...leaf, size: 7 }) } } });
    expect(cases.find(({ field }) => field === 'Leaf.loose<b>')?.value).toEqual({ model: 'model', nodes: [{ kind: 'leaf', size: 7, loose: 'b' }] });
  });
});
describe('the values of a type', () => {
  it('reach every field together, and each is one of the type', () => {
    const seen = new Set<string>();
    for (const value of fc.sample(valuesOf(body), { numRuns: 300, seed: 1 })) for (const field of fieldsIn(body, value)) seen.add(field);
    expect([...body.places.keys()].filter((field) => !seen.has(field))).toEqual([]);
  });
  it('end where a type holds itself', () => {
    const depth = (value: unknown): number => (typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0);
    fc.assert(
      fc.property(valuesOf(body, { exclude: { 'Body.anything': { why: 'of any depth' } } }, 3), (value) => {
        expect(depth(value)).toBeLessThan(12);
      }),
      { numRuns: 100 },
    );
  });
  it('keep to the exclusions and fits', () => {
    const exclude = { 'Body.model': { why: 'tested', as: fc.constant('mine') }, Tree: { why: 'tested' }, 'Body.on': { why: 'tested' } };
    const fit = { Leaf: { why: 'tested', fit: (leaf: object) => ({ ...leaf, size: 7 }) } };
    fc.assert(
      fc.property(valuesOf(body, { exclude, fit }), (value) => {
        const { model, nodes, on } = value as { model: unknown; nodes: readonly { size: unknown }[]; on: unknown };
        expect({ model, on, sizes: nodes.map(({ size }) => size) }).toEqual({ model: 'mine', on: undefined, sizes: nodes.map(() => 7) });
      }),
      { numRuns: 100 },
    );
  });
});
