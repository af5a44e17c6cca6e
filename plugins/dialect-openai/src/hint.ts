import { isObject, type Json, type Kept } from '@llm-proxy-auth/plugin';

/**
 * The mark that `cache_control` of another vendor stands for, as clients of several vendors write it on parts and tools of this surface:
 * `{"type":"ephemeral","ttl":"1h"}`. Undefined for anything else.
 */
export const hintOf = (hint: Json): NonNullable<Kept['cache']> | undefined => {
  if (!isObject(hint) || hint.type !== 'ephemeral' || !Object.keys(hint).every((name) => name === 'type' || name === 'ttl')) return undefined;
  const { ttl } = hint;
  if (ttl === undefined || ttl === null) return {};
  return ttl === '5m' || ttl === '1h' ? { ttl } : undefined;
};
