/** Values that a schema leaves a choice of; undefined: it is open. */
const choicesOf = (schema) => {
  if (schema === undefined) return undefined;
  if ('const' in schema) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum;
  const all = schema.anyOf?.map(choicesOf);
  return all?.every((list) => list !== undefined) ? all.flat() : undefined;
};
const kindOf = (schema) => {
  if (schema.type === 'boolean') return 'flag';
  if (choicesOf(schema) !== undefined) return 'choice';
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'array' && choicesOf(schema.items) !== undefined) return 'choices';
  if (schema.type === 'array' && schema.items?.type === 'string') return 'lines';
  if (schema.type !== 'string') return 'json';
  return schema.lpa === 'file' || schema.maxLength > 1_000 ? 'long' : 'text';
};
const shown = (value) => (value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value));

/** What a form asks for, from the schema of an operation's input. */
export const fieldsOf = ({ properties = {}, required = [] }) =>
  Object.entries(properties).map(([name, schema]) => ({
    name,
    kind: kindOf(schema),
    required: required.includes(name) && schema.default === undefined,
    choices: choicesOf(schema) ?? choicesOf(schema.items) ?? [],
    fallback: schema.default,
    hint: shown(schema.default),
    description: schema.description ?? '',
    secret: name === 'password',
  }));

const lines = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const valueIn = ({ name, kind, choices, fallback }, written) => {
  if (kind === 'flag') return written === (fallback === true) ? undefined : written;
  if (kind === 'choices') return written.length === 0 ? undefined : written;
  if (written === '') return undefined;
  if (kind === 'choice') return choices.find((choice) => String(choice) === written);
  if (kind === 'number') return Number(written);
  if (kind === 'lines') return lines(written);
  if (kind !== 'json') return written;
  try {
    return JSON.parse(written);
  } catch {
    throw new Error(`${name} is no JSON.`);
  }
};
/** The input that a filled form means: text by name, `true` or `false` for flags, a list for choices. What is left empty is left out. Throws an Error that names the field. */
export const inputOf = (fields, written) =>
  Object.fromEntries(fields.map((field) => [field.name, valueIn(field, written[field.name])]).filter(([, value]) => value !== undefined));

/** Verbs that make something new: no row is what they are about. */
const MAKES = new Set(['create', 'add', 'import', 'list']);
/**
 * The input of an operation that is about a row of a list: its first required field names the row, by the member of that name or by `id`.
 * Undefined: it is about no row.
 */
export const inputFor = ({ name, input }, row) => {
  const [first] = input.required ?? [];
  const value = first === undefined || MAKES.has(name.split('.')[1]) ? undefined : (row[first] ?? row.id);
  return typeof value === 'string' ? { [first]: value } : undefined;
};
