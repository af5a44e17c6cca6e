import { asList, asText, type Building, type Fields, isObject, type Json, type Lost } from '@llm-proxy-auth/plugin';
import { withoutAllOf } from './all-of.ts';
import { type Guard, guard } from './guard.ts';
import { described, resolved } from './references.ts';

const FORMATS: ReadonlySet<string> = new Set(['float', 'double', 'int32', 'int64', 'enum', 'date-time']);
const AS_THEY_ARE: ReadonlySet<string> = new Set([
  'title',
  'pattern',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
  'default',
  'propertyOrdering',
]);
interface Writing {
  readonly root: Json;
  readonly param: string;
  readonly lost: Lost;
  readonly guarded: Guard;
  /** References on the way to this node. */
  readonly open: readonly string[];
  readonly depth: number;
}
const typeNameOf = (value: Json): string | undefined => {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'string' || typeof value === 'boolean' ? typeof value : undefined;
};
const clamped = ({ lost, param }: Writing, why: string): void => lost(param, why, 'clamped');

/** A copy of what a reference names, its siblings first; a reference within itself ends as an object without more. */
const deref = (schema: Json, writing: Writing): { readonly schema: Json; readonly open: readonly string[] } => {
  const ref = isObject(schema) ? asText(schema.$ref) : undefined;
  if (ref === undefined || !isObject(schema)) return { schema, open: writing.open };
  if (writing.open.includes(ref)) {
    clamped(writing, 'a schema within itself ends at its second round');
    return { schema: { type: 'object' }, open: writing.open };
  }
  const { $ref: _ref, ...siblings } = schema;
  const target = resolved(writing.root, ref, writing.param);
  const inner = { ...writing, open: [...writing.open, ref] };
  writing.guarded.visit(inner.open.length);
  return deref(isObject(target) ? { ...target, ...siblings } : target, inner);
};
/** Branches of a choice without `null`, which is a member of its own here. */
const choiceOf = (schema: Fields): { readonly branches: readonly Json[]; readonly nullable: boolean } => {
  const types = Array.isArray(schema.type) ? schema.type : [];
  const several = types.filter((one) => one !== 'null').map((type) => ({ type }));
  const branches = [...asList(schema.anyOf), ...asList(schema.oneOf), ...(several.length > 1 ? several : [])];
  const isNull = (branch: Json): boolean => isObject(branch) && branch.type === 'null';
  return { branches: branches.filter((one) => !isNull(one)), nullable: branches.some(isNull) || types.includes('null') };
};
const valuesOf = (schema: Fields, type: string | undefined, writing: Writing): Fields => {
  const all = schema.const === undefined ? schema.enum : [schema.const];
  if (!Array.isArray(all)) return {};
  const values = all.filter((v) => v !== null && v !== '');
  const kinds = new Set(values.map(typeNameOf));
  const [kind] = kinds;
  const name = type ?? kind;
  const nullable = values.length < all.length ? { nullable: true } : {};
  if (values.length === 0) return nullable;
  if (kinds.size > 1 || (name !== 'string' && name !== 'integer'))
    return { ...nullable, ...described(schema.description, { enum: all }, writing.param, writing.lost) };
  return { type: name.toUpperCase(), format: 'enum', enum: values.map(String), ...nullable };
};
/** Bounds that exclude their number, where the next number is known. */
const boundsOf = (schema: Fields, type: string | undefined): Fields => {
  if (type !== 'integer') return {};
  const { exclusiveMinimum: low, exclusiveMaximum: high } = schema;
  return {
    ...(typeof low === 'number' && schema.minimum === undefined ? { minimum: Math.floor(low) + 1 } : {}),
    ...(typeof high === 'number' && schema.maximum === undefined ? { maximum: Math.ceil(high) - 1 } : {}),
  };
};
const propertiesOf = (schema: Fields, writing: Writing): Fields => {
  if (!isObject(schema.properties)) return {};
  const names = Object.keys(schema.properties);
  const required = asList(schema.required).filter((name) => names.includes(String(name)));
  return {
    properties: Object.fromEntries(names.map((name) => [name, node((schema.properties as Fields)[name], writing)])),
    ...(required.length > 0 ? { required } : {}),
    ...(names.length > 0 && schema.propertyOrdering === undefined ? { propertyOrdering: names } : {}),
  };
};
const itemsOf = (schema: Fields, writing: Writing): Fields => {
  const tuple = Array.isArray(schema.prefixItems) ? schema.prefixItems : Array.isArray(schema.items) ? schema.items : undefined;
  if (tuple !== undefined && tuple.length > 0) {
    clamped(writing, 'a list of places is a list of one of their kinds');
    return { items: { anyOf: tuple.map((item) => node(item, writing)) }, minItems: tuple.length, maxItems: tuple.length };
  }
  return { items: isObject(schema.items) ? node(schema.items, writing) : { type: 'STRING' } };
};
const HANDLED: ReadonlySet<string> = new Set(['type', 'anyOf', 'oneOf', 'properties', 'required', 'items', 'description', 'nullable']);
/** Members that became nothing of the schema. */
const leftOut = (schema: Fields, out: Fields): Fields =>
  Object.fromEntries(
    Object.entries(schema).filter(([key, value]) => {
      if (HANDLED.has(key) || AS_THEY_ARE.has(key) || key === 'allOf') return false;
      if (key === 'additionalProperties') return value !== false && value !== true;
      if (key === 'const' || key === 'enum') return out.enum === undefined && out.nullable === undefined && out.description === undefined;
      if (key === 'format') return !FORMATS.has(String(value));
      if (key === 'exclusiveMinimum') return out.minimum === undefined;
      if (key === 'exclusiveMaximum') return out.maximum === undefined;
      return key !== 'prefixItems';
    }),
  );
const chosen = (schema: Fields, branches: readonly Json[], nullable: Fields, writing: Writing): Fields => {
  const { anyOf: _any, oneOf: _one, type: _type, ...others } = schema;
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) {
    const one = deref(only, writing);
    return { ...(node({ ...(isObject(one.schema) ? one.schema : {}), ...others }, { ...writing, open: one.open }) as Fields), ...nullable };
  }
  const { description, title: _title, default: _default, ...siblings } = others;
  const beside = Object.keys(siblings).some((key) => !/^\$|^definitions$|^x-|^discriminator$/.test(key));
  if (beside) clamped(writing, 'beside alternatives nothing else may stand');
  const inner = branches.map((branch) => {
    const one = node(branch, writing);
    return typeof description === 'string' && isObject(one) && one.description === undefined ? { ...one, description } : one;
  });
  return { anyOf: inner, ...nullable };
};
const node = (value: Json, above: Writing): Json => {
  above.guarded.visit(above.depth);
  if (!isObject(value)) {
    clamped(above, 'a schema that takes anything takes an object here');
    return { type: 'OBJECT' };
  }
  const at = deref(value, above);
  const writing: Writing = { ...above, open: at.open, depth: above.depth + 1 };
  const schema = withoutAllOf(isObject(at.schema) ? at.schema : {}, (part) => deref(part, writing).schema);
  const { branches, nullable } = choiceOf(schema);
  const mark: Fields = nullable || schema.nullable === true ? { nullable: true } : {};
  if (branches.length > 0) return chosen(schema, branches, mark, writing);
  const named = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  const type = asText(named)?.toLowerCase() ?? (isObject(schema.properties) ? 'object' : schema.items !== undefined ? 'array' : undefined);
  const values = valuesOf(schema, type, writing);
  const out: Building = { ...(type === undefined || type === 'null' ? {} : { type: type.toUpperCase() }) };
  for (const key of Object.keys(schema)) if (AS_THEY_ARE.has(key)) out[key] = schema[key];
  if (typeof schema.format === 'string' && FORMATS.has(schema.format)) out.format = schema.format;
  Object.assign(out, boundsOf(schema, type), mark, values);
  if (type === 'object') Object.assign(out, propertiesOf(schema, writing));
  if (type === 'array') Object.assign(out, itemsOf(schema, writing));
  if (out.type === undefined && out.enum === undefined) {
    if (type === undefined && Object.keys(schema).length === 0) clamped(writing, 'a schema that takes anything takes an object here');
    out.type = type === 'null' ? 'NULL' : 'OBJECT';
  }
  return { ...out, ...described(out.description ?? schema.description, leftOut(schema, out), writing.param, writing.lost) };
};
/**
 * A JSON Schema as the vendor's own (a subset of OpenAPI 3.0), always a new object. What it cannot say stands in descriptions and in
 * the ledger under `param`. Throws 400 for references that name nothing, and for schemas too deep or too large.
 */
export const writeSchema = (schema: Json, param: string, lost: Lost): Json =>
  node(schema, { root: schema, param, lost, guarded: guard(param), open: [], depth: 0 });
