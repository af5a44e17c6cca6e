import fc from 'fast-check';
import { type Decisions, exclusionAt } from './decisions.ts';
import { inside, type ObjectShape, type Place, type VendorType } from './shape.ts';

type Fields = Readonly<Record<string, unknown>>;
type Spot = Pick<Place, 'field' | 'shape'>;
const LEAVES = Object.freeze({ number: 1, null: null, any: { any: [1, 'x', null] }, bytes: Uint8Array.of(1, 2, 3), date: new Date(1_767_225_600_000) });

/**
 * How many objects stand in the smallest value of each object; infinite when none can be made. A list may be empty.
 * Computed once a type, by rounds that only lower the figures.
 */
export const heightsOf = (type: VendorType, decisions: Decisions) => {
  const heights = new Map<string, number>();
  const heightOf = (spot: Spot): number => {
    const exclusion = exclusionAt(decisions, spot);
    if (exclusion !== undefined) return exclusion.as === undefined ? Number.POSITIVE_INFINITY : 0;
    const { shape, field } = spot;
    if (shape.is === 'other') return Number.POSITIVE_INFINITY;
    if (shape.is === 'object') return heights.get(shape.name) ?? Number.POSITIVE_INFINITY;
    if (shape.is !== 'union') return 0;
    return Math.min(...inside(shape).map((one) => heightOf({ field: `${field}${one.suffix}`, shape: one.shape })));
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const object of type.objects.values()) {
      const needed = [...object.members].filter(([, member]) => !member.optional);
      const height = 1 + Math.max(0, ...needed.map(([name, { shape }]) => heightOf({ field: `${object.name}.${name}`, shape })));
      if (height >= (heights.get(object.name) ?? Number.POSITIVE_INFINITY)) continue;
      heights.set(object.name, height);
      changed = true;
    }
  }
  return heightOf;
};

/** Makes the smallest value of a place: members that must be there alone, one item in a list where that is possible. */
export const smallest = (decisions: Decisions, heightOf: (spot: Spot) => number) => {
  const text = (field: string): string => /([a-z_]+)[^a-z_]*$/i.exec(field.replaceAll(/<[^>]*>|\[\]|\{\}/g, ''))?.[1] ?? 'text';
  const holding = (spot: Spot, above: readonly string[]): readonly unknown[] => {
    const [item] = inside(spot.shape);
    if (item === undefined) return [];
    const within = { field: `${spot.field}${item.suffix}`, shape: item.shape };
    return Number.isFinite(heightOf(within)) && !holdsAbove(within, above) ? [least(within, above)] : [];
  };
  /** Whether the smallest value would hold an object that stands around it. */
  const holdsAbove = (spot: Spot, above: readonly string[]): boolean => spot.shape.is === 'object' && above.includes(spot.shape.name);
  const least = (spot: Spot, above: readonly string[] = []): unknown => {
    const { shape, field } = spot;
    const exclusion = exclusionAt(decisions, spot);
    if (exclusion?.as !== undefined) return fc.sample(exclusion.as, { numRuns: 1, seed: 1 })[0];
    if (exclusion !== undefined || !Number.isFinite(heightOf(spot))) throw new Error(`${field} has no value`);
    if (shape.is === 'literal') return shape.value;
    if (shape.is === 'object') return objectOf(shape, {}, above);
    if (shape.is === 'list') return holding(spot, above);
    if (shape.is === 'record') return Object.fromEntries(holding(spot, above).map((value) => ['key', value]));
    if (shape.is !== 'union') return shape.is === 'text' ? text(field) : LEAVES[shape.is as keyof typeof LEAVES];
    const all = inside(shape).map((one) => ({ field: `${field}${one.suffix}`, shape: one.shape }));
    const [first] = all.toSorted((a, b) => rank(a, above) - rank(b, above));
    if (first === undefined) throw new Error(`${field} has no value`);
    return least(first, above);
  };
  const rank = (spot: Spot, above: readonly string[]): number => heightOf(spot) + (holdsAbove(spot, above) ? 1000 : 0) + (spot.shape.is === 'null' ? 0.5 : 0);
  /** The smallest object with certain members. */
  const objectOf = (shape: ObjectShape, given: Fields = {}, above: readonly string[] = []): Fields => {
    const here = [...above, shape.name];
    const members = [...shape.members].flatMap(([name, member]): readonly (readonly [string, unknown])[] => {
      if (Object.hasOwn(given, name)) return [[name, given[name]]];
      return member.optional ? [] : [[name, least({ field: `${shape.name}.${name}`, shape: member.shape }, here)]];
    });
    const value = Object.fromEntries(members);
    return decisions.fit?.[shape.name]?.fit(value) ?? value;
  };
  return { least, objectOf };
};
