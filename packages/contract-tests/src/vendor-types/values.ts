import { jsonValue, text } from '@llm-proxy-auth/plugin/generators';
import fc from 'fast-check';
import { type Decisions, exclusionAt } from './decisions.ts';
import { heightsOf } from './least.ts';
import { inside, type ObjectShape, type Place, type Shape, type VendorType } from './shape.ts';

type Spot = Pick<Place, 'field' | 'shape'>;
const LEAVES: Readonly<Partial<Record<Shape['is'], () => fc.Arbitrary<unknown>>>> = Object.freeze({
  text,
  number: () => fc.nat(9_999),
  null: () => fc.constant(null),
  any: jsonValue,
  bytes: () => fc.uint8Array({ minLength: 1, maxLength: 8 }),
  date: () => fc.nat(1_000_000).map((seconds) => new Date(1_767_225_600_000 + seconds * 1000)),
});
/** How many lists and records of one member stand in one another, where an alias holds itself. */
const NESTED = 3;
const nested = (field: string): number => field.match(/\[\]|\{\}/g)?.length ?? 0;
const KEYS = fc.constantFrom('a', 'b1', 'c_2');

/**
 * Any value of the type: optional members there or not, any alternative, up to two items in a list. `depth`: how many objects may
 * stand in one another before only the smallest alternatives and the members that must be there are left; default 5.
 */
export const valuesOf = (type: VendorType, decisions: Decisions = {}, depth = 5): fc.Arbitrary<unknown> => {
  const heightOf = heightsOf(type, decisions);
  const made = new Map<string, fc.Arbitrary<unknown>>();
  const once = (key: string, make: () => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => {
    const known = made.get(key) ?? make();
    made.set(key, known);
    return known;
  };
  const alternatives = (spot: Spot, left: number): fc.Arbitrary<unknown> => {
    const all = inside(spot.shape).map((one) => ({ field: `${spot.field}${one.suffix}`, shape: one.shape }));
    const lowest = Math.min(...all.map(heightOf));
    const able = all.filter((one) => Number.isFinite(heightOf(one)) && heightOf(one) <= Math.max(lowest, left));
    return fc.oneof(...able.map((one) => valueAt(one, left)));
  };
  const objectAt = (shape: ObjectShape, left: number): fc.Arbitrary<unknown> => {
    const model: Record<string, fc.Arbitrary<unknown>> = {};
    const required: string[] = [];
    for (const [name, member] of shape.members) {
      const spot = { field: `${shape.name}.${name}`, shape: member.shape };
      const height = heightOf(spot);
      if (member.optional && (!Number.isFinite(height) || height > left - 1)) continue;
      model[name] = valueAt(spot, left - 1);
      if (!member.optional) required.push(name);
    }
    const value = fc.record(model, { requiredKeys: required, noNullPrototype: true });
    const fit = decisions.fit?.[shape.name];
    return fit === undefined ? value : value.map((one) => fit.fit(one as Readonly<Record<string, unknown>>));
  };
  const itemsAt = (spot: Spot, left: number): fc.Arbitrary<unknown> | undefined => {
    const [item] = inside(spot.shape);
    const within = item === undefined ? undefined : { field: `${spot.field}${item.suffix}`, shape: item.shape };
    if (within === undefined || nested(spot.field) >= NESTED) return undefined;
    return heightOf(within) > Math.max(left, 0) ? undefined : valueAt(within, left);
  };
  const valueAt = (spot: Spot, left: number): fc.Arbitrary<unknown> => {
    const { shape } = spot;
    const exclusion = exclusionAt(decisions, spot);
    if (exclusion?.as !== undefined) return exclusion.as;
    if (shape.is === 'literal') return fc.constant(shape.value);
    if (shape.is === 'object') return once(`${shape.name} ${left}`, () => objectAt(shape, left));
    return once(`${spot.field} ${left}`, () => {
      if (shape.is === 'union') return alternatives(spot, left);
      const items = itemsAt(spot, left);
      if (shape.is === 'list') return items === undefined ? fc.constant([]) : fc.array(items, { maxLength: 2 });
      if (shape.is === 'record') return items === undefined ? fc.constant({}) : fc.dictionary(KEYS, items, { maxKeys: 2, noNullPrototype: true });
      return (LEAVES[shape.is] ?? (() => fc.constant(undefined)))();
    });
  };
  return valueAt({ field: type.name, shape: type.shape }, depth);
};
