import type { CapturedRequest } from '../../http/captured.ts';
import { type Fields, isFields } from '../../openai/check.ts';
import { invalid, unknownName } from './context.ts';

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
/** Members whose values are the caller's own JSON. */
const FREE: ReadonlySet<string> = new Set([
  'args',
  'response',
  'parametersJsonSchema',
  'responseJsonSchema',
  'responseSchema',
  'parameters',
  'labels',
  'properties',
]);

/** Both spellings of members are read; what is free JSON stays as it is. */
export const camelised = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelised);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const known = camel(name);
      return [known, FREE.has(known) ? inner : camelised(inner)];
    }),
  );
};
/** The JSON object of a body. */
export const fieldsIn = (request: CapturedRequest): Fields => {
  let value: unknown;
  try {
    value = request.json();
  } catch {
    throw invalid('Invalid JSON payload received. Unexpected token.');
  }
  if (!isFields(value)) throw invalid('Invalid JSON payload received. Expected an object.');
  return value;
};
/** `generationConfig` as the service's errors write it. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** Throws for a member that the proto does not have. */
export const onlyMembers = (value: Fields, known: ReadonlySet<string>, at: string): void => {
  const stranger = Object.keys(value).find((name) => !known.has(name));
  if (stranger !== undefined) throw unknownName(stranger, at);
};
