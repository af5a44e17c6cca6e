import { asList, asText, type Building, type Fields, isObject, type Json } from '@llm-proxy-auth/plugin';
import { type Guard, guard } from './guard.ts';

/** Members that protobuf writes as text because they are 64-bit numbers. */
const LONGS: ReadonlySet<string> = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']);
const numberOf = (v: Json): Json => (typeof v === 'string' && /^-?\d+$/.test(v) && Number.isSafeInteger(Number(v)) ? Number(v) : v);
/** Values of numbers are text on the wire. */
const valuesOf = (list: readonly Json[], type: string | undefined): readonly Json[] => (type === 'integer' || type === 'number' ? list.map(numberOf) : list);
const orderedBy = (properties: Fields, order: readonly Json[]): Fields => {
  const first = order.filter((name): name is string => typeof name === 'string' && Object.hasOwn(properties, name));
  return Object.fromEntries([...first, ...Object.keys(properties).filter((name) => !first.includes(name))].map((name) => [name, properties[name]]));
};
const node = (wire: Json, depth: number, guarded: Guard): Json => {
  guarded.visit(depth);
  if (!isObject(wire)) return wire;
  const inner = (value: Json): Json => node(value, depth + 1, guarded);
  const type = asText(wire.type)?.toLowerCase();
  const out: Building = {};
  for (const [key, value] of Object.entries(wire)) {
    if (key === 'type') out.type = type === undefined || type === 'type_unspecified' ? undefined : type;
    else if (key === 'nullable' || key === 'propertyOrdering') continue;
    else if (key === 'format' && value === 'enum') continue;
    else if (key === 'example') out.examples = [value];
    else if (key === 'ref') out.$ref = asText(value)?.replace('#/defs/', '#/$defs/');
    else if (LONGS.has(key)) out[key] = numberOf(value);
    else if (key === 'enum') out.enum = valuesOf(asList(value), type);
    else if (key === 'items') out.items = inner(value);
    else if (key === 'anyOf') out.anyOf = asList(value).map(inner);
    else if ((key === 'properties' || key === 'defs') && isObject(value)) {
      const ordered = key === 'properties' ? orderedBy(value, asList(wire.propertyOrdering)) : value;
      out[key === 'defs' ? '$defs' : key] = Object.fromEntries(Object.entries(ordered).map(([name, one]) => [name, inner(one)]));
    } else out[key] = value;
  }
  if (out.type === undefined) delete out.type;
  return wire.nullable === true ? nullable(out) : out;
};
const nullable = (schema: Building): Fields => {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] };
  return {
    ...schema,
    ...(schema.type === undefined || schema.type === 'null' ? {} : { type: [schema.type, 'null'] }),
    ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
  };
};
/** A schema of the vendor's (a subset of OpenAPI 3.0) as JSON Schema. What it is made of stays as it is. */
export const readSchema = (wire: Json, param: string): Json => node(wire, 0, guard(param));
