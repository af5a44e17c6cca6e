import type { RouteMatch, Router } from './route.ts';
import { parseTarget, type RawTarget } from './target.ts';

/** A target and what serves it. */
export interface Located {
  readonly target: RawTarget;
  readonly match: RouteMatch | undefined;
}
const MOST_LOCATED = 1_000;
const LONGEST_LOCATED = 256;
/**
 * Parse of a target and its route; remembered by method and URL, since callers repeat themselves. Bounded over all methods, of which
 * HTTP/2 lets a client invent any number.
 */
export const locator = (route: Router): ((method: string, url: string) => Located) => {
  const known = new Map<string, Map<string, Located>>();
  let size = 0;
  return (method, url) => {
    const found = known.get(method)?.get(url);
    if (found !== undefined) return found;
    const target = parseTarget(url);
    const located = { target, match: route(method, target) };
    if (url.length > LONGEST_LOCATED) return located;
    if (size >= MOST_LOCATED) {
      known.clear();
      size = 0;
    }
    const byUrl = known.get(method) ?? new Map<string, Located>();
    known.set(method, byUrl.set(url, located));
    size++;
    return located;
  };
};
