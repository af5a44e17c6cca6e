import { type Building, type Fields, isObject, type Json, type Lost } from '@llm-proxy-auth/plugin';
import { withoutAllOf } from './all-of.ts';
import { type Guard, guard } from './guard.ts';
import { described, resolved } from './references.ts';

/** Keywords that the vendor reads of a JSON Schema (`parametersJsonSchema`, `responseJsonSchema`). */
const KNOWN: ReadonlySet<string> = new Set([
  '$id',
  '$anchor',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'required',
  'propertyOrdering',
]);
/** Members that hold schemas: one, a list, or by name. */
const ONE: ReadonlySet<string> = new Set(['items', 'additionalProperties']);
const LIST: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'prefixItems']);
const NAMED: Readonly<Record<string, string>> = Object.freeze({ properties: 'properties', $defs: '$defs', definitions: '$defs' });
interface Lighting {
  readonly root: Json;
  readonly param: string;
  readonly lost: Lost;
  readonly guarded: Guard;
}
const isReference = (key: string): boolean => key.startsWith('$');
/** A reference may stand beside members that begin with `$` only, so what else stands there is joined with a copy of what it names. */
const joined = (schema: Fields, lighting: Lighting, depth: number): Fields => {
  if (typeof schema.$ref !== 'string' || Object.keys(schema).every(isReference)) return schema;
  lighting.guarded.visit(depth);
  const { $ref, ...siblings } = schema;
  const target = resolved(lighting.root, $ref, lighting.param);
  return isObject(target) ? joined({ ...target, ...siblings }, lighting, depth + 1) : siblings;
};
/** What a part of `allOf` is, its references followed. */
const looked = (part: Json, lighting: Lighting, depth: number): Json => {
  lighting.guarded.visit(depth);
  return isObject(part) && typeof part.$ref === 'string' ? resolved(lighting.root, part.$ref, lighting.param) : part;
};
const node = (value: Json, lighting: Lighting, depth: number): Json => {
  lighting.guarded.visit(depth);
  if (!isObject(value)) return value;
  const schema = withoutAllOf(joined(value, lighting, depth), (part) => looked(part, lighting, depth));
  const inner = (one: Json): Json => node(one, lighting, depth + 1);
  const out: Building = {};
  const left: Building = {};
  for (const [key, member] of Object.entries(schema)) {
    const named = NAMED[key];
    if (named !== undefined && isObject(member)) {
      out[named] = { ...(out[named] ?? {}), ...Object.fromEntries(Object.entries(member).map(([name, one]) => [name, inner(one)])) };
    } else if (key === '$ref' && typeof member === 'string') out.$ref = member.replace('#/definitions/', '#/$defs/');
    else if (key === 'const' && (typeof member === 'string' || typeof member === 'number')) out.enum = [member];
    else if (ONE.has(key) && !Array.isArray(member)) out[key] = inner(member);
    else if (LIST.has(key) && Array.isArray(member)) out[key] = member.map(inner);
    else if (KNOWN.has(key)) out[key] = member;
    else left[key] = member;
  }
  const { description, ...others } = out;
  const told = described(description, left, lighting.param, lighting.lost);
  return description === undefined && Object.keys(told).length === 0 ? others : { ...others, ...told };
};
/**
 * A JSON Schema with the keywords that the vendor reads, always a new object; references stay references. What it leaves out stands in
 * descriptions and in the ledger under `param`.
 */
export const lightSchema = (schema: Json, param: string, lost: Lost): Json => node(schema, { root: schema, param, lost, guarded: guard(param) }, 0);
