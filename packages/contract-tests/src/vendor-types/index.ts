export { type Case, type Cases, casesOf } from './cases.ts';
export type { Decisions, Exclusion, Fit } from './decisions.ts';
export { fieldsIn } from './fields.ts';
export { type Carrying, differences, lawTests, lostOf, plain, refusedOr } from './law.ts';
export { vendorTypes } from './read.ts';
export type { Member, ObjectShape, Place, Shape, VendorType } from './shape.ts';
export { valuesOf } from './values.ts';
