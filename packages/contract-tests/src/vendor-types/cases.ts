import { type Decisions, exclusionAt, stale } from './decisions.ts';
import { heightsOf, smallest } from './least.ts';
import type { ObjectShape, Place, VendorType } from './shape.ts';

/** A value that holds a certain field. */
export interface Case {
  readonly field: string;
  readonly value: unknown;
}
export interface Cases {
  /** One for each field and each alternative of each union that is not excluded. */
  readonly cases: readonly Case[];
  /** Fields of which no value can be made and that no exclusion names. */
  readonly undecided: readonly string[];
  /** Exclusions and fits of fields and objects that the type does not have. */
  readonly stale: readonly string[];
}
/** Where an object is found first, seen from the value: the place, and the object that this place is in. */
interface Found {
  readonly place: Place;
  readonly owner: ObjectShape | undefined;
}
const ownersOf = (type: VendorType): ReadonlyMap<string, ObjectShape> =>
  new Map([...type.objects.values()].flatMap((object) => [...object.members.keys()].map((member) => [`${object.name}.${member}`, object] as const)));

/**
 * The smallest value for each field: what must be there, and the field, at the place nearest to the top where its object can stand.
 * Deterministic, so that a failing case is named by its field alone.
 */
export const casesOf = (type: VendorType, decisions: Decisions = {}): Cases => {
  const heightOf = heightsOf(type, decisions);
  const { least, objectOf } = smallest(decisions, heightOf);
  const owners = ownersOf(type);
  const byOwner = Map.groupBy(type.places.values(), (place) => owners.get(place.within[0] ?? place.field)?.name);
  const excluded = (place: Place): boolean =>
    exclusionAt(decisions, place) !== undefined || place.within.some((field) => decisions.exclude?.[field] !== undefined);

  /** Objects that stand below no exclusion, nearest first; `makeable`: of those, the ones that a value can hold. */
  const reach = (makeable: boolean): ReadonlyMap<string, Found | undefined> => {
    const found = new Map<string, Found | undefined>();
    const waiting: (string | undefined)[] = [undefined];
    if (type.shape.is === 'object') {
      found.set(type.shape.name, undefined);
      waiting[0] = type.shape.name;
    }
    for (let at = 0; at < waiting.length; at += 1) {
      const owner = waiting[at];
      for (const place of byOwner.get(owner) ?? []) {
        const { shape } = place;
        if (shape.is !== 'object' || found.has(shape.name) || excluded(place) || (makeable && !Number.isFinite(heightOf(place)))) continue;
        found.set(shape.name, { place, owner: owner === undefined ? undefined : type.objects.get(owner) });
        waiting.push(shape.name);
      }
    }
    return found;
  };
  const wanted = reach(false);
  const made = reach(true);
  /** The value around an object, up to the top. */
  const above = (name: string): readonly string[] => {
    const found = made.get(name);
    return found?.owner === undefined ? [] : [...above(found.owner.name), found.owner.name];
  };
  const around = (object: ObjectShape, value: unknown): unknown => {
    const found = made.get(object.name);
    if (found === undefined) return value;
    const held = found.place.around(value);
    return found.owner === undefined ? held : around(found.owner, objectOf(found.owner, { [memberOf(found.place)]: held }, above(found.owner.name)));
  };
  const memberOf = (place: Place): string => {
    const field = place.within[0] ?? place.field;
    return field.slice((owners.get(field)?.name.length ?? 0) + 1);
  };
  const caseOf = (place: Place): Case | undefined => {
    const owner = owners.get(place.within[0] ?? place.field);
    if (owner === undefined) return { field: place.field, value: place.around(least(place)) };
    if (!made.has(owner.name)) return undefined;
    const path = above(owner.name);
    const value = place.around(least(place, [...path, owner.name]));
    return { field: place.field, value: around(owner, objectOf(owner, { [memberOf(place)]: value }, path)) };
  };

  const cases: Case[] = [];
  const undecided: string[] = [];
  for (const place of type.places.values()) {
    const owner = owners.get(place.within[0] ?? place.field);
    if (owner !== undefined && !wanted.has(owner.name)) continue;
    const below = place.within.some((field) => decisions.exclude?.[field] !== undefined);
    const exclusion = exclusionAt(decisions, place);
    if (below || (exclusion !== undefined && exclusion.as === undefined)) continue;
    const one = Number.isFinite(heightOf(place)) ? caseOf(place) : undefined;
    if (one === undefined) undecided.push(place.field);
    else cases.push(one);
  }
  return { cases, undecided, stale: stale(type, decisions) };
};
