import { inside, type Shape, type VendorType } from './shape.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value) && !(value instanceof Date);
const LEAVES: Readonly<Record<string, (value: unknown) => boolean>> = Object.freeze({
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  null: (value) => value === null,
  any: () => true,
  bytes: (value) => ArrayBuffer.isView(value),
  date: (value) => value instanceof Date,
});
/** Whether a value is one of the type, without members that it does not have. */
const fits = (shape: Shape, value: unknown): boolean => {
  if (shape.is === 'literal') return value === shape.value;
  if (shape.is === 'union') return shape.of.some((one) => fits(one, value));
  if (shape.is === 'list') return Array.isArray(value) && value.every((one) => fits(shape.of, one));
  if (shape.is === 'record') return isObject(value) && Object.values(value).every((one) => fits(shape.of, one));
  if (shape.is !== 'object') return LEAVES[shape.is]?.(value) ?? false;
  if (!isObject(value)) return false;
  const needed = [...shape.members].every(([name, member]) => member.optional || Object.hasOwn(value, name));
  return (
    needed &&
    Object.entries(value).every(([name, inner]) => {
      const member = shape.members.get(name);
      return member !== undefined && fits(member.shape, inner);
    })
  );
};
/** Every field and alternative that a value of the type has, wherever it stands in it. */
export const fieldsIn = ({ name, shape }: VendorType, value: unknown): ReadonlySet<string> => {
  const found = new Set<string>();
  const walk = (field: string, at: Shape, one: unknown): void => {
    found.add(field);
    if (at.is === 'object' && isObject(one)) {
      for (const [member, { shape: inner }] of at.members) if (Object.hasOwn(one, member)) walk(`${at.name}.${member}`, inner, one[member]);
      return;
    }
    for (const place of inside(at)) {
      if (at.is === 'union') {
        if (fits(place.shape, one)) walk(`${field}${place.suffix}`, place.shape, one);
      } else for (const item of Object.values(one as object)) walk(`${field}${place.suffix}`, place.shape, item);
    }
  };
  walk(name, shape, value);
  return found;
};
