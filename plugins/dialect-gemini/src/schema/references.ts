import { type Fields, isObject, type Json, type Lost, unsupported } from '@llm-proxy-auth/plugin';

const token = (text: string): string => {
  try {
    return decodeURIComponent(text).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return text;
  }
};
/** What `#/$defs/X` or `#/definitions/X` names in the root of a schema. Throws 400 where it names nothing. */
export const resolved = (root: Json, ref: string, param: string): Json => {
  const found = ref
    .replace(/^#\/?/, '')
    .split('/')
    .filter((step) => step !== '')
    .reduce<Json>((at, step) => (isObject(at) && Object.hasOwn(at, token(step)) ? at[token(step)] : undefined), root);
  if (!ref.startsWith('#') || found === undefined) throw unsupported(param, `The schema refers to '${ref.slice(0, 100)}', which it does not hold.`);
  return found;
};
/** Keywords that say more about a value than the vendor's schemas can: the model reads them in the description. */
const TOLD: ReadonlySet<string> = new Set([
  'multipleOf',
  'not',
  'if',
  'then',
  'else',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'contains',
  'uniqueItems',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'const',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
  'format',
  'additionalProperties',
  'prefixItems',
  'default',
  'examples',
  'example',
  'unevaluatedProperties',
  'unevaluatedItems',
]);
/** Of those what says nothing of what is valid. */
const EXAMPLES: ReadonlySet<string> = new Set(['examples', 'example']);
/** Keywords that say nothing of a value. */
const SILENT = /^(?:\$schema|\$id|\$anchor|\$comment|\$defs|definitions|readOnly|writeOnly|deprecated|enumDescriptions|strict|title|x-.*)$/;
/** A description with what was left out of its schema; notes that the schema says less. */
export const described = (description: Json, left: Fields, param: string, lost: Lost): Fields => {
  const told = Object.entries(left).filter(([key]) => !SILENT.test(key));
  if (told.length === 0) return typeof description === 'string' ? { description } : {};
  const narrows = told.some(([key]) => !EXAMPLES.has(key));
  lost(param, 'keywords that the provider does not know stand in descriptions', narrows ? 'clamped' : 'emulated');
  const words = told.filter(([key]) => TOLD.has(key)).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const text = [...(typeof description === 'string' ? [description] : []), ...(words.length > 0 ? [`(${words.join(', ')})`] : [])].join(' ');
  return text === '' ? {} : { description: text };
};
