import type fc from 'fast-check';
import type { Place, VendorType } from './shape.ts';

/** What was decided about places of a type. Keys are names of objects (`ResponseUsage`) or fields (`Response.usage`, `Response.text<null>`). */
export interface Decisions {
  /** Places of which values are not made from the type: left out, or filled with `as`. What stands only below them is left out too. */
  readonly exclude?: Readonly<Record<string, Exclusion>> | undefined;
  /** By object: what its members must be to fit one another, which no type says. */
  readonly fit?: Readonly<Record<string, Fit>> | undefined;
}
export interface Exclusion {
  readonly why: string;
  /** Values that are put there instead. */
  readonly as?: fc.Arbitrary<unknown> | undefined;
}
export interface Fit {
  readonly why: string;
  fit(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}
/** The entry that says what stands at a place, its own or its object's. */
export const exclusionAt = ({ exclude }: Decisions, { field, shape }: Pick<Place, 'field' | 'shape'>): Exclusion | undefined =>
  exclude?.[field] ?? (shape.is === 'object' ? exclude?.[shape.name] : undefined);
/** Entries about places that the type does not have. */
export const stale = ({ places, objects }: VendorType, { exclude = {}, fit = {} }: Decisions): readonly string[] => [
  ...Object.keys(exclude).filter((key) => !places.has(key) && !objects.has(key)),
  ...Object.keys(fit).filter((key) => !objects.has(key)),
];
