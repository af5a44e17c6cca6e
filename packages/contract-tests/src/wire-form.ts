import { type AnySurface, isRawNumber, parseJson } from '@llm-proxy-auth/plugin';

/*
 * Bodies in the form in which two of them are compared: white space, the order of members and the spelling of a number that a
 * double holds do not count; a number it cannot hold counts digit by digit.
 */
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value);

const without = (value: unknown, path: readonly string[]): unknown => {
  const [key, ...more] = path;
  if (key === undefined || !isObject(value)) return value;
  const { [key]: inner, ...others } = value;
  const left = more.length === 0 ? undefined : without(inner, more);
  return left === undefined || (isObject(left) && Object.keys(left).length === 0) ? others : { ...others, [key]: left };
};
/** A request without its governed fields, which the core writes. */
export const ungoverned = ({ governed }: AnySurface, text: string): unknown =>
  [governed.model, governed.stream, governed.usage ?? []].reduce<unknown>(
    (body, path) => (typeof path === 'string' ? body : without(body, path)),
    parseJson(text),
  );

/** An answer without members that say nothing: clients read null and an empty list as absent. */
export const sameMeaning = (text: string): unknown => meaning(parseJson(text));
const meaning = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(meaning);
  if (!isObject(value)) return value;
  const told = Object.entries(value).filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0));
  return Object.fromEntries(told.map(([key, inner]) => [key, meaning(inner)]));
};
