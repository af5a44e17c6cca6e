const LONGEST = 2048;
const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;
const SCHEME_AND_DOMAIN = /^spiffe:\/\/[^/?#]*/i;

/** Whether the text claims to be a SPIFFE id, well formed or not. */
export const isSpiffe = (uri: string): boolean => /^spiffe:/i.test(uri);

/** The id with scheme and trust domain in lower case; undefined when it is none. https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/ */
export const spiffeIdOf = (uri: string): string | undefined => {
  if (uri.length > LONGEST) return undefined;
  const id = uri.replace(SCHEME_AND_DOMAIN, (start) => start.toLowerCase());
  const path = ID.exec(id)?.[2];
  return path === undefined || path.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : id;
};

/** Matches an id exactly, or below a pattern that ends in `/`. Undefined when the pattern is neither an id nor one with a `/` behind it. */
export const spiffePattern = (pattern: string): ((id: string) => boolean) | undefined => {
  const below = pattern.endsWith('/');
  const id = spiffeIdOf(below ? pattern.slice(0, -1) : pattern);
  if (id === undefined) return undefined;
  return below ? (one) => one.startsWith(`${id}/`) : (one) => one === id;
};
