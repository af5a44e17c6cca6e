import type { Tool } from './conversation.ts';
import { inputSchema } from './input-schema.ts';
import { unsupported } from './json/checks.ts';
import { asList, asText, type Fields, isObject } from './json/members.ts';
import { parseJson, stringifyJson } from './json/parse.ts';
import type { Json } from './wire.ts';

/** The member that holds input which is one of several things. */
const WITHIN = 'input';
const UNIONS = ['anyOf', 'oneOf', 'allOf'] as const;
const DEFINITION = /^#\/(\$defs|definitions)\/([^/]+)$/;
const nameIn = (pointer: string): string => decodeURIComponent(pointer).replaceAll('~1', '/').replaceAll('~0', '~');

/** A schema that is one of its own definitions, as that one. Undefined where it refers to anything else. */
const followed = (schema: Fields): Fields | undefined => {
  let at = schema;
  for (const seen = new Set<Json>(); at.$ref !== undefined; ) {
    const { $ref, ...beside } = at;
    const [, place, name] = DEFINITION.exec(asText($ref) ?? '') ?? [];
    const definitions = place === undefined ? undefined : schema[place];
    const found = isObject(definitions) && name !== undefined ? definitions[nameIn(name)] : undefined;
    if (!isObject(found) || seen.has($ref)) return undefined;
    seen.add($ref);
    at = { ...beside, ...found };
  }
  return at;
};
/** A reference to the whole means what stands inside. */
const moved = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(moved);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === '$ref' && one === '#' ? `#/properties/${WITHIN}` : moved(one)]));
};
/** What is said of the object by each of its forms needs not be said of it as a whole, where it would close it to their members. */
const inside = (schema: Fields): Fields => {
  const { type, ...others } = schema;
  const forms = [...asList(schema.anyOf), ...asList(schema.oneOf)];
  return forms.length > 0 && schema.properties === undefined && forms.every((form) => isObject(form) && form.type === 'object') ? others : schema;
};
export interface PlainSchema {
  readonly schema: Fields;
  /** The input stands in a member of the object that the schema wants. */
  readonly wrapped: boolean;
}
/**
 * The schema of a tool's input for a provider that wants one object there, and refuses a choice (`anyOf`, `oneOf`, `allOf`) or a
 * reference in its place: a reference to a definition is followed, and what is a choice stands in the member `input`. The same object
 * when there is nothing to change. Throws 400 `unsupported_parameter` for input that is no object or refers to anything else.
 */
export const plainSchema = ({ name, schema }: { readonly name: string; readonly schema: Json }): PlainSchema => {
  const whole = isObject(schema) && schema.$ref !== undefined ? followed(schema) : schema;
  if (whole === undefined) throw unsupported('tools.schema', `The input of the tool ${name} refers to a schema that it does not hold.`);
  const input = inputSchema(whole);
  if (input === undefined) throw unsupported('tools.schema', `The input of the tool ${name} must be an object.`);
  if (!isObject(whole) || UNIONS.every((key) => whole[key] === undefined)) return { schema: input, wrapped: false };
  const { $schema: _draft, $defs, definitions, ...own } = whole;
  const wrapping: Fields = {
    type: 'object',
    properties: { [WITHIN]: moved(inside(own)) },
    required: [WITHIN],
    additionalProperties: false,
    ...($defs === undefined ? {} : { $defs: moved($defs) }),
    ...(definitions === undefined ? {} : { definitions: moved(definitions) }),
  };
  return { schema: wrapping, wrapped: true };
};
const NONE: ReadonlySet<string> = new Set();
/** Tools whose input stands in a member then, by the names that clients gave them. */
export const wrappedTools = (tools: readonly Tool[]): ReadonlySet<string> => {
  const names = tools.flatMap((tool) => (tool.kind === 'function' && plainSchema(tool).wrapped ? [tool.name] : []));
  return names.length === 0 ? NONE : new Set(names);
};
/** Input of a call of such a tool. */
export const wrapInput = (input: Json): Fields => ({ [WITHIN]: input });
/** The other way, as JSON text; what has no such member is taken as it is. */
export const unwrapInput = (json: string): string => {
  try {
    const value = parseJson(json === '' ? '{}' : json);
    return isObject(value) && isObject(value[WITHIN]) ? stringifyJson(value[WITHIN]) : json === '' ? '{}' : json;
  } catch {
    return json;
  }
};
