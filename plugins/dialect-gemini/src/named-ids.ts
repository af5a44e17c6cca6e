import type { NamedIds, Reach } from '@llm-proxy-auth/plugin';

/** A cache, in both spellings of its member; its name ends in its id, whoever's project stands before it. */
const cacheIn = (within: string): readonly string[] => [`${within}/cachedContent`, `${within}/cached_content`];
/** What each operation names of stored objects. Surfaces and the native tables of providers look here: both modes see the same ids. */
export const IDS = Object.freeze({
  generate: { request: cacheIn(''), reply: [], tail: true },
  count: { request: [...cacheIn(''), ...cacheIn('/generateContentRequest'), ...cacheIn('/generate_content_request')], reply: [], tail: true },
} satisfies Readonly<Record<string, NamedIds>>);

export const GENERATING: Reach = Object.freeze({ class: 'inference', ids: IDS.generate });
export const COUNTING: Reach = Object.freeze({ class: 'inference', ids: IDS.count });
