import type { Fields } from './sdk-types.ts';

/** Members that are one text in pieces; any other member says something whole. */
const PIECES: ReadonlySet<string> = new Set(['content', 'refusal', 'arguments', 'input', 'data', 'transcript', 'text']);
/** Lists that go on, and lists whose items go on, by `index`. */
const LISTS: ReadonlySet<string> = new Set(['annotations', 'tokens', 'token_logprobs', 'top_logprobs', 'text_offset']);
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const indexed = (before: unknown, list: readonly Fields[]): readonly Fields[] => {
  const all = new Map(((before ?? []) as readonly Fields[]).map((one) => [one.index, one]));
  for (const one of list) all.set(one.index, joined(all.get(one.index) ?? {}, one));
  return [...all.values()].toSorted((a, b) => Number(a.index) - Number(b.index));
};
const logprobsOf = (before: unknown, value: Fields): Fields => {
  const known = (before ?? {}) as Fields;
  const lists = Object.entries(value).filter(([, list]) => Array.isArray(list));
  return { ...known, ...Object.fromEntries(lists.map(([key, list]) => [key, [...((known[key] ?? []) as unknown[]), ...(list as unknown[])]])) };
};
const member = (key: string, before: unknown, value: unknown): unknown => {
  if (key === 'logprobs' && isFields(value)) return logprobsOf(before, value);
  if (PIECES.has(key) && typeof value === 'string') return `${before ?? ''}${value}`;
  if (key === 'choices' || key === 'tool_calls') return indexed(before, value as readonly Fields[]);
  if (LISTS.has(key)) return [...((before ?? []) as readonly unknown[]), ...(value as readonly unknown[])];
  return isFields(value) && key !== 'moderation' && key !== 'usage' ? joined((before ?? {}) as Fields, value) : value;
};
const joined = (before: Fields, next: Fields): Fields => {
  const told = Object.entries(next).filter(([, value]) => value !== null && value !== undefined);
  return { ...before, ...Object.fromEntries(told.map(([key, value]) => [key, member(key, before[key], value)])) };
};
const says = (value: unknown): boolean =>
  value !== '' && !(Array.isArray(value) && value.length === 0) && !(isFields(value) && Object.keys(value).length === 0);
/** Without members that say nothing. */
const told = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(told);
  if (!isFields(value)) return value;
  const members = Object.entries(value).map(([key, inner]) => [key, told(inner)] as const);
  return Object.fromEntries(members.filter(([, inner]) => says(inner)));
};
/** What the chunks of a stream tell together, as clients put them together: null, empty texts and empty lists say nothing. */
export const together = (chunks: readonly Fields[]): unknown => told(chunks.reduce(joined, {}));
