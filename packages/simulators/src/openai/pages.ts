import type { Fields } from './check.ts';

/** One page of a cursor list: `after` names the last id of the page before, `limit` is 1 to 100 (20), newest first unless `order=asc`. */
export const page = (oldestFirst: readonly Fields[], query: URLSearchParams): Fields => {
  const all = query.get('order') === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const after = query.get('after');
  const from = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  const limit = Math.min(100, Math.max(1, Number(query.get('limit') ?? 20) || 20));
  const data = all.slice(from, from + limit);
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: from + limit < all.length };
};
