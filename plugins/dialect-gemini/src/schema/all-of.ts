import { asList, type Building, type Fields, isObject, type Json } from '@llm-proxy-auth/plugin';

/** `allOf` into its schema: properties and required names together, what stands first wins for the rest. `look` follows references. */
export const withoutAllOf = (schema: Fields, look: (part: Json) => Json): Fields => {
  const parts = asList(schema.allOf);
  if (parts.length === 0) return schema;
  const { allOf: _all, ...own } = schema;
  const out: Building = { ...own };
  for (const part of parts) {
    const found = look(part);
    const one = isObject(found) ? withoutAllOf(found, look) : {};
    for (const [key, value] of Object.entries(one)) {
      const before = out[key];
      if (key === 'properties' && isObject(before) && isObject(value))
        out[key] = { ...before, ...Object.fromEntries(Object.entries(value).filter(([name]) => !Object.hasOwn(before, name))) };
      else if (key === 'required' && Array.isArray(before)) out[key] = [...new Set([...before, ...asList(value)])];
      else if (before === undefined) out[key] = value;
    }
  }
  return out;
};
