/** What values of a type look like. Types that hold themselves are cyclic. */
export type Shape = LeafShape | LiteralShape | HoldingShape | UnionShape | ObjectShape;
export interface LeafShape {
  /** `other`: a function, a class, a symbol: nothing that a body can hold. */
  readonly is: 'text' | 'number' | 'null' | 'any' | 'bytes' | 'date' | 'other';
}
export interface LiteralShape {
  readonly is: 'literal';
  readonly value: string | number | boolean;
}
export interface HoldingShape {
  readonly is: 'list' | 'record';
  readonly of: Shape;
}
export interface UnionShape {
  readonly is: 'union';
  readonly of: readonly Shape[];
}
export interface ObjectShape {
  readonly is: 'object';
  /** As the vendor named it (`ResponseInputItem.Message`); a type without a name is named after the member that has it. */
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
}
export interface Member {
  readonly optional: boolean;
  readonly shape: Shape;
}
/** A place in a member: `Owner.member`, then `<alternative>` of a union, `[]` for the items of a list, `{}` for the values of a record. */
export interface Place {
  readonly field: string;
  /** Places that this one stands in, the member first. */
  readonly within: readonly string[];
  readonly shape: Shape;
  /** The member's value around a value of this place. */
  readonly around: (value: unknown) => unknown;
}

const wordOf = (shape: Shape): string => {
  if (shape.is === 'literal') return String(shape.value);
  if (shape.is === 'object') return shape.name;
  return shape.is === 'list' && shape.of.is !== 'union' ? `${wordOf(shape.of)}[]` : shape.is;
};
/** Names of the alternatives of a union, each its own. */
const wordsOf = (alternatives: readonly Shape[]): readonly string[] => {
  const counts = new Map<string, number>();
  return alternatives.map((alternative) => {
    const word = wordOf(alternative);
    const count = (counts.get(word) ?? 0) + 1;
    counts.set(word, count);
    return count === 1 ? word : `${word}#${count}`;
  });
};
type Around = Place['around'];
const same: Around = (value) => value;
/** The places directly inside one: alternatives, items, values. None for a leaf or an object. */
export const inside = (shape: Shape): readonly { readonly suffix: string; readonly shape: Shape; readonly around: Around }[] => {
  if (shape.is === 'union') {
    const words = wordsOf(shape.of);
    return shape.of.map((one, index) => ({ suffix: `<${words[index]}>`, shape: one, around: same }));
  }
  if (shape.is === 'list') return [{ suffix: '[]', shape: shape.of, around: (value) => [value] }];
  return shape.is === 'record' ? [{ suffix: '{}', shape: shape.of, around: (value) => ({ key: value }) }] : [];
};
/** Every place of a member, itself first. An alias that holds itself is followed once. */
export const placesOf = (field: string, shape: Shape): readonly Place[] => {
  const seen = new Set<Shape>();
  const walk = (place: Place): readonly Place[] => {
    if (seen.has(place.shape) && (place.shape.is === 'union' || place.shape.is === 'list' || place.shape.is === 'record')) return [place];
    seen.add(place.shape);
    const within = [...place.within, place.field];
    const further = inside(place.shape).map((one) => ({
      field: `${place.field}${one.suffix}`,
      within,
      shape: one.shape,
      around: (value: unknown) => place.around(one.around(value)),
    }));
    return [place, ...further.flatMap(walk)];
  };
  return walk({ field, within: [], shape, around: same });
};
/** A type of a vendor's SDK. */
export interface VendorType {
  readonly name: string;
  readonly shape: Shape;
  /** Every object that values can hold, by name. */
  readonly objects: ReadonlyMap<string, ObjectShape>;
  /** Every place in every object, by field; the value's own places begin with the name of the type. */
  readonly places: ReadonlyMap<string, Place>;
}
/** Objects that a shape holds at any depth. */
const objectsIn = (root: Shape): ReadonlyMap<string, ObjectShape> => {
  const found = new Map<string, ObjectShape>();
  const seen = new Set<Shape>();
  const waiting = [root];
  for (let shape = waiting.pop(); shape !== undefined; shape = waiting.pop()) {
    if (seen.has(shape)) continue;
    seen.add(shape);
    if (shape.is === 'object') {
      found.set(shape.name, shape);
      for (const member of shape.members.values()) waiting.push(member.shape);
    } else waiting.push(...inside(shape).map((one) => one.shape));
  }
  return found;
};
export const vendorType = (name: string, shape: Shape): VendorType => {
  const objects = objectsIn(shape);
  const places = [
    ...(shape.is === 'object' ? [] : placesOf(name, shape)),
    ...[...objects.values()].flatMap((one) => [...one.members].flatMap(([member, { shape: value }]) => placesOf(`${one.name}.${member}`, value))),
  ];
  return { name, shape, objects, places: new Map(places.map((place) => [place.field, place])) };
};
