import { asObject, type Fields, type Json, type Lost, pointed } from '@llm-proxy-auth/plugin';

const LOCAL = /^#\/(?:\$defs|definitions)\//;
/** Thrown inside this file alone, where a definition holds itself. */
const RECURSIVE = Symbol('recursive');
const MOST = 50;
const isReference = (value: Fields): value is Fields & { readonly $ref: string } => typeof value.$ref === 'string' && LOCAL.test(value.$ref);

const inline = (value: Json, root: Json, open: readonly string[]): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => inline(item, root, open));
  const object = asObject(value);
  if (object === undefined) return value;
  if (!isReference(object)) {
    const kept = Object.entries(object).filter(([name]) => value !== root || (name !== '$defs' && name !== 'definitions'));
    return Object.fromEntries(kept.map(([name, inner]) => [name, inline(inner, root, open)]));
  }
  const { $ref, ...beside } = object;
  if (open.includes($ref) || open.length > MOST) throw RECURSIVE;
  const [found] = pointed(root, $ref.slice(1));
  const meant = asObject(inline(found, root, [...open, $ref]));
  if (meant === undefined) throw RECURSIVE;
  return { ...meant, ...asObject(inline(beside, root, open)) };
};
const refers = (value: Json): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const object = asObject(value);
  if (object !== undefined && isReference(object)) return true;
  return Object.values(value).some(refers);
};
/**
 * A schema whose definitions stand where they are referred to, because several vendors behind the service refuse references. One that
 * holds itself stays as it is, and so does the client's own object.
 */
export const inlined = (schema: Json, param: string, lost: Lost): Json => {
  if (!refers(schema)) return schema;
  try {
    const made = inline(schema, schema, []);
    lost(param, 'definitions stand where they are referred to', 'emulated');
    return made;
  } catch (failure) {
    if (failure !== RECURSIVE) throw failure;
    return schema;
  }
};
