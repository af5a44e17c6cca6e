import { asObject, type Fields, type Kept } from '@llm-proxy-auth/plugin';
import { formOf } from '../form.ts';

/** The cache point that a block is, undefined when it is another block. */
export const isCachePoint = (block: Fields): Fields | undefined => (Object.keys(block).length === 1 ? asObject(block.cachePoint) : undefined);
export const cacheOf = (point: Fields): NonNullable<Kept['cache']> => (point.ttl === '5m' || point.ttl === '1h' ? { ttl: point.ttl } : {});
const ttlOf = (ttl: unknown): Fields => (ttl === '5m' || ttl === '1h' ? { ttl } : {});
/** The cache point behind what carries the mark. One that was read here keeps its spelling while it says the same. */
export const cachePointOf = (kept: Kept): Fields | undefined => {
  const { cache } = kept;
  if (cache === undefined) return undefined;
  const own = formOf(kept)?.cachePoint;
  const point = own !== undefined && cacheOf(own).ttl === cache.ttl ? own : { type: 'default', ...ttlOf(cache.ttl) };
  return { cachePoint: point };
};
